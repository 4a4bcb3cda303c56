package tickets

import (
	"context"
	"reflect"
	"slices"
	"testing"
	"time"

	"jiban"
)

// with is the room with a changed sample catalogue.
func (h *house) with(change func(c *jiban.Catalogue)) {
	h.t.Helper()
	c := sampleCatalogue(h.t)
	c.Matters, c.Departments = slices.Clone(c.Matters), slices.Clone(c.Departments)
	change(&c)
	if err := h.use(c); err != nil {
		h.t.Fatal(err)
	}
}

func coOwned(c *jiban.Catalogue) {
	for i := range c.Matters {
		if c.Matters[i].Code == outage {
			c.Matters[i].CoOwners = []string{"住建", "营商"}
		}
	}
}

// Who takes part by the catalogue gets a task and a paper without anybody's doing,
// once, on any number of nodes.
func TestCoHandlersAreAssigned(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		h.with(coOwned)
		k := h.open(h.draft(h.person("web:1")))
		if len(k.Life.TakePart) != 2 || len(k.Life.OpenTasks) != 0 {
			t.Fatalf("%+v", k.Life)
		}
		h.sweep()
		h.sweep()
		k = h.ticket(k.Number)
		tasks, err := h.List(context.Background(), jiban.TicketFilter{Parent: k.Number})
		if err != nil || len(tasks) != 2 || len(k.Life.TakePart) != 0 || len(k.Life.OpenTasks) != 2 {
			t.Fatalf("%d tasks, %v, %+v", len(tasks), err, k.Life)
		}
		for _, task := range tasks {
			if task.Department == k.Department || task.Department == "" || task.Fields["phone"] != "" || task.Fields["place"] == "" {
				t.Errorf("%+v", task)
			}
			if got := h.tasks(jiban.ToHandler, task.Number); !reflect.DeepEqual(got, []string{"take_part"}) {
				t.Errorf("%s was told %v", task.Department, got)
			}
		}
		h.refused(jiban.CodeConflict, dept, jiban.EventReplied, k.Number, "text", "好了")
		for _, task := range tasks {
			h.mustBy(dept, jiban.EventReplied, task.Number, "text", "已配合")
		}
		h.mustBy(dept, jiban.EventReplied, k.Number, "text", "好了")
	})
}

// By hand a dispatcher names who takes part; a request against one of them is not
// shown to it.
func TestCoHandlersOnlyByThemselves(t *testing.T) {
	h := newHouse(t)
	h.with(coOwned)
	d := h.draft(h.person("web:1"))
	d.Region = "230000"
	k := h.open(d)
	k = h.mustBy(hot, jiban.EventDispatched, k.Number, "department", accusedBody)
	h.sweep()
	if k = h.ticket(k.Number); len(k.Life.TakePart)+len(k.Life.OpenTasks) > 0 {
		t.Errorf("%+v", k.Life)
	}
	d = h.draft(h.person("web:2"))
	d.Type, d.Fields["unit"] = jiban.Complaint, "哈尔滨市住房和城乡建设局"
	k = h.open(d)
	h.sweep()
	tasks, err := h.List(context.Background(), jiban.TicketFilter{Parent: k.Number})
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		if k.Against(task.Department) {
			t.Errorf("%s takes part in a complaint about itself", task.Department)
		}
	}
}

// A department with hours of its own is given its time in them.
func TestDepartmentsHaveHoursOfTheirOwn(t *testing.T) {
	h := newHouse(t)
	d := h.slow(h.person("web:1"))
	usual := h.open(d)
	h.with(func(c *jiban.Catalogue) {
		for i := range c.Departments {
			if c.Departments[i].ID == usual.Department {
				c.Departments[i].Hours = "daily 10:00-12:00 14:00-16:00"
			}
		}
	})
	d.Fields = map[string]string{"place": "另一处"}
	own := h.open(d)
	if own.Department != usual.Department || own.DueAt.Equal(usual.DueAt) {
		t.Fatalf("due %v, with hours of its own %v", usual.DueAt, own.DueAt)
	}
	if end := own.DueAt.In(jiban.Beijing).Format("15:04"); end != "16:00" && own.Life.Limit.Days > 0 {
		t.Errorf("a limit in days ends at %s", end)
	}
	if by := own.Life.SignBy.In(jiban.Beijing); by.Hour() < 10 || by.Hour() > 16 {
		t.Errorf("to be signed by %v", by)
	}
	h.moveTo("2026-11-07 11:00") // a Saturday
	if end, _ := h.calendarOf(usual.Department).Due(h.now(), jiban.Limit{Hours: 1}); !end.Equal(at(t, "2026-11-07 12:00")) {
		t.Errorf("an hour on a Saturday ends %v", end)
	}
	bad := sampleCatalogue(t)
	bad.Departments = slices.Clone(bad.Departments)
	for _, hours := range []string{"8-17", "17:00-08:00", "daily", "08:00-12:00 11:00-13:00", "weekly 08:00-12:00"} {
		bad.Departments[0].Hours = hours
		if err := h.use(bad); jiban.CodeOf(err) != jiban.CodeInvalid {
			t.Errorf("%q was taken: %v", hours, err)
		}
	}
}

