package main

import (
	"fmt"
	"testing"
	"time"
)

func TestLogbookReadsLinesInPieces(t *testing.T) {
	b := newLogbook()
	fmt.Fprint(b, `{"msg":"starting","function":"f"}`+"\n"+`{"msg":"wa`)
	fmt.Fprint(b, `rm","function":"f","parts":{"image":1,"cgroup":2,"launcher":3,"create":4,"start":5,"program":6}}`+"\n")
	fmt.Fprint(b, "panic: no JSON\n")
	e, err := b.await(t.Context(), 1, "warm", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if want := (coldParts{Image: 1, CGroup: 2, Launcher: 3, Create: 4, Start: 5, Program: 6}); e.Function != "f" || e.Parts != want {
		t.Errorf("%+v", e)
	}
	if n := b.len(); n != 2 {
		t.Errorf("%d entries, want 2", n)
	}
}

func TestLogbookWaits(t *testing.T) {
	b := newLogbook()
	go fmt.Fprintln(b, `{"msg":"warm"}`)
	if _, err := b.await(t.Context(), 0, "warm", time.Minute); err != nil {
		t.Error(err)
	}
	if _, err := b.await(t.Context(), b.len(), "warm", time.Nanosecond); err == nil {
		t.Error("found what was there before")
	}
}
