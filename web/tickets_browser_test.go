package web_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"jiban"
	"jiban/prompts"
	"jiban/web"
	"jiban/web/browsertest"
)

// hall is the edge before the real rooms, with the built pages and people who
// ask for something.
type hall struct {
	*furnished
	browser *browsertest.Browser
	people  int
}

func newHall(t *testing.T) *hall {
	t.Helper()
	browser := browsertest.Start(t)
	f := newFurnished(t, browsed, func(d *web.Deps) { d.Config.Limits.LoginsPerMinute = 1000 })
	return &hall{furnished: f, browser: browser}
}

// asks lets one more person ask for something; without a change water is missing
// in a street of Harbin.
func (o *hall) asks(change func(*jiban.TicketDraft)) jiban.Ticket {
	o.t.Helper()
	o.people++
	m, _, err := o.store.Receive(o.t.Context(), jiban.Received{Channel: "citizen", ChannelKind: jiban.ChannelWebChat, ExternalID: fmt.Sprint("asks", o.people),
		Address: jiban.Address(fmt.Sprintf("web:%032x", o.people)), Audience: jiban.Citizen, Region: "230100", Lang: jiban.Chinese,
		Content: jiban.Content{Kind: jiban.KindText, Text: "停水了"}, At: o.clock.Now()})
	o.must(err)
	conv, err := o.store.Conversation(o.t.Context(), m.ConversationID)
	o.must(err)
	d := jiban.TicketDraft{Kind: "request", Type: jiban.Help, Matter: "020101", Region: "230100", ContactID: conv.ContactID, ConversationID: conv.ID, Channel: conv.Channel,
		Fields: map[string]string{"place": fmt.Sprintf("南岗区一曼街%d号", o.people), "since": "昨天早上", "name": "王芳",
			"phone": fmt.Sprintf("1380000%04d", o.people), "description": "小区停水一天了，还没有恢复"}}
	if change != nil {
		change(&d)
	}
	t, err := o.room.Open(o.t.Context(), d, "bot")
	o.must(err)
	return t
}

// unsure is a request that a dispatcher must look at.
func unsure(d *jiban.TicketDraft) {
	d.Guesses = []jiban.MatterGuess{{Code: "020101", Confidence: 0.21}, {Code: "020202", Confidence: 0.18}, {Code: "030201", Confidence: 0.1}}
}

// enters opens a window in which somebody is logged in, at the house's time.
func (o *hall) enters(login, name string, role jiban.Role, department string) *browsertest.Tab {
	o.t.Helper()
	o.as(role, func(a *jiban.Account) { a.Login, a.Name, a.Department = login, name, department })
	w := o.window(o.browser)
	w.Login(o.url, login, goodPassword)
	w.Sees("上次登录")
	w.Press("知道了")
	o.sameTime(w)
	return w
}

// sameTime lets the page's clock show the house's time.
func (o *hall) sameTime(w *browsertest.Tab) {
	browsertest.Eval[bool](w, fmt.Sprintf(`(() => { const D = Date, ahead = %d - D.now(); window.Date = class extends D {
		constructor(...a) { a.length ? super(...a) : super(D.now() + ahead) } static now() { return D.now() + ahead } }; return true })()`, o.clock.Now().UnixMilli()))
}

// opens goes to a ticket and waits until it is shown.
func (o *hall) opens(w *browsertest.Tab, number string) {
	w.T.Helper()
	browsertest.Eval[bool](w, "(location.hash = '#/tickets/"+number+"', true)")
	w.Sees("工单编号 " + number)
	w.Until("document.activeElement?.innerText.includes('" + number + "')")
}

// picks chooses one of several in the open dialog.
func picks(w *browsertest.Tab, key, value string) {
	w.T.Helper()
	sel := fmt.Sprintf("input[name=%q][value=%q]", key, value)
	w.Do("pick "+value, chromedp.Click(chromedp.CSS(sel)))
}

// sets gives an input that is not typed into its value.
func sets(w *browsertest.Tab, sel, value string) {
	w.T.Helper()
	w.Until("!!document.querySelector(" + browsertest.Quote(sel) + ")")
	browsertest.Eval[bool](w, fmt.Sprintf("(e => { e.value = %s; e.dispatchEvent(new Event('input', {bubbles: true})); return true })(document.querySelector(%s))",
		browsertest.Quote(value), browsertest.Quote(sel)))
}

