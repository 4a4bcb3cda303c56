package web_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"jiban"
)

// shownTicket is what these tests read of a ticket.
type shownTicket struct {
	Number, Department, Status, Pending, Handler, Light, Hold string
	DueAt                                                     string `json:"due_at"`
	Version                                                   int64
	Duties, Accused                                           []string
	Tasks                                                     []struct{ Number, Department, Reply string }
	Links                                                     []struct{ Kind, Number string }
	Proposals                                                 []struct{ Department, Reason string }
	Clock                                                     struct {
		Paused string
		Share  float64
	}
	Reopened int
}

// office is the furnished house with the people who work on tickets.
type office struct {
	*furnished
	boss, agent, handler *client
	number               string
	department           string
}

const ticketsPath = "/api/v1/tickets/"

// newOffice opens a request for help that went to the water company of the city.
func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{furnished: newFurnished(t)}
	o.boss, o.agent = o.as(jiban.RoleSupervisor, nil), o.as(jiban.RoleAgent, nil)
	o.number = o.openTicket(o.agent)
	o.department = o.see(o.boss, o.number).Department
	o.handler = o.handlerOf(o.department)
	return o
}

func (o *office) handlerOf(department string) *client {
	return o.as(jiban.RoleHandler, func(a *jiban.Account) { a.Department = department })
}

// open files a request of another kind.
func (o *office) open(kind, matter string, fields object) string {
	o.t.Helper()
	r := o.agent.do("POST", "/api/v1/tickets", object{"type": kind, "matter": matter, "region": "230100", "conversation_id": o.conv.ID, "fields": fields}).want(o.t, 200)
	return into[shownTicket](o.t, r).Number
}

func (o *office) see(c *client, number string) shownTicket {
	o.t.Helper()
	return into[struct{ Ticket shownTicket }](o.t, c.get(ticketsPath+number).want(o.t, 200)).Ticket
}

// act does a command and gives the ticket after it.
func (o *office) act(c *client, command string, in object) shownTicket {
	o.t.Helper()
	return into[shownTicket](o.t, c.do("POST", ticketsPath+o.number+"/"+command, in).want(o.t, 200))
}

func (o *office) refused(c *client, status int, command string, in object) string {
	o.t.Helper()
	return c.do("POST", ticketsPath+o.number+"/"+command, in).want(o.t, status).body
}

func (o *office) list(c *client, q string) []string {
	o.t.Helper()
	page := into[struct{ Tickets []shownTicket }](o.t, c.get("/api/v1/tickets?"+q).want(o.t, 200))
	var all []string
	for _, t := range page.Tickets {
		all = append(all, t.Number)
	}
	return all
}

func (o *office) audited(c *client, action string) bool {
	o.t.Helper()
	found, err := o.staff.SearchAudit(o.t.Context(), jiban.AuditFilter{Actor: c.account.ID, Action: action, Object: "ticket:" + o.number, Limit: 5})
	o.must(err)
	return len(found) > 0
}

