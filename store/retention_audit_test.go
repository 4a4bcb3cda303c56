package store_test

import (
	"fmt"
	"testing"
	"time"

	"jiban"
	"jiban/retention"
)

// cut cuts entries older than the given one off, in steps of 7.
func (h *past) cut(before time.Time) int {
	h.t.Helper()
	n := 0
	for {
		step, err := h.s.Expire(h.t.Context(), retention.Audit, before, retention.Place{}, 7)
		h.ok(err)
		if n += step.Done; !step.More {
			return n
		}
	}
}

// minute is the time of the nth entry of the tests.
func minute(n int) time.Time { return monday.Add(time.Duration(n) * time.Minute) }

// A cut takes the beginning of the record; the rest is proved from where it was
// cut, and so is the next cut.
func TestAuditCut(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		h := newPast(t, p)
		appended(t, h.s, 70)
		h.days(400)
		if c := must[retention.Count](t)(h.s.Expired(t.Context(), retention.Audit, minute(30))); c.Due != 30 || !c.Oldest.Equal(monday) {
			t.Fatalf("%+v are due", c)
		}
		for _, c := range []struct{ before, gone, left int }{{30, 30, 41}, {30, 0, 41}, {50, 20, 22}, {5, 0, 22}} {
			if n := h.cut(minute(c.before)); n != c.gone {
				t.Errorf("before %d: %d went, want %d", c.before, n, c.gone)
			}
			if n := must[int](t)(h.s.VerifyAudit(t.Context())); n != c.left {
				t.Errorf("before %d: %d are in order, want %d", c.before, n, c.left)
			}
		}
		h.ok(h.s.AppendAudit(t.Context(), []jiban.AuditEntry{entry("later", "a", "view", "x", h.clock.Now())}))
		if n := must[int](t)(h.s.VerifyAudit(t.Context())); n != 23 {
			t.Errorf("%d are in order", n)
		}
		// Everything but the witness may go.
		h.days(1)
		h.cut(h.clock.Now())
		if n := must[int](t)(h.s.VerifyAudit(t.Context())); n != 1 {
			t.Errorf("%d are in order", n)
		}
	})
}

// A cut that was interrupted after its first step is whole at any time, and the
// next one takes what it left.
func TestAuditCutInterrupted(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		h := newPast(t, p)
		appended(t, h.s, 70)
		h.days(400)
		step := must[retention.Step](t)(h.s.Expire(t.Context(), retention.Audit, minute(50), retention.Place{}, 7))
		if step.Done != 7 || !step.More || h.count("audit") != 64 {
			t.Fatalf("%+v", step)
		}
		if n := must[int](t)(h.s.VerifyAudit(t.Context())); n != 21 {
			t.Errorf("%d are in order", n)
		}
		if c := must[retention.Count](t)(h.s.Expired(t.Context(), retention.Audit, minute(0))); c.Due != 43 {
			t.Errorf("%+v are left by the interrupted one", c)
		}
		if n := h.cut(minute(0)); n != 43 {
			t.Errorf("%d went", n)
		}
		if n := must[int](t)(h.s.VerifyAudit(t.Context())); n != 21 {
			t.Errorf("%d are in order", n)
		}
	})
}

// An entry that is young keeps all behind it, whatever their time.
func TestAuditCutStopsAtTheFirstYoungEntry(t *testing.T) {
	h := newPast(t, sqlitePlace(t))
	var es []jiban.AuditEntry
	for i, at := range []int{1, 2, 90, 3, 4, 95} {
		es = append(es, entry(fmt.Sprint("e", i), "a", "view", "x", minute(at)))
	}
	h.ok(h.s.AppendAudit(t.Context(), es))
	if n := h.cut(minute(50)); n != 2 {
		t.Errorf("%d went", n)
	}
}

// Who can write to the database cannot pass a cut of its own off as one by the
// rules, nor hide one.
func TestAuditCutTells(t *testing.T) {
	for name, statements := range map[string][]string{
		"beginning removed": {"DELETE FROM audit WHERE seq <= 35"},
		"own cut": {"DELETE FROM audit WHERE seq <= 35",
			"UPDATE audit_anchor SET seq = 35, hash = (SELECT 'x' || hash FROM audit_head)"},
		"own cut, true hash": {"UPDATE audit_anchor SET seq = 35, hash = (SELECT hash FROM audit WHERE seq = 35)", "DELETE FROM audit WHERE seq <= 35"},
		"anchor hidden":      {"UPDATE audit_anchor SET seq = 0, hash = ''"},
		"anchor back":        {"UPDATE audit_anchor SET seq = 29"},
		"anchor removed":     {"DELETE FROM audit_anchor"},
		"other hash":         {"UPDATE audit_anchor SET hash = 'ff'"},
		"witness removed":    {"DELETE FROM audit WHERE action = 'audit.cut'"},
		"witness changed":    {"UPDATE audit SET object = 'audit:35:ff' WHERE action = 'audit.cut'"},
		"first changed":      {"UPDATE audit SET actor = 'x' WHERE seq = 31"},
		"first removed":      {"DELETE FROM audit WHERE seq = 31"},
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, p place) {
				h := newPast(t, p)
				appended(t, h.s, 70)
				h.days(400)
				h.cut(minute(30))
				if n := must[int](t)(h.s.VerifyAudit(t.Context())); n != 41 {
					t.Fatalf("%d are in order", n)
				}
				p.change(t, statements...)
				_, err := h.s.VerifyAudit(t.Context())
				wantCode(t, err, jiban.CodeConflict)
			})
		})
	}
}
