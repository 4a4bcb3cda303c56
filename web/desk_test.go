package web_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"jiban"
	"jiban/web"
)

func TestDesk(t *testing.T) {
	h := newHouse(t)
	agent := h.as(jiban.RoleAgent, nil)
	type handoff struct {
		ID, Channel, Status string
		MatterName          string `json:"matter_name"`
	}
	list := into[struct{ Waiting, Mine []handoff }](t, agent.get("/api/v1/handoffs").want(t, 200))
	if len(list.Waiting) != 1 || list.Waiting[0] != (handoff{"h1", "gzh", "waiting", "停水"}) || list.Mine == nil {
		t.Fatalf("%+v", list)
	}
	if got := into[handoff](t, agent.do("POST", "/api/v1/handoffs/h1/accept", nil).want(t, 200)); got.Status != "accepted" {
		t.Fatalf("%+v", got)
	}
	r := agent.get("/api/v1/conversations/v1").want(t, 200)
	view := into[struct {
		Conversation struct{ ID, Holder string }
		Contact      struct{ Name string }
		Handoff      *handoff
		Messages     []struct {
			Seq                     int
			Text, Direction, Author string
			Delivery                *struct{ Status string }
		}
		Articles []struct{ ID string }
		Tickets  []object
	}](t, r)
	if view.Contact.Name != "王芳" || view.Handoff == nil || len(view.Messages) != 2 || view.Messages[1].Delivery == nil || view.Messages[0].Delivery != nil ||
		len(view.Articles) != 1 || view.Tickets == nil {
		t.Fatalf("%s", r.body)
	}
	if !h.books.recorded(agent.account.ID, "view", "conversation:v1") {
		t.Error("the view is not recorded")
	}
	if got := agent.get("/api/v1/conversations/v1/messages?after=1").want(t, 200).body; strings.Contains(got, `"m1"`) || !strings.Contains(got, `"m2"`) {
		t.Errorf("after 1: %s", got)
	}
	agent.do("POST", "/api/v1/conversations/v1/messages", object{"id": "x-1", "text": "您好"}).want(t, 200)
	for _, bad := range []object{{"id": "x-1", "text": " "}, {"id": "x-1", "text": strings.Repeat("好", 2001)}, {"id": "", "text": "您好"}, {"id": "a b", "text": "您好"}} {
		agent.do("POST", "/api/v1/conversations/v1/messages", bad).want(t, 400)
	}
	if !slices.Equal(h.desk.said, []string{"您好"}) {
		t.Errorf("said %v", h.desk.said)
	}
	agent.do("PUT", "/api/v1/presence", object{"status": "busy"}).want(t, 204)
	if got := agent.get("/api/v1/presence").want(t, 200).body; got != `{"on_duty":2,"status":"busy","waiting":0}` {
		t.Error(got)
	}
	agent.get("/api/v1/alerts").want(t, 200)
	agent.do("POST", "/api/v1/alerts/al1/seen", nil).want(t, 204)
	agent.do("POST", "/api/v1/handoffs/none/accept", nil).want(t, 404)
	agent.do("POST", "/api/v1/logout", nil).want(t, 204)
	if h.desk.status[agent.account.ID] != "offline" {
		t.Error("who logged out is still on duty")
	}
}

// Somebody waits whose conversation was erased meanwhile: the others are still seen.
func TestTheQueueOutlivesAnErasedConversation(t *testing.T) {
	h := newHouse(t)
	h.desk.handoffs["h0"] = jiban.Handoff{ID: "h0", ConversationID: "erased", Status: jiban.HandoffWaiting}
	agent := h.as(jiban.RoleAgent, nil)
	got := agent.get("/api/v1/handoffs").want(t, 200).body
	if !strings.Contains(got, `"h1"`) || strings.Contains(got, `"h0"`) {
		t.Errorf("the queue: %s", got)
	}
}

