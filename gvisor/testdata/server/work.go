package main

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

const spread = 4 << 20 // bytes from one of a mapping's pieces to the next, more than a page table covers

// work maps memory, writes all over it, unmaps and remaps parts of it, reads a file that is mapped, starts a process, and
// checks all that it wrote. It answers "worked", or what is wrong.
func work(r *http.Request) (string, error) {
	pieces := number(r, "pieces")
	all, err := syscall.Mmap(-1, 0, pieces*spread, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON|syscall.MAP_NORESERVE)
	if err != nil {
		return "", err
	}
	defer syscall.Munmap(all)
	piece := func(n int) []byte { return all[n*spread : n*spread+3*4096] }
	for n := range pieces {
		for i := range piece(n) {
			piece(n)[i] = byte(n + i)
		}
		if n%3 == 0 { // a hole in the middle
			if err := syscall.Mprotect(piece(n)[4096:8192], syscall.PROT_READ); err != nil {
				return "", err
			}
		}
	}
	exe, err := os.Open("/proc/self/exe")
	if err != nil {
		return "", err
	}
	defer exe.Close()
	head, err := syscall.Mmap(int(exe.Fd()), 0, 4096, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE)
	if err != nil {
		return "", err
	}
	defer syscall.Munmap(head)
	head[0] = 'e' // what was \x7f
	if out, err := exec.Command("/proc/self/exe", "talk", "2").Output(); err != nil || string(out) != "line 0\nline 1\n" {
		return "", fmt.Errorf("a process said %q, %v", out, err)
	}
	for n := range pieces {
		for i, got := range piece(n) {
			if got != byte(n+i) {
				return "", fmt.Errorf("byte %d of piece %d is %d, want %d", i, n, got, byte(n+i))
			}
		}
	}
	if !strings.HasPrefix(string(head), "eELF") {
		return "", fmt.Errorf("a mapped file begins with %q", head[:4])
	}
	return "worked", nil
}

var spreadOut [][]byte // stays mapped

// spreadMemory writes one byte to each of so many pieces of memory that are far apart, the same at each call.
func spreadMemory(pieces int) (string, error) {
	if spreadOut == nil {
		all, err := syscall.Mmap(-1, 0, pieces*spread, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON|syscall.MAP_NORESERVE)
		if err != nil {
			return "", err
		}
		for n := range pieces {
			spreadOut = append(spreadOut, all[n*spread:n*spread+1])
		}
	}
	for _, piece := range spreadOut {
		piece[0]++
		if piece[0] != spreadOut[0][0] {
			return "", fmt.Errorf("a piece has %d, the first one %d", piece[0], spreadOut[0][0])
		}
	}
	return "spread", nil
}
