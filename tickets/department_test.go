package tickets

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"jiban"
)

// by does something in a capacity.
func (h *house) by(as jiban.ActingAs, k jiban.TicketEventKind, number string, pairs ...string) (jiban.Ticket, error) {
	return h.Act(context.Background(), jiban.TicketAction{Kind: k, Number: number, Actor: string(as), As: as, Data: data(pairs...)})
}

func (h *house) mustBy(as jiban.ActingAs, k jiban.TicketEventKind, number string, pairs ...string) jiban.Ticket {
	h.t.Helper()
	t, err := h.by(as, k, number, pairs...)
	if err != nil {
		h.t.Fatalf("%s as %s: %v", k, as, err)
	}
	return t
}

// refused wants a code for an action.
func (h *house) refused(want jiban.Code, as jiban.ActingAs, k jiban.TicketEventKind, number string, pairs ...string) {
	h.t.Helper()
	if _, err := h.by(as, k, number, pairs...); jiban.CodeOf(err) != want {
		h.t.Errorf("%s as %s: got %v, want %s", k, as, err, want)
	}
}

func (h *house) sweep() {
	h.t.Helper()
	if err := h.Sweep(context.Background()); err != nil {
		h.t.Fatal(err)
	}
}

// work moves the clock to a moment in Beijing.
func (h *house) moveTo(s string) { h.clock.Advance(at(h.t, s).Sub(h.clock.Now())) }

// tasks lists the kinds of open tasks for somebody.
func (h *house) tasks(to jiban.Addressee, number string) []string {
	h.t.Helper()
	all, err := h.Tasks(context.Background(), jiban.TaskFilter{To: to, Number: number, OpenOnly: true})
	if err != nil {
		h.t.Fatal(err)
	}
	var kinds []string
	for _, k := range all {
		if !strings.Contains(k.Text, number) {
			h.t.Errorf("the paper %s does not name the ticket: %q", k.Kind, k.Text)
		}
		kinds = append(kinds, k.Kind)
	}
	return kinds
}

const (
	dept  = jiban.AsDepartment
	hot   = jiban.AsDesk
	chief = jiban.AsManagement
	them  = jiban.AsContact
)

// slow is a matter with a limit in working days.
func (h *house) slow(c jiban.Conversation) jiban.TicketDraft {
	d := h.draft(c)
	d.Matter = "030102"
	return d
}

func TestReturnIsReviewed(t *testing.T) {
	h := newHouse(t)
	k := h.open(h.slow(h.person("web:1")))
	first := k.Department
	h.refused(jiban.CodeInvalid, dept, jiban.EventReturned, k.Number, "reason", "不归我局")
	k = h.mustBy(dept, jiban.EventReturned, k.Number, "reason", "不归我局", "basis", "三定规定第四条", "code", "duty")
	if k.Pending != jiban.PendingReturn || k.Department != first || k.Life.Decider != hot {
		t.Fatalf("a return is only asked for: %+v", k)
	}
	h.refused(jiban.CodeConflict, dept, jiban.EventReplied, k.Number, "text", "好了")
	h.refused(jiban.CodeForbidden, dept, jiban.EventReturnRefused, k.Number, "reason", "x")
	k = h.mustBy(hot, jiban.EventReturnRefused, k.Number, "reason", "属你局职责")
	if k.Pending != "" || k.Department != first || k.Returned != 0 || !slices.Contains(h.tasks(jiban.ToHandler, k.Number), "return_refused") {
		t.Errorf("refused: %+v, %v", k, h.tasks(jiban.ToHandler, k.Number))
	}
	h.mustBy(dept, jiban.EventReturned, k.Number, "reason", "真的不归我局", "basis", "三定规定")
	k = h.mustBy(hot, jiban.EventReturned, k.Number, "department", "230103.government")
	if k.Department != "230103.government" || k.Returned != 1 || k.Status != jiban.TicketDispatched || k.Pending != "" {
		t.Fatalf("accepted and re-dispatched: %+v", k)
	}
	k = h.mustBy(dept, jiban.EventReturned, k.Number, "reason", "也不归我们", "basis", "权责清单")
	if k.Life.Decider != chief {
		t.Errorf("a second return is for the management: %+v", k.Life)
	}
	h.refused(jiban.CodeForbidden, hot, jiban.EventReturned, k.Number)
	h.refused(jiban.CodeForbidden, hot, jiban.EventReturnRefused, k.Number, "reason", "x")
	k = h.mustBy(chief, jiban.EventReturned, k.Number)
	if k.Department != "" || k.Status != jiban.TicketAccepted || k.Returned != 2 {
		t.Errorf("left to the dispatcher: %+v", k)
	}
}

