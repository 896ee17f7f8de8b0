package wire

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
)

func TestConfigRoundTrip(t *testing.T) {
	c := Config{
		Hostname: "f", Args: []string{"python3", "-c", "print('\x01\n')"}, Env: []string{"A=b", "TOKEN=\"x\""},
		UID: 33, GID: 34, Groups: []uint32{1, 2}, WorkingDir: "/srv", ScratchDisk: true, ScratchBytes: 1 << 40,
		Mounts: []Mount{{Target: "/data", Writable: true}, {Target: "/etc/token", File: true}}, OpenFiles: 65536, PIDs: 10,
	}
	data, err := c.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := DecodeConfig(data)
	if err != nil || !reflect.DeepEqual(got, c) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestConfigRefusesWhatCannotRun(t *testing.T) {
	good := Config{Args: []string{"x"}, WorkingDir: "/"}
	for name, change := range map[string]func(*Config){
		"no program":   func(c *Config) { c.Args = nil },
		"not absolute": func(c *Config) { c.WorkingDir = "srv" },
		"target":       func(c *Config) { c.Mounts = []Mount{{Target: "data"}} },
	} {
		c := good
		change(&c)
		if _, err := c.Encode(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestMessages(t *testing.T) {
	var stream bytes.Buffer
	sent := []Message{
		{Op: SetClock, ID: 7, UnixNanos: 1 << 60},
		{Op: Listening, ID: 8, Network: UDP, Port: 65535},
		{Op: Exited, Code: 137, OOMKills: 2},
		{Op: Reply, ID: 8, OK: true},
	}
	e := NewEncoder(&stream)
	for _, m := range sent {
		if err := e.Encode(m); err != nil {
			t.Fatal(err)
		}
	}
	d := NewDecoder(&stream)
	for _, want := range sent {
		if got, err := d.Decode(); err != nil || got != want {
			t.Errorf("got %+v, %v; want %+v", got, err, want)
		}
	}
	if _, err := d.Decode(); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
}

func TestLongErrorFitsInALine(t *testing.T) {
	var stream bytes.Buffer
	if err := NewEncoder(&stream).Encode(Message{Op: Fatal, Error: strings.Repeat("\x01", 1<<20)}); err != nil {
		t.Fatal(err)
	}
	if _, err := NewDecoder(&stream).Decode(); err != nil {
		t.Error(err)
	}
}

func TestBrokenControlStream(t *testing.T) {
	for name, text := range map[string]string{
		"no JSON": "hello\n", "wrong type": `{"op":1}` + "\n", "endless": strings.Repeat("x", 1<<20),
	} {
		if _, err := NewDecoder(strings.NewReader(text)).Decode(); !errors.Is(err, ErrBroken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := NewDecoder(strings.NewReader(`{"op":"exi`)).Decode(); err != io.ErrUnexpectedEOF {
		t.Errorf("cut off: %v", err)
	}
}

func TestProxyHeader(t *testing.T) {
	for _, want := range []ProxyHeader{{Port: 80}, {UDP: true, Port: 65535}, {}} {
		b := want.Bytes()
		if got, err := ReadProxyHeader(bytes.NewReader(b[:])); err != nil || got != want {
			t.Errorf("got %+v, %v; want %+v", got, err, want)
		}
	}
	if _, err := ReadProxyHeader(strings.NewReader("GET ")); err == nil {
		t.Error("a request was taken for a header")
	}
}

func TestDatagrams(t *testing.T) {
	var stream bytes.Buffer
	if err := WriteUntaken(&stream); err != nil {
		t.Fatal(err)
	}
	sent := [][]byte{{}, []byte("x"), bytes.Repeat([]byte("y"), MaxDatagram)}
	for _, d := range sent {
		if err := WriteDatagram(&stream, d); err != nil {
			t.Fatal(err)
		}
	}
	if err := WriteDatagram(&stream, make([]byte, MaxDatagram+1)); err == nil {
		t.Error("an impossible datagram was sent")
	}
	buf := make([]byte, MaxDatagram)
	if _, err := ReadDatagram(&stream, buf); err != ErrUntaken {
		t.Errorf("got %v", err)
	}
	for _, want := range sent {
		if n, err := ReadDatagram(&stream, buf); err != nil || !bytes.Equal(buf[:n], want) {
			t.Errorf("got %d bytes, %v; want %d", n, err, len(want))
		}
	}
	if _, err := ReadDatagram(&stream, buf); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
	if _, err := ReadDatagram(strings.NewReader("\xff\xfe"), buf); err == nil || err == ErrUntaken {
		t.Error("an impossible length was believed")
	}
	if _, err := ReadDatagram(strings.NewReader("\x00\x02x"), buf); err != io.ErrUnexpectedEOF {
		t.Errorf("cut off: %v", err)
	}
}

func TestShareMessages(t *testing.T) {
	buf := make([]byte, MaxShareMessage)
	r := strings.NewReader("\x06\x00\x00\x00ab\x04\x00\x00\x00")
	for _, want := range []string{"\x06\x00\x00\x00ab", "\x04\x00\x00\x00"} {
		if n, err := ReadShareMessage(r, buf); err != nil || string(buf[:n]) != want {
			t.Errorf("got %q, %v; want %q", buf[:n], err, want)
		}
	}
	var length *ShareLengthError
	for _, bad := range []string{"\x03\x00\x00\x00", "\xff\xff\xff\xff"} {
		if _, err := ReadShareMessage(strings.NewReader(bad), buf); !errors.As(err, &length) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// FuzzDecode feeds all readers: whatever a guest sends is refused or bounded.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"op":"exited","code":1}` + "\n"))
	f.Add([]byte("T\x00\x00\x50"))
	f.Add([]byte("\x06\x00\x00\x00ab"))
	f.Fuzz(func(t *testing.T, data []byte) {
		d := NewDecoder(bytes.NewReader(data))
		for {
			if _, err := d.Decode(); err != nil {
				break
			}
		}
		_, _ = ReadProxyHeader(bytes.NewReader(data))
		_, _ = ReadShareHeader(bytes.NewReader(data))
		buf := make([]byte, MaxShareMessage)
		for r := bytes.NewReader(data); ; {
			n, err := ReadShareMessage(r, buf)
			if err != nil {
				break
			}
			if n > len(data) {
				t.Fatalf("a message of %d bytes in %d", n, len(data))
			}
		}
		for r := bytes.NewReader(data); ; {
			n, err := ReadDatagram(r, buf)
			if err == ErrUntaken {
				continue
			}
			if err != nil {
				break
			}
			if n > MaxDatagram {
				t.Fatalf("a datagram of %d bytes", n)
			}
		}
	})
}
