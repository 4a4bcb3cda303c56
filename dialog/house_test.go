package dialog_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"jiban"
	"jiban/dialog"
	"jiban/lang"
	"jiban/prompts"
)

// house answers the needs of an engine from a few articles and fixed plans and
// remembers what the runner would commit.
type house struct {
	t        *testing.T
	engine   *dialog.Engine
	now      time.Time
	sit      dialog.Situation
	state    json.RawMessage
	tickets  []jiban.Ticket // newest first
	serial   int
	onDuty   bool
	ahead    int
	needs    int // of the last turn
	seq      int
	turns    []dialog.Input
	codeAt   time.Time
	tries    int
	ordered  map[jiban.DataRequestKind]bool
	consents []dialog.ConsentChange

	incidents []jiban.Incident // announced

	model   func(a *dialog.ModelAsk) string // what a model answers, raw; nil: there is none
	planted *jiban.Article                  // one more article
}

// theEngine is shared by the tests: it holds no state.
var theEngine = sync.OnceValues(func() (*dialog.Engine, error) {
	book, err := prompts.New()
	if err != nil {
		return nil, err
	}
	return dialog.New(dialog.Config{Catalogue: catalogue(), Book: book, Region: "230000"})
})

func newEngine(t testing.TB) *dialog.Engine {
	t.Helper()
	e, err := theEngine()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func newHouse(t *testing.T, kind jiban.ChannelKind) *house {
	h := &house{
		t: t, engine: newEngine(t), onDuty: true, ahead: 2, ordered: map[jiban.DataRequestKind]bool{},
		now: time.Date(2026, 11, 2, 1, 0, 0, 0, time.UTC),
		sit: dialog.Situation{ConversationID: "c1", ContactID: "p1", Channel: "main", ChannelKind: kind, Audience: jiban.Citizen,
			Region: "230000", Lang: jiban.Chinese, Holder: jiban.HeldByBot, First: true, CanProve: true},
	}
	if kind == jiban.ChannelSMS {
		h.sit.Phone = "13800001234"
	}
	return h
}

// rightCode is the one that every telephone of the tests is sent.
const rightCode = "246810"

// deed does for the person what the people room would: one code a minute, three
// tries.
func (h *house) deed(n *dialog.Need) dialog.DeedFact {
	f := dialog.DeedFact{Kind: n.Kind, Result: dialog.DeedDone}
	switch n.Kind {
	case dialog.NeedCode:
		f.Minutes = 5
		if h.now.Sub(h.codeAt) < time.Minute {
			return dialog.DeedFact{Kind: n.Kind, Result: dialog.DeedLimited}
		}
		h.codeAt, h.tries = h.now, 0
	case dialog.NeedProof:
		h.tries++
		switch {
		case h.now.Sub(h.codeAt) > 5*time.Minute || h.tries > 3:
			f.Result = dialog.DeedOver
		case n.Code != rightCode:
			f.Result = dialog.DeedWrong
		default:
			h.sit.Phone = n.Phone
		}
	case dialog.NeedUnbind:
		if h.sit.Phone == "" {
			f.Result = dialog.DeedNone
		}
		h.sit.Phone = ""
	case dialog.NeedData:
		if h.ordered[n.Data] {
			f.Result = dialog.DeedAgain
		}
		h.ordered[n.Data] = true
	}
	return f
}

func (h *house) text(s string) dialog.Outcome {
	h.t.Helper()
	return h.send(jiban.Content{Kind: jiban.KindText, Text: s})
}

func (h *house) tap(s string) dialog.Outcome {
	h.t.Helper()
	return h.send(jiban.Content{Kind: jiban.KindTap, Text: s})
}

func (h *house) send(cs ...jiban.Content) dialog.Outcome {
	h.t.Helper()
	in := dialog.Input{Now: h.now, Situation: h.sit, State: h.state}
	if h.model != nil {
		in.Facts.Model = "scripted"
	}
	for _, c := range cs {
		h.seq++
		in.Inbox = append(in.Inbox, jiban.Message{ID: fmt.Sprint("m", h.seq), ConversationID: "c1", Content: c, CreatedAt: h.now})
	}
	out, err := h.settle(&in)
	if err != nil {
		h.t.Fatal(err)
	}
	h.turns = append(h.turns, in)
	h.commit(out)
	return out
}

// settle drives a step through its needs, six at most.
func (h *house) settle(in *dialog.Input) (dialog.Outcome, error) {
	for h.needs = 0; h.needs <= 6; h.needs++ {
		out, need, err := h.engine.Step(*in)
		if err != nil {
			return out, err
		}
		if need == nil {
			return out, nil
		}
		h.answer(&in.Facts, need)
	}
	return dialog.Outcome{}, errors.New("more than six needs")
}

func (h *house) answer(f *dialog.Facts, n *dialog.Need) {
	switch n.Kind {
	case dialog.NeedCode, dialog.NeedProof, dialog.NeedUnbind, dialog.NeedData:
		f.Deeds = append(f.Deeds, h.deed(n))
	case dialog.NeedModel:
		f.Models = append(f.Models, h.asked(n.Model))
	case dialog.NeedSearch:
		f.Searches = append(f.Searches, dialog.SearchFact{Query: n.Search, Result: search(n.Search, h.planted)})
	case dialog.NeedRecent:
		f.Recent = &dialog.RecentFact{Tickets: slices.Clone(h.tickets)}
	case dialog.NeedStatus:
		fact := dialog.StatusFact{Number: n.Number}
		for _, k := range h.tickets {
			if k.Number == n.Number {
				fact.Found, fact.Own, fact.Ticket = true, k.ContactID == h.sit.ContactID, k
			}
		}
		f.Statuses = append(f.Statuses, fact)
	case dialog.NeedPlan:
		h.serial++
		f.Plan = &dialog.PlanFact{Draft: n.Draft, Plan: h.plan(n.Draft)}
	case dialog.NeedIncidents:
		fact := dialog.IncidentFact{Matter: n.Matter, Region: n.Region}
		for _, i := range h.incidents {
			if i.Matter == n.Matter && jiban.RegionServes(i.Region, n.Region) && i.Until.After(h.now) {
				fact.Found = append(fact.Found, i)
			}
		}
		f.Incidents = append(f.Incidents, fact)
	case dialog.NeedHandoff:
		f.Handoff = &jiban.HandoffPlan{Queue: "main", Priority: 1, OnDuty: h.onDuty, Ahead: h.ahead, Wait: time.Duration(h.ahead) * 2 * time.Minute,
			CallbackBy: h.now.Add(24 * time.Hour)}
	}
}

// boundary fences every prompt of the tests.
const boundary = "k7r2m9"

// asked does what the runner does with an ask.
func (h *house) asked(a *dialog.ModelAsk) dialog.ModelFact {
	f := dialog.ModelFact{Task: a.Task, Ask: a.Digest(), Boundary: boundary, Model: "scripted", Prompt: string(a.Task) + "-test"}
	output, why := a.Check(h.model(a), boundary)
	f.Output, f.Refused = output, string(why)
	return f
}

func (h *house) plan(d jiban.TicketDraft) jiban.TicketPlan {
	p := jiban.TicketPlan{Number: number(h.serial), DueAt: h.now.Add(24 * time.Hour), Limit: jiban.Limit{Hours: 24, OnClock: true}}
	if d.Matter != "" && d.Region != "230000" {
		p.Department, p.DepartmentName = "d1", "哈尔滨市有关部门"
		p.Limit, p.DueAt = jiban.Limit{Days: 5}, h.now.Add(7*24*time.Hour)
	}
	return p
}

// number makes a ticket number of 2 November with its Luhn check digit.
func number(serial int) string {
	s := fmt.Sprintf("261102%06d", serial)
	sum := 0
	for i := range len(s) {
		d := int(s[len(s)-1-i] - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return fmt.Sprint(s, (10-sum%10)%10)
}

func (h *house) commit(out dialog.Outcome) {
	h.state, h.sit.First, h.sit.Lang = out.State, false, out.Lang
	h.consents = append(h.consents, out.Consents...)
	if out.Region != "" {
		h.sit.Region = out.Region
	}
	if out.Emergency != "" && out.Decision == dialog.DecideEmergency {
		said := map[string]time.Time{}
		maps.Copy(said, h.sit.SafetySaid)
		h.sit.SafetySaid = said
		h.sit.SafetySaid[out.Emergency] = h.now
	}
	if out.Handoff != nil && out.Handoff.Move == dialog.HandoffOpen {
		h.sit.Holder = jiban.HeldByQueue
	}
	if out.Handoff != nil && out.Handoff.Move == dialog.HandoffLeave {
		h.sit.Holder = jiban.HeldByBot
	}
	for _, a := range out.Tickets {
		h.act(a)
	}
}

func (h *house) act(a jiban.TicketAction) {
	if a.Kind == jiban.EventOpened {
		h.tickets = append([]jiban.Ticket{{
			Number: a.Plan.Number, Kind: a.Draft.Kind, Type: a.Draft.Type, Matter: a.Draft.Matter, Region: a.Draft.Region, Fields: a.Draft.Fields,
			Department: a.Plan.Department, DepartmentName: a.Plan.DepartmentName, Status: jiban.TicketDispatched, ContactID: h.sit.ContactID,
			Confidential: a.Draft.Confidential, Anonymous: a.Draft.Anonymous, DueAt: a.Plan.DueAt,
		}}, h.tickets...)
		return
	}
	for i := range h.tickets {
		k := &h.tickets[i]
		if k.Number != a.Number {
			continue
		}
		switch a.Kind {
		case jiban.EventWithdrawn:
			k.Status = jiban.TicketWithdrawn
		case jiban.EventUrged:
			k.Urged++
		case jiban.EventSurveyed:
			k.Solved, k.Satisfied = a.Data["solved"], a.Data["satisfied"]
			if k.Solved == "no" && k.Reopened == 0 {
				k.Reopened, k.Solved, k.Satisfied, k.Status = 1, "", "", jiban.TicketDispatched
			} else {
				k.Status = jiban.TicketClosed
			}
		}
	}
}

// resolve is what a department does with the newest ticket.
func (h *house) resolve(reply string) {
	if len(h.tickets) == 0 {
		h.t.Fatal("there is no ticket to resolve")
	}
	h.tickets[0].Status, h.tickets[0].Reply = jiban.TicketAnswered, reply
}

// search knows a handful of articles by a word in the question.
func search(q jiban.SearchQuery, planted *jiban.Article) jiban.SearchResult {
	var hits []jiban.Found
	all := articles()
	if planted != nil {
		all = append(all, *planted)
	}
	for _, a := range all {
		for _, k := range a.Keywords {
			if strings.Contains(lang.Fold(q.Text), k) {
				hits = append(hits, jiban.Found{Article: a, Score: 10 - float64(len(hits))})
				break
			}
		}
	}
	r := jiban.SearchResult{Found: hits, Verdict: jiban.VerdictDecline}
	switch {
	case len(hits) == 1 && q.Region == "" && hits[0].Article.Theme == "city":
		r.Verdict = jiban.VerdictAskCity
	case len(hits) == 1:
		r.Verdict, r.Confidence = jiban.VerdictAnswer, 0.9
	case len(hits) > 1:
		r.Verdict = jiban.VerdictClarify
		for i := range hits {
			if hits[i].Article.Title == q.Text {
				r.Found = []jiban.Found{hits[i]}
				r.Verdict = jiban.VerdictAnswer
			}
		}
	}
	return r
}

func articles() []jiban.Article {
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	long := strings.Repeat("第一步，准备身份证、社保卡和出院小结等材料，到参保地的医保窗口提交。", 24)
	return []jiban.Article{
		{ID: "a1", Version: 1, Title: "异地就医怎样报销", Keywords: []string{"异地医保", "异地就医"}, Theme: "city", Source: "医保发〔2026〕3号", ValidFrom: day,
			Body: "## 怎么报\n先**备案**，再持社保卡[直接结算](https://example.gov.cn)。没有直接结算的，回参保地报销。"},
		{ID: "a2", Version: 2, Title: "社保缴费流水异地打印", Keywords: []string{"社保流水", "流水明细"}, Source: "人社办〔2025〕18号", ValidFrom: day, Body: "可以。登录政务服务网或到任一社保窗口打印。"},
		{ID: "a3", Version: 1, Title: "居住证怎么办", Keywords: []string{"居住证", "证件"}, Source: "公安厅", ValidFrom: day, Body: "到居住地派出所办理，带身份证和住所证明。"},
		{ID: "a4", Version: 1, Title: "身份证丢了怎么补", Keywords: []string{"身份证", "证件"}, Source: "公安厅", ValidFrom: day, Body: "到任一派出所补领，十五个工作日内办好。"},
		{ID: "a5", Version: 1, Title: "医疗费用报销流程", Keywords: []string{"报销流程"}, Source: "医保局", ValidFrom: day, Body: long},
		{ID: "a7", Version: 1, Title: "生育津贴怎样领", Keywords: []string{"生育险"}, Source: "医保局", ValidFrom: day, Body: "生育津贴由单位申报，材料是身份证和出生医学证明。"},
		{ID: "a6", Version: 1, Title: "小微企业贷款贴息", Keywords: []string{"贴息", "哪些政策"}, Source: "工信发〔2026〕1号", Audience: jiban.Enterprise, ValidFrom: day, Body: "注册在本省的小微企业可以申请。"},
	}
}

func catalogue() jiban.Catalogue {
	f := func(key, label, kind string, required bool) jiban.Field {
		return jiban.Field{Key: key, Label: label, LabelEN: key, Kind: kind, Required: required}
	}
	help := []jiban.Field{f("description", "情况", "text", true), f("place", "地点", "place", true), f("since", "开始时间", "time", true), f("phone", "联系电话", "phone", true)}
	wages := []jiban.Field{f("description", "情况", "text", true), f("unit", "欠薪单位", "text", true), f("place", "工地地点", "place", true),
		f("amount", "金额", "amount", true), f("people", "人数", "number", false), f("name", "姓名", "name", true), f("phone", "联系电话", "phone", true)}
	return jiban.Catalogue{
		Version: 1,
		Regions: []jiban.Region{
			{Code: "230000", Name: "黑龙江省"}, {Code: "230100", Name: "哈尔滨市", Parent: "230000"}, {Code: "230103", Name: "南岗区", Parent: "230100"},
			{Code: "230110", Name: "香坊区", Parent: "230100"}, {Code: "230102", Name: "道里区", Parent: "230100"},
			{Code: "230600", Name: "大庆市", Parent: "230000"}, {Code: "230602", Name: "萨尔图区", Parent: "230600"}, {Code: "231000", Name: "牡丹江市", Parent: "230000"},
		},
		Matters: []jiban.Matter{
			{Code: "020101", Name: "停水", NameEN: "Water cut", Category: "供水", Aliases: []string{"停水", "没水", "断水"}, Samples: []string{"小区停水好几天了没人管", "家里一直没有水"},
				Types: []jiban.RequestType{jiban.Help, jiban.Complaint}, Form: jiban.Form{Fields: help}, Owner: "水务", Urgent: true},
			{Code: "030101", Name: "建筑垃圾清运", NameEN: "Rubble", Category: "城市管理", Aliases: []string{"建筑垃圾", "装修垃圾", "渣土"}, Samples: []string{"门口的建筑垃圾一直没人清理"},
				Types: []jiban.RequestType{jiban.Help, jiban.Complaint}, Form: jiban.Form{Fields: append(append([]jiban.Field{}, help[:2]...), help[3])}, Owner: "城管"},
			{Code: "060101", Name: "拖欠工资", NameEN: "Unpaid wages", Category: "人社", Aliases: []string{"拖欠工资", "欠薪", "不发工资"}, Samples: []string{"老板拖欠我们工资不给"},
				Types: []jiban.RequestType{jiban.Complaint, jiban.Report}, Form: jiban.Form{Fields: wages}, Owner: "人社"},
			{Code: "090101", Name: "施工噪声", NameEN: "Noise of building sites", Category: "生态环境", Aliases: []string{"施工噪音", "夜间施工", "噪声扰民"}, Samples: []string{"工地半夜施工吵得睡不着"},
				Types: []jiban.RequestType{jiban.Complaint}, Form: jiban.Form{Fields: help}, Owner: "生态环境"},
			{Code: "120101", Name: "医疗保险", NameEN: "Health insurance", Category: "医保", Aliases: []string{"医保", "医疗保险"}, Types: []jiban.RequestType{jiban.Consultation}, Owner: "医保"},
		},
	}
}
