// Server is the function that the tests run: a static binary that does what its
// requests ask for.
package main

import (
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) == 3 && os.Args[1] == "talk" {
		talk(os.Args[2])
		return
	}
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "hello") })
	http.HandleFunc("/exit", func(w http.ResponseWriter, r *http.Request) { os.Exit(number(r, "code")) })
	http.HandleFunc("/signal", func(w http.ResponseWriter, r *http.Request) {
		syscall.Kill(os.Getpid(), syscall.Signal(number(r, "number")))
	})
	http.HandleFunc("/who", func(w http.ResponseWriter, r *http.Request) {
		host, _ := os.Hostname()
		dir, _ := os.Getwd()
		fmt.Fprint(w, os.Getuid(), " ", os.Getgid(), " ", host, " ", dir, " ", os.Getenv("COLOUR"), " ", runtime.NumCPU())
	})
	http.HandleFunc("/read", func(w http.ResponseWriter, r *http.Request) {
		data, err := os.ReadFile(r.FormValue("path"))
		answer(w, string(data), err)
	})
	http.HandleFunc("/write", func(w http.ResponseWriter, r *http.Request) {
		answer(w, "written", os.WriteFile(r.FormValue("path"), []byte(r.FormValue("text")), 0o644))
	})
	http.HandleFunc("/dial", func(w http.ResponseWriter, r *http.Request) {
		_, err := net.DialTimeout("tcp", r.FormValue("address"), time.Second)
		answer(w, "connected", err)
	})
	http.HandleFunc("/print", func(w http.ResponseWriter, r *http.Request) {
		_, err := fmt.Println(r.FormValue("text"))
		answer(w, "printed", err)
	})
	http.HandleFunc("/udp", func(w http.ResponseWriter, r *http.Request) {
		pc, err := net.ListenPacket("udp", r.FormValue("address"))
		if err == nil {
			go echo(pc)
		}
		answer(w, "bound", err)
	})
	http.HandleFunc("/work", func(w http.ResponseWriter, r *http.Request) {
		text, err := work(r)
		answer(w, text, err)
	})
	http.HandleFunc("/spread", func(w http.ResponseWriter, r *http.Request) {
		text, err := spreadMemory(number(r, "pieces"))
		answer(w, text, err)
	})
	fmt.Println("listening with", os.Args[1:])
	log.Fatal(http.ListenAndServe("127.0.0.1:8000", nil))
}

// talk prints so many lines and returns.
func talk(lines string) {
	n, _ := strconv.Atoi(lines)
	for i := range n {
		fmt.Println("line", i)
	}
}

func echo(pc net.PacketConn) {
	buf := make([]byte, 1<<16)
	for {
		n, from, err := pc.ReadFrom(buf)
		if err != nil {
			return
		}
		_, _ = pc.WriteTo(buf[:n], from)
	}
}

func number(r *http.Request, name string) int {
	n, _ := strconv.Atoi(r.FormValue(name))
	return n
}

func answer(w http.ResponseWriter, text string, err error) {
	if err != nil {
		text = err.Error()
	}
	fmt.Fprint(w, text)
}
