package tickets

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"jiban"
	"jiban/calendar"
)

// reminded lists the steps on a ticket's record, in order.
func (h *house) reminded(number string) []string {
	h.t.Helper()
	events, err := h.Events(context.Background(), number)
	if err != nil {
		h.t.Fatal(err)
	}
	var steps []string
	for _, e := range events {
		switch e.Kind {
		case jiban.EventReminded:
			steps = append(steps, e.Data["step"])
		case jiban.EventOverdue:
			steps = append(steps, timerOverdue)
		}
	}
	return steps
}

func TestLadder(t *testing.T) {
	h := newHouse(t)
	c := h.person("web:1")
	k := h.open(h.slow(c)) // seven working days: due on the 11th at 17:30
	if !k.DueAt.Equal(at(t, "2026-11-11 17:30")) || !k.NextAt.Equal(k.Life.SignBy) {
		t.Fatalf("due %v, next %v", k.DueAt.In(jiban.Beijing), k.NextAt.In(jiban.Beijing))
	}
	h.mustBy(dept, jiban.EventSigned, k.Number)
	h.mustBy(dept, jiban.EventContacted, k.Number, "how", "phone")
	for _, x := range []struct {
		when  string
		steps []string
		light jiban.Light
	}{
		{"2026-11-09 09:00", nil, jiban.LightNone},
		{"2026-11-10 08:37", nil, jiban.LightNone},
		{"2026-11-10 08:38", []string{"reminder"}, jiban.LightYellow},
		{"2026-11-11 17:29", []string{"reminder"}, jiban.LightYellow},
		{"2026-11-11 17:30", []string{"reminder", timerOverdue, "urging"}, jiban.LightRed},
		{"2026-11-12 17:30", []string{"reminder", timerOverdue, "urging", "supervision"}, jiban.LightRed},
		{"2026-11-15 12:00", []string{"reminder", timerOverdue, "urging", "supervision"}, jiban.LightRed},
		{"2026-11-16 17:30", []string{"reminder", timerOverdue, "urging", "supervision", "interview"}, jiban.LightRed},
		{"2026-12-16 17:30", []string{"reminder", timerOverdue, "urging", "supervision", "interview"}, jiban.LightRed},
	} {
		h.moveTo(x.when)
		h.sweep()
		if got := h.reminded(k.Number); !reflect.DeepEqual(got, x.steps) || h.ticket(k.Number).Life.Light != x.light {
			t.Errorf("%s: %v %q, want %v %q", x.when, got, h.ticket(k.Number).Life.Light, x.steps, x.light)
		}
	}
	papers, err := h.Tasks(context.Background(), jiban.TaskFilter{Number: k.Number, OpenOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct {
		kind string
		to   jiban.Addressee
		dept string
	}{{"reminder", jiban.ToHandler, k.Department}, {"urging", jiban.ToHandler, k.Department}, {"supervision", jiban.ToHead, k.Department}, {"interview", jiban.ToManagement, "230000.housing"}} {
		p := papers[i]
		if p.Kind != want.kind || p.To != want.to || !strings.Contains(p.Text, k.Number) || strings.Contains(p.Text, "{") || strings.Contains(p.Text, "13800001234") {
			t.Errorf("paper %d: %+v", i, p)
		}
	}
	if got := h.told(c.ID); !reflect.DeepEqual(got, []jiban.NoticeKind{jiban.NoticeTicketSigned, jiban.NoticeTicketDelayed}) {
		t.Errorf("the person hears of the delay once: %v", got)
	}
}

// After an outage everything is caught up with in its order, each with its own
// record, and a person with ten late tickets hears of them in one sentence.
func TestCatchingUpAfterAnOutage(t *testing.T) {
	h := newHouse(t)
	c := h.person("web:1")
	var numbers []string
	for range 10 {
		numbers = append(numbers, h.open(h.slow(c)).Number)
	}
	h.moveTo("2026-12-01 09:00")
	h.sweep()
	want := []string{timerSign, timerContact, "reminder", timerOverdue, "urging", "supervision", "interview"}
	for _, n := range numbers {
		if got := h.reminded(n); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", n, got, want)
		}
		events, err := h.Events(context.Background(), n)
		if err != nil {
			t.Fatal(err)
		}
		last := time.Time{}
		for _, e := range events {
			if due := moment(e.Data["at"]); !due.IsZero() {
				if due.Before(last) {
					t.Errorf("%s fell due before what is on record before it", e.Data["step"])
				}
				last = due
			}
		}
	}
	messages, err := h.store.Messages(context.Background(), c.ID, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	var delayed []map[string]string
	for _, m := range messages {
		if m.Delivery.Kind == jiban.NoticeTicketDelayed {
			delayed = append(delayed, m.Delivery.Params)
		}
	}
	if len(delayed) != 1 || delayed[0]["others"] != "9" {
		t.Errorf("told %v", delayed)
	}
	h.sweep()
	if due, err := h.store.TicketsDue(context.Background(), h.now(), jiban.Ticket{}, 100); err != nil || len(due) != 0 {
		t.Errorf("still due: %d, %v", len(due), err)
	}
}

func TestANewYearOfHolidays(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		h.moveTo("2026-12-28 09:00")
		ctx := context.Background()
		c := h.person("web:1")
		inside, across, paused := h.open(h.draft(c)), h.open(h.slow(c)), h.open(h.slow(c))
		h.mustBy(dept, jiban.EventSigned, paused.Number)
		h.mustBy(dept, jiban.EventPaused, paused.Number, "reason", "authority", "text", "等鉴定")
		if !across.DueAt.Equal(at(t, "2027-01-06 17:30")) {
			t.Fatalf("on what is known: %v", across.DueAt.In(jiban.Beijing))
		}
		h.moveTo("2026-12-29 09:00")
		other := h.node(&jiban.SerialIDs{Prefix: "other"})
		years, err := calendar.Import(strings.NewReader("- {year: 2027, notice: a notice, off: [01-01..01-03], work: [\"01-10\"]}"))
		if err != nil {
			t.Fatal(err)
		}
		n, err := h.ImportYears(ctx, years)
		if err != nil || n != 2 {
			t.Fatalf("%d changed, %v", n, err)
		}
		if got := h.ticket(across.Number); !got.DueAt.Equal(at(t, "2027-01-07 17:30")) {
			t.Errorf("due %v", got.DueAt.In(jiban.Beijing))
		}
		if kinds := h.kinds(across.Number); kinds[len(kinds)-1] != jiban.EventRecalculated {
			t.Errorf("log %v", kinds)
		}
		if got := h.ticket(inside.Number); got.Version != inside.Version {
			t.Error("a ticket that does not reach into the year was touched")
		}
		h.mustBy(dept, jiban.EventResumed, paused.Number)
		if got := h.ticket(paused.Number); !got.DueAt.Equal(at(t, "2027-01-08 17:30")) {
			t.Errorf("a pause of one working day: due %v", got.DueAt.In(jiban.Beijing))
		}
		if n, err := h.ImportYears(ctx, years); err != nil || n != 0 {
			t.Errorf("again: %d, %v", n, err)
		}
		if other.deps.Calendar.Known(2027) {
			t.Fatal("the other node cannot know yet")
		}
		if err := other.Sweep(ctx); err != nil || !other.deps.Calendar.Known(2027) {
			t.Errorf("the other node takes it over: %v", err)
		}
		if got := h.told(c.ID); !slices.Contains(got, jiban.NoticeTicketExtended) {
			t.Errorf("told %v", got)
		}
	})
}