func TestAHandlerAtWork(t *testing.T) {
	o := newOffice(t)
	colleague := o.handlerOf(o.department)
	if !slices.Contains(o.list(o.handler, "view=mine"), o.number) || o.list(o.handler, "view=mine&light=red") != nil {
		t.Error("the own list is wrong")
	}
	before := o.see(o.handler, o.number)
	if !slices.Contains(before.Duties, "sign") || slices.Contains(before.Duties, "pause") || slices.Contains(before.Duties, "dispatch") {
		t.Errorf("duties before signing: %v", before.Duties)
	}
	signed := o.act(o.handler, "sign", object{"version": before.Version})
	if signed.Status != "handling" || slices.Contains(signed.Duties, "sign") || !slices.Contains(signed.Duties, "pause") || !o.audited(o.handler, "ticket.sign") {
		t.Errorf("signed: %+v", signed)
	}
	o.refused(o.handler, 409, "contacted", object{"result": "reached", "version": before.Version})
	o.refused(o.handler, 400, "contacted", object{"result": "perhaps"})
	o.refused(o.handler, 400, "contacted", object{"nothing": "of the kind"})
	o.act(o.handler, "contacted", object{"result": "reached", "how": "phone"})
	o.act(o.handler, "message", object{"text": "师傅下午到"})
	o.refused(o.handler, 400, "pause", object{"reason": "holiday", "text": "x"})
	if got := o.act(o.handler, "pause", object{"reason": "authority", "text": "等街道办答复"}); got.Clock.Paused != "authority" || !slices.Contains(got.Duties, "resume") {
		t.Errorf("paused: %+v", got)
	}
	o.act(o.handler, "resume", nil)
	o.refused(o.handler, 400, "transfer", object{"handler": o.boss.account.ID})
	if got := o.act(o.handler, "transfer", object{"handler": colleague.account.ID}); got.Handler != colleague.account.ID {
		t.Errorf("transferred to %q", got.Handler)
	}
	if !strings.Contains(o.handler.get("/api/v1/colleagues").want(t, 200).body, colleague.account.ID) {
		t.Error("the colleague is not among the colleagues")
	}
	o.refused(o.handler, 403, "dispatch", object{"department": "x"})
	o.refused(o.handlerOf("somebody-else"), 404, "sign", nil)
}

// Two supervisors decide at once: the second is told so and changes nothing.
func TestExtensionIsDecidedOnce(t *testing.T) {
	o := newOffice(t)
	other := o.as(jiban.RoleSupervisor, nil)
	o.act(o.handler, "sign", nil)
	o.refused(o.handler, 400, "extend", object{"reason": "等配件", "more": "soon"})
	asked := o.act(o.handler, "extend", object{"reason": "等配件", "more": "2d"})
	if asked.Pending != "extension" || slices.Contains(asked.Duties, "extend") {
		t.Errorf("asked: %+v", asked)
	}
	if !slices.Contains(o.list(o.boss, "view=approvals"), o.number) {
		t.Error("it waits for nobody's approval")
	}
	o.handler.get("/api/v1/tickets?view=approvals").want(t, 403)
	seen := o.see(other, o.number)
	if !slices.Contains(seen.Duties, "extend/approve") || !slices.Contains(seen.Duties, "extend/refuse") {
		t.Errorf("the supervisor may %v", seen.Duties)
	}
	given := o.act(o.boss, "extend/approve", object{"version": seen.Version})
	if given.DueAt <= asked.DueAt || given.Pending != "" {
		t.Errorf("due %s, before %s", given.DueAt, asked.DueAt)
	}
	said := o.refused(other, 409, "extend/refuse", object{"reason": "不行", "version": seen.Version})
	if !strings.Contains(said, "某人已于11月2日09:00延期，您看到的不是最新情况") {
		t.Errorf("the second is not told what the first did: %s", said)
	}
}

func TestAReturnNamesItsRuleAndIsReviewed(t *testing.T) {
	o := newOffice(t)
	o.refused(o.handler, 400, "return", object{"reason": "不归我们管"})
	back := object{"reason": "不归我们管", "basis": "三定方案第四条", "code": "duty"}
	if got := o.act(o.handler, "return", back); got.Pending != "return" {
		t.Errorf("%+v", got)
	}
	o.refused(o.boss, 400, "return/refuse", nil)
	o.act(o.boss, "return/refuse", object{"reason": "属于贵单位职责"})
	o.act(o.handler, "return", back)
	next := o.otherDepartment()
	if got := o.act(o.boss, "return/accept", object{"department": next}); got.Department != next {
		t.Errorf("it went to %s", got.Department)
	}
	o.handler.get(ticketsPath+o.number).want(t, 404)
	if !o.audited(o.boss, "ticket.return.accept") || !o.audited(o.handler, "ticket.return") {
		t.Error("the record does not tell who did what")
	}
}