// ticket reads how it stands.
func (o *hall) ticket(number string) jiban.Ticket {
	o.t.Helper()
	t, err := o.room.Ticket(o.t.Context(), number)
	o.must(err)
	return t
}

// noDenied checks in the record that no page asked for what its person may not have.
func (o *hall) noDenied() {
	o.t.Helper()
	entries, err := o.staff.SearchAudit(o.t.Context(), jiban.AuditFilter{Limit: 500})
	o.must(err)
	for _, e := range entries {
		if e.Result == "denied" {
			o.t.Errorf("a page asked for %s %s, which its person may not have", e.Action, e.Object)
		}
	}
}

// settled waits until no message of the page lies over anything, for a picture.
func settled(w *browsertest.Tab) {
	w.T.Helper()
	w.Until("!document.querySelector('.el-message')")
}

// A dispatcher works through the inbox without a mouse: down, open, dispatch to
// the second of the proposals.
func TestDispatchByKeyboardInABrowser(t *testing.T) {
	t.Parallel()
	o := newHall(t)
	for range 4 {
		o.asks(unsure)
	}
	o.asks(nil) // has a department at once
	w := o.enters("paidan", "孙丽", jiban.RoleSupervisor, "")
	w.TabTo("工单")
	w.Keys("\r")
	w.Sees("待派单（4）")
	w.Until("document.activeElement?.classList.contains('number')")
	first := w.Focused()
	w.Keys(kb.ArrowDown)
	w.Until("document.activeElement?.ariaLabel !== " + browsertest.Quote(first))
	number := strings.TrimPrefix(w.Focused(), "工单 ")
	w.Accessible("inbox")
	w.Keys("\r")
	w.Sees("分类把握不大")
	w.Until("document.activeElement?.innerText === '工单编号 " + number + "'")
	w.Accessible("ticket of the inbox")
	w.Keys("d")
	w.Until("document.activeElement?.name === 'proposal'")
	w.Accessible("dispatch")
	w.Picture("console-dispatch")
	proposed, err := o.room.Propose(t.Context(), number)
	o.must(err)
	w.Keys(kb.ArrowDown)
	w.Keys("\r")
	w.Sees("已派发")
	w.Sees("待派单（3）")
	if got := o.ticket(number).Department; len(proposed) < 2 || got != proposed[1].Department.ID {
		t.Errorf("it went to %s, proposed were %v", got, proposed)
	}
	w.Keys(kb.Escape)
	w.Until("location.hash === '#/tickets' && document.activeElement?.classList.contains('number')")
	o.noDenied()
}

// A handler signs, contacts the person and asks for more time; a supervisor gives
// it, and the handler's page shows it by itself.
func TestExtensionInABrowser(t *testing.T) {
	t.Parallel()
	o := newHall(t)
	k := o.asks(nil)
	o.asks(nil)
	h := o.enters("gongshui", "周洋", jiban.RoleHandler, k.Department)
	h.Sees("我的（2）")
	h.Accessible("handler's list")
	o.opens(h, k.Number)
	h.Keys("s")
	h.Sees("办理中")
	h.Press("登记联系")
	picks(h, "result", "reached")
	picks(h, "how", "phone")
	h.Fill("#d-note", "约好今天下午上门")
	h.Press("提交")
	h.Sees("已联系上 · 电话 · 约好今天下午上门")
	h.Press("申请延期")
	sets(h, "#d-due_at", "2026-11-06T17:00")
	h.Fill("#d-reason", "管线老化，要等配件")
	h.Accessible("asking for more time")
	h.Press("提交")
	h.Sees("延期待审核")

	s := o.enters("banzhang", "孙丽", jiban.RoleSupervisor, "")
	s.Press("工单")
	s.Press("待审核")
	s.Sees("待审核（1）")
	s.Press("工单 " + k.Number)
	s.Sees("管线老化，要等配件")
	s.Accessible("approval")
	s.Picture("console-approvals")
	s.Keys("y")
	s.Sees("已同意延期")
	h.Sees("已延期 1 次")
	if got := o.ticket(k.Number); got.DueAt.In(jiban.Beijing).Format("0102 15:04") != "1106 17:00" {
		t.Errorf("it is due at %s", got.DueAt)
	}
	h.Until("!document.querySelector('.list').innerText.includes('待审核')")
	settled(h)
	h.Picture("console-handler")
	o.noDenied()
}