func TestRules(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	r := DefaultRules()
	r.ReviewReturns, r.CheckReplies, r.Ladder = false, nil, r.Ladder[:1]
	if err := h.SaveRules(ctx, r); err != nil {
		t.Fatal(err)
	}
	other := h.node(&jiban.SerialIDs{Prefix: "other"})
	if err := other.Sweep(ctx); err != nil || !reflect.DeepEqual(other.Rules(), h.Rules()) {
		t.Errorf("the other node goes by %+v, %v", other.Rules(), err)
	}
	k := h.open(h.slow(h.person("web:1")))
	if k = h.mustBy(dept, jiban.EventReturned, k.Number, "reason", "x", "basis", "y"); k.Returned != 1 || k.Pending != "" {
		t.Errorf("without a review a return holds at once: %+v", k)
	}
	for why, spoil := range map[string]func(*Rules){
		"a step without a name":       func(r *Rules) { r.Ladder[0].Name = "" },
		"a step by a name of ours":    func(r *Rules) { r.Ladder[0].Name = timerOverdue },
		"two of a name":               func(r *Rules) { r.Ladder = append(r.Ladder, r.Ladder[0]) },
		"half as much again":          func(r *Rules) { r.Ladder[0].Share = 1.5 },
		"nobody to read it":           func(r *Rules) { r.Ladder[0].To = "mayor" },
		"a pause without an end":      func(r *Rules) { r.Pauses = []Stop{{Reason: "x"}} },
		"a survey without an end":     func(r *Rules) { r.Survey = Timing{} },
		"nobody is ever called":       func(r *Rules) { r.MostAttempts = 0 },
		"surer than sure":             func(r *Rules) { r.AutoDispatch = 2 },
		"one ticket is no incident":   func(r *Rules) { r.IncidentLeast = 1 },
		"an extension less than none": func(r *Rules) { r.Extensions = -1 },
	} {
		bad := DefaultRules()
		spoil(&bad)
		if err := h.SaveRules(ctx, bad); jiban.CodeOf(err) != jiban.CodeInvalid {
			t.Errorf("%s: %v", why, err)
		}
	}
}

func TestLimitText(t *testing.T) {
	for _, l := range []jiban.Limit{{}, {Days: 3}, {Days: 3, AtOnce: true}, {Hours: 4}, {Hours: 24, OnClock: true}} {
		if got := parseLimit(limitText(l)); got != l {
			t.Errorf("%+v became %+v", l, got)
		}
	}
	for _, s := range []string{"", "d", "-3d", "3", "3x", "3dd", "99999d", "3h+", "d3"} {
		if got := parseLimit(s); got != (jiban.Limit{}) {
			t.Errorf("%q became %+v", s, got)
		}
	}
}
