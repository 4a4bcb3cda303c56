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
)

func TestFromIntakeToFollowUp(t *testing.T) {
	h := newHouse(t)
	c := h.person("web:1")
	k := h.open(h.draft(c))
	if k.DepartmentName != "哈尔滨市水务局" || k.Status != jiban.TicketDispatched || !k.DueAt.Equal(at(t, "2026-11-03 09:00")) || !k.Urgent {
		t.Fatalf("opened as %+v", k)
	}
	if !strings.HasPrefix(k.Number, "261102000001") || k.Title != "哈尔滨市南岗区 停水求助" {
		t.Errorf("number %s, title %q", k.Number, k.Title)
	}
	h.must(jiban.EventSigned, k.Number)
	h.clock.Advance(2 * time.Hour)
	k = h.must(jiban.EventReplied, k.Number, "text", "已于11时恢复供水。")
	if k.Status != jiban.TicketAnswered || k.Reply != "已于11时恢复供水。" {
		t.Errorf("answered as %+v", k)
	}
	k = h.must(jiban.EventSurveyed, k.Number, "solved", "yes", "satisfied", "yes")
	if k.Status != jiban.TicketClosed || k.Solved != "yes" {
		t.Errorf("surveyed as %+v", k)
	}
	want := []jiban.NoticeKind{jiban.NoticeTicketSigned, jiban.NoticeTicketAnswered, jiban.NoticeTicketSurvey}
	if got := h.told(c.ID); !reflect.DeepEqual(got, want) {
		t.Errorf("told %v, want %v", got, want)
	}
	wantEvents := []jiban.TicketEventKind{jiban.EventOpened, jiban.EventDispatched, jiban.EventSigned, jiban.EventReplied, jiban.EventSurveyed, jiban.EventClosed}
	if got := h.kinds(k.Number); !reflect.DeepEqual(got, wantEvents) {
		t.Errorf("log %v, want %v", got, wantEvents)
	}
}

func TestNoticesCarryWhatIsWorded(t *testing.T) {
	h := newHouse(t)
	c := h.person("web:1")
	k := h.open(h.draft(c))
	h.must(jiban.EventExtended, k.Number, "due", "2026-11-05T17:30:00+08:00", "reason", "管网抢修")
	h.must(jiban.EventReplied, k.Number, "text", "修好了")
	messages, err := h.store.Messages(context.Background(), c.ID, 0, 50)
	if err != nil {
		t.Fatal(err)
	}
	params := map[jiban.NoticeKind]map[string]string{}
	for _, m := range messages {
		params[m.Delivery.Kind] = m.Delivery.Params
		if m.Delivery.Kind == jiban.NoticeTicketSurvey && !m.Delivery.NotAfter.Equal(h.clock.Now().Add(surveyTime)) {
			t.Errorf("a survey is of no use after its time, and yet: %v", m.Delivery.NotAfter)
		}
	}
	for kind, want := range map[jiban.NoticeKind]map[string]string{
		jiban.NoticeTicketExtended: {"number": k.Number, "due": "2026-11-05T17:30:00+08:00", "reason": "管网抢修"},
		jiban.NoticeTicketAnswered: {"number": k.Number, "department": "哈尔滨市水务局", "reply": "修好了"},
		jiban.NoticeTicketSurvey:   {"number": k.Number},
	} {
		if !reflect.DeepEqual(params[kind], want) {
			t.Errorf("%s: %v, want %v", kind, params[kind], want)
		}
	}
}

