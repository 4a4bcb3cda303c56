package web_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"jiban"
	"jiban/web/browsertest"
)

// says begins a deed by its button and waits for its dialog.
func says(w *browsertest.Tab, deed string) {
	w.T.Helper()
	w.Press(deed)
	w.Until("!!document.querySelector('.el-dialog .deed')")
}

// sends ends the open dialog and waits for what is then said.
func sends(w *browsertest.Tab, button, done string) {
	w.T.Helper()
	w.Press(button)
	w.Sees(done)
	w.Until("!document.querySelector('.el-dialog .deed')")
	browsertest.Eval[bool](w, "(document.querySelectorAll('.el-message').forEach(e => e.remove()), true)")
}

// clockOf is the clock of a ticket as the API gives it.
func (o *hall) clockOf(c *client, number string) (clock struct {
	Due    time.Time
	Share  float64
	Paused string
}) {
	o.t.Helper()
	r := c.get("/api/v1/tickets/"+number).want(o.t, 200)
	return into[struct {
		Ticket struct {
			Clock struct {
				Due    time.Time
				Share  float64
				Paused string
			}
		}
	}](o.t, r).Ticket.Clock
}

// acts does something to a ticket as somebody else does, in another window.
func (o *hall) acts(by string, as jiban.ActingAs, number string, kind jiban.TicketEventKind, pairs ...string) jiban.Ticket {
	o.t.Helper()
	data := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		data[pairs[i]] = pairs[i+1]
	}
	t, err := o.room.Act(o.t.Context(), jiban.TicketAction{Kind: kind, Number: number, Actor: by, As: as, Data: data})
	o.must(err)
	return t
}

// A handler stops the clock with a reason, sets it going again, writes to a person
// whose number stays hidden, and hands the ticket to a colleague.
func TestPauseMessageAndTransferInABrowser(t *testing.T) {
	t.Parallel()
	o := newHall(t)
	k := o.asks(func(d *jiban.TicketDraft) { d.Confidential = true })
	colleague := o.as(jiban.RoleHandler, func(a *jiban.Account) { a.Login, a.Name, a.Department = "liqiang", "李强", k.Department })
	o.clock.Advance(6 * time.Hour) // of 24
	boss := o.as(jiban.RoleSupervisor, nil)
	h := o.enters("gongshui", "周洋", jiban.RoleHandler, k.Department)
	o.opens(h, k.Number)
	h.Keys("s")
	h.Sees("办理中")

	says(h, "暂停计时")
	h.Sees("还缺：原因、等待什么")
	picks(h, "reason", "authority")
	h.Fill("#d-text", "等自来水公司提供管网图")
	h.Accessible("pause")
	h.Picture("ticket-pause")
	sends(h, "提交", "已暂停：等待其他机关")
	h.Sees("等自来水公司提供管网图")
	before := o.clockOf(boss, k.Number)
	o.clock.Advance(25 * time.Minute)
	stands := o.clockOf(boss, k.Number)
	if before.Paused != "authority" || before.Share != 0.25 || stands != before {
		t.Errorf("the clock did not stand: %+v, and later %+v", before, stands)
	}
	says(h, "恢复计时")
	h.Fill("#d-reason", "已拿到管网图")
	sends(h, "提交", "已拿到管网图")
	h.Until("!document.body.innerText.includes('已暂停：')")
	if goes := o.clockOf(boss, k.Number); goes.Paused != "" || goes.Share != 0.25 || !goes.Due.Equal(before.Due.Add(25*time.Minute)) {
		t.Errorf("the clock goes on as %+v, it stood as %+v", goes, before)
	}

	says(h, "给诉求人留言")
	h.Sees("双方看不到对方号码")
	h.Fill("#d-text", "维修人员今天下午到，请留人。")
	h.Accessible("message")
	sends(h, "发送", "维修人员今天下午到，请留人。")
	o.wasWritten(k, "维修人员今天下午到，请留人。")
	for _, secret := range []string{k.Fields["phone"], k.Fields["name"]} {
		if strings.Contains(h.Body(), secret) {
			t.Errorf("the page shows %s of a confidential request", secret)
		}
	}

	says(h, "转交同事")
	choose(h, "#d-handler", "李强")
	h.Accessible("transfer")
	sends(h, "提交", "已转交")
	if got := o.ticket(k.Number); got.Life.Handler != colleague.account.ID || got.Department != k.Department {
		t.Errorf("it is with %q of %q", got.Life.Handler, got.Department)
	}
	o.noDenied()
}

