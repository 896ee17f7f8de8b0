package monitor

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Request is what a monitor is asked to do. The files go beside it.
type Request struct {
	Memory      uint64 // bytes, whole pages
	CPUs        int
	CommandLine string
	UID, GID    uint32 // whom the monitor becomes
	RecordLimit int64  // bytes that the record may have
	Disks       []Disk
	Initramfs   int // number of files of it
	Shares      int // number of directories of the host that the guest is shown
}

// Disk describes one of the disks.
type Disk struct {
	Name     string // the guest sees up to 20 bytes of it as its serial number
	ReadOnly bool
}

// Files are what a monitor is handed, in this order.
type Files struct {
	KVM       *os.File
	Kernel    *os.File
	Output    *os.File // takes what the function prints
	Spare     *os.File // takes it once Output does not
	Record    *os.File // takes what the guest's kernel says
	Crash     *os.File // takes the monitor's last words, at the end of the record
	Exit      *os.File // takes an [Exit]
	Streams   *os.File // listening socket for streams to the function
	Commands  *os.File // listening socket for commands
	Initramfs []*os.File
	Disks     []*os.File
	Shares    []*os.File // streams to who serves them
}

const fixedFiles = 9

func (f *Files) all() []*os.File {
	all := []*os.File{f.KVM, f.Kernel, f.Output, f.Spare, f.Record, f.Crash, f.Exit, f.Streams, f.Commands}
	all = append(all, f.Initramfs...)
	all = append(all, f.Disks...)
	return append(all, f.Shares...)
}

// Close closes all of them.
func (f *Files) Close() {
	for _, file := range f.all() {
		if file != nil {
			file.Close()
		}
	}
}

// Reply is the one answer to a Request.
type Reply struct {
	Create time.Duration // until there was a machine
	Boot   Boot
	Error  string `json:",omitempty"`
}

// Boot is how long the parts of a guest's boot took, one after the other.
type Boot struct {
	Kernel  time.Duration // until init ran
	Modules time.Duration // until the kernel's modules were loaded
	Root    time.Duration // until the function's root was mounted
	Start   time.Duration // until the function was started
}

// Exit is how it ended.
type Exit struct {
	Status string // a sentence, such as "exited with status 3"
}

// maxRequest is how long a request or its reply may be.
const maxRequest = 64 << 10

// Send asks the monitor at the other end of a sequenced-packet socket.
func Send(to *net.UnixConn, r Request, f Files) error {
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	var fds []int
	for _, file := range f.all() {
		fds = append(fds, int(file.Fd()))
	}
	_, _, err = to.WriteMsgUnix(data, unix.UnixRights(fds...), nil)
	return err
}

// Receive is the other end of Send.
func receive(from *net.UnixConn) (r Request, f Files, err error) {
	data := make([]byte, maxRequest)
	control := make([]byte, unix.CmsgSpace(4*253))
	n, m, _, _, err := from.ReadMsgUnix(data, control)
	if err != nil {
		return r, f, err
	}
	if n == 0 {
		return r, f, io.EOF
	}
	if err := json.Unmarshal(data[:n], &r); err != nil {
		return r, f, err
	}
	messages, err := unix.ParseSocketControlMessage(control[:m])
	if err != nil || len(messages) != 1 {
		return r, f, fmt.Errorf("request with %d messages of descriptors: %w", len(messages), errors.Join(err))
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) != fixedFiles+r.Initramfs+len(r.Disks)+r.Shares {
		return r, f, fmt.Errorf("request with %d descriptors: %w", len(fds), errors.Join(err))
	}
	var files []*os.File
	for i, fd := range fds {
		unix.CloseOnExec(fd)
		files = append(files, os.NewFile(uintptr(fd), fmt.Sprintf("file %d", i)))
	}
	f = Files{
		KVM: files[0], Kernel: files[1], Output: files[2], Spare: files[3], Record: files[4],
		Crash: files[5], Exit: files[6], Streams: files[7], Commands: files[8],
	}
	rest := files[fixedFiles:]
	f.Initramfs, rest = rest[:r.Initramfs], rest[r.Initramfs:]
	f.Disks, f.Shares = rest[:len(r.Disks)], rest[len(r.Disks):]
	return r, f, nil
}

// ReceiveReply waits for the answer.
func ReceiveReply(from *net.UnixConn) (r Reply, err error) {
	data := make([]byte, maxRequest)
	n, err := from.Read(data)
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(data[:n], &r)
}

func (r Reply) send(to *net.UnixConn) error {
	r.Error = r.Error[:min(len(r.Error), maxRequest/8)] // JSON may make six bytes of one
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	_, err = to.Write(data)
	return err
}