// deliver gives the survey of a ticket a status, as Delivery does.
func (h *house) deliver(c jiban.Conversation, status jiban.DeliveryStatus) {
	h.t.Helper()
	ctx := context.Background()
	messages, err := h.store.Messages(ctx, c.ID, 0, 500)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, m := range messages {
		if m.Delivery.Kind == jiban.NoticeTicketSurvey {
			d := m.Delivery
			d.Status = status
			if err := h.store.SaveDelivery(ctx, m.ID, "", d, nil); err != nil {
				h.t.Fatal(err)
			}
		}
	}
}

// A question that does not reach the person is asked by an agent at once, and only
// once; whom it reached, or who wants none, is left alone.
func TestSurveyThatCannotBeDelivered(t *testing.T) {
	cases := map[string]struct {
		status jiban.DeliveryStatus
		optOut bool
		asked  []string
	}{
		"failed":  {jiban.DeliveryFailed, false, []string{"follow_up"}},
		"expired": {jiban.DeliveryExpired, false, []string{"follow_up"}},
		"sent":    {jiban.DeliverySent, false, nil},
		"unsure":  {jiban.DeliveryUncertain, false, nil},
		"unasked": {jiban.DeliveryExpired, true, nil},
	}
	onBoth(t, func(t *testing.T, h *house) {
		for name, x := range cases {
			c := h.person(jiban.Address("web:" + name))
			k := h.open(h.draft(c))
			h.mustBy(dept, jiban.EventReplied, k.Number, "text", "好了")
			if x.optOut {
				if err := h.store.SetOptOut(context.Background(), jiban.OptOut{ContactID: c.ContactID, Group: jiban.GroupSurvey, At: h.now()}, true); err != nil {
					t.Fatal(err)
				}
			}
			h.clock.Advance(time.Minute)
			h.deliver(c, x.status)
			h.sweep()
			h.sweep()
			if got := h.tasks(jiban.ToAgent, k.Number); !reflect.DeepEqual(got, x.asked) {
				t.Errorf("%s: an agent has %v, want %v", name, got, x.asked)
			}
			if x.asked != nil {
				h.mustBy(hot, jiban.EventSurveyed, k.Number, "solved", "yes", "method", "phone", "contacted", "yes")
			}
		}
	})
}

// After the person's time has passed the agent still has the one task, also where
// both are found in one sweep, as after an outage.
func TestUndeliveredSurveyIsAskedOnce(t *testing.T) {
	for name, between := range map[string]bool{"swept in between": true, "after an outage": false} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			c := h.person("web:1")
			k := h.open(h.draft(c))
			h.mustBy(dept, jiban.EventReplied, k.Number, "text", "好了")
			h.deliver(c, jiban.DeliveryFailed)
			if between {
				h.sweep()
			}
			h.clock.Advance(surveyTime)
			h.sweep()
			if got := h.tasks(jiban.ToAgent, k.Number); len(got) != 1 || h.ticket(k.Number).Status != jiban.TicketClosed {
				t.Errorf("an agent has %v", got)
			}
			asked := 0
			log, err := h.Events(t.Context(), k.Number)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range log {
				if e.Kind == jiban.EventFollowUp {
					asked++
				}
			}
			if asked != 1 {
				t.Errorf("an agent was told %d times to ask", asked)
			}
		})
	}
}

// Who joins an announced incident has a ticket of it and hears the one answer.
func TestJoinedIncidentIsAnswered(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		ctx := context.Background()
		i, err := h.Announce(ctx, jiban.Incident{Region: "230100", Matter: outage, Cause: "爆管", Text: "抢修中", Until: h.now().Add(5 * time.Hour)}, "staff")
		if err != nil {
			t.Fatal(err)
		}
		for where, n := range map[string]int{"230103": 1, "230100": 1, "230200": 0} {
			if found, err := h.Known(ctx, outage, where); err != nil || len(found) != n {
				t.Errorf("in %s: %v, %v", where, found, err)
			}
		}
		if found, err := h.Known(ctx, "010101", "230103"); err != nil || len(found) != 0 {
			t.Errorf("of another matter: %v, %v", found, err)
		}
		c := h.person("web:1")
		d := h.draft(c)
		d.Incident = i.ID
		k := h.open(d)
		if k.Incident != i.ID || k.Department == "" {
			t.Fatalf("%+v", k)
		}
		if err := h.AnswerIncident(ctx, i.ID, "已恢复供水。", "staff"); err != nil {
			t.Fatal(err)
		}
		if k = h.ticket(k.Number); k.Reply != "已恢复供水。" || !slices.Contains(h.told(c.ID), jiban.NoticeTicketAnswered) {
			t.Errorf("%+v, told %v", k, h.told(c.ID))
		}
		h.clock.Advance(6 * time.Hour)
		if found, err := h.Known(ctx, outage, "230103"); err != nil || len(found) != 0 {
			t.Errorf("over: %v, %v", found, err)
		}
	})
}
