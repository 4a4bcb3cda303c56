package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The limits of these tests. They are generous, because two cores do
// everything at once; none of them is a measure of speed.
const (
	startLimit = 60 * time.Second
	stopLimit  = 15 * time.Second
)

var build = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "jiban-e2e")
	if err != nil {
		return "", err
	}
	bin := filepath.Join(dir, "jiban")
	out, err := exec.Command("go", "build", "-o", bin, "jiban/cmd/jiban").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("cannot build the program: %w\n%s", err, out)
	}
	return bin, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if bin, err := build(); err == nil {
		os.RemoveAll(filepath.Dir(bin))
	}
	os.Exit(code)
}

// binary is the program, built once for all tests of this package.
func binary(t testing.TB) string {
	t.Helper()
	bin, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return bin
}

// program is one running process.
type program struct {
	t    testing.TB
	dir  string
	file string // configuration
	addr string
	args []string // in front of the binary: strace …
	cmd  *exec.Cmd
	log  *syncBuffer
	out  *syncBuffer
	done chan struct{}
	err  error
}

// newProgram writes a configuration into a folder; start starts it. The text must
// not name listen and data_dir.
func newProgram(t testing.TB, config string) *program {
	t.Helper()
	p := &program{t: t, dir: t.TempDir(), addr: freeAddr(t), log: &syncBuffer{}, out: &syncBuffer{}}
	p.file = filepath.Join(p.dir, "jiban.yaml")
	if err := p.rewrite(config); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("the program's log:\n%s", p.log.tail(8000))
		}
	})
	return p
}

// rewrite sets the configuration for the next start.
func (p *program) rewrite(config string) error {
	head := fmt.Sprintf("listen: %q\ndata_dir: %q\n", p.addr, filepath.Join(p.dir, "data"))
	return os.WriteFile(p.file, []byte(head+config), 0o600)
}

func freeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// launch starts the process without waiting for it to be ready.
func (p *program) launch() {
	p.t.Helper()
	args := append(append([]string{}, p.args...), binary(p.t), "serve", "--welcome", "--config", p.file)
	p.cmd = exec.Command(args[0], args[1:]...)
	p.cmd.Dir = p.dir
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	done := make(chan struct{})
	cmd := p.cmd
	go func() {
		p.err = cmd.Wait()
		close(done)
	}()
	p.done = done
}

// start launches the process and waits until it is ready.
func (p *program) start() {
	p.t.Helper()
	p.launch()
	p.await(func() bool { return p.status("/readyz") == http.StatusOK }, startLimit, "the program to become ready")
}

// await polls a condition of another process, for which there is no signal.
func (p *program) await(ok func() bool, limit time.Duration, what string) {
	p.t.Helper()
	deadline := time.Now().Add(limit)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-p.done:
			if !ok() {
				p.t.Fatalf("the program ended (%v) while waiting for %s\n%s", p.err, what, p.log.tail(4000))
			}
			return
		case <-tick.C:
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("gave up waiting for %s after %v", what, limit)
		}
	}
}

func (p *program) url(path string) string { return "http://" + p.addr + path }

// status is the HTTP status of a GET, 0 when there was no answer.
func (p *program) status(path string) int {
	code, _ := p.get(path)
	return code
}

func (p *program) get(path string) (int, string) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url(path), nil)
	if err != nil {
		p.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, ""
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 4<<20))
	if err != nil {
		return 0, ""
	}
	return res.StatusCode, string(body)
}

// kill ends the process at once, with all it started, as a power cut would.
func (p *program) kill() {
	if p.cmd == nil || p.cmd.Process == nil {
		return
	}
	if err := syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		p.t.Error(err)
	}
	<-p.done
	p.cmd = nil
}

// stop asks the process to end and insists that it does in time.
func (p *program) stop() {
	p.t.Helper()
	if err := syscall.Kill(p.cmd.Process.Pid, syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	select {
	case <-p.done:
	case <-time.After(stopLimit):
		p.t.Fatalf("the program did not stop within %v of SIGTERM", stopLimit)
	}
	if p.err != nil {
		p.t.Fatalf("the program ended with %v", p.err)
	}
	p.cmd = nil
}

// database is the path of the embedded store.
func (p *program) database() string { return filepath.Join(p.dir, "data", "jiban.db") }

// syncBuffer collects what a process prints.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func (s *syncBuffer) tail(n int) string {
	text := s.String()
	if len(text) > n {
		text = "…" + strings.ToValidUTF8(text[len(text)-n:], "")
	}
	return text
}
