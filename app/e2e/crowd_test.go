package e2e

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"jiban/channels/wechat/wechatsim"
	"jiban/keys"
)

const (
	wxToken  = "e2e-token"
	wxApp    = "wxe2e00000000001"
	wxSecret = "e2e-secret-e2e-secret"
)

// platform is a WeChat stand-in with its API on a real port.
type platform struct {
	*wechatsim.Sim
	api *httptest.Server

	mu    sync.Mutex
	heard map[string]int // messages that reached a person
}

// count is how many messages have reached a person.
func (p *platform) count(openID string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.heard[openID]
}

// newPlatform plays one account whose callbacks go to the address.
func newPlatform(t testing.TB, callback string) *platform {
	t.Helper()
	sim := wechatsim.New(wechatsim.Config{
		Callback: callback, AppID: wxApp, AppSecret: wxSecret, Token: wxToken, Budget: 1000,
		Client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}},
	})
	api := httptest.NewServer(sim.Handler())
	t.Cleanup(api.Close)
	p := &platform{Sim: sim, api: api, heard: map[string]int{}}
	sim.OnSent(func(m wechatsim.Sent) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.heard[m.OpenID]++
	})
	return p
}

// wechatConfig is the account in the program's configuration.
func wechatConfig(name, apiBase string, passive bool) string {
	return fmt.Sprintf("    - {name: %s, app_id: %s, app_secret: %s, token: %s, passive_reply: %v, message_budget: 1000, api_base: %q}\n",
		name, wxApp, wxSecret, wxToken, passive, apiBase)
}

// requests is what one person says, in order: a request from the first word to
// the ticket, then small things until the end of the test.
var requests = []string{
	"哈尔滨市道里区安静街12号阳光小区停水超过24小时还没有恢复",
	"从昨天早上八点开始停的",
	"我叫张伟，电话13812345678",
	"确认提交",
	"确认提交",
}

var smallThings = []string{"谢谢", "查进度", "催办", "你好", "查进度"}

// person writes one message after the other and repeats each with the same id
// until it is acknowledged, as an eager platform would.
type person struct {
	openID string
	wx     *platform
	rand   *rand.Rand

	mu    sync.Mutex
	acked []string // ids
	tries int
}

func (p *person) say(ctx context.Context, n int) {
	text := ""
	if n < len(requests) {
		text = requests[n]
	} else {
		text = smallThings[n%len(smallThings)]
	}
	before := p.wx.count(p.openID)
	m := wechatsim.Message{OpenID: p.openID, Type: "text", MsgID: fmt.Sprintf("%s%06d", strings.TrimPrefix(p.openID, "o"), n), At: time.Now(), Text: text}
	for ctx.Err() == nil {
		p.tries++
		r, err := p.wx.Push(ctx, m)
		if err == nil && r.Acknowledged {
			p.mu.Lock()
			p.acked = append(p.acked, m.MsgID)
			p.mu.Unlock()
			if n < len(requests) {
				p.listen(ctx, before)
			}
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(5+p.rand.IntN(40)) * time.Millisecond):
		}
	}
}

// listenFor is how long a person waits for an answer before going on regardless.
const listenFor = 20 * time.Second

// listen waits for the answer: who confirms before seeing the summary has not
// confirmed it.
func (p *person) listen(ctx context.Context, before int) {
	ctx, cancel := context.WithTimeout(ctx, listenFor)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for p.wx.count(p.openID) == before {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// live says at least the whole request, then goes on until ctx ends; a message
// begun is finished within the grace that ctx of the test leaves.
func (p *person) live(ctx, grace context.Context) {
	for n := 0; n < len(requests) || ctx.Err() == nil; n++ {
		if n > 400 {
			return
		}
		p.say(grace, n)
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(p.rand.IntN(30)) * time.Millisecond):
		}
	}
}

// crowd is many people on one platform.
func crowd(n int, prefix string, wx *platform) []*person {
	people := make([]*person, n)
	for i := range people {
		people[i] = &person{openID: fmt.Sprintf("o%s%08d", prefix, i), wx: wx, rand: rand.New(rand.NewPCG(uint64(i), uint64(len(prefix))))}
	}
	return people
}

// row is one message as the database holds it.
type row struct {
	id, address, externalID, direction, turnID, status, path, text string
	repeated                                                       bool
}

// openDatabase opens the program's store for reading, past all its code.
func openDatabase(t testing.TB, driver, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func allRows(t testing.TB, db *sql.DB, k *keys.Keys) []row {
	t.Helper()
	rows, err := db.Query(`SELECT m.id, c.id, c.sealed_address, COALESCE(m.external_id, ''), m.direction, m.turn_id, m.status, m.path, m.content, m.repeated
		FROM messages m JOIN conversations c ON c.id = m.conversation_id ORDER BY m.conversation_id, m.seq`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all []row
	for rows.Next() {
		var r row
		var conversation, content string
		if err := rows.Scan(&r.id, &conversation, &r.address, &r.externalID, &r.direction, &r.turnID, &r.status, &r.path, &content, &r.repeated); err != nil {
			t.Fatal(err)
		}
		r.address = opened(t, k, "conversations.sealed_address:"+conversation, r.address)
		var c struct{ Text string }
		if err := json.Unmarshal([]byte(opened(t, k, "messages.content:"+r.id, content)), &c); err != nil {
			t.Fatalf("content of message %s: %v", r.id, err)
		}
		r.text = c.Text
		all = append(all, r)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func count(t testing.TB, db *sql.DB, query string, args ...any) int {
	t.Helper()
	var n int
	if err := db.QueryRow(query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// soak tells whether the long form of a test is wanted.
func soak() bool { return os.Getenv("JIBAN_SOAK") != "" }
