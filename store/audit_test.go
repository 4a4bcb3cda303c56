package store_test

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"jiban"
	"jiban/store"
)

// change does something to the database past the store, as an attacker would.
func (p place) change(t testing.TB, statements ...string) {
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
	for _, s := range statements {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
}

func entry(id, actor, action, object string, at time.Time) jiban.AuditEntry {
	return jiban.AuditEntry{ID: id, Actor: actor, Action: action, Object: object, Result: "ok", At: at}
}

func appended(t testing.TB, s *store.Store, n int) {
	t.Helper()
	var es []jiban.AuditEntry
	for i := range n {
		es = append(es, entry(fmt.Sprintf("e%03d", i), "a"+fmt.Sprint(i%3), "view", "ticket:"+fmt.Sprint(i), monday.Add(time.Duration(i)*time.Minute)))
	}
	if err := s.AppendAudit(t.Context(), es); err != nil {
		t.Fatal(err)
	}
}

// Whoever can write to the database cannot change, remove or add an entry
// without being found out.
func TestAuditChainTells(t *testing.T) {
	for name, statements := range map[string][]string{
		"changed object":  {"UPDATE audit SET object = 'ticket:other' WHERE id = 'e040'"},
		"changed actor":   {"UPDATE audit SET actor = 'x' WHERE id = 'e000'"},
		"changed time":    {"UPDATE audit SET at = at + 1 WHERE id = 'e069'"},
		"changed hash":    {"UPDATE audit SET hash = 'ff' WHERE id = 'e040'"},
		"moved text":      {"UPDATE audit SET action = 'vie', object = 'wticket:40' WHERE id = 'e040'"},
		"removed":         {"DELETE FROM audit WHERE id = 'e040'"},
		"removed first":   {"DELETE FROM audit WHERE id = 'e000'"},
		"removed last":    {"DELETE FROM audit WHERE id = 'e069'"},
		"removed all":     {"DELETE FROM audit"},
		"removed, closed": {"DELETE FROM audit WHERE id = 'e040'", "UPDATE audit SET seq = -seq WHERE seq > 41", "UPDATE audit SET seq = -seq - 1 WHERE seq < 0"},
		"inserted":        {"INSERT INTO audit (id, actor, action, object, result, at, hash) VALUES ('x', 'a', 'b', 'c', 'ok', 1, '')"},
		"swapped":         {"UPDATE audit SET seq = -1 WHERE seq = 10", "UPDATE audit SET seq = 10 WHERE seq = 11", "UPDATE audit SET seq = 11 WHERE seq = -1"},
		"shortened": {"DELETE FROM audit WHERE seq > 50",
			"UPDATE audit_head SET seq = 50 WHERE id = 1"},
		"no end": {"DELETE FROM audit_head"},
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, p place) {
				s := p.open(t)
				appended(t, s, 70)
				if n, err := s.VerifyAudit(t.Context()); err != nil || n != 70 {
					t.Fatalf("%d in order, %v", n, err)
				}
				p.change(t, statements...)
				n, err := s.VerifyAudit(t.Context())
				wantCode(t, err, jiban.CodeConflict)
				t.Logf("%d in order, then: %v", n, err)
			})
		})
	}
}

// linkOf computes the hash of an entry from its description, as an attacker who
// has read it would.
func linkOf(before string, seq int64, e jiban.AuditEntry) string {
	var b bytes.Buffer
	for _, n := range []int64{seq, e.At.UnixMicro()} {
		_ = binary.Write(&b, binary.BigEndian, n)
	}
	for _, s := range []string{before, e.ID, e.Actor, e.Action, e.Object, e.Result} {
		_ = binary.Write(&b, binary.BigEndian, uint32(len(s)))
		b.WriteString(s)
	}
	return fmt.Sprintf("%x", sha256.Sum256(b.Bytes()))
}