func TestDissatisfiedReopensOnce(t *testing.T) {
	for _, said := range [][]string{{"solved", "no"}, {"solved", "yes", "satisfied", "no"}} {
		h := newHouse(t)
		c := h.person("web:1")
		k := h.open(h.draft(c))
		h.must(jiban.EventReplied, k.Number, "text", "修好了")
		h.clock.Advance(time.Hour)
		k = h.must(jiban.EventSurveyed, k.Number, said...)
		if k.Reopened != 1 || k.Status != jiban.TicketDispatched || !k.DueAt.Equal(h.clock.Now().Add(24*time.Hour)) {
			t.Errorf("%v reopens as %+v", said, k)
		}
		h.must(jiban.EventReplied, k.Number, "text", "这次真修好了")
		k = h.must(jiban.EventSurveyed, k.Number, said...)
		if k.Reopened != 1 || k.Status != jiban.TicketClosed {
			t.Errorf("a second time it is closed on record, not %+v", k)
		}
		if _, err := h.act(jiban.EventReopened, k.Number); jiban.CodeOf(err) != jiban.CodeConflict {
			t.Errorf("reopened twice: %v", err)
		}
		if got := h.told(c.ID); !slices.Contains(got, jiban.NoticeTicketReopened) {
			t.Errorf("the person was not told: %v", got)
		}
	}
}

func TestReturnGoesToAnotherOwnerOnceThenToTheDispatcher(t *testing.T) {
	h := newHouse(t)
	c := h.person("web:1")
	k := h.open(h.draft(c))
	k = h.must(jiban.EventReturned, k.Number, "reason", "二次供水不归我局")
	if k.DepartmentName != "哈尔滨市住房和城乡建设局" || k.Status != jiban.TicketDispatched || k.Returned != 1 {
		t.Fatalf("a first return goes to the department that takes part: %+v", k)
	}
	k = h.must(jiban.EventReturned, k.Number, "reason", "也不归我局")
	if k.Department != "" || k.Status != jiban.TicketAccepted || k.Returned != 2 {
		t.Fatalf("a second return is for people to decide: %+v", k)
	}
	if got, err := h.List(context.Background(), jiban.TicketFilter{Unassigned: true}); err != nil || len(got) != 1 {
		t.Errorf("the dispatcher sees %v, %v", got, err)
	}
	k = h.must(jiban.EventDispatched, k.Number, "department", "230103.government")
	if k.DepartmentName != "南岗区人民政府" || k.Status != jiban.TicketDispatched {
		t.Errorf("dispatched by a person: %+v", k)
	}
	want := []jiban.NoticeKind{jiban.NoticeTicketDispatched, jiban.NoticeTicketReturned, jiban.NoticeTicketDispatched}
	if got := h.told(c.ID); !reflect.DeepEqual(got, want) {
		t.Errorf("told %v, want %v", got, want)
	}
	if k.DueAt != h.ticket(k.Number).DueAt || !k.DueAt.Equal(at(t, "2026-11-03 09:00")) {
		t.Errorf("what was promised to the person stays: %v", k.DueAt)
	}
}

func TestReturnClimbsWhereThereIsOneOwner(t *testing.T) {
	h := newHouse(t)
	d := h.draft(h.person("web:1"))
	d.Matter, d.Type = "050101", jiban.Report
	k := h.open(d)
	k = h.must(jiban.EventReturned, k.Number, "reason", "不归我局")
	if k.DepartmentName != "黑龙江省市场监督管理局" {
		t.Errorf("went to %q", k.DepartmentName)
	}
}

