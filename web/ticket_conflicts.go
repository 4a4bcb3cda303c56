package web

import (
	"context"
	"fmt"
	"time"

	"jiban"
	"jiban/staff"
)

// beaten words a conflict over a ticket. Who saw an older one is told who did what
// meanwhile, and when; who is up to date is told how the ticket stands. Other
// errors, and conflicts that have words already, are left as they are.
func (s *Server) beaten(ctx context.Context, m member, number string, seen int64, err error) error {
	if jiban.CodeOf(err) != jiban.CodeConflict || faultOf(err).words != wordsOf(jiban.CodeConflict) {
		return err
	}
	words, failed := s.conflictWords(ctx, m, number, seen)
	if failed != nil {
		s.Log.WarnContext(ctx, "a conflict could not be explained", "error", failed)
		return err
	}
	return &jiban.Error{Code: jiban.CodeConflict, Op: "web.ticket", Msg: words, Err: err}
}

func (s *Server) conflictWords(ctx context.Context, m member, number string, seen int64) (string, error) {
	t, err := s.Tickets.Ticket(ctx, number)
	if err != nil {
		return "", err
	}
	if !staff.SeesTicket(m.Account, t) {
		return "这件工单刚刚转给了别的单位，您不能再办理 (it is no longer with your department)", nil
	}
	if seen == 0 || seen == t.Version {
		return s.standing(ctx, m, &t)
	}
	events, err := s.Tickets.Events(ctx, number)
	if err != nil || len(events) == 0 {
		return "", err
	}
	last := &events[len(events)-1]
	by, err := s.calledBy(ctx, m, &t, last)
	if err != nil {
		return "", err
	}
	by = or(by, "他人")
	return fmt.Sprintf("%s已于%s%s，您看到的不是最新情况，请看过后再办 (somebody else acted meanwhile: %s)", by, clockWords(last.At), didWords(last.Kind), last.Kind), nil
}

// standing says how a ticket stands, so that the person sees why it cannot be done.
func (s *Server) standing(ctx context.Context, m member, t *jiban.Ticket) (string, error) {
	if len(t.Life.OpenTasks) > 0 {
		parts, err := s.Tickets.List(ctx, jiban.TicketFilter{Parent: t.Number, Limit: 50})
		if err != nil {
			return "", err
		}
		names := ""
		for _, p := range waitedFor(parts) {
			names += fmt.Sprintf("、%s（%s起）", p.DepartmentName, clockWords(p.CreatedAt))
		}
		if names != "" {
			return "协办单位还没有回复：" + names[len("、"):] + "。请等待，或写明理由后不等协办直接答复 (departments that take part have not answered)", nil
		}
	}
	words := statusWords(t.Status)
	switch {
	case t.Pending != "":
		words += "，" + pendingWords(t.Pending)
	case t.Life.Paused != "":
		words += "，计时已暂停"
	}
	return fmt.Sprintf("工单现在是“%s”，不能这样办理，请看最新情况 (not possible as the ticket stands: %s)", words, t.Status), nil
}

// waitedFor are the tasks of a request that are not answered yet.
func waitedFor(parts []jiban.Ticket) []jiban.Ticket {
	var open []jiban.Ticket
	for i := range parts {
		if oneOf(string(parts[i].Status), "accepted dispatched handling") {
			open = append(open, parts[i])
		}
	}
	return open
}

// calledBy is what somebody who acted is called before a member of staff, by the
// same rule as in the log: a colleague by name, others by their department, the
// hotline as such.
func (s *Server) calledBy(ctx context.Context, m member, t *jiban.Ticket, e *jiban.TicketEvent) (string, error) {
	if e.Actor == m.ID {
		return "您自己", nil
	}
	names, err := s.namesFor(ctx, m, t, []jiban.TicketEvent{*e}, nil)
	if err != nil {
		return "", err
	}
	b := names.by(e.Actor)
	switch {
	case b.Name != "":
		return b.Name, nil
	case b.Department != "":
		return b.Department, nil
	}
	return map[string]string{"person": "诉求人", "bot": "智能客服", "system": "系统", "hotline": "热线", "token": "其他系统"}[b.Side], nil // "" for who is known no more
}

// clockWords is a time as people here say it.
func clockWords(t time.Time) string { return t.In(jiban.Beijing).Format("1月2日15:04") }

func statusWords(st jiban.TicketStatus) string {
	return map[jiban.TicketStatus]string{jiban.TicketAccepted: "待派单", jiban.TicketDispatched: "待签收", jiban.TicketHandling: "办理中",
		jiban.TicketAnswered: "已答复", jiban.TicketClosed: "已办结", jiban.TicketWithdrawn: "已撤单"}[st]
}

func pendingWords(p jiban.TicketPending) string {
	return map[jiban.TicketPending]string{jiban.PendingReturn: "退单待审核", jiban.PendingExtension: "延期待审核", jiban.PendingReply: "答复待审核"}[p]
}

// didWords says what was done to a ticket, after who and when.
func didWords(kind jiban.TicketEventKind) string {
	words := map[jiban.TicketEventKind]string{
		jiban.EventDispatched: "派单", jiban.EventSigned: "签收", jiban.EventContacted: "登记联系", jiban.EventReturnAsked: "申请退单",
		jiban.EventReturnRefused: "不同意退单", jiban.EventReturned: "退单", jiban.EventExtensionAsked: "申请延期", jiban.EventExtensionRefused: "不同意延期",
		jiban.EventExtended: "延期", jiban.EventSubmitted: "提交答复送审", jiban.EventReplyRefused: "退回答复", jiban.EventReplied: "答复",
		jiban.EventPaused: "暂停计时", jiban.EventResumed: "恢复计时", jiban.EventAssigned: "请其他单位协办", jiban.EventTaskDone: "完成协办",
		jiban.EventMerged: "并入另一件工单", jiban.EventVoice: "再次反映同一诉求", jiban.EventLinked: "改动关联事件", jiban.EventClassified: "更正要素",
		jiban.EventWritten: "给诉求人留言", jiban.EventTransferred: "转交同事", jiban.EventFollowUp: "转人工回访", jiban.EventUnreached: "登记回访未联系上",
		jiban.EventSurveyed: "登记回访", jiban.EventReopened: "重办", jiban.EventClosed: "办结", jiban.EventWithdrawn: "撤单",
		jiban.EventSupplemented: "补充", jiban.EventUrged: "催办", jiban.EventOverdue: "记为超期", jiban.EventReminded: "发出督办",
		jiban.EventRecalculated: "重算时限", jiban.EventAttached: "添加附件",
	}[kind]
	if words == "" {
		return "改动了这件工单"
	}
	return words
}
