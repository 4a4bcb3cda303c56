package tickets

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"jiban"
	"jiban/retention"
)

// What stays of a log when the person's words and name go must tell everything
// that figures are computed from, and the state of the ticket but for the words.

// withoutPerson is a log as it is after it was anonymised.
func withoutPerson(events []jiban.TicketEvent) []jiban.TicketEvent {
	bare := slices.Clone(events)
	for i := range bare {
		bare[i].Data = bare[i].Figures()
	}
	return bare
}

// keepsFigures compares a log with what stays of it: the figures of domain C7, and
// the row but for what the person said and who they are.
func keepsFigures(row jiban.Ticket, events []jiban.TicketEvent) error {
	bare := withoutPerson(events)
	if before, after := c7(events), c7(bare); !reflect.DeepEqual(before, after) {
		return fmt.Errorf("the figures were\n%v\nand are\n%v", before, after)
	}
	derived := Derive(bare)
	row.Title, row.Fields, row.Reply, row.ContactID, row.ConversationID = "", nil, "", "", ""
	row.Version, row.NextAt = 0, time.Time{}
	if !reflect.DeepEqual(derived, row) {
		return fmt.Errorf("what stays says\n%+v\nthe row says\n%+v", derived, row)
	}
	return nil
}

// c7 writes down what figures are computed from: for each kind of event the entries
// that the doc comment of the package names, with its time and actor.
func c7(events []jiban.TicketEvent) []string {
	entries := map[jiban.TicketEventKind]string{
		jiban.EventOpened:     "channel type matter region kind urgent repeat_of hold guesses due incident catalogue limit",
		jiban.EventDispatched: "department sign_by return_by contact_by", jiban.EventSigned: "limit", jiban.EventContacted: "result limit how",
		jiban.EventReturnAsked: "code department decider", jiban.EventReturned: "why code department",
		jiban.EventExtensionAsked: "due was", jiban.EventExtended: "was due", jiban.EventReplied: "due direct result survey_until",
		jiban.EventSurveyed: "solved satisfied method contacted", jiban.EventReopened: "due", jiban.EventClosed: "code",
		jiban.EventOverdue: "due", jiban.EventReminded: "step to department at", jiban.EventPaused: "reason until",
		jiban.EventResumed: "was due", jiban.EventRecalculated: "was due", jiban.EventUrged: "again", jiban.EventMerged: "into",
		jiban.EventVoice: "from", jiban.EventLinked: "incident was", jiban.EventAssigned: "task department", jiban.EventTaskDone: "task result",
		jiban.EventClassified: "was matter type region accused", jiban.EventUnreached: "last attempt how", jiban.EventSubmitted: "result",
		jiban.EventTransferred: "handler from",
	}
	var all []string
	for i := range events {
		e := &events[i]
		line := fmt.Sprint(e.Kind, " ", e.Actor, " ", e.At.UnixMilli())
		for _, key := range strings.Fields(entries[e.Kind]) {
			line += fmt.Sprintf(" %s=%q", key, e.Data[key])
		}
		all = append(all, line)
	}
	return all
}