func TestRefusals(t *testing.T) {
	h := newHouse(t)
	k := h.open(h.draft(h.person("web:1")))
	later, past := "2026-11-05T17:30:00+08:00", "2026-11-02T17:30:00+08:00"
	for _, c := range []struct {
		why  string
		kind jiban.TicketEventKind
		data []string
		want jiban.Code
	}{
		{"a survey before the answer", jiban.EventSurveyed, []string{"solved", "yes"}, jiban.CodeConflict},
		{"reopening before the answer", jiban.EventReopened, nil, jiban.CodeConflict},
		{"closing what a department has", jiban.EventClosed, []string{"reason", "x"}, jiban.CodeConflict},
		{"a return without a reason", jiban.EventReturned, []string{"reason", "  "}, jiban.CodeInvalid},
		{"an empty answer", jiban.EventReplied, nil, jiban.CodeInvalid},
		{"an empty supplement", jiban.EventSupplemented, nil, jiban.CodeInvalid},
		{"an extension without a reason", jiban.EventExtended, []string{"due", later}, jiban.CodeInvalid},
		{"an extension to nowhere", jiban.EventExtended, []string{"reason", "x", "due", "tomorrow"}, jiban.CodeInvalid},
		{"an extension backwards", jiban.EventExtended, []string{"reason", "x", "due", past}, jiban.CodeInvalid},
		{"an extension by years", jiban.EventExtended, []string{"reason", "x", "due", "2030-01-01T00:00:00Z"}, jiban.CodeInvalid},
		{"dispatch to nobody", jiban.EventDispatched, []string{"department", "nobody"}, jiban.CodeInvalid},
		{"dispatch to where it is", jiban.EventDispatched, []string{"department", k.Department}, jiban.CodeConflict},
		{"marking it overdue by hand", jiban.EventOverdue, nil, jiban.CodeInvalid},
		{"opening it again", jiban.EventOpened, nil, jiban.CodeInvalid},
		{"something unheard of", "burnt", nil, jiban.CodeInvalid},
	} {
		if _, err := h.act(c.kind, k.Number, c.data...); jiban.CodeOf(err) != c.want {
			t.Errorf("%s: got %v", c.why, err)
		}
	}
	if now := h.ticket(k.Number); now.Version != k.Version {
		t.Error("a refused action changed the ticket")
	}
	if _, err := h.act(jiban.EventUrged, "2611020000439"); jiban.CodeOf(err) != jiban.CodeNotFound {
		t.Errorf("an unknown number: %v", err)
	}
	h.clock.Advance(25 * time.Hour)
	if _, err := h.act(jiban.EventExtended, k.Number, "reason", "x", "due", later); jiban.CodeOf(err) != jiban.CodeConflict {
		t.Errorf("an extension after the limit: %v", err)
	}
}

func TestExtendedTwiceAtMost(t *testing.T) {
	h := newHouse(t)
	k := h.open(h.draft(h.person("web:1")))
	for i, want := range []jiban.Code{"", "", jiban.CodeConflict} {
		due := fmt.Sprintf("2026-11-%02dT17:30:00+08:00", 5+i)
		if _, err := h.act(jiban.EventExtended, k.Number, "reason", "x", "due", due); jiban.CodeOf(err) != want {
			t.Errorf("extension %d: %v", i+1, err)
		}
	}
}

func TestAnonymousKeepsNoName(t *testing.T) {
	h := newHouse(t)
	c := h.person("web:1")
	d := h.draft(c)
	d.Type, d.Matter, d.Anonymous, d.Confidential = jiban.Report, "010301", true, true
	d.Fields["unit"] = "一楼住户"
	k := h.open(d)
	if k.Fields["name"] != "" || k.Fields["phone"] != "" || k.Fields["unit"] == "" || !k.Anonymous || !k.Confidential {
		t.Errorf("kept %v", k.Fields)
	}
	events, err := h.Events(context.Background(), k.Number)
	if err != nil {
		t.Fatal(err)
	}
	if text := fmt.Sprint(events); strings.Contains(text, "13800001234") || strings.Contains(text, "王芳") {
		t.Error("the log names the person")
	}
	k = h.must(jiban.EventReplied, k.Number, "text", "已拆除")
	if k.Status != jiban.TicketClosed || slices.Contains(h.told(c.ID), jiban.NoticeTicketSurvey) {
		t.Errorf("an anonymous report is not followed up: %s, %v", k.Status, h.told(c.ID))
	}
}

func TestComplaintAboutTheDepartmentGoesAbove(t *testing.T) {
	h := newHouse(t)
	d := h.draft(h.person("web:1"))
	d.Type, d.Fields["unit"] = jiban.Complaint, "哈尔滨市水务局"
	plan, err := h.Plan(context.Background(), d)
	if err != nil || plan.DepartmentName != "黑龙江省水利厅" {
		t.Errorf("got %q, %v", plan.DepartmentName, err)
	}
	d.Type = jiban.Help
	if plan, err = h.Plan(context.Background(), d); err != nil || plan.DepartmentName != "哈尔滨市水务局" {
		t.Errorf("help from it is still its own: %q, %v", plan.DepartmentName, err)
	}
}

