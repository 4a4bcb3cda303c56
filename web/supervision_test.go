package web_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"jiban"
)

func TestAnIncidentIsAnsweredForAll(t *testing.T) {
	o := newOffice(t)
	in := object{"matter": "020101", "region": "230100", "cause": "主管爆裂", "text": "正在抢修，预计今晚恢复", "until": "2026-11-02T20:00:00+08:00"}
	o.agent.do("POST", "/api/v1/incidents", in).want(t, 403)
	for _, wrong := range []object{{"cause": ""}, {"text": ""}, {"region": "110000"}, {"matter": "999999"}, {"until": "2026-11-01T20:00:00+08:00"}} {
		bad := object{}
		for k, v := range in {
			bad[k] = v
		}
		for k, v := range wrong {
			bad[k] = v
		}
		o.boss.do("POST", "/api/v1/incidents", bad).want(t, 400)
	}
	daqing := o.as(jiban.RoleSupervisor, func(a *jiban.Account) { a.Region = "230600" })
	daqing.do("POST", "/api/v1/incidents", in).want(t, 403)
	id := into[struct{ ID string }](t, o.boss.do("POST", "/api/v1/incidents", in).want(t, 200)).ID
	path := "/api/v1/incidents/" + id
	daqing.do("POST", path+"/dismiss", nil).want(t, 404)
	if body := o.agent.get("/api/v1/incidents?state=open").want(t, 200).body; !strings.Contains(body, "主管爆裂") {
		t.Errorf("the list: %s", body)
	}
	o.agent.get("/api/v1/incidents?state=strange").want(t, 400)
	if body := o.boss.do("POST", path+"/attach", object{"since": "2026-11-01T00:00:00+08:00"}).want(t, 200).body; body != `{"tickets":1}` {
		t.Errorf("attached %s", body)
	}
	o.boss.do("PUT", path, in).want(t, 200)
	o.boss.do("POST", path+"/answer", object{"text": ""}).want(t, 400)
	o.boss.do("POST", path+"/answer", object{"text": "已恢复供水"}).want(t, 200)
	if got := o.see(o.boss, o.number); got.Status != "answered" || len(got.Links) != 1 || got.Links[0].Kind != "incident" {
		t.Errorf("the ticket: %+v", got)
	}
	o.boss.do("PUT", path, in).want(t, 409)
	o.boss.do("POST", path+"/answer", object{"text": "又一次"}).want(t, 409)
}

func TestRulesAndHolidays(t *testing.T) {
	o := newOffice(t)
	rules := into[object](t, o.handler.get("/api/v1/rules").want(t, 200))
	rules["urge_rest"] = 12
	o.handler.do("PUT", "/api/v1/rules", rules).want(t, 403)
	if got := into[object](t, o.boss.do("PUT", "/api/v1/rules", rules).want(t, 200)); got["urge_rest"] != 12.0 {
		t.Errorf("rules %v", got)
	}
	rules["most_attempts"] = 0
	if body := o.boss.do("PUT", "/api/v1/rules", rules).want(t, 400).body; !strings.Contains(body, "most_attempts") {
		t.Errorf("the rule at fault is not named: %s", body)
	}
	o.boss.do("PUT", "/api/v1/rules", object{"ladders": 1}).want(t, 400)

	admin := o.as(jiban.RoleAdmin, nil)
	file := `{"year":2027,"papers":["国办发明电〔2026〕7号"],"days":[{"date":"2027-01-01","isOffDay":true},{"date":"2027-01-04","isOffDay":true}]}`
	checked := admin.do("POST", "/api/v1/calendar", object{"text": file, "check": true}).want(t, 200).body
	if !strings.Contains(checked, "2027-01-04") || strings.Contains(admin.get("/api/v1/calendar").want(t, 200).body, `"year":2027`) {
		t.Errorf("a dry run was none: %s", checked)
	}
	admin.do("POST", "/api/v1/calendar", object{"text": file}).want(t, 200)
	if !strings.Contains(o.handler.get("/api/v1/calendar").want(t, 200).body, `"year":2027`) {
		t.Error("the year is not known")
	}
	if body := admin.do("POST", "/api/v1/calendar", object{"text": `{"year":2028,"days":[{"date":"soon"}]}`}).want(t, 400).body; !strings.Contains(body, "soon") {
		t.Errorf("the entry at fault is not named: %s", body)
	}
	admin.do("POST", "/api/v1/calendar", object{"text": " "}).want(t, 400)
	o.handler.do("POST", "/api/v1/calendar", object{"text": file}).want(t, 403)
	o.clock.Advance(413 * 24 * time.Hour) // to 2027-12-20
	if body := o.as(jiban.RoleSupervisor, nil).get("/api/v1/calendar").want(t, 200).body; strings.Contains(body, `"warning":""`) {
		t.Errorf("nobody is warned of the end of the known years: %s", body)
	}
}