func TestReturnHasALimit(t *testing.T) {
	h := newHouse(t)
	k := h.open(h.slow(h.person("web:1")))
	h.moveTo("2026-11-03 17:31")
	h.refused(jiban.CodeConflict, dept, jiban.EventReturned, k.Number, "reason", "x", "basis", "y")
	if k = h.mustBy(hot, jiban.EventReturned, k.Number, "reason", "派错了"); k.Returned != 1 {
		t.Errorf("the hotline may take it back at any time: %+v", k)
	}
}

// Who has both roles cannot grant what they asked for themselves.
func TestNobodyDecidesOnTheirOwnRequest(t *testing.T) {
	h := newHouse(t)
	k := h.open(h.slow(h.person("web:1")))
	act := func(actor string, as jiban.ActingAs, kind jiban.TicketEventKind, pairs ...string) error {
		_, err := h.Act(context.Background(), jiban.TicketAction{Kind: kind, Number: k.Number, Actor: actor, As: as, Data: data(pairs...)})
		return err
	}
	if err := act("wang", dept, jiban.EventExtended, "more", "3d", "reason", "等配件"); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []jiban.TicketEventKind{jiban.EventExtended, jiban.EventExtensionRefused} {
		if err := act("wang", chief, kind, "reason", "同意"); jiban.CodeOf(err) != jiban.CodeForbidden {
			t.Errorf("%s of the own request: %v", kind, err)
		}
	}
	if err := act("li", chief, jiban.EventExtended); err != nil {
		t.Errorf("somebody else: %v", err)
	}
}

func TestExtensionIsApproved(t *testing.T) {
	h := newHouse(t)
	c := h.person("web:1")
	k := h.open(h.slow(c))
	was := k.DueAt
	k = h.mustBy(dept, jiban.EventExtended, k.Number, "more", "3d", "reason", "等配件")
	if k.Pending != jiban.PendingExtension || !k.DueAt.Equal(was) || len(h.told(c.ID)) != 0 {
		t.Fatalf("asked for: %+v, told %v", k, h.told(c.ID))
	}
	h.refused(jiban.CodeForbidden, hot, jiban.EventExtended, k.Number)
	k = h.mustBy(chief, jiban.EventExtensionRefused, k.Number, "reason", "理由不足")
	if k.Pending != "" || !k.DueAt.Equal(was) {
		t.Errorf("refused: %+v", k)
	}
	h.mustBy(dept, jiban.EventExtended, k.Number, "more", "3d", "reason", "等配件")
	h.clock.Advance(was.Sub(h.clock.Now()) + time.Hour) // asked in time, decided late
	h.sweep()
	k = h.mustBy(chief, jiban.EventExtended, k.Number)
	if k.Pending != "" || !k.DueAt.After(was) || k.Life.Extended != 1 || k.Life.Light != jiban.LightNone {
		t.Errorf("granted: %+v", k)
	}
	if got := h.told(c.ID); !slices.Contains(got, jiban.NoticeTicketExtended) {
		t.Errorf("the person was not told: %v", got)
	}
	h.clock.Advance(k.DueAt.Sub(h.clock.Now()))
	h.refused(jiban.CodeConflict, dept, jiban.EventExtended, k.Number, "more", "3d", "reason", "x")
}