// Who changes an entry and gives it the hash that fits breaks the link to the
// next one, or the end of the chain.
func TestAuditChainTellsAFittingHash(t *testing.T) {
	for _, seq := range []int64{41, 70} {
		onBoth(t, func(t *testing.T, p place) {
			s := p.open(t)
			appended(t, s, 70)
			es := must[[]jiban.ChainedEntry](t)(s.SearchAudit(t.Context(), jiban.AuditFilter{After: seq - 2, Limit: 2, Forward: true}))
			e := es[1]
			if e.Seq != seq || linkOf(es[0].Hash, e.Seq, e.AuditEntry) != e.Hash {
				t.Fatalf("entry %d does not have the hash that the description says", e.Seq)
			}
			e.Object = "ticket:another"
			p.change(t, fmt.Sprintf("UPDATE audit SET object = '%s', hash = '%s' WHERE seq = %d", e.Object, linkOf(es[0].Hash, e.Seq, e.AuditEntry), e.Seq))
			n, err := s.VerifyAudit(t.Context())
			wantCode(t, err, jiban.CodeConflict)
			if int64(n) != seq {
				t.Errorf("%d entries are in order", n)
			}
		})
	}
}

// Several nodes append at the same time, and every entry has its place.
func TestAuditChainOfManyNodes(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		nodes := []*store.Store{p.open(t)}
		if p.postgres {
			nodes = append(nodes, p.open(t))
		}
		var work sync.WaitGroup
		const each = 20
		for n, s := range nodes {
			for w := range 4 {
				work.Go(func() {
					for i := range each {
						err := s.AppendAudit(t.Context(), []jiban.AuditEntry{entry(fmt.Sprintf("%d-%d-%d", n, w, i), "a", "view", "x", monday), entry("", "a", "view", "y", time.Time{})})
						if err != nil {
							t.Error(err)
						}
					}
				})
			}
		}
		work.Wait()
		if n, err := nodes[0].VerifyAudit(t.Context()); err != nil || n != len(nodes)*4*each*2 {
			t.Fatalf("%d in order, %v", n, err)
		}
	})
}

// An entry that cannot be stored leaves no hole behind.
func TestAuditFailureLeavesNoHole(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := p.open(t)
		appended(t, s, 3)
		wantCode(t, s.AppendAudit(t.Context(), []jiban.AuditEntry{entry("new", "a", "b", "c", monday), entry("e001", "a", "b", "c", monday)}), jiban.CodeConflict)
		if err := s.AppendAudit(t.Context(), []jiban.AuditEntry{entry("after", "a", "b", "c\x00\xff", monday)}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.VerifyAudit(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

// Entries older than the chain get their places at the first append.
func TestAuditChainTakesOldEntries(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := p.open(t)
		for i := range 3 {
			p.change(t, fmt.Sprintf("INSERT INTO audit (id, actor, action, object, result, at) VALUES ('a%d', 'x', 'login', 'y', 'ok', 5)", i))
		}
		_, err := s.VerifyAudit(t.Context())
		wantCode(t, err, jiban.CodeConflict)
		if err := s.AppendAudit(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		appended(t, s, 2)
		if n, err := s.VerifyAudit(t.Context()); err != nil || n != 5 {
			t.Fatalf("%d in order, %v", n, err)
		}
		p.change(t, "UPDATE audit SET result = 'failed' WHERE id = 'a1'")
		_, err = s.VerifyAudit(t.Context())
		wantCode(t, err, jiban.CodeConflict)
	})
}

func TestAuditSearch(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := p.open(t)
		appended(t, s, 70)
		if err := s.AppendAudit(t.Context(), []jiban.AuditEntry{entry("z", "a1", "ticket.sign", "ticket:5", monday), entry("zz", "a1", "ticket_sign", "100%", monday)}); err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]struct {
			f    jiban.AuditFilter
			want int
		}{
			"all": {jiban.AuditFilter{Limit: 500}, 72}, "usual page": {jiban.AuditFilter{}, 72},
			"actor":     {jiban.AuditFilter{Actor: "a1"}, 25},
			"action":    {jiban.AuditFilter{Action: "ticket.*"}, 1},
			"object":    {jiban.AuditFilter{Object: "ticket:5"}, 2},
			"percent":   {jiban.AuditFilter{Object: "100%*"}, 1},
			"no wild":   {jiban.AuditFilter{Object: "1%*"}, 0},
			"time":      {jiban.AuditFilter{Since: monday.Add(10 * time.Minute), Until: monday.Add(12 * time.Minute)}, 2},
			"forward":   {jiban.AuditFilter{After: 60, Forward: true}, 12},
			"backward":  {jiban.AuditFilter{Before: 11}, 10},
			"injection": {jiban.AuditFilter{Actor: "a' OR '1'='1"}, 0},
		} {
			got := must[[]jiban.ChainedEntry](t)(s.SearchAudit(t.Context(), c.f))
			if len(got) != c.want {
				t.Errorf("%s: %d entries, want %d", name, len(got), c.want)
			}
			for i := 1; i < len(got); i++ {
				if (got[i].Seq > got[i-1].Seq) != c.f.Forward {
					t.Fatalf("%s: the order is wrong", name)
				}
			}
		}
	})
}