func TestPlanRefusesNonsense(t *testing.T) {
	h := newHouse(t)
	c := h.person("web:1")
	for why, spoil := range map[string]func(*jiban.TicketDraft){
		"kind":    func(d *jiban.TicketDraft) { d.Kind = "" },
		"type":    func(d *jiban.TicketDraft) { d.Type = "wish" },
		"matter":  func(d *jiban.TicketDraft) { d.Matter = "999999" },
		"region":  func(d *jiban.TicketDraft) { d.Region = "999999" },
		"long":    func(d *jiban.TicketDraft) { d.Fields["description"] = strings.Repeat("水", 4001) },
		"invalid": func(d *jiban.TicketDraft) { d.Fields["description"] = "\xff" },
		"many": func(d *jiban.TicketDraft) {
			for i := range 50 {
				d.Fields[fmt.Sprint(i)] = "x"
			}
		},
	} {
		d := h.draft(c)
		spoil(&d)
		if _, err := h.Plan(context.Background(), d); jiban.CodeOf(err) != jiban.CodeInvalid {
			t.Errorf("%s: got %v", why, err)
		}
	}
	d := h.draft(c)
	for why, p := range map[string]*jiban.TicketPlan{
		"no plan": nil, "a number of its own": {Number: "123", DueAt: h.clock.Now()},
		"no due time":  {Number: "2611020000421"},
		"a department": {Number: "2611020000421", DueAt: h.clock.Now(), Department: "nobody"},
	} {
		if _, _, err := h.Decide(context.Background(), jiban.TicketAction{Kind: jiban.EventOpened, Draft: &d, Plan: p}); jiban.CodeOf(err) != jiban.CodeInvalid {
			t.Errorf("%s: got %v", why, err)
		}
	}
}

func TestUnknownCityWaitsForADispatcher(t *testing.T) {
	h := newHouse(t)
	d := h.draft(h.person("web:1"))
	d.Region = "230000"
	k := h.open(d)
	if k.Department != "" || k.Status != jiban.TicketAccepted {
		t.Fatalf("got %+v", k)
	}
	k = h.must(jiban.EventReplied, k.Number, "text", "请问您在哪个城市？")
	if k.Status != jiban.TicketAnswered {
		t.Errorf("a dispatcher may answer at once: %+v", k)
	}
}

func TestCallbackTask(t *testing.T) {
	h := newHouse(t)
	h.clock.Advance(11 * time.Hour) // eight in the evening
	c := h.person("web:1")
	d := h.draft(c)
	d.Kind, d.Type, d.Matter = "callback", "", ""
	k := h.open(d)
	if k.Kind != "callback" || k.Department != "" || !k.DueAt.Equal(at(t, "2026-11-03 10:30")) {
		t.Fatalf("got %+v", k)
	}
	if _, err := h.act(jiban.EventDispatched, k.Number, "department", "230100.water"); jiban.CodeOf(err) != jiban.CodeInvalid {
		t.Errorf("a call-back stays with the desk: %v", err)
	}
	k = h.must(jiban.EventReplied, k.Number, "text", "已回电")
	if k.Status != jiban.TicketClosed || !reflect.DeepEqual(h.told(c.ID), []jiban.NoticeKind{jiban.NoticeCallbackDone}) {
		t.Errorf("done as %s, told %v", k.Status, h.told(c.ID))
	}
}

