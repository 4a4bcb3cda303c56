package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"jiban/channels/wechat/wechatsim"
)

// TestSyncBeforeAcknowledgement watches the system calls of the real program:
// SIGKILL proves nothing about a power cut, a sync that ended before the answer
// was written does.
func TestSyncBeforeAcknowledgement(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed")
	}
	p := newProgram(t, "")
	wx := newPlatform(t, p.url("/channels/wechat/gzh"))
	configure(t, p, "channels:\n  wechat:\n"+wechatConfig("gzh", wx.api.URL, false))
	trace := filepath.Join(p.dir, "trace")
	p.args = []string{strace, "-f", "-y", "-s", "96", "-e", "trace=fsync,fdatasync,read,write,sendto,recvfrom", "-o", trace}
	p.start()
	const messages = 5
	for i := range messages {
		m := wechatsim.Message{OpenID: "oStrace", Type: "text", MsgID: fmt.Sprintf("90000000%02d", i), Text: "你好"}
		if r, err := wx.Push(context.Background(), m); err != nil || !r.Acknowledged {
			t.Fatalf("message %d: %+v, %v", i, r, err)
		}
	}
	p.kill()
	data, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	if n := syncedAnswers(t, string(data)); n != messages {
		t.Fatalf("%d of %d acknowledgements came after a sync", n, messages)
	}
}

var (
	traceRequest = regexp.MustCompile(`"POST /channels/wechat/gzh`)
	traceAnswer  = regexp.MustCompile(`(write|sendto)\(.*"HTTP/1\.1 200`)
	traceSync    = regexp.MustCompile(`^(\d+)\s+f(data)?sync\(\d+<[^>]*jiban\.db-wal>(\)\s+= 0| <unfinished)`)
	traceResumed = regexp.MustCompile(`^(\d+)\s+<\.\.\. f(data)?sync resumed>\)\s+= 0`)
)

// syncedAnswers counts the answers to callbacks before which, and after the
// request was read, a sync of the write-ahead log ended.
func syncedAnswers(t *testing.T, trace string) int {
	t.Helper()
	open, synced, good := false, false, 0
	running := map[string]bool{}
	for _, line := range strings.Split(trace, "\n") {
		switch {
		case traceRequest.MatchString(line):
			open, synced = true, false
			running = map[string]bool{}
		case traceSync.MatchString(line):
			m := traceSync.FindStringSubmatch(line)
			if strings.HasSuffix(m[3], "unfinished") {
				running[m[1]] = true
			} else {
				synced = true
			}
		case traceResumed.MatchString(line):
			if m := traceResumed.FindStringSubmatch(line); running[m[1]] {
				synced = true
			}
		case open && traceAnswer.MatchString(line):
			if synced {
				good++
			}
			open = false
		}
	}
	return good
}

// TestDiskFull fills the disk under the real program: what cannot be stored is
// not acknowledged, the program says that it is not ready, and takes messages
// again when there is room, without a restart.
func TestDiskFull(t *testing.T) {
	p := newProgram(t, "")
	wx := newPlatform(t, p.url("/channels/wechat/gzh"))
	configure(t, p, "channels:\n  wechat:\n"+wechatConfig("gzh", wx.api.URL, false))
	disk := filepath.Join(p.dir, "data")
	if err := os.Mkdir(disk, 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", disk).CombinedOutput(); err != nil {
		t.Skipf("this machine lets us mount no small disk: %s", out)
	}
	t.Cleanup(func() {
		p.kill()
		if out, err := exec.Command("umount", disk).CombinedOutput(); err != nil {
			t.Errorf("umount: %s", out)
		}
	})
	p.start()
	ballast := filepath.Join(disk, "ballast")
	if err := fill(ballast); err != nil {
		t.Fatal(err)
	}
	who := crowd(1, "full", wx)[0]
	refused := false
	for i := 0; i < 2000 && !refused; i++ {
		m := wechatsim.Message{OpenID: who.openID, Type: "text", MsgID: fmt.Sprintf("80000%05d", i), Text: strings.Repeat("说", 500)}
		r, err := wx.Push(context.Background(), m)
		if err != nil {
			t.Fatal(err)
		}
		if r.Acknowledged && r.Text == "" {
			who.acked = append(who.acked, m.MsgID)
			continue
		}
		refused = true
		if r.Text != "" && !strings.Contains(r.Text, "12345") {
			t.Errorf("the last delivery was answered %q, without a way on", r.Text)
		}
	}
	if !refused {
		t.Fatal("2,000 messages went onto a full disk")
	}
	p.await(func() bool { return p.status("/readyz") == 503 }, 10*time.Second, "readyz to fail")
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	p.await(func() bool { return p.status("/readyz") == 200 }, 30*time.Second, "readyz to recover")
	after := wechatsim.Message{OpenID: who.openID, Type: "text", MsgID: "8999999999", Text: "你好"}
	if r, err := wx.Push(context.Background(), after); err != nil || !r.Acknowledged {
		t.Fatalf("with room again: %+v, %v", r, err)
	}
	who.acked = append(who.acked, after.MsgID)
	settle(t, p)
	p.stop()
	db := openDatabase(t, "sqlite", "file:"+p.database()+"?mode=ro")
	stored, acked, _ := checkInbound(t, allRows(t, db, p.keys()), []*person{who})
	t.Logf("%d messages acknowledged, %d stored", acked, stored)
}

// fill writes a file until the disk is full.
func fill(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	block := make([]byte, 64<<10)
	for size := len(block); size >= 512; {
		if _, err := f.Write(block[:size]); err != nil {
			size /= 2
		}
	}
	return nil
}