func TestAnswerIsChecked(t *testing.T) {
	h := newHouse(t)
	c := h.person("web:1")
	d := h.slow(c)
	d.Type = jiban.Complaint
	k := h.open(d)
	due := k.DueAt
	h.mustBy(dept, jiban.EventSigned, k.Number)
	k = h.mustBy(dept, jiban.EventReplied, k.Number, "text", "已处理")
	if k.Pending != jiban.PendingReply || k.Status != jiban.TicketHandling || slices.Contains(h.told(c.ID), jiban.NoticeTicketAnswered) {
		t.Fatalf("an answer to a complaint is looked at first: %+v, %v", k, h.told(c.ID))
	}
	h.clock.Advance(48 * time.Hour) // Monday to Wednesday
	h.sweep()
	k = h.mustBy(hot, jiban.EventReplyRefused, k.Number, "reason", "没有说结果")
	if !k.DueAt.After(due) || k.Pending != "" || k.Status != jiban.TicketHandling {
		t.Errorf("the time of the review is given back: due %v, was %v, %+v", k.DueAt, due, k)
	}
	h.mustBy(dept, jiban.EventReplied, k.Number, "text", "已责令整改", "result", "solved")
	k = h.mustBy(hot, jiban.EventReplied, k.Number)
	if k.Status != jiban.TicketAnswered || k.Reply != "已责令整改" {
		t.Errorf("passed: %+v", k)
	}
	if got := h.told(c.ID); !slices.Contains(got, jiban.NoticeTicketAnswered) {
		t.Errorf("told %v", got)
	}
}

func TestDepartmentsTakePart(t *testing.T) {
	h := newHouse(t)
	c := h.person("web:1")
	k := h.open(h.slow(c))
	k = h.mustBy(hot, jiban.EventAssigned, k.Number, "department", "230103.government", "text", "请核实现场")
	if len(k.Life.OpenTasks) != 1 {
		t.Fatalf("assigned: %+v", k.Life)
	}
	task := h.ticket(k.Life.OpenTasks[0])
	if task.Kind != "task" || task.Parent != k.Number || task.Department != "230103.government" || task.Fields["name"] != "" || task.Fields["phone"] != "" || task.Fields["place"] == "" {
		t.Fatalf("the task %+v", task)
	}
	if recent, err := h.Recent(context.Background(), c.ContactID); err != nil || len(recent) != 1 {
		t.Errorf("the person sees one request, not %d, %v", len(recent), err)
	}
	h.mustBy(dept, jiban.EventSigned, k.Number)
	h.refused(jiban.CodeConflict, dept, jiban.EventReplied, k.Number, "text", "好了")
	h.mustBy(dept, jiban.EventSigned, task.Number)
	if task = h.mustBy(dept, jiban.EventReplied, task.Number, "text", "现场已核实"); task.Status != jiban.TicketClosed {
		t.Errorf("a task ends with its answer: %+v", task)
	}
	if k = h.ticket(k.Number); len(k.Life.OpenTasks) != 0 {
		t.Errorf("the lead does not know: %+v", k.Life)
	}
	events, err := h.Events(context.Background(), k.Number)
	if last := events[len(events)-1]; err != nil || last.Kind != jiban.EventTaskDone || last.Data["text"] != "现场已核实" {
		t.Errorf("the lead reads the part: %+v, %v", last, err)
	}
	if k = h.mustBy(dept, jiban.EventReplied, k.Number, "text", "已核实并修复"); k.Status != jiban.TicketAnswered {
		t.Errorf("one merged answer: %+v", k)
	}
	if got := h.told(c.ID); !reflect.DeepEqual(got, []jiban.NoticeKind{jiban.NoticeTicketSigned, jiban.NoticeTicketAnswered, jiban.NoticeTicketSurvey}) {
		t.Errorf("the person hears of one request: %v", got)
	}
}

func TestTasksEndWithTheRequest(t *testing.T) {
	h := newHouse(t)
	k := h.open(h.slow(h.person("web:1")))
	k = h.mustBy(hot, jiban.EventAssigned, k.Number, "department", "230103.government")
	task := k.Life.OpenTasks[0]
	h.mustBy(them, jiban.EventWithdrawn, k.Number)
	h.sweep()
	if got := h.ticket(task); got.Status != jiban.TicketWithdrawn {
		t.Errorf("the task goes on: %+v", got)
	}
	if k = h.ticket(k.Number); len(k.Life.OpenTasks) != 0 || !k.NextAt.IsZero() {
		t.Errorf("the request %+v", k)
	}
}