// otherDepartment is one of the city that does not have the ticket.
func (o *office) otherDepartment() string {
	for _, d := range o.departments() {
		if d.Region == "230100" && d.ID != o.department {
			return d.ID
		}
	}
	o.t.Fatal("there is no other department")
	return ""
}

func (o *office) departments() []jiban.Department {
	return into[struct{ Departments []jiban.Department }](o.t, o.boss.get("/api/v1/catalogue").want(o.t, 200)).Departments
}

func TestATaskIsMergedIntoTheAnswer(t *testing.T) {
	o := newOffice(t)
	o.act(o.handler, "sign", nil)
	co := o.otherDepartment()
	given := o.act(o.boss, "tasks", object{"department": co, "text": "请核实路面开挖手续"})
	if len(given.Tasks) != 1 || given.Tasks[0].Department != co {
		t.Fatalf("tasks %+v", given.Tasks)
	}
	o.refused(o.handler, 409, "reply", object{"text": "已修复"})
	part, helper := given.Tasks[0].Number, o.handlerOf(co)
	helper.do("POST", ticketsPath+part+"/sign", nil).want(t, 200)
	if body := helper.get(ticketsPath+part).want(t, 200).body; strings.Contains(body, "王芳") || strings.Contains(body, "13800001234") {
		t.Error("who takes part is told who asked")
	}
	helper.do("POST", ticketsPath+part+"/reply", object{"text": "手续齐全"}).want(t, 200)
	helper.get(ticketsPath+o.number).want(t, 404)
	if got := o.see(o.handler, o.number); got.Tasks[0].Reply != "手续齐全" {
		t.Errorf("the lead reads %+v", got.Tasks)
	}
	if got := o.act(o.handler, "reply", object{"text": "手续齐全，管道已修复", "result": "solved"}); got.Status != "answered" {
		t.Errorf("%+v", got)
	}
	if got := o.act(o.agent, "survey", object{"solved": "no", "satisfied": "no", "reason": "又停了"}); got.Reopened != 1 || got.Status != "dispatched" {
		t.Errorf("not content: %+v", got)
	}
}

// What is directed against a department is unknown to it, everywhere.
func TestAComplaintIsKeptFromWhomItIsAbout(t *testing.T) {
	o := newOffice(t)
	name := ""
	for _, d := range o.departments() {
		if d.ID == o.department {
			name = d.Name
		}
	}
	screen, _ := o.handler.dial("/api/v1/events")
	eventually(t, "opening", func() bool { return o.server.Sockets() == 1 })
	number := o.open("complaint", "020101", object{"unit": name, "description": "态度恶劣", "place": "南岗区", "since": "昨天", "phone": "13800001234", "name": "王芳"})
	mine := o.see(o.boss, number)
	if mine.Department == o.department || !slices.Contains(mine.Accused, o.department) {
		t.Fatalf("%+v", mine)
	}
	o.handler.get(ticketsPath+number).want(t, 404)
	for _, q := range []string{"q=" + number, "view=mine", "view=overdue", ""} {
		if slices.Contains(o.list(o.handler, q), number) {
			t.Errorf("it is listed by %q", q)
		}
	}
	if !slices.Contains(o.list(o.boss, "view=against"), number) || !slices.Contains(o.list(o.boss, "q="+number), number) {
		t.Error("the management does not find it")
	}
	o.agent.get("/api/v1/tickets?view=against").want(t, 403)
	o.number = o.openTicket(o.agent) // the next thing the screen hears
	if got := o.read(screen); !strings.Contains(got, o.number) || strings.Contains(got, "reach") {
		t.Errorf("the screen hears %s", got)
	}
	o.boss.do("POST", ticketsPath+number+"/dispatch", object{"department": o.department}).want(t, 403)
	body := o.handler.get("/api/v1/figures/tickets?weeks=1").want(t, 200).body
	if !strings.Contains(body, `"received":2`) {
		t.Errorf("figures %s", body)
	}
	o.handler.get("/api/v1/figures/tickets?weeks=1&department="+url.QueryEscape(mine.Department)).want(t, 403)
}

