package e2e

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"jiban/channels/wechat/wechatsim"
)

// postgres makes a database of the test's own on the real server.
func postgres(t *testing.T) string {
	t.Helper()
	base := os.Getenv("JIBAN_TEST_POSTGRES")
	if base == "" {
		t.Skip("no PostgreSQL: run by way of scripts/services.sh")
	}
	name := fmt.Sprintf("e2e_%d", time.Now().UnixNano())
	admin := openDatabase(t, "pgx", base)
	if _, err := admin.Exec("CREATE DATABASE " + name); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

// wire is a TCP line that can be cut, in front of a real server.
type wire struct {
	to     string
	l      net.Listener
	cut    atomic.Bool
	mu     sync.Mutex
	conns  map[net.Conn]bool
	closed chan struct{}
}

func newWire(t *testing.T, to string) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{to: to, l: l, conns: map[net.Conn]bool{}, closed: make(chan struct{})}
	go w.serve()
	t.Cleanup(func() {
		l.Close()
		w.sever()
	})
	return w
}

func (w *wire) serve() {
	for {
		c, err := w.l.Accept()
		if err != nil {
			return
		}
		if w.cut.Load() {
			c.Close()
			continue
		}
		s, err := net.Dial("tcp", w.to)
		if err != nil {
			c.Close()
			continue
		}
		w.keep(c, s)
		go w.pipe(c, s)
		go w.pipe(s, c)
	}
}

func (w *wire) keep(cs ...net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range cs {
		w.conns[c] = true
	}
}

func (w *wire) pipe(to, from net.Conn) {
	io.Copy(to, from)
	to.Close()
	from.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.conns, from)
}

func (w *wire) sever() {
	w.cut.Store(true)
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.conns {
		c.Close()
	}
}

func (w *wire) mend() { w.cut.Store(false) }

// TestDatabaseDown cuts the line to the database: nothing is acknowledged, the
// node says that it is not ready, and all is well when the line is back.
func TestDatabaseDown(t *testing.T) {
	dsn := postgres(t)
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	line := newWire(t, u.Host)
	u.Host = line.l.Addr().String()
	p := newProgram(t, "")
	key := p.dir + "/key"
	if err := os.WriteFile(key, []byte(strings.Repeat("0123456789abcdef", 4)), 0o600); err != nil {
		t.Fatal(err)
	}
	wx := newPlatform(t, p.url("/channels/wechat/gzh"))
	configure(t, p, fmt.Sprintf("database: %q\nkeys: {file: %q}\nchannels:\n  wechat:\n", u, key)+wechatConfig("gzh", wx.api.URL, false))
	p.start()
	push := func(id string) wechatsim.Reply {
		t.Helper()
		r, err := wx.Push(context.Background(), wechatsim.Message{OpenID: "oDown", Type: "text", MsgID: id, Text: "你好"})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := push("7000000001"); !r.Acknowledged {
		t.Fatalf("before the cut: %+v", r)
	}
	line.sever()
	if r := push("7000000002"); r.Acknowledged && !strings.Contains(r.Text, "12345") {
		t.Fatalf("without a database: %+v", r)
	}
	p.await(func() bool { return p.status("/readyz") == 503 }, 20*time.Second, "readyz to fail")
	line.mend()
	p.await(func() bool { return p.status("/readyz") == 200 }, 30*time.Second, "readyz to recover")
	if r := push("7000000003"); !r.Acknowledged {
		t.Fatalf("after the cut: %+v", r)
	}
	db := openDatabase(t, "pgx", dsn)
	settleOn(t, p, db)
	p.stop()
	stored, _, _ := checkInbound(t, allRows(t, db, unlock(t, dsn, key)), []*person{{acked: []string{"7000000001", "7000000003"}}})
	t.Logf("%d messages stored", stored)
}

func settleOn(t *testing.T, p *program, db *sql.DB) {
	t.Helper()
	p.await(func() bool {
		return count(t, db, `SELECT count(*) FROM messages WHERE (direction = 'in' AND turn_id = '') OR status IN ('queued', 'sending') AND kind <> 'form.reminder'`) == 0
	}, 2*time.Minute, "the outbox to be empty")
}

// redisServer is a Redis of the test's own, to be stopped and started again.
type redisServer struct {
	t    *testing.T
	bin  string
	addr string
	cmd  *exec.Cmd
}

func newRedis(t *testing.T) *redisServer {
	t.Helper()
	bin, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("redis-server is not installed")
	}
	r := &redisServer{t: t, bin: bin, addr: freeAddr(t)}
	r.start()
	t.Cleanup(r.stop)
	return r
}

