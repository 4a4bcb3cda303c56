package app_test

import (
	"context"
	"crypto/sha1"
	"database/sql"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	_ "modernc.org/sqlite"

	"jiban"
	"jiban/app"
	"jiban/app/config"
	"jiban/channels/wechat/wechatsim"
	"jiban/knowledge"
	"jiban/store"
)

const (
	benchArticles = 96_000
	benchToken    = "bench-token"
)

// generated recombines the sentences of the sample articles into many.
func generated(tb testing.TB, n int) []jiban.Article {
	tb.Helper()
	sample, err := knowledge.Sample()
	if err != nil {
		tb.Fatal(err)
	}
	var sentences []string
	for _, a := range sample {
		for _, s := range strings.FieldsFunc(a.Body, func(r rune) bool { return r == '\n' || r == '。' }) {
			if len([]rune(s)) > 6 {
				sentences = append(sentences, s)
			}
		}
	}
	dice := rand.New(rand.NewPCG(96, 12345))
	all := make([]jiban.Article, 0, n+len(sample))
	all = append(all, sample...)
	for i := range n {
		like := sample[dice.IntN(len(sample))]
		var body strings.Builder
		for body.Len() < 620 {
			body.WriteString(sentences[dice.IntN(len(sentences))])
			body.WriteString("。")
		}
		a := like
		a.ID = fmt.Sprintf("gen%06d", i)
		a.Title = fmt.Sprintf("%s（%s，第%d号）", sentences[dice.IntN(len(sentences))], like.Title, i)
		a.Body, a.Similar, a.Version = body.String(), nil, 1
		all = append(all, a)
	}
	return all
}

// benchHouse is the program on the embedded default with 96,000 articles.
func benchHouse(b *testing.B) *app.App {
	b.Helper()
	c := config.Default()
	c.Listen = "127.0.0.1:0"
	c.DataDir = b.TempDir()
	c.Database = "sqlite:" + filepath.Join(c.DataDir, "jiban.db")
	c.Keys.File = filepath.Join(c.DataDir, "keys")
	c.Files = filepath.Join(c.DataDir, "files")
	c.LogLevel = "error"
	c.Channels.WeChat = []config.WeChat{{
		Name: "gzh", Kind: "official", AppID: "wxbench", AppSecret: "x", Token: benchToken, PassiveReply: true,
		ReplayWindow: time.Hour, APIBase: "http://127.0.0.1:1", MessageBudget: 5, MessageWindow: 48 * time.Hour, ReplyWithin: 4500 * time.Millisecond,
	}}
	clock := jiban.SystemClock{}
	s, err := store.Open(b.Context(), c.Database, store.Deps{Clock: clock, IDs: jiban.RandomIDs{Clock: clock}})
	if err != nil {
		b.Fatal(err)
	}
	if err := s.SaveArticles(b.Context(), generated(b, benchArticles), nil); err != nil {
		b.Fatal(err)
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	began := time.Now()
	a, err := app.New(b.Context(), app.Options{Config: c})
	if err != nil {
		b.Fatal(err)
	}
	if err := a.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.Logf("ready with %d articles after %v", benchArticles, time.Since(began).Round(time.Millisecond))
	b.Cleanup(func() {
		if err := a.Stop(context.Background()); err != nil {
			b.Error(err)
		}
	})
	return a
}

// BenchmarkWeChat is a WeChat text to the committed turn and its passive reply,
// over loopback, client and server in one process, beside the ceiling: a Fiber
// server that only verifies, parses and commits one row. Compare the ratios
// within one run. Everybody has written before, but in "first": there each
// message comes from a person nobody knew.
func BenchmarkWeChat(b *testing.B) {
	a := benchHouse(b)
	house, ceiling := "http://"+a.Addr()+"/channels/wechat/gzh", durableCeiling(b)
	const command, question = "查进度", "住房公积金怎样提取"
	for _, conns := range []int{1, 16, 64} {
		for _, l := range []load{
			{"ceiling", ceiling, command, false, false},
			{"no-search", house, command, true, false},
			{"question", house, question, true, false},
			{"first", house, command, true, true},
		} {
			b.Run(fmt.Sprintf("%s/%d", l.name, conns), func(b *testing.B) { l.drive(b, conns) })
		}
	}
}

// load is what is sent, and whether it is answered.
type load struct {
	name, url, text string
	answered        bool
	strangers       bool
}

// peopleEach is how many people take turns on one connection: nobody writes again
// while their own turn is under way.
const peopleEach = 16

var run atomic.Int64 // tells the people of one measurement from those of the next

// drive pushes b.N messages over so many connections and reports messages a
// second, latencies and processor time.
func (l load) drive(b *testing.B, conns int) {
	client := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: conns}}
	defer client.CloseIdleConnections()
	sim := wechatsim.New(wechatsim.Config{Callback: l.url, AppID: "wxbench", AppSecret: "x", Token: benchToken, Client: client, Deliveries: 1})
	generation := run.Add(1)
	var failed, silent atomic.Int64
	push := func(person, id int) {
		r, err := sim.Push(b.Context(), wechatsim.Message{
			OpenID: fmt.Sprintf("o%d-%d", generation, person), Type: "text", Text: l.text, MsgID: fmt.Sprintf("%d%09d", generation, id), At: time.Now(),
		})
		if err != nil || !r.Acknowledged {
			failed.Add(1)
		}
		if l.answered && r.Text == "" {
			silent.Add(1)
		}
	}
	people := conns * peopleEach
	if !l.strangers {
		each(conns, people, func(_, i int) { push(i, i) })
	}
	took := make([]time.Duration, b.N)
	before := cpu(b)
	b.ResetTimer()
	each(conns, b.N, func(conn, i int) {
		person := people + i
		if !l.strangers {
			person = conn*peopleEach + i%peopleEach
		}
		began := time.Now()
		push(person, people+i)
		took[i] = time.Since(began)
	})
	b.StopTimer()
	used := cpu(b) - before
	slices.Sort(took)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(used.Seconds()/float64(b.N)*1000, "cpu-s/1k")
	b.ReportMetric(float64(silent.Load()), "silent")
	if failed.Load() > 0 {
		b.Errorf("%d of %d messages were not acknowledged", failed.Load(), b.N)
	}
}