// A handler returns a ticket with the rule it rests on; the dispatcher refuses,
// and then takes back another one and names who gets it.
func TestReturnInABrowser(t *testing.T) {
	t.Parallel()
	o := newHall(t)
	k := o.asks(nil)
	h := o.enters("gongshui", "周洋", jiban.RoleHandler, k.Department)
	h.Sees("我的（1）")
	o.opens(h, k.Number)
	h.Keys("b")
	picks(h, "code", "area")
	h.Fill("#d-reason", "该处属于自建供水区域")
	h.Sees("还缺：法律或“三定”依据")
	h.Fill("#d-basis", "《城市供水条例》第二条")
	h.Accessible("returning a ticket")
	h.Press("提交")
	h.Sees("退单待审核")

	s := o.enters("banzhang", "孙丽", jiban.RoleSupervisor, "")
	o.opens(s, k.Number)
	s.Sees("依据：《城市供水条例》第二条")
	s.Keys("n")
	s.Fill("#d-reason", "该小区已移交市政供水")
	s.Press("提交")
	s.Sees("不同意退单")
	h.Sees("该小区已移交市政供水")
	if got := o.ticket(k.Number); got.Department != k.Department || got.Pending != "" {
		t.Errorf("the ticket is %+v", got)
	}
	o.noDenied()
}

// An answer to a complaint is looked at before it goes out, is sent back once, and
// what the handler saw beforehand is what the person reads.
func TestCheckedReplyInABrowser(t *testing.T) {
	t.Parallel()
	o := newHall(t)
	k := o.asks(func(d *jiban.TicketDraft) {
		d.Type, d.Matter, d.Fields["unit"] = jiban.Complaint, "020105", "楼下商户"
	})
	h := o.enters("gongshui", "周洋", jiban.RoleHandler, k.Department)
	o.opens(h, k.Number)
	h.Keys("s")
	h.Sees("办理中")
	answers := func(text string) {
		h.Keys("r")
		h.Until("!!document.querySelector('#d-text')")
		picks(h, "result", "solved")
		h.Fill("#d-text", text)
		h.Sees("诉求人将看到")
		h.Accessible("reply")
	}
	answers("已经处理。")
	h.Press("答复诉求人")
	h.Sees("答复待审核")

	s := o.enters("banzhang", "孙丽", jiban.RoleSupervisor, "")
	o.opens(s, k.Number)
	s.Keys("n")
	s.Fill("#d-reason", "请写明怎样处理的")
	s.Press("提交")
	h.Sees("请写明怎样处理的")
	h.Until("document.querySelector('.ticket h2') && !document.body.innerText.includes('答复待审核')")
	o.opens(h, k.Number)
	answers("已为您更换水表，多收的水费退回。")
	preview := browsertest.Eval[string](h, "document.querySelector('.bubble').innerText")
	h.Press("答复诉求人")
	h.Sees("答复待审核")
	s.Sees("多收的水费退回")
	o.opens(s, k.Number)
	s.Keys("y")
	s.Until("document.querySelector('#d-text')?.value.includes('更换水表')")
	s.Press("答复诉求人")
	s.Sees("答复已发出")
	got := o.ticket(k.Number)
	if got.Status != jiban.TicketAnswered || got.Reply != "已为您更换水表，多收的水费退回。" {
		t.Errorf("the ticket is %s with %q", got.Status, got.Reply)
	}
	book, err := prompts.New()
	o.must(err)
	told, err := book.Notice(jiban.Chinese, jiban.NoticeTicketAnswered, map[string]string{"number": k.Number, "department": k.DepartmentName, "reply": got.Reply})
	o.must(err)
	if !strings.Contains(told, preview) {
		t.Errorf("the handler was shown %q, the person reads %q", preview, told)
	}
	o.noDenied()
}