func (r *redisServer) start() {
	r.t.Helper()
	_, port, err := net.SplitHostPort(r.addr)
	if err != nil {
		r.t.Fatal(err)
	}
	r.cmd = exec.Command(r.bin, "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
	if err := r.cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	deadline := time.Now().Add(20 * time.Second)
	for {
		c, err := net.Dial("tcp", r.addr)
		if err == nil {
			c.Close()
			return
		}
		if time.Now().After(deadline) {
			r.t.Fatal("redis-server does not start")
		}
		time.Sleep(20 * time.Millisecond) // another process gives no signal
	}
}

func (r *redisServer) stop() {
	if r.cmd == nil {
		return
	}
	r.cmd.Process.Kill()
	r.cmd.Wait()
	r.cmd = nil
}

// TestNodes runs two processes on PostgreSQL and Redis behind a balancer that
// sends each message of a person to the other node, and stops Redis and starts it
// again under load: turns go on, nothing is lost or done twice.
func TestNodes(t *testing.T) {
	dsn := postgres(t)
	redis := newRedis(t)
	a, b := newProgram(t, ""), newProgram(t, "")
	var turn atomic.Int64
	balancer := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			target := a.addr
			if turn.Add(1)%2 == 0 {
				target = b.addr
			}
			r.SetURL(&url.URL{Scheme: "http", Host: target})
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	})
	defer balancer.Close()
	wx := newPlatform(t, balancer.URL+"/channels/wechat/gzh")
	key := t.TempDir() + "/key"
	if err := os.WriteFile(key, []byte(strings.Repeat("0123456789abcdef", 4)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, p := range []*program{a, b} {
		configure(t, p, fmt.Sprintf("database: %q\nredis: \"redis://%s\"\nkeys: {file: %q}\nchannels:\n  wechat:\n", dsn, redis.addr, key)+
			wechatConfig("gzh", wx.api.URL, true))
		p.start()
	}
	people := crowd(10, "node", wx)
	living, endOfLife := context.WithCancel(context.Background())
	defer endOfLife()
	grace, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	var wg sync.WaitGroup
	for _, who := range people {
		wg.Go(func() { who.live(living, grace) })
	}
	time.Sleep(2 * time.Second) // load before, while and after Redis is away
	redis.stop()
	a.await(func() bool { _, body := a.get("/readyz"); return strings.Contains(body, "degraded") }, 20*time.Second, "readyz to say degraded")
	time.Sleep(3 * time.Second)
	redis.start()
	a.await(func() bool { _, body := a.get("/readyz"); return !strings.Contains(body, "degraded") }, 30*time.Second, "readyz to say well")
	time.Sleep(2 * time.Second)
	endOfLife()
	wg.Wait()
	db := openDatabase(t, "pgx", dsn)
	settleOn(t, a, db)
	a.stop()
	b.stop()

	rows := allRows(t, db, unlock(t, dsn, key))
	stored, acked, _ := checkInbound(t, rows, people)
	tickets := count(t, db, `SELECT count(*) FROM tickets`)
	if twice := count(t, db, `SELECT count(*) FROM (SELECT contact_id FROM tickets GROUP BY contact_id HAVING count(*) > 1) x`); tickets != len(people) || twice != 0 {
		t.Errorf("%d people, %d tickets, %d people with two", len(people), tickets, twice)
	}
	second, marked := checkOutbound(t, rows, wx.texts())
	t.Logf("%d messages acknowledged, %d stored, %d tickets, %d second copies, %d rows marked", acked, stored, tickets, second, marked)
}