// A duty that is not shown is one that is refused: every command, by every role, in
// four states of the ticket.
func TestDutiesTellTheTruth(t *testing.T) {
	o := newOffice(t)
	steps := []func(){
		func() {},
		func() { o.act(o.handler, "sign", nil) },
		func() { o.act(o.handler, "extend", object{"reason": "等配件", "more": "1d"}) },
		func() {
			o.act(o.boss, "extend/approve", nil)
			o.act(o.handler, "reply", object{"text": "已修复"})
		},
	}
	tried := 0
	for i, step := range steps {
		step()
		for _, c := range []*client{o.handler, o.boss, o.agent} {
			duties := o.see(c, o.number).Duties
			for path, in := range filledCommands(o) {
				if slices.Contains(duties, path) {
					continue
				}
				tried++
				if got := c.do("POST", ticketsPath+o.number+"/"+path, in); got.status < 400 {
					t.Fatalf("step %d, %v: %s is no duty of %v and was done", i, c.account.Roles, path, duties)
				}
			}
		}
	}
	t.Logf("%d commands that were no duty were refused", tried)
}

// filledCommands are bodies with which each command could be done.
func filledCommands(o *office) map[string]object {
	reason := object{"reason": "x"}
	return map[string]object{
		"sign": {}, "contacted": {"result": "reached"}, "message": {"text": "x"}, "pause": {"reason": "authority", "text": "x"}, "resume": {},
		"return": {"reason": "x", "basis": "x"}, "return/accept": {}, "return/refuse": reason, "extend": {"reason": "x", "more": "1d"},
		"extend/approve": {}, "extend/refuse": reason, "reply": {"text": "x"}, "reply/approve": {}, "reply/back": reason,
		"transfer": {"handler": o.handler.account.ID}, "dispatch": {"department": o.otherDepartment()}, "tasks": {"department": o.otherDepartment()},
		"classify": {"matter": "020101"}, "answer": {"text": "x"}, "close": reason, "reopen": reason, "urge": {}, "supplement": {"text": "x"}, "withdraw": reason,
		"survey": {"solved": "yes"}, "unreached": {"how": "phone"}, "link": {"incident": "none"}, "merge": {"into": o.number},
	}
}

func TestTheDispatchersInbox(t *testing.T) {
	o := newOffice(t)
	for range 3 {
		o.number = o.openTicket(o.agent)
		o.act(o.boss, "classify", object{"accused": o.see(o.boss, o.number).Department})
	}
	r := o.boss.get("/api/v1/tickets?view=dispatch&limit=2").want(t, 200)
	page := into[struct {
		Tickets []shownTicket
		Next    string
	}](t, r)
	if len(page.Tickets) != 2 || page.Next == "" || len(page.Tickets[0].Proposals) == 0 || page.Tickets[0].Hold == "" {
		t.Fatalf("%s", r.body)
	}
	rest := o.list(o.boss, "view=dispatch&limit=2&after="+page.Next)
	if len(rest) != 1 || rest[0] == page.Tickets[0].Number || rest[0] == page.Tickets[1].Number {
		t.Errorf("the second page holds %v", rest)
	}
	o.boss.get("/api/v1/tickets?view=dispatch&after=x.y").want(t, 400)
	o.boss.get("/api/v1/tickets?view=nothing").want(t, 400)
	o.handler.get("/api/v1/tickets?view=dispatch").want(t, 403)
	to := page.Tickets[0].Proposals[0].Department
	co := o.otherDepartment()
	o.number = page.Tickets[0].Number
	if got := o.act(o.boss, "dispatch", object{"department": to, "co": co}); got.Department != to || len(got.Tasks) != 1 {
		t.Errorf("dispatched with one that takes part: %+v", got)
	}
	o.number = rest[0]
	if got := o.act(o.agent, "answer", object{"text": "今晚恢复供水"}); got.Status != "answered" {
		t.Errorf("answered at once: %+v", got)
	}
}