func TestTemplatesAreTheDepartments(t *testing.T) {
	o := newOffice(t)
	type template struct {
		ID, Title, Text string
		Version         int64
	}
	first := into[template](t, o.handler.do("POST", "/api/v1/templates", object{"title": "已修复", "text": "管道已修复，感谢您的反映。"}).want(t, 200))
	colleague, other := o.handlerOf(o.department), o.handlerOf(o.otherDepartment())
	if !strings.Contains(colleague.get("/api/v1/templates").want(t, 200).body, first.ID) {
		t.Error("the colleague does not see it")
	}
	if strings.Contains(other.get("/api/v1/templates").want(t, 200).body, first.ID) {
		t.Error("another department sees it")
	}
	path := "/api/v1/templates/" + first.ID
	change := object{"title": "已修复", "text": "供水已恢复。", "version": first.Version}
	other.do("PUT", path, change).want(t, 404)
	other.do("DELETE", path, nil).want(t, 404)
	colleague.do("PUT", path, change).want(t, 200)
	if body := o.handler.do("PUT", path, change).want(t, 409).body; !strings.Contains(body, "内容已被他人更新") {
		t.Errorf("who was slower is told %s", body)
	}
	o.handler.do("PUT", path, object{"title": "", "text": "x", "version": 2}).want(t, 400)
	o.handler.do("DELETE", path, nil).want(t, 204)
	o.handler.do("DELETE", path, nil).want(t, 404)
	o.boss.get("/api/v1/templates").want(t, 403)
	found, err := o.staff.SearchAudit(t.Context(), jiban.AuditFilter{Action: "template.*", Limit: 10})
	o.must(err)
	if len(found) != 3 {
		t.Errorf("%d entries of the record", len(found))
	}
}

// papersOf are the ids of the papers that somebody reads, by kind.
func (o *office) papersOf(c *client, kind string) []string {
	o.t.Helper()
	page := into[struct {
		Papers []struct{ ID, Number string }
	}](o.t, c.get("/api/v1/papers?kind="+kind).want(o.t, 200))
	var all []string
	for _, p := range page.Papers {
		all = append(all, p.ID)
	}
	return all
}

func TestPapersAreReadOnce(t *testing.T) {
	o := newOffice(t)
	o.act(o.agent, "urge", object{"reason": "孩子要上学"})
	papers := o.papersOf(o.handler, "urged")
	if len(papers) != 1 {
		t.Fatalf("papers %v", papers)
	}
	path := "/api/v1/papers/" + papers[0] + "/done"
	o.handlerOf(o.otherDepartment()).do("POST", path, object{}).want(t, 404)
	o.handler.do("POST", path, object{"result": "已安排"}).want(t, 204)
	o.handler.do("POST", path, object{}).want(t, 409)
	if left := o.papersOf(o.handler, "urged"); left != nil {
		t.Errorf("still to be read: %v", left)
	}
}

// Who stays discontent after the reopening is the management's to review.
func TestFollowUpAndReview(t *testing.T) {
	o := newOffice(t)
	o.act(o.handler, "sign", nil)
	o.act(o.handler, "reply", object{"text": "已修复"})
	o.refused(o.agent, 400, "survey", object{"solved": "maybe"})
	o.act(o.agent, "survey", object{"solved": "no", "contacted": "yes"})
	o.act(o.handler, "reply", object{"text": "再次修复"}) // of a reopened ticket: looked at first
	if got := o.see(o.boss, o.number); got.Pending != "reply" {
		t.Fatalf("%+v", got)
	}
	o.act(o.boss, "reply/back", object{"reason": "请说明原因"})
	o.act(o.handler, "reply", object{"text": "更换了阀门"})
	o.act(o.boss, "reply/approve", nil)
	o.act(o.agent, "survey", object{"solved": "no", "satisfied": "no"})
	page := into[struct {
		Papers []struct{ ID, Number, Kind string }
	}](t, o.boss.get("/api/v1/tickets?view=approvals").want(t, 200))
	if len(page.Papers) != 1 || page.Papers[0].Number != o.number {
		t.Fatalf("to be reviewed: %+v", page.Papers)
	}
	done := "/api/v1/papers/" + page.Papers[0].ID + "/done"
	o.agent.do("POST", done, object{"result": "x"}).want(t, 403)
	o.boss.do("POST", done, object{"result": "已尽责"}).want(t, 204)

	week := into[struct{ Weeks []map[string]any }](t, o.handler.get("/api/v1/figures/tickets?weeks=1").want(t, 200)).Weeks[0]
	for name, want := range map[string][2]float64{"signed_in_time": {1, 1}, "on_time": {2, 2}, "reopened": {1, 2}, "solved": {0, 2}, "contacted": {1, 1}, "returned": {0, 1}, "dissatisfied": {1, 1}} {
		got, _ := week[name].(map[string]any)
		if got["numerator"] != want[0] || got["denominator"] != want[1] {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	o.boss.get("/api/v1/figures/tickets?department=none").want(t, 400)
	if body := o.boss.get("/api/v1/figures/tickets?weeks=1&department="+o.department).want(t, 200).body; !strings.Contains(body, `"answered":2`) {
		t.Errorf("the supervisor sees %s", body)
	}
}

func TestWhoCannotBeAskedHereIsTelephoned(t *testing.T) {
	o := newOffice(t)
	o.act(o.handler, "reply", object{"text": "已修复"})
	o.clock.Advance(80 * time.Hour) // the person says nothing
	o.must(o.room.Sweep(t.Context()))
	agent := o.as(jiban.RoleAgent, nil)
	if !slices.Contains(o.list(agent, "view=followup"), o.number) {
		t.Fatalf("nobody is to be asked: %s", agent.get("/api/v1/tickets?view=followup").body)
	}
	daqing := o.as(jiban.RoleAgent, func(a *jiban.Account) { a.Region = "230600" })
	if o.list(daqing, "view=followup") != nil {
		t.Error("an agent of another city is to ask")
	}
	if got := o.act(agent, "unreached", object{"how": "phone"}); !slices.Contains(got.Duties, "unreached") {
		t.Errorf("duties %v", got.Duties)
	}
	o.act(agent, "survey", object{"solved": "yes", "satisfied": "yes"})
	if o.list(agent, "view=followup") != nil {
		t.Error("the task stays")
	}
	o.handlerOf(o.department).get("/api/v1/tickets?view=followup").want(t, 403)
}
