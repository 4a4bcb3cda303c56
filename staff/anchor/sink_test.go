package anchor_test

import (
	"bufio"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"jiban"
	"jiban/staff/anchor"
)

const line = `{"jiban_audit":1,"seq":7}`

func put(t *testing.T, address string) error {
	t.Helper()
	s, err := anchor.Open(address)
	if err != nil {
		t.Fatal(err)
	}
	return s.Put(t.Context(), noon, line)
}

func TestSinks(t *testing.T) {
	const framed = "<110>1 2026-11-02T04:00:00Z - jiban - anchor - " + line
	t.Run("udp", func(t *testing.T) {
		conn, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if err := put(t, "udp://"+conn.LocalAddr().String()); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 1000)
		n, _, err := conn.ReadFrom(b)
		if err != nil || string(b[:n]) != framed {
			t.Fatalf("%q, %v", b[:n], err)
		}
	})
	t.Run("tcp", func(t *testing.T) {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer ln.Close()
		got := make(chan string, 1)
		go func() {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
			text, _ := bufio.NewReader(conn).ReadString(0)
			got <- text
		}()
		if err := put(t, "tcp://"+ln.Addr().String()); err != nil {
			t.Fatal(err)
		}
		if text := <-got; text != "72 "+framed {
			t.Fatalf("%q", text)
		}
	})
	t.Run("file", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "anchors")
		for range 2 {
			if err := put(t, path); err != nil {
				t.Fatal(err)
			}
		}
		text, err := os.ReadFile(path)
		info, _ := os.Stat(path)
		if err != nil || string(text) != line+"\n"+line+"\n" || info.Mode().Perm() != 0o600 {
			t.Fatalf("%q %v, %v", text, info.Mode(), err)
		}
	})
}

func TestSinksThatAreNotThere(t *testing.T) {
	for _, address := range []string{"tcp://127.0.0.1:1", filepath.Join(t.TempDir(), "none", "anchors")} {
		start := time.Now()
		if err := put(t, address); jiban.CodeOf(err) != jiban.CodeUnavailable || time.Since(start) > 10*time.Second {
			t.Errorf("%s: %v", address, err)
		}
	}
	for _, address := range []string{"http://host:1", "udp://host", "tcp://[::1"} {
		if _, err := anchor.Open(address); jiban.CodeOf(err) != jiban.CodeInvalid {
			t.Errorf("%s: %v", address, err)
		}
	}
}