// What is directed against a department is never in its list, nor to be opened by
// its number.
func TestAccusedSeesNothingInABrowser(t *testing.T) {
	t.Parallel()
	o := newHall(t)
	owner := o.asks(nil)
	k := o.asks(func(d *jiban.TicketDraft) { d.Type, d.Fields["unit"] = jiban.Complaint, owner.DepartmentName })
	if k.Department == owner.Department || !k.Against(owner.Department) {
		t.Fatalf("the complaint is with %q, against %v", k.Department, k.Life.Accused)
	}
	h := o.enters("gongshui", "周洋", jiban.RoleHandler, owner.Department)
	h.Sees("我的（1）")
	h.Press("全部")
	h.Sees("全部（1）")
	browsertest.Eval[bool](h, "(location.hash = '#/tickets/"+k.Number+"', true)")
	h.Until("!!document.querySelector('.el-message--error')")
	if strings.Contains(h.Body(), k.Fields["place"]) {
		t.Error("the department reads what is directed against it")
	}
	s := o.enters("banzhang", "孙丽", jiban.RoleSupervisor, "")
	s.Press("工单")
	s.Press("涉及单位")
	s.Sees("涉及单位（1）")
	s.Accessible("against departments")
}

// One cause, many people: announced, their requests joined, one answer to all.
func TestIncidentInABrowser(t *testing.T) {
	t.Parallel()
	o := newHall(t)
	var all []jiban.Ticket
	for range 3 {
		all = append(all, o.asks(nil))
	}
	s := o.enters("banzhang", "孙丽", jiban.RoleSupervisor, "")
	s.Press("事件")
	s.Sees("没有事件")
	s.Accessible("no incidents")
	s.Press("公布事件")
	choose(s, "#in-region", "哈尔滨市")
	choose(s, "#in-matter", "供热供气供水供电 / 停水")
	s.Fill("#in-cause", "南岗区一曼街主管道爆管")
	s.Fill("#in-text", "南岗区一曼街一带停水，正在抢修。")
	sets(s, "#in-until", "2026-11-02T20:00")
	s.Accessible("announcing an incident")
	s.Press("公布")
	s.Sees("已公布")
	s.Press("并入工单")
	s.Sees("已并入 3 件工单")
	settled(s)
	s.Accessible("incidents")
	s.Picture("console-incidents")
	s.Press("统一答复")
	s.Fill("#in-answer", "主管道已修复，现已恢复供水。")
	s.Accessible("answering all")
	s.Press("答复所有人")
	s.Sees("已结束")
	for _, k := range all {
		if got := o.ticket(k.Number); got.Status != jiban.TicketAnswered || got.Reply != "主管道已修复，现已恢复供水。" {
			t.Errorf("%s is %s with %q", k.Number, got.Status, got.Reply)
		}
	}
	o.noDenied()
}

// answered lets the department answer, as it does in its own window.
func (o *hall) answered(k jiban.Ticket, after time.Duration) {
	o.t.Helper()
	act := func(kind jiban.TicketEventKind, data map[string]string) {
		_, err := o.room.Act(o.t.Context(), jiban.TicketAction{Kind: kind, Number: k.Number, Actor: "somebody", As: jiban.AsDepartment, Data: data})
		o.must(err)
	}
	act(jiban.EventSigned, nil)
	o.clock.Advance(after)
	act(jiban.EventReplied, map[string]string{"text": "已恢复供水", "result": "solved"})
}

// Who does not say whether it helped is asked by an agent.
func TestFollowUpInABrowser(t *testing.T) {
	t.Parallel()
	o := newHall(t)
	k := o.asks(nil)
	o.answered(k, time.Hour)
	o.clock.Advance(80 * time.Hour)
	o.must(o.room.Sweep(t.Context()))
	a := o.enters("zuoxi", "李娜", jiban.RoleAgent, "")
	a.Press("回访")
	a.Sees("回访任务（1）")
	a.Accessible("follow-ups")
	browsertest.Eval[bool](a, "document.querySelector('main .card').click() || true")
	a.Sees("工单编号 " + k.Number)
	a.Press("登记回访")
	for key, value := range map[string]string{"method": "phone", "contacted": "yes", "solved": "yes", "satisfied": "yes"} {
		picks(a, key, value)
	}
	a.Accessible("asking the person")
	a.Press("提交")
	a.Sees("回访任务（0）")
	if got := o.ticket(k.Number); got.Solved != "yes" || got.Satisfied != "yes" {
		t.Errorf("the ticket is solved %q, satisfied %q", got.Solved, got.Satisfied)
	}
	o.noDenied()
}

