package files

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"jiban"
)

// clamd is a stand-in that speaks the scanner's protocol: it finds the text of the
// EICAR test file and nothing else.
type clamd struct {
	net.Listener
	mute   atomic.Bool // takes connections and says nothing
	sick   atomic.Bool // answers with an error
	hasty  atomic.Bool // answers before it has read all
	looked atomic.Int64
}

func newClamd(t *testing.T, network, address string) *clamd {
	t.Helper()
	ln, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	c := &clamd{Listener: ln}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go c.serve(conn)
		}
	}()
	return c
}

func (c *clamd) serve(conn net.Conn) {
	defer conn.Close()
	if c.mute.Load() {
		_, _ = io.Copy(io.Discard, conn)
		return
	}
	c.looked.Add(1)
	_, _ = io.WriteString(conn, c.judge(bufio.NewReader(conn))+"\x00")
}

func (c *clamd) judge(r *bufio.Reader) string {
	if command, err := r.ReadString(0); err != nil || command != "zINSTREAM\x00" {
		return "UNKNOWN COMMAND"
	}
	if c.sick.Load() {
		return "INSTREAM size limit exceeded. ERROR"
	}
	if c.hasty.Load() {
		return "stream: Hasty.Sig FOUND"
	}
	var all bytes.Buffer
	for {
		var n uint32
		if err := binary.Read(r, binary.BigEndian, &n); err != nil {
			return "ERROR"
		}
		if n == 0 {
			break
		}
		if _, err := io.CopyN(&all, r, int64(n)); err != nil {
			return "ERROR"
		}
	}
	if strings.Contains(all.String(), eicarText) {
		return "stream: Win.Test.EICAR_HDB-1 FOUND"
	}
	return "stream: OK"
}

func scanner(t *testing.T, address string) *Clamd {
	t.Helper()
	c, err := NewClamd(address)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// infected is a document of an allowed type that carries the test text.
func infected() []byte { return []byte("%PDF-1.4\n% " + eicarText + "\n%%EOF\n") }

func TestScanner(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "clamd.sock")
	for name, open := range map[string]func() (*clamd, string){
		"tcp":  func() (*clamd, string) { c := newClamd(t, "tcp", "127.0.0.1:0"); return c, "tcp:" + c.Addr().String() },
		"unix": func() (*clamd, string) { return newClamd(t, "unix", socket), "unix:" + socket },
	} {
		t.Run(name, func(t *testing.T) {
			c, address := open()
			h := newHouse(t, Limits{}, scanner(t, address))
			if _, err := h.take("a.pdf", infected()); ReasonOf(err) != Infected || !strings.Contains(err.Error(), "EICAR_HDB-1") {
				t.Errorf("infected: %v", err)
			}
			h.empty()
			if k := h.mustTake("a.mp3", sound(3000)); k.Scan != "clean" || k.State != jiban.FileKept {
				t.Errorf("%+v", k)
			}
			c.hasty.Store(true)
			if _, err := h.take("a.mp3", sound(90000)); ReasonOf(err) != Infected {
				t.Errorf("the answer of a scanner that had seen enough: %v", err)
			}
			c.hasty.Store(false)
			c.sick.Store(true)
			if _, err := h.take("a.pdf", []byte(plainPDF)); ReasonOf(err) != NoScan || jiban.CodeOf(err) != jiban.CodeUnavailable {
				t.Errorf("a scanner's error: %v", err)
			}
		})
	}
}

func TestAMuteScannerIsNotWaitedForForEver(t *testing.T) {
	c := newClamd(t, "tcp", "127.0.0.1:0")
	c.mute.Store(true)
	s := scanner(t, "tcp:"+c.Addr().String())
	s.limit = 100 * time.Millisecond
	start := time.Now()
	if err := s.Scan(t.Context(), strings.NewReader("x")); jiban.CodeOf(err) != jiban.CodeUnavailable {
		t.Errorf("%v", err)
	}
	if time.Since(start) > 5*time.Second {
		t.Error("it waited on")
	}
	if err := s.Scan(t.Context(), io.MultiReader(strings.NewReader("x"), failing{})); !errors.Is(err, errDown) {
		t.Errorf("what broke at the source is blamed on the scanner: %v", err)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errDown }

// While the scanner is down a file is refused, or kept where nobody sees it until
// somebody has looked.
func TestScannerDown(t *testing.T) {
	refusing := newHouse(t, Limits{}, scanner(t, "tcp:127.0.0.1:1"))
	if _, err := refusing.take("a.pdf", []byte(plainPDF)); ReasonOf(err) != NoScan {
		t.Errorf("%v", err)
	}
	refusing.empty()

	socket := filepath.Join(t.TempDir(), "clamd.sock")
	h := newHouse(t, Limits{Quarantine: true}, scanner(t, "unix:"+socket))
	good, bad := h.mustTake("a.pdf", []byte(plainPDF)), h.mustTake("b.pdf", infected())
	for _, k := range []Kept{good, bad} {
		if _, err := h.read(k.ID); k.State != jiban.FileWaiting || jiban.CodeOf(err) != jiban.CodeNotFound {
			t.Errorf("%s, read: %v", k.State, err)
		}
	}
	h.clock.Advance(rescanAfter)
	h.work(nil)
	if f := h.shelf.rows[good.ID]; f.State != jiban.FileWaiting || !f.NextAt.After(h.clock.Now()) {
		t.Errorf("still down: %+v", f)
	}
	newClamd(t, "unix", socket)
	h.clock.Advance(rescanAfter)
	h.work(nil)
	if got, err := h.read(good.ID); err != nil || string(got) != plainPDF {
		t.Errorf("%q %v", got, err)
	}
	if _, err := h.read(bad.ID); jiban.CodeOf(err) != jiban.CodeNotFound {
		t.Errorf("%v", err)
	}
	if _, err := h.Sweep(t.Context()); err != nil || h.blobs.count() != 1 {
		t.Errorf("%d bytes stay, %v", h.blobs.count(), err)
	}
}

func TestScannerAddress(t *testing.T) {
	for _, bad := range []string{"", "clamd", "udp:x:1", "tcp:", "/run/clamd.ctl"} {
		if _, err := NewClamd(bad); jiban.CodeOf(err) != jiban.CodeInvalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// The real program, where one is named: it must know the EICAR text.
func TestRealClamd(t *testing.T) {
	address := os.Getenv("JIBAN_TEST_CLAMD")
	if address == "" {
		t.Skip("no clamd: name one in JIBAN_TEST_CLAMD (tcp:HOST:PORT or unix:PATH)")
	}
	s := scanner(t, address)
	if err := s.Scan(t.Context(), strings.NewReader("nothing in it")); err != nil {
		t.Errorf("clean: %v", err)
	}
	if err := s.Scan(t.Context(), strings.NewReader(eicarText)); ReasonOf(err) != Infected {
		t.Errorf("EICAR: %v", err)
	}
}
