package kvm

import (
	"os"
	"strconv"
	"testing"
)

func TestKernelThreads(t *testing.T) {
	if isKernelThread(strconv.Itoa(os.Getpid())) {
		t.Error("this process is one")
	}
	if !isKernelThread("2") { // kthreadd
		t.Skip("the kernel's threads are not to be seen here")
	}
}