// eventful leads requests through what the model of the life cycle leaves out.
func eventful(h *house) (numbers []string) {
	h.t.Helper()
	c := h.person("web:eventful")
	d := h.slow(c)
	d.Guesses = []jiban.MatterGuess{{Code: d.Matter, Confidence: 0.9}}
	k := h.open(d)
	h.mustBy(dept, jiban.EventSigned, k.Number)
	h.mustBy(dept, jiban.EventContacted, k.Number, "result", "unreached", "how", "phone", "note", "张先生没有接")
	h.mustBy(dept, jiban.EventContacted, k.Number, "how", "visit")
	h.mustBy(dept, jiban.EventTransferred, k.Number, "handler", "a17", "reason", "他熟悉张先生")
	h.mustBy(hot, jiban.EventLinked, k.Number, "incident", "i1")
	h.mustBy(dept, jiban.EventPaused, k.Number, "reason", "authority", "text", "等张先生的鉴定")
	h.clock.Advance(time.Hour)
	h.mustBy(dept, jiban.EventResumed, k.Number)
	h.mustBy(dept, jiban.EventPaused, k.Number, "reason", "person", "text", "请张先生补充材料")
	h.mustBy(hot, jiban.EventClassified, k.Number, "type", "complaint", "reason", "张先生在投诉")
	again := h.open(h.draft(c))
	other := h.open(h.draft(c))
	h.mustBy(hot, jiban.EventMerged, other.Number, "into", again.Number)
	h.mustBy(dept, jiban.EventReplied, again.Number, "text", "好了", "result", "partly")
	h.clock.Advance(surveyTime)
	h.sweep()
	h.mustBy(hot, jiban.EventUnreached, again.Number, "how", "phone", "reason", "张先生关机")
	h.mustBy(hot, jiban.EventSurveyed, again.Number, "solved", "yes", "satisfied", "no", "contacted", "yes", "method", "phone", "reason", "张先生嫌慢")
	h.mustBy(hot, jiban.EventReplied, again.Number, "text", "又去了一次张先生家")
	h.mustBy(hot, jiban.EventSurveyed, again.Number, "solved", "yes", "satisfied", "yes", "contacted", "yes", "method", "phone")
	return []string{k.Number, again.Number, other.Number}
}

func TestFiguresOutliveThePerson(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		ctx := context.Background()
		logs := map[string][]jiban.TicketEvent{}
		for _, n := range eventful(h) {
			events, err := h.Events(ctx, n)
			if err != nil {
				t.Fatal(err)
			}
			logs[n] = events
			if err := keepsFigures(h.ticket(n), events); err != nil {
				t.Error(err)
			}
			for _, e := range withoutPerson(events) {
				if text := fmt.Sprint(e.Data); strings.Contains(text, "张先生") || strings.Contains(text, "王芳") {
					t.Errorf("%s keeps %s", e.Kind, text)
				}
			}
		}
		h.clock.Advance(1000 * 24 * time.Hour)
		for _, kind := range []retention.Kind{retention.Helps, retention.Complaints} {
			if _, err := h.store.Expire(ctx, kind, h.now(), retention.Place{}, 100); err != nil {
				t.Fatal(err)
			}
		}
		if gone := h.erased(logs); gone != 2 {
			t.Errorf("%d of the two that are closed were anonymised", gone)
		}
	})
}

// erased compares what the store tells of anonymised tickets with their logs of
// before, and counts them.
func (h *house) erased(logs map[string][]jiban.TicketEvent) (gone int) {
	h.t.Helper()
	for n, before := range logs {
		row := h.ticket(n)
		after, err := h.Events(context.Background(), n)
		if err != nil {
			h.t.Fatal(err)
		}
		if row.ContactID != "" {
			continue // it is still open
		}
		gone++
		if !reflect.DeepEqual(c7(after), c7(before)) {
			h.t.Errorf("the store's figures were\n%v\nand are\n%v", c7(before), c7(after))
		}
		if err := keepsFigures(row, after); err != nil {
			h.t.Error(err)
		}
	}
	return gone
}

// What stands in the clear beside the words is no place for words.
func TestCodesTakeNoWords(t *testing.T) {
	h := newHouse(t)
	k := h.open(h.draft(h.person("web:1")))
	h.refused(jiban.CodeInvalid, dept, jiban.EventTransferred, k.Number, "handler", "张先生的侄子")
	h.refused(jiban.CodeInvalid, hot, jiban.EventLinked, k.Number, "incident", "张先生家爆管")
	h.mustBy(dept, jiban.EventReplied, k.Number, "text", "好了")
	h.refused(jiban.CodeInvalid, hot, jiban.EventClosed, k.Number, "reason", "撤了", "code", "张先生不要了")
}