func TestTokens(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s, ctx := p.open(t), t.Context()
		a := jiban.APIToken{ID: "t1", Name: "城管平台", Hash: "h1", Actions: []string{"ticket.view"}, Region: "230100", Department: "d", CreatedBy: "x", CreatedAt: monday, ExpiresAt: monday.Add(time.Hour)}
		if err := s.ChangeStaff(ctx, jiban.StaffChange{Token: &a}); err != nil {
			t.Fatal(err)
		}
		if err := s.UsedToken(ctx, "t1", monday.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		a.LastUsedAt = monday.Add(time.Minute)
		same(t, "token", a)(s.TokenByHash(ctx, "h1"))
		same(t, "token", a)(s.Token(ctx, "t1"))
		same(t, "tokens", []jiban.APIToken{a})(s.Tokens(ctx))
		_, err := s.TokenByHash(ctx, "none")
		wantCode(t, err, jiban.CodeNotFound)
		wantCode(t, s.ChangeStaff(ctx, jiban.StaffChange{Token: &jiban.APIToken{ID: "t2", Hash: "h1"}}), jiban.CodeConflict)
	})
}

func BenchmarkAuditAppend(b *testing.B) {
	for _, c := range []struct {
		name string
		at   func(testing.TB) place
	}{{"sqlite", sqlitePlace}, {"postgres", postgresPlace}} {
		for _, how := range [][2]int{{1, 1}, {16, 1}, {16, 32}, {1, 256}} {
			batch := how[1]
			b.Run(fmt.Sprintf("%s/callers=%dx/batch=%d", c.name, how[0], batch), func(b *testing.B) {
				s := c.at(b).open(b)
				b.SetParallelism(how[0])
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						es := make([]jiban.AuditEntry, batch)
						for i := range es {
							es[i] = entry("", "01hx", "view", "ticket:2611020000018", monday)
						}
						if err := s.AppendAudit(b.Context(), es); err != nil {
							b.Fatal(err)
						}
					}
				})
				b.ReportMetric(float64(b.N*batch)/b.Elapsed().Seconds(), "entries/s")
			})
		}
	}
}

func BenchmarkAuditVerify(b *testing.B) {
	s := sqlitePlace(b).open(b)
	for i := range 100 {
		var es []jiban.AuditEntry
		for j := range 1000 {
			es = append(es, entry(fmt.Sprintf("%d-%d", i, j), "01hx", "view", "ticket:2611020000018", monday))
		}
		if err := s.AppendAudit(b.Context(), es); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if n, err := s.VerifyAudit(b.Context()); err != nil || n != 100000 {
			b.Fatal(n, err)
		}
	}
	b.ReportMetric(float64(b.N)*100000/b.Elapsed().Seconds(), "entries/s")
}