// A handler sees the own week with what the figures are shares of, and keeps
// templates that then help with answers.
func TestDepartmentInABrowser(t *testing.T) {
	t.Parallel()
	o := newHall(t)
	var open jiban.Ticket
	for i := range 4 {
		if open = o.asks(nil); i < 3 {
			o.answered(open, time.Duration(i+1)*time.Hour)
		}
	}
	h := o.enters("gongshui", "周洋", jiban.RoleHandler, open.Department)
	h.Press("每周指标")
	h.Sees("按时办结")
	h.Sees("（3/3）")
	h.Picture("console-figures")
	h.Fill("#tp-title", "停水恢复")
	h.Fill("#tp-text", "您反映的停水问题，经抢修已恢复供水。")
	h.Press("保存模板")
	h.Sees("模板已保存")
	settled(h)
	h.Accessible("week")
	o.opens(h, open.Number)
	h.Keys("s")
	h.Sees("办理中")
	h.Keys("r")
	h.Do("open the templates", chromedp.Click(chromedp.CSS("input[aria-label='插入答复模板']")))
	h.Press("停水恢复")
	h.Until("document.querySelector('#d-text').value === '您反映的停水问题，经抢修已恢复供水。'")
	h.Accessible("reply by template")
	o.noDenied()
}

// The calendar that ends too soon is complained of loudly, a year is imported, and
// a rule is changed.
func TestSupervisionInABrowser(t *testing.T) {
	t.Parallel()
	o := newHall(t)
	o.clock.Advance(61 * 24 * time.Hour)
	s := o.enters("banzhang", "孙丽", jiban.RoleSupervisor, "")
	s.Press("督办规则")
	s.Sees("督办阶梯")
	s.Accessible("rules")
	s.Fill("input[aria-label='签收，一般']", "6")
	s.Press("启用这些规则")
	s.Sees("规则已启用")
	if got := o.room.Rules().Sign.Usual; got != (jiban.Limit{Hours: 6}) {
		t.Errorf("the time to sign is %+v", got)
	}
	s.Sees("节假日数据快用完了")
	s.Sees("已知的安排到 2026 年为止")
	path := filepath.Join(t.TempDir(), "2027.yaml")
	o.must(os.WriteFile(path, []byte("- year: 2027\n  notice: 关于2027年部分节假日安排的通知\n  off: [01-01..01-03]\n  work: []\n"), 0o600))
	s.Do("choose a file", chromedp.SetUploadFiles(chromedp.CSS("input[type=file]"), []string{path}))
	s.Press("试读")
	s.Sees("读到 2027 年")
	s.Press("导入")
	s.Sees("已导入")
	s.Until("!document.body.innerText.includes('节假日数据快用完了')")
	s.Accessible("a year was imported")
	o.noDenied()
}

// The pages are read in a narrow window and in one enlarged twice.
func TestTicketPagesFit(t *testing.T) {
	t.Parallel()
	o := newHall(t)
	k := o.asks(unsure)
	mine := o.asks(nil)
	o.answered(o.asks(nil), time.Hour)
	pages := map[*browsertest.Tab][]string{
		o.enters("banzhang", "孙丽", jiban.RoleSupervisor, ""):           {"tickets", "tickets/" + k.Number, "incidents", "follow-ups", "department", "supervision"},
		o.enters("gongshui", "周洋", jiban.RoleHandler, mine.Department): {"tickets", "tickets/" + mine.Number, "department"},
	}
	sizes := map[string]func(*browsertest.Tab){
		"narrow": func(w *browsertest.Tab) { w.Size(390, 844, 1) }, "enlarged": func(w *browsertest.Tab) { w.Size(1280, 860, 2) },
	}
	for w, paths := range pages {
		for name, size := range sizes {
			size(w)
			for _, path := range paths {
				browsertest.Eval[bool](w, "(location.hash = '#/"+path+"', true)")
				w.Until("!!document.querySelector('main h2')")
				if strings.HasPrefix(path, "tickets/") {
					w.Sees("办理记录")
				}
				w.Fits(name + " " + path)
				w.Accessible(name + " " + path)
			}
		}
	}
}