// An open page that reports by itself keeps nobody logged in.
func TestAnOpenPageIsNoUse(t *testing.T) {
	h := newHouse(t)
	agent := h.as(jiban.RoleAgent, nil)
	for range 2 {
		h.clock.Advance(14 * time.Minute)
		agent.do("PUT", "/api/v1/presence", object{"status": "online"}).want(t, 204)
		agent.get("/api/v1/handoffs").want(t, 200)
	}
	h.clock.Advance(2 * time.Minute)
	agent.get("/api/v1/handoffs").want(t, 401)
}

func TestScopeByRegion(t *testing.T) {
	h := newHouse(t)
	daqing := h.as(jiban.RoleAgent, func(a *jiban.Account) { a.Region = "230600" })
	if got := daqing.get("/api/v1/handoffs").want(t, 200).body; strings.Contains(got, "h1") {
		t.Errorf("sees another city's queue: %s", got)
	}
	for _, path := range []string{"/api/v1/conversations/v1", "/api/v1/conversations/v1/messages", "/api/v1/tickets/2611020000018"} {
		daqing.get(path).want(t, 404)
	}
	daqing.do("POST", "/api/v1/handoffs/h1/accept", nil).want(t, 404)
	daqing.do("POST", "/api/v1/conversations/v1/messages", object{"id": "x-1", "text": "您好"}).want(t, 404)
	daqing.get("/api/v1/conversations/v2").want(t, 200)
	daqing.get("/api/v1/tickets?region=230100").want(t, 200)
	if h.desk.filter.Region != "230600" {
		t.Errorf("listed region %s", h.desk.filter.Region)
	}
	daqing.do("POST", "/api/v1/tickets", newTicket("v2", "230100")).want(t, 403)
	daqing.do("POST", "/api/v1/tickets", newTicket("v1", "230600")).want(t, 404)
	daqing.do("POST", "/api/v1/tickets", newTicket("v2", "230600")).want(t, 200)
	if d := h.desk.drafts; len(d) != 1 || d[0].ContactID != "c1" || d[0].ConversationID != "v2" {
		t.Errorf("drafts %+v", d)
	}
}

func newTicket(conversation, region string) object {
	return object{"type": "help", "matter": "010101", "region": region, "fields": object{"place": "一号楼"}, "conversation_id": conversation}
}

func TestHandlerSeesOnlyItsDepartment(t *testing.T) {
	h := newHouse(t)
	water := h.as(jiban.RoleHandler, nil)
	water.get("/api/v1/tickets?department=city&unassigned=1").want(t, 200)
	if f := h.desk.filter; f.Department != "water" || f.Unassigned {
		t.Errorf("filter %+v", f)
	}
	water.get("/api/v1/tickets/2611020000018").want(t, 200)
	water.get("/api/v1/tickets/2611020000026").want(t, 404)
	for action, in := range map[string]any{"sign": nil, "reply": object{"text": "已修复"}, "return": object{"reason": "不归我们管"},
		"extend": object{"due_at": "2026-11-20T17:00:00+08:00", "reason": "等配件"}} {
		water.do("POST", "/api/v1/tickets/2611020000018/"+action, in).want(t, 200)
		water.do("POST", "/api/v1/tickets/2611020000026/"+action, in).want(t, 404)
	}
	want := map[jiban.TicketEventKind]map[string]string{
		jiban.EventSigned: nil, jiban.EventReplied: {"text": "已修复"}, jiban.EventReturned: {"reason": "不归我们管"},
		jiban.EventExtended: {"due": "2026-11-20T09:00:00Z", "reason": "等配件"},
	}
	if len(h.desk.actions) != len(want) {
		t.Fatalf("%d actions", len(h.desk.actions))
	}
	for _, a := range h.desk.actions {
		for k, v := range want[a.Kind] {
			if a.Data[k] != v || a.Actor != water.account.ID {
				t.Errorf("%+v", a)
			}
		}
	}
	water.do("POST", "/api/v1/tickets/2611020000018/reply", object{"text": ""}).want(t, 400)
	water.do("POST", "/api/v1/tickets/2611020000018/extend", object{"due_at": "tomorrow", "reason": "x"}).want(t, 400)
	water.do("POST", "/api/v1/tickets/2611020000018/extend", object{"due_at": "2026-10-01T00:00:00Z", "reason": "x"}).want(t, 400)
	water.do("POST", "/api/v1/tickets/2611020000018/dispatch", object{"department": "city"}).want(t, 403)
	boss := h.as(jiban.RoleSupervisor, nil)
	boss.do("POST", "/api/v1/tickets/2611020000018/dispatch", object{"department": "none"}).want(t, 400)
	boss.do("POST", "/api/v1/tickets/2611020000018/dispatch", object{"department": "city"}).want(t, 200)
}