// wasWritten checks that the person is sent words of the department.
func (o *hall) wasWritten(k jiban.Ticket, words string) {
	o.t.Helper()
	said, err := o.store.Messages(o.t.Context(), k.ConversationID, 0, 100)
	o.must(err)
	for _, m := range said {
		if m.Direction == jiban.Outbound && m.Delivery.Params["text"] == words {
			return
		}
	}
	o.t.Errorf("the person is not sent %q", words)
}

// The department that leads asks another one, sees that its answer waits, and makes
// one answer of both. Another time it does not wait, and says why.
func TestCoHandlingInABrowser(t *testing.T) {
	t.Parallel()
	const other, otherName = "230103.government", "南岗区人民政府"
	o := newHall(t)
	k, late := o.asks(nil), o.asks(nil)
	h := o.enters("gongshui", "周洋", jiban.RoleHandler, k.Department)
	o.opens(h, k.Number)
	h.Keys("s")
	h.Sees("办理中")
	says(h, "请协办")
	choose(h, "#d-department", otherName)
	h.Fill("#d-text", "请核实小区二次供水设施的权属")
	h.Accessible("asking for co-handling")
	sends(h, "提交", "答复要等协办单位："+otherName+"（11/2 09:00 起")
	h.Accessible("waiting for co-handling")
	h.Picture("ticket-cohandling")
	tasks := o.ticket(k.Number).Life.OpenTasks
	if len(tasks) != 1 {
		t.Fatalf("the tasks are %v", tasks)
	}

	c := o.enters("nangang", "吴迪", jiban.RoleHandler, other)
	c.Sees("我的（1）")
	o.opens(c, tasks[0])
	c.Sees("请核实小区二次供水设施的权属")
	if strings.Contains(c.Body(), k.Fields["name"]) || strings.Contains(c.Body(), k.Fields["phone"]) {
		t.Error("who takes part reads who the person is")
	}
	c.Keys("s")
	c.Sees("办理中")
	says(c, "答复")
	picks(c, "result", "solved")
	c.Fill("#d-text", "设施由物业管理，已通知其抢修。")
	sends(c, "答复诉求人", "已办结")

	h.Until("!document.body.innerText.includes('答复要等协办单位')")
	says(h, "答复")
	picks(h, "result", "solved")
	h.Fill("#d-text", "主管道已修复。")
	h.Press("并入" + otherName + "的回复")
	h.Accessible("one answer of two")
	h.Picture("ticket-merged-answer")
	sends(h, "答复诉求人", "已答复")
	if got := o.ticket(k.Number); got.Reply != "主管道已修复。\n设施由物业管理，已通知其抢修。" {
		t.Errorf("the answer is %q", got.Reply)
	}
	o.answersAnyway(h, late, other)
	o.noDenied()
}

// answersAnyway lets the lead answer although another department has not.
func (o *hall) answersAnyway(h *browsertest.Tab, k jiban.Ticket, other string) {
	o.t.Helper()
	o.acts("dispatcher", jiban.AsDesk, k.Number, jiban.EventAssigned, "department", other, "text", "请到现场核实")
	o.opens(h, k.Number)
	h.Sees("答复要等协办单位")
	says(h, "答复")
	picks(h, "result", "solved")
	h.Fill("#d-text", "已恢复供水。")
	h.Sees("还缺：协办单位还没有回复、不等协办的理由")
	picks(h, "anyway", "yes")
	h.Fill("#d-reason", "居民急等结果")
	h.Accessible("not waiting")
	sends(h, "答复诉求人", "不等协办：居民急等结果")
	task := o.ticket(k.Number).Life.OpenTasks
	o.must(o.room.Sweep(o.t.Context()))
	if got := o.ticket(k.Number); got.Status != jiban.TicketAnswered || len(task) != 1 || o.ticket(task[0]).Status != jiban.TicketWithdrawn {
		o.t.Errorf("the request is %s, its task %v", got.Status, task)
	}
}