// each does n things over so many connections.
func each(conns, n int, do func(conn, i int)) {
	var next atomic.Int64
	var all sync.WaitGroup
	for conn := range conns {
		all.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				do(conn, int(i))
			}
		})
	}
	all.Wait()
}

// cpu is the processor time of this process, client and server together.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// durableCeiling is the reference: it verifies and parses a message and commits
// one row, grouped with those that wait, before it answers.
func durableCeiling(b *testing.B) string {
	b.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(b.TempDir(), "ceiling.db")+"?_pragma=journal_mode(wal)&_pragma=synchronous(full)")
	if err != nil {
		b.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("CREATE TABLE m (id INTEGER PRIMARY KEY, external_id TEXT UNIQUE, body TEXT)"); err != nil {
		b.Fatal(err)
	}
	rows := make(chan *ceilingRow, 1024)
	go commitRows(db, rows)
	server := fiber.New(fiber.Config{DisableStartupMessage: true})
	server.Post("/", func(c *fiber.Ctx) error {
		words := []string{benchToken, c.Query("timestamp"), c.Query("nonce")}
		slices.Sort(words)
		if sum := sha1.Sum([]byte(strings.Join(words, ""))); hex.EncodeToString(sum[:]) != c.Query("signature") {
			return fiber.ErrForbidden
		}
		r := &ceilingRow{done: make(chan error, 1)}
		if err := xml.Unmarshal(c.Body(), r); err != nil {
			return err
		}
		rows <- r
		if err := <-r.done; err != nil {
			return err
		}
		return c.SendString("success")
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	go server.Listener(ln)
	b.Cleanup(func() {
		server.Shutdown()
		close(rows)
		db.Close()
	})
	return "http://" + ln.Addr().String() + "/"
}

type ceilingRow struct {
	MsgID   string `xml:"MsgId"`
	Content string `xml:"Content"`
	done    chan error
}

func commitRows(db *sql.DB, rows <-chan *ceilingRow) {
	insert, err := db.Prepare("INSERT INTO m (external_id, body) VALUES (?, ?)")
	for first := range rows {
		batch := []*ceilingRow{first}
		for len(rows) > 0 && len(batch) < 256 {
			batch = append(batch, <-rows)
		}
		if err == nil {
			err = commitBatch(db, insert, batch)
		}
		for _, r := range batch {
			r.done <- err
		}
	}
}

func commitBatch(db *sql.DB, insert *sql.Stmt, batch []*ceilingRow) error {
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	in := tx.Stmt(insert)
	for _, r := range batch {
		if _, err := in.Exec(r.MsgID, r.Content); err != nil {
			tx.Rollback()
			return err
		}
	}
	return tx.Commit()
}

// BenchmarkMemory is what the whole program holds, idle with 96,000 articles.
func BenchmarkMemory(b *testing.B) {
	benchHouse(b)
	for b.Loop() {
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.HeapAlloc)/(1<<20), "heap-MiB")
	b.ReportMetric(float64(m.Sys-m.HeapReleased)/(1<<20), "from-system-MiB")
}