func TestMasking(t *testing.T) {
	h := newHouse(t)
	type shown struct {
		Ticket struct{ Fields map[string]string }
		Events []struct{ Data map[string]string }
	}
	see := func(c *client, number string) shown {
		return into[shown](t, c.get("/api/v1/tickets/"+number).want(t, 200))
	}
	agent := see(h.as(jiban.RoleAgent, nil), "2611020000026")
	if agent.Ticket.Fields["phone"] != "13800001234" || agent.Ticket.Fields["name"] != "王芳" {
		t.Errorf("the agent sees %v", agent.Ticket.Fields)
	}
	if own := see(h.as(jiban.RoleHandler, nil), "2611020000018"); own.Ticket.Fields["phone"] != "13800001234" {
		t.Errorf("the handler sees %v", own.Ticket.Fields)
	}
	confidential := see(h.as(jiban.RoleHandler, func(a *jiban.Account) { a.Department = "city" }), "2611020000026")
	auditor := see(h.as(jiban.RoleAuditor, nil), "2611020000018")
	for who, got := range map[string]shown{"handler of a confidential ticket": confidential, "auditor": auditor} {
		f := got.Ticket.Fields
		if f["name"] != "王*" || strings.Contains(f["phone"], "00001") || strings.Contains(f["description"], "1234") || !strings.Contains(f["description"], "停水两天") {
			t.Errorf("%s sees %v", who, f)
		}
		if d := got.Events[0].Data; strings.Contains(d["phone"]+d["text"], "1234") || d["contact"] != "" || d["name"] != "供水集团有限公司" {
			t.Errorf("%s sees %v in the log", who, d)
		}
	}
	if h.desk.tickets["2611020000018"].Fields["phone"] != "13800001234" {
		t.Error("masking changed the ticket")
	}
}

func TestHide(t *testing.T) {
	for in, want := range map[string]string{"": "", "王": "王*", "王芳": "王*", "13800001234": "1********34", "欧阳小明明": "欧****"} {
		if got := web.Hide(in); got != want {
			t.Errorf("%q became %q", in, got)
		}
	}
	for in, want := range map[string]string{"打13800001234": "打138********", "138 0000 1234吧": "138 **** ****吧", "24小时": "24小时",
		"2026-11-02": "2026-11-02", "1380-00-01234": "138*-**-*****", "2026-11-021": "202*-**-***", "82026-11-02": "820**-**-**", "5号楼3单元": "5号楼3单元"} {
		if got := web.HideNumbers(in); got != want {
			t.Errorf("%q became %q", in, got)
		}
	}
}

func TestSearchAndArticles(t *testing.T) {
	h := newHouse(t)
	agent := h.as(jiban.RoleAgent, nil)
	r := agent.get("/api/v1/search?q=%E5%81%9C%E6%B0%B4&region=230100").want(t, 200)
	if h.library.asked.Text != "停水" || h.library.asked.Region != "230100" || h.library.asked.Audience != jiban.Citizen || !strings.Contains(r.body, `"verdict":"answer"`) {
		t.Errorf("asked %+v, answered %s", h.library.asked, r.body)
	}
	if got := agent.get("/api/v1/articles").want(t, 200).body; got != `{"articles":[]}` {
		t.Error(got)
	}
	agent.get("/api/v1/articles/a1").want(t, 200)
	agent.get("/api/v1/articles/none").want(t, 404)
	h.as(jiban.RoleEditor, nil).do("POST", "/api/v1/articles/a1/publish", nil).want(t, 403)
	h.as(jiban.RoleReviewer, nil).do("POST", "/api/v1/articles/a1/publish", nil).want(t, 200)
}