// A dispatcher corrects what a request is about and is shown whose it is then, is
// told when somebody else was faster, and merges a repeat into the open ticket.
func TestClassifyAndMergeInABrowser(t *testing.T) {
	t.Parallel()
	o := newHall(t)
	k := o.asks(unsure)
	first := o.asks(nil)
	again := o.asks(func(d *jiban.TicketDraft) {
		d.ConversationID, d.Fields["place"] = first.ConversationID, "南岗区果戈里大街1号"
	})
	rival := o.as(jiban.RoleSupervisor, func(a *jiban.Account) { a.Name = "钱进" })
	s := o.enters("paidan", "孙丽", jiban.RoleSupervisor, "")
	o.opens(s, k.Number)
	says(s, "更正要素")
	picks(s, "type", "complaint")
	choose(s, "#d-matter", "供热供气供水供电 / 停电")
	s.Fill("#d-reason", "说的是停电")
	s.Accessible("classify")
	sends(s, "提交", "已更正")
	s.Sees("投诉 · 停电")
	s.Sees("规定时限")
	if got := o.ticket(k.Number); got.Type != jiban.Complaint || got.Matter == k.Matter || !got.DueAt.Equal(k.DueAt) {
		t.Errorf("the ticket is now %s %s, due %s", got.Type, got.Matter, got.DueAt)
	}
	proposed, err := o.room.Propose(t.Context(), k.Number)
	o.must(err)
	says(s, "派单")
	s.Sees("1. " + proposed[0].Department.Name)

	o.acts(rival.account.ID, jiban.AsManagement, k.Number, jiban.EventDispatched, "department", proposed[1].Department.ID)
	s.Press("提交")
	s.Sees("钱进已于11月2日09:00派单，您看到的不是最新情况")
	s.Picture("ticket-conflict")
	s.Sees(proposed[1].Department.Name)
	if got := o.ticket(k.Number); got.Department != proposed[1].Department.ID {
		t.Errorf("it went to %s, although somebody was faster", got.Department)
	}
	s.Keys("\x1b")
	s.Until("!document.querySelector('.el-dialog .deed')")

	o.opens(s, again.Number)
	says(s, "并入")
	s.Fill("#d-into", first.Number)
	s.Fill("#d-reason", "同一小区同一次停水")
	s.Accessible("merge")
	s.Picture("ticket-merge")
	sends(s, "提交", "已并入")
	s.Press(first.Number)
	s.Sees("另有 1 次同样诉求")
	s.Sees("来自工单 " + again.Number)
	if got := o.ticket(again.Number); got.Life.MergedInto != first.Number || o.ticket(first.Number).Life.Voices != 1 {
		t.Errorf("the repeat is %+v", got.Life)
	}
	o.noDenied()
}

// Who is not content gets the request taken up again, once; after that people look
// at it.
func TestReopenedOnceInABrowser(t *testing.T) {
	t.Parallel()
	o := newHall(t)
	k := o.asks(nil)
	a := o.enters("zuoxi", "李娜", jiban.RoleAgent, "")
	for round := range 2 {
		o.answered(k, 5*time.Minute)
		if got := o.ticket(k.Number); got.Pending == jiban.PendingReply {
			o.acts("checker", jiban.AsDesk, k.Number, jiban.EventReplied) // answers to what was taken up again are looked at
		}
		o.opens(a, k.Number)
		a.Until("document.querySelector('.ticket header').innerText.includes('已答复')")
		says(a, "登记回访")
		for key, value := range map[string]string{"method": "phone", "contacted": "yes", "solved": "no", "satisfied": "no"} {
			picks(a, key, value)
		}
		a.Fill("#d-reason", fmt.Sprintf("第%d次还是没水", round+1))
		sends(a, "提交", fmt.Sprintf("第%d次还是没水", round+1))
		if round == 0 {
			a.Until("document.querySelector('.ticket header').innerText.includes('重办')")
			if got := o.ticket(k.Number); got.Status != jiban.TicketDispatched || got.Reopened != 1 {
				t.Fatalf("it was not taken up again: %s, %d", got.Status, got.Reopened)
			}
			browsertest.Eval[bool](a, "(location.hash = '#/tickets', true)")
			a.Until("!document.querySelector('.ticket')")
		}
	}
	a.Until("document.querySelector('.ticket header').innerText.includes('已办结')")
	if browsertest.Eval[bool](a, "[...document.querySelectorAll('.acts button')].some(b => b.innerText === '重办')") {
		t.Error("it may be taken up a second time")
	}
	s := o.enters("banzhang", "孙丽", jiban.RoleSupervisor, "")
	s.Press("工单")
	s.Press("待审核")
	s.Sees("重办后诉求人仍不满意")
	o.noDenied()
}