func TestPersonActsOnTheirTicket(t *testing.T) {
	h := newHouse(t)
	c := h.person("web:1")
	k := h.open(h.draft(c))
	h.must(jiban.EventSupplemented, k.Number, "text", "整栋楼都停了")
	k = h.must(jiban.EventSupplemented, k.Number, "text", "家里有老人")
	if k.Fields["supplement"] != "整栋楼都停了\n家里有老人" || !strings.HasPrefix(k.Fields["place"], "学府路") {
		t.Errorf("fields %v", k.Fields)
	}
	h.must(jiban.EventUrged, k.Number)
	if k = h.must(jiban.EventUrged, k.Number); k.Urged != 2 {
		t.Errorf("urged %d times", k.Urged)
	}
	if k = h.must(jiban.EventWithdrawn, k.Number); k.Status != jiban.TicketWithdrawn {
		t.Errorf("withdrawn as %s", k.Status)
	}
	if _, err := h.act(jiban.EventReplied, k.Number, "text", "x"); jiban.CodeOf(err) != jiban.CodeConflict {
		t.Errorf("answered what was withdrawn: %v", err)
	}
	if got := h.told(c.ID); len(got) != 0 {
		t.Errorf("the turn says it all, and yet: %v", got)
	}
	recent, err := h.Recent(context.Background(), c.ContactID)
	if err != nil || len(recent) != 1 || recent[0].Number != k.Number {
		t.Errorf("recent %v, %v", recent, err)
	}
}

func TestStaffOpens(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	c := h.person("web:1")
	old := jiban.Intake{ID: "old", ConversationID: c.ID, ContactID: c.ContactID, Question: "停水了", Result: jiban.IntakeHandedOver, CreatedAt: h.clock.Now()}
	done := jiban.Intake{ID: "done", ConversationID: c.ID, Result: jiban.IntakeAnswered, CreatedAt: h.clock.Now().Add(time.Minute)}
	if _, err := h.store.Apply(ctx, jiban.Batch{Intakes: []jiban.Intake{old, done}}); err != nil {
		t.Fatal(err)
	}
	d := h.draft(c)
	d.Kind, d.ContactID, d.Channel = "", "somebody else", ""
	k, err := h.Open(ctx, d, "agent1")
	if err != nil {
		t.Fatal(err)
	}
	if k.ContactID != c.ContactID || k.Channel != "web" || k.Kind != "request" || k.Version != 1 {
		t.Errorf("opened for %+v", k)
	}
	if got := h.told(c.ID); !reflect.DeepEqual(got, []jiban.NoticeKind{jiban.NoticeTicketAccepted}) {
		t.Errorf("told %v", got)
	}
	record, err := h.store.Intake(ctx, "old")
	if err != nil || record.Result != jiban.IntakeTicket || record.Ticket != k.Number || record.Question != "停水了" {
		t.Errorf("intake %+v, %v", record, err)
	}
	d.ConversationID, d.ContactID = "", ""
	if k, err = h.Open(ctx, d, "agent1"); err != nil || k.ContactID != "" {
		t.Errorf("without a conversation: %+v, %v", k, err)
	}
}

func TestLoadKeepsTheStoresCatalogue(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	if err := h.Load(ctx); err != nil {
		t.Fatal(err)
	}
	stored, err := h.store.Catalogue(ctx)
	if err != nil || len(stored.Matters) != len(h.Catalogue().Matters) {
		t.Fatalf("the first start saves the sample: %v", err)
	}
	stored.Matters[0].Name = "改名"
	if err := h.store.SaveCatalogue(ctx, stored); err != nil {
		t.Fatal(err)
	}
	if err := h.Load(ctx); err != nil || h.Catalogue().Matters[0].Name != "改名" {
		t.Errorf("a later start takes what staff edited: %v", err)
	}
	stored.Matters[0].Owner = ""
	if err := h.store.SaveCatalogue(ctx, stored); err != nil {
		t.Fatal(err)
	}
	if err := h.Load(ctx); jiban.CodeOf(err) != jiban.CodeInvalid || h.Catalogue().Matters[0].Owner == "" {
		t.Errorf("a broken one is refused and the good one stays: %v", err)
	}
}