func TestPauses(t *testing.T) {
	h := newHouse(t)
	c := h.person("web:1")
	k := h.open(h.slow(c))
	due := k.DueAt
	h.mustBy(dept, jiban.EventSigned, k.Number)
	h.refused(jiban.CodeInvalid, dept, jiban.EventPaused, k.Number, "reason", "holiday", "text", "x")
	k = h.mustBy(dept, jiban.EventPaused, k.Number, "reason", "person", "text", "请问是几号楼？")
	if k.Life.Paused != "person" || !slices.Contains(h.told(c.ID), jiban.NoticeTicketMessage) {
		t.Fatalf("paused: %+v, told %v", k, h.told(c.ID))
	}
	h.moveTo("2026-11-04 10:00")
	h.sweep()
	k = h.mustBy(them, jiban.EventSupplemented, k.Number, "text", "三号楼")
	if k.Life.Paused != "" || !k.DueAt.Equal(due.AddDate(0, 0, 2)) && !k.DueAt.Equal(due.AddDate(0, 0, 4)) {
		t.Errorf("the person's words set the clock going, two working days later: due %v, was %v", k.DueAt, due)
	}
	h.mustBy(dept, jiban.EventPaused, k.Number, "reason", "authority", "text", "等法院裁定")
	before := h.ticket(k.Number)
	h.clock.Advance(before.Life.PausedUntil.Sub(h.clock.Now()))
	h.sweep()
	if k = h.ticket(k.Number); k.Life.Paused != "" || !k.DueAt.After(before.DueAt) {
		t.Errorf("a pause ends by itself: %+v", k)
	}
	h.clock.Advance(k.DueAt.Sub(h.clock.Now()) + time.Minute)
	h.refused(jiban.CodeConflict, dept, jiban.EventPaused, k.Number, "reason", "authority", "text", "x")
}

func TestHandlerWritesThroughTheHotline(t *testing.T) {
	h := newHouse(t)
	c := h.person("web:1")
	d := h.slow(c)
	d.Confidential = true
	k := h.open(d)
	k = h.mustBy(dept, jiban.EventWritten, k.Number, "text", "请问是几号楼？")
	if k.Life.ContactedAt.IsZero() {
		t.Errorf("that is a first contact: %+v", k.Life)
	}
	messages, err := h.store.Messages(context.Background(), c.ID, 0, 50)
	if err != nil {
		t.Fatal(err)
	}
	if got := messages[len(messages)-1].Delivery; got.Kind != jiban.NoticeTicketMessage || got.Params["text"] != "请问是几号楼？" || got.Params["phone"] != "" {
		t.Errorf("told %+v", got)
	}
}

func TestUrgingHasALimit(t *testing.T) {
	h := newHouse(t)
	k := h.open(h.slow(h.person("web:1")))
	for range 3 {
		h.mustBy(them, jiban.EventUrged, k.Number)
		h.clock.Advance(time.Hour)
	}
	if got := h.tasks(jiban.ToHandler, k.Number); !reflect.DeepEqual(got, []string{"urged"}) || h.ticket(k.Number).Urged != 3 {
		t.Errorf("each counts, the department gets one paper: %v", got)
	}
	h.clock.Advance(24 * time.Hour)
	h.mustBy(them, jiban.EventUrged, k.Number)
	if got := h.tasks(jiban.ToHandler, k.Number); len(got) != 2 {
		t.Errorf("a day later it gets another: %v", got)
	}
}

func TestWhoMayDoWhat(t *testing.T) {
	h := newHouse(t)
	k := h.open(h.slow(h.person("web:1")))
	for _, c := range []struct {
		as   jiban.ActingAs
		kind jiban.TicketEventKind
	}{
		{them, jiban.EventDispatched}, {them, jiban.EventReplied}, {them, jiban.EventExtended}, {them, jiban.EventClassified},
		{dept, jiban.EventDispatched}, {dept, jiban.EventWithdrawn}, {dept, jiban.EventClosed}, {them, jiban.EventAssigned}, {dept, jiban.EventMerged},
		{dept, jiban.EventExtensionRefused}, {hot, jiban.EventSigned}, {hot, jiban.EventExtended}, {dept, jiban.EventSurveyed},
	} {
		h.refused(jiban.CodeForbidden, c.as, c.kind, k.Number, "reason", "x", "text", "x")
	}
}
