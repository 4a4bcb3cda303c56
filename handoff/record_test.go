package handoff

import (
	"context"
	"database/sql"
	"fmt"
	"testing"

	_ "modernc.org/sqlite" // the audit record is closed behind the store's back

	"jiban"
)

// act is something that an agent changes here, and how it is recorded.
type act struct {
	action string
	held   bool // done by who holds the conversation
	do     func(h *house, o jiban.Handoff) error
}

func acts() []act {
	ctx, a := context.Background(), agent("a")
	return []act{
		{"handoff.accept", false, func(h *house, o jiban.Handoff) error { _, err := h.Accept(ctx, a, o.ID); return err }},
		{"handoff.return", true, func(h *house, o jiban.Handoff) error { _, err := h.Return(ctx, a, o.ID); return err }},
		{"handoff.close", true, func(h *house, o jiban.Handoff) error { _, err := h.Close(ctx, a, o.ID); return err }},
		{"conversation.say", true, func(h *house, o jiban.Handoff) error {
			_, err := h.Say(ctx, a, o.ConversationID, "m1", "您好")
			return err
		}},
		{"alert.seen", false, func(h *house, _ jiban.Handoff) error { return h.SeeAlert(ctx, "x", "a") }},
	}
}

// state is all that an act could change.
func (h *house) state(o jiban.Handoff) string {
	h.t.Helper()
	unseen, err := h.Alerts(context.Background(), true, 10)
	must(h.t, err)
	c := h.conversation(o.ConversationID)
	return fmt.Sprint(c.Holder, c.AgentID, c.Version, h.handoff(o.ID).Status, h.told(c.ID), len(unseen))
}

// onRecord runs a statement on the database of the house.
func (h *house) onRecord(statement string) {
	h.t.Helper()
	db, err := sql.Open("sqlite", h.file+"?_pragma=busy_timeout(5000)")
	must(h.t, err)
	_, err = db.Exec(statement)
	must(h.t, err)
	must(h.t, db.Close())
}

// TestNothingWithoutItsRecord refuses every entry of the audit record: what an
// agent does then does not happen, and happens, once recorded, when it can be.
func TestNothingWithoutItsRecord(t *testing.T) {
	for _, act := range acts() {
		t.Run(act.action, func(t *testing.T) {
			h := newHouse(t)
			o := h.waitingPerson("web:1")
			alert := jiban.Alert{ID: "x", ConversationID: o.ConversationID, Kind: "119", CreatedAt: h.clock.Now()}
			_, err := h.store.Apply(t.Context(), jiban.Batch{Alerts: []jiban.Alert{alert}})
			must(t, err)
			if act.held {
				_, err := h.Accept(t.Context(), agent("a"), o.ID)
				must(t, err)
			}
			before := h.state(o)
			h.onRecord("CREATE TRIGGER no_record BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'the record is full'); END")
			if err := act.do(h, o); err == nil {
				t.Error("it was done without a record")
			}
			if after := h.state(o); after != before {
				t.Errorf("without its record it became %s, was %s", after, before)
			}
			h.onRecord("DROP TRIGGER no_record")
			must(t, act.do(h, o))
			if h.state(o) == before {
				t.Error("nothing happened when it could be recorded")
			}
			found, err := h.store.SearchAudit(t.Context(), jiban.AuditFilter{Actor: "a", Action: act.action})
			if err != nil || len(found) != 1 {
				t.Errorf("recorded %v, %v", found, err)
			}
		})
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