// Many tell the same: the house finds it by itself, people confirm or dismiss it.
func TestFoundIncidentsInABrowser(t *testing.T) {
	t.Parallel()
	o := newHall(t)
	for range 5 {
		o.asks(nil)
		o.asks(func(d *jiban.TicketDraft) { d.Matter, d.Fields["unit"] = "020105", "供水公司" })
	}
	o.must(o.room.Sweep(t.Context()))
	s := o.enters("banzhang", "孙丽", jiban.RoleSupervisor, "")
	s.Press("事件")
	s.Until("[...document.querySelectorAll('td')].filter(e => e.innerText.includes('待核实')).length === 2")
	s.Sees("发现时 5 件")
	s.Accessible("found incidents")
	s.Do("confirm the one about water", chromedp.Click("//tr[contains(., '停水')]//button[contains(., '核实并公布')]"))
	s.Fill("#in-cause", "一曼街主管道爆管")
	s.Fill("#in-text", "一曼街一带停水，正在抢修。")
	s.Accessible("confirming an incident")
	s.Press("公布")
	s.Sees("已公布")
	s.Do("dismiss the other", chromedp.Click("//tr[contains(., '待核实')]//button[contains(., '结束')]"))
	s.Sees("不会给诉求人答复")
	s.Accessible("dismissing an incident")
	s.Press("确定")
	s.Sees("已结束")
	s.Picture("ticket-incidents-found")
	all, err := o.room.Incidents(t.Context())
	o.must(err)
	states := map[string]jiban.IncidentState{}
	for _, i := range all {
		states[i.Matter] = i.State
	}
	if len(all) != 2 || states["020101"] != jiban.IncidentOpen || states["020105"] != jiban.IncidentClosed {
		t.Errorf("the incidents are %v", states)
	}
	o.noDenied()
}

// A step is taken off the ladder of supervision and another one put on it; what does
// not climb is refused in words.
func TestLadderInABrowser(t *testing.T) {
	t.Parallel()
	o := newHall(t)
	s := o.enters("banzhang", "孙丽", jiban.RoleSupervisor, "")
	s.Press("督办规则")
	s.Sees("督办阶梯")
	s.Press("移除约谈")
	s.Fill("input[aria-label='新措施的名称']", "二次督办")
	s.Press("添加一步")
	s.Sees("二次督办")
	sets(s, "input[aria-label='二次督办，一般']", "2")
	s.Accessible("another step")
	s.Do("show the ladder", chromedp.ScrollIntoView(chromedp.CSS("input[aria-label='二次督办，一般']")))
	s.Picture("ticket-ladder")
	s.Press("启用这些规则")
	s.Sees("规则已启用")
	ladder := o.room.Rules().Ladder
	if last := ladder[len(ladder)-1]; len(ladder) != 4 || last.Name != "二次督办" || last.Over.Usual != (jiban.Limit{Days: 2}) || last.Share != 0 {
		t.Errorf("the ladder is %+v", ladder)
	}
	s.Press("二次督办上移")
	s.Press("启用这些规则")
	s.Sees("督办阶梯：“督办”要晚于“二次督办”，请按先后排列")
	if got := o.room.Rules().Ladder; got[3].Name != "二次督办" {
		t.Errorf("what was refused is in force: %+v", got)
	}
	o.noDenied()
}
