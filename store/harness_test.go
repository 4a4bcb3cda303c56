package store_test

import (
	"database/sql"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	"go.uber.org/goleak"

	"jiban"
	"jiban/store"
	"jiban/store/storetest"
)

func TestMain(m *testing.M) {
	if os.Getenv(victimDSN) != "" {
		victim()
		return
	}
	// Random walks over a database are few here: make soak asks for more by the
	// flag, which comes after this.
	if err := flag.Set("rapid.checks", "20"); err != nil {
		os.Stderr.WriteString(err.Error())
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

// place is one empty database; several stores may be opened on it.
type place struct {
	dsn      string
	postgres bool
}

// open opens a store with keys that closes with the test.
func (p place) open(t testing.TB) *store.Store { return p.openAt(t, jiban.SystemClock{}) }

func (p place) openAt(t testing.TB, clock jiban.Clock) *store.Store {
	t.Helper()
	return storetest.Open(t, p.dsn, deps(clock))
}

// openBare opens a store without keys.
func (p place) openBare(t testing.TB, clock jiban.Clock) *store.Store {
	t.Helper()
	return p.openWith(t, deps(clock))
}

func (p place) openWith(t testing.TB, d store.Deps) *store.Store {
	t.Helper()
	if err := storetest.Furnish(t.Context(), p.dsn); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), p.dsn, d)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

func deps(clock jiban.Clock) store.Deps {
	return store.Deps{Clock: clock, IDs: jiban.RandomIDs{Clock: jiban.SystemClock{}}}
}

// query reads one value past the store, as another program would.
func (p place) query(t testing.TB, dest any, query string) {
	t.Helper()
	driver, dsn := "pgx", p.dsn
	if !p.postgres {
		driver, dsn = "sqlite", strings.TrimPrefix(p.dsn, "sqlite:")
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRowContext(t.Context(), query).Scan(dest); err != nil {
		t.Fatal(err)
	}
}

// onBare is onBoth on databases without a schema.
func onBare(t *testing.T, test func(t *testing.T, p place)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, sqlitePlace(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, place{dsn: storetest.BarePostgres(t), postgres: true}) })
}

// onBoth runs a test on SQLite and on PostgreSQL, each time on an empty database.
func onBoth(t *testing.T, test func(t *testing.T, p place)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, sqlitePlace(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, postgresPlace(t)) })
}

func sqlitePlace(t testing.TB) place {
	return place{dsn: "sqlite:" + filepath.Join(t.TempDir(), "jiban.db")}
}

// postgresPlace is a database of its own on the server of the tests.
func postgresPlace(t testing.TB) place {
	t.Helper()
	return place{dsn: storetest.Postgres(t), postgres: true}
}

// text is an inbound text message of a person on WeChat.
func text(id, from, says string) jiban.Received {
	return jiban.Received{Channel: "gzh", ChannelKind: jiban.ChannelWeChat, ExternalID: id,
		Address: jiban.Address("wechat:" + from), Audience: jiban.Citizen, Region: "230000", Lang: jiban.Chinese,
		Content: jiban.Content{Kind: jiban.KindText, Text: says}, At: time.Now()}
}

func receive(t testing.TB, s *store.Store, r jiban.Received) jiban.Message {
	t.Helper()
	m, repeat, err := s.Receive(t.Context(), r)
	if err != nil || repeat {
		t.Fatalf("receive %s: repeat %v, error %v", r.ExternalID, repeat, err)
	}
	return m
}

func apply(t testing.TB, s *store.Store, b jiban.Batch) []jiban.Message {
	t.Helper()
	a, err := s.Apply(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	return a.Messages
}

func turnInput(t testing.TB, s *store.Store, id string) jiban.TurnInput {
	t.Helper()
	in, err := s.TurnInput(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func wantCode(t testing.TB, err error, code jiban.Code) {
	t.Helper()
	if jiban.CodeOf(err) != code {
		t.Fatalf("error %v has code %q, want %q", err, jiban.CodeOf(err), code)
	}
}

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// reply answers all that waits in a conversation.
func reply(in jiban.TurnInput, turnID string, says ...string) jiban.Batch {
	b := jiban.Batch{Conversation: &in.Conversation, Turn: &jiban.Turn{ID: turnID, ConversationID: in.Conversation.ID}}
	for _, m := range in.Inbox {
		b.Inbox = append(b.Inbox, m.ID)
		b.Turn.Inbox = append(b.Turn.Inbox, m.ID)
	}
	for _, text := range says {
		b.Notices = append(b.Notices, jiban.Notice{ConversationID: in.Conversation.ID, ContactID: in.Contact.ID,
			Kind: jiban.NoticeReply, Author: jiban.ByBot, Urgency: jiban.UrgencyNormal,
			Content: jiban.Content{Kind: jiban.KindText, Text: text}})
	}
	return b
}
