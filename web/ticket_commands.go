package web

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"jiban"
	"jiban/staff"
)

// command is something that staff do to a ticket. Its path below the ticket is the
// name of the duty too, by which pages know whether it is possible now.
type command struct {
	path    string
	kind    jiban.TicketEventKind
	action  staff.Action
	inputs  []input
	pending jiban.TicketPending        // what must wait for this decision
	only    func(t *jiban.Ticket) bool // which tickets it is for; nil: any
}

// input is one thing that is filled in for a command.
type input struct {
	key, label string
	need       bool
	most       int    // characters of free text
	choices    string // one of these words, for what is chosen
	read       func(ctx context.Context, s *Server, m member, t *jiban.Ticket, v string) error
}

func prose(key, label string, most int) input { return input{key: key, label: label, most: most} }
func needed(i input) input                    { i.need = true; return i }
func choice(key, label, choices string) input { return input{key: key, label: label, choices: choices} }
func because(label string) input              { return prose("reason", label, longestReason) }

// commands is the table of all that staff do to tickets.
func commands() []command {
	return slices.Concat(handlerCommands(), reviewCommands(), dispatchCommands(), deskCommands())
}

// handlerCommands are those of the department that has the ticket.
func handlerCommands() []command {
	const act = staff.ActTicketHandle
	how := choice("how", "联系方式", "phone message visit")
	more := input{key: "more", label: "延长时限", most: 16, read: readLimit}
	due := input{key: "due_at", label: "新的办结时间", most: 40, read: readDue}
	return []command{
		{path: "sign", kind: jiban.EventSigned, action: act},
		{path: "contacted", kind: jiban.EventContacted, action: act,
			inputs: []input{choice("result", "联系结果", "reached unreached"), how, prose("note", "联系情况", longestReason)}},
		{path: "message", kind: jiban.EventWritten, action: act, inputs: []input{needed(prose("text", "要告知的内容", longestReply))}},
		{path: "pause", kind: jiban.EventPaused, action: act,
			inputs: []input{{key: "reason", label: "暂停原因", need: true, most: 64, read: readPause}, needed(prose("text", "等待什么", longestReason))}},
		{path: "resume", kind: jiban.EventResumed, action: act, inputs: []input{because("说明")}},
		{path: "return", kind: jiban.EventReturned, action: act,
			inputs: []input{needed(because("退回理由")), {key: "basis", label: "退回依据", most: longestReason}, choice("code", "退回类别", "duty area other")}},
		{path: "extend", kind: jiban.EventExtended, action: act, inputs: []input{needed(because("延期理由")), due, more}},
		{path: "reply", kind: jiban.EventReplied, action: act,
			inputs: []input{needed(prose("text", "答复内容", longestReply)), outcomes(), choice("anyway", "不等协办单位", "yes"), because("不等协办单位的理由")}},
		{path: "assist", kind: jiban.EventAssigned, action: act, only: func(t *jiban.Ticket) bool { return t.Kind == "request" },
			inputs: []input{needed(department()), needed(prose("text", "请协办的事", longestReason)), {key: "due_at", label: "协办期限", most: 40, read: readDue}}},
		{path: "transfer", kind: jiban.EventTransferred, action: act,
			inputs: []input{{key: "handler", label: "接手的同事", need: true, most: 128, read: readColleague}, because("说明")}},
	}
}

func outcomes() input { return choice("result", "办理结果", "solved partly unsolved policy") }

// reviewCommands decide on what departments ask.
func reviewCommands() []command {
	const act = staff.ActTicketReview
	text := prose("text", "答复内容", longestReply)
	more := input{key: "more", label: "延长时限", most: 16, read: readLimit}
	due := input{key: "due_at", label: "新的办结时间", most: 40, read: readDue}
	return []command{
		{path: "return/accept", kind: jiban.EventReturned, action: act, pending: jiban.PendingReturn, inputs: []input{department(), because("说明")}},
		{path: "return/refuse", kind: jiban.EventReturnRefused, action: act, pending: jiban.PendingReturn, inputs: []input{needed(because("理由"))}},
		{path: "extend/approve", kind: jiban.EventExtended, action: act, pending: jiban.PendingExtension, inputs: []input{due, more, because("说明")}},
		{path: "extend/refuse", kind: jiban.EventExtensionRefused, action: act, pending: jiban.PendingExtension, inputs: []input{needed(because("理由"))}},
		{path: "reply/approve", kind: jiban.EventReplied, action: act, pending: jiban.PendingReply, inputs: []input{text, outcomes()}},
		{path: "reply/back", kind: jiban.EventReplyRefused, action: act, pending: jiban.PendingReply, inputs: []input{needed(because("理由"))}},
	}
}

func department() input {
	return input{key: "department", label: "单位", most: 128, read: readDepartment}
}

// dispatchCommands say whose a ticket is.
func dispatchCommands() []command {
	const act = staff.ActTicketDispatch
	request := func(t *jiban.Ticket) bool { return t.Kind == "request" }
	departments := func(key, label string) input { return input{key: key, label: label, most: 1000, read: readDepartments} }
	return []command{
		{path: "dispatch", kind: jiban.EventDispatched, action: act,
			only:   func(t *jiban.Ticket) bool { return t.Kind != "callback" && t.Pending != jiban.PendingReply },
			inputs: []input{needed(department()), departments("co", "协办单位"), because("说明")}},
		{path: "classify", kind: jiban.EventClassified, action: act,
			inputs: []input{prose("matter", "事项", 16), prose("type", "诉求类型", 16), prose("region", "区划", 16), departments("accused", "被反映单位"), because("说明")}},
		{path: "tasks", kind: jiban.EventAssigned, action: act, only: request,
			inputs: []input{needed(department()), prose("text", "协办要求", longestReason), {key: "due_at", label: "协办期限", most: 40, read: readDue}, because("说明")}},
		{path: "merge", kind: jiban.EventMerged, action: act,
			only:   func(t *jiban.Ticket) bool { return request(t) && t.Pending == "" && len(t.Life.OpenTasks) == 0 },
			inputs: []input{{key: "into", label: "并入的工单编号", need: true, most: 32, read: readTicket}, because("说明")}},
		{path: "link", kind: jiban.EventLinked, action: act, only: request,
			inputs: []input{{key: "incident", label: "事件", most: 128, read: readIncident}, because("说明")}},
	}
}

// deskCommands are those of the hotline itself.
func deskCommands() []command {
	const act = staff.ActTicketDesk
	how := choice("how", "联系方式", "phone message visit")
	answers := func(key, label string) input { return choice(key, label, "yes no") }
	return []command{
		{path: "answer", kind: jiban.EventReplied, action: act, only: func(t *jiban.Ticket) bool { return t.Department == "" },
			inputs: []input{needed(prose("text", "答复内容", longestReply)), outcomes()}},
		{path: "close", kind: jiban.EventClosed, action: act, inputs: []input{needed(because("办结或不予受理的理由")), prose("code", "类别", 32)}},
		{path: "reopen", kind: jiban.EventReopened, action: act, inputs: []input{needed(because("重办理由"))}},
		{path: "urge", kind: jiban.EventUrged, action: act, inputs: []input{because("催办说明")}},
		{path: "supplement", kind: jiban.EventSupplemented, action: act, inputs: []input{needed(prose("text", "补充内容", longestReply))}},
		{path: "withdraw", kind: jiban.EventWithdrawn, action: act, inputs: []input{needed(because("撤销理由"))}},
		{path: "survey", kind: jiban.EventSurveyed, action: staff.ActFollowUp,
			inputs: []input{answers("solved", "是否解决"), answers("satisfied", "是否满意"), answers("contacted", "是否联系过"),
				choice("method", "回访方式", "phone message visit"), because("原因")}},
		{path: "unreached", kind: jiban.EventUnreached, action: staff.ActFollowUp, inputs: []input{how, because("说明")}},
	}
}

// ticketRoutes are the doors to tickets.
func (s *Server) ticketRoutes() []staffRoute {
	const get, post = fiber.MethodGet, fiber.MethodPost
	routes := []staffRoute{
		{get, "/tickets", staff.ActTicketView, s.listTickets, inUse},
		{post, "/tickets", staff.ActTicketOpen, s.openTicket, inUse},
		{get, "/tickets/:number", staff.ActTicketView, s.showTicket, inUse},
		{post, "/tickets/:number/files", staff.ActTicketAttach, s.attachFile, inUse},
	}
	for _, cmd := range commands() {
		routes = append(routes, staffRoute{post, "/tickets/:number/" + cmd.path, cmd.action, s.command(cmd), inUse})
	}
	return routes
}

// command makes the handler of a command: it reads what was filled in, has the
// room do it, with the entry of the audit record in the same transaction, and
// shows the ticket as it is then.
func (s *Server) command(cmd command) fiber.Handler {
	return func(c *fiber.Ctx) error {
		ctx, m := c.UserContext(), who(c)
		in, version, err := commandBody(c, cmd.inputs)
		if err != nil {
			return err
		}
		t, err := s.ticketOf(c, m)
		if err != nil {
			return err
		}
		data, err := s.commandData(ctx, m, &t, cmd, in)
		if err != nil {
			return s.beaten(ctx, m, t.Number, version, err)
		}
		action := jiban.TicketAction{Kind: cmd.kind, Number: t.Number, Actor: m.ID, As: actingAs(m, cmd.action), Data: data, Version: version}
		entry := jiban.AuditEntry{Actor: m.ID, Action: "ticket." + strings.ReplaceAll(cmd.path, "/", "."), Result: "ok"}
		if t, err = s.Tickets.Act(ctx, action, entry); err != nil {
			return s.beaten(ctx, m, action.Number, version, err)
		}
		return s.sendTicket(c, m, t)
	}
}

// actingAs is the capacity in which an account does something: a department asks,
// the desk and the management decide.
func actingAs(m member, a staff.Action) jiban.ActingAs {
	switch {
	case a == staff.ActTicketHandle:
		return jiban.AsDepartment
	case a == staff.ActTicketReview || m.Has(jiban.RoleSupervisor):
		return jiban.AsManagement
	default:
		return jiban.AsDesk
	}
}

// suits says why a command is not for this ticket, nil when it is.
func (cmd *command) suits(m member, t *jiban.Ticket) error {
	switch {
	case cmd.action == staff.ActTicketHandle && m.Department != "" && t.Department != m.Department:
		return refuse(jiban.CodeForbidden, "web.ticket", "这件工单不在您的单位 (the ticket is not with your department)")
	case cmd.pending != "" && t.Pending != cmd.pending, cmd.only != nil && !cmd.only(t):
		return jiban.Errorf(jiban.CodeConflict, "web.ticket", "%s is not for ticket %s as it is", cmd.path, t.Number)
	}
	return nil
}

// commandBody reads what was filled in: texts of the command's own keys, and the
// version of the ticket that was seen, 0 for none.
func commandBody(c *fiber.Ctx, inputs []input) (map[string]string, int64, error) {
	if len(c.BodyRaw()) == 0 {
		return map[string]string{}, 0, nil
	}
	raw, err := body[map[string]json.RawMessage](c)
	if err != nil {
		return nil, 0, err
	}
	in, version := make(map[string]string, len(raw)), int64(0)
	for key, value := range raw {
		known := slices.ContainsFunc(inputs, func(i input) bool { return i.key == key })
		var into any = &version
		var v string
		if key != "version" {
			into = &v
		}
		if key != "version" && !known || json.Unmarshal(value, into) != nil {
			return nil, 0, jiban.Errorf(jiban.CodeInvalid, "web.ticket", "one of the values is not expected here or of the wrong type")
		}
		if key != "version" {
			in[key] = strings.TrimSpace(v)
		}
	}
	return in, version, nil
}

// commandData checks what was filled in and makes of it what the room reads.
func (s *Server) commandData(ctx context.Context, m member, t *jiban.Ticket, cmd command, in map[string]string) (map[string]string, error) {
	if err := cmd.suits(m, t); err != nil {
		return nil, err
	}
	for _, i := range cmd.inputs {
		if err := s.check(ctx, m, t, i, in[i.key]); err != nil {
			return nil, err
		}
	}
	if cmd.path == "return" && in["basis"] == "" && s.Supervision.Rules().NeedBasis {
		return nil, refuse(jiban.CodeInvalid, "web.ticket", "请填写退回依据：职责规定或法律条款 (name the rule that the return rests on)")
	}
	if in["anyway"] != "" && in["reason"] == "" {
		return nil, refuse(jiban.CodeInvalid, "web.ticket", "请写明不等协办单位的理由 (say why the answer does not wait)")
	}
	if cmd.path == "survey" && in["method"] == "" {
		in["method"] = "phone"
	}
	data := maps.Clone(in)
	if v, ok := data["due_at"]; ok {
		delete(data, "due_at")
		if at, err := time.Parse(time.RFC3339, v); err == nil {
			data["due"] = at.UTC().Format(time.RFC3339)
		}
	}
	return data, nil
}

func (s *Server) check(ctx context.Context, m member, t *jiban.Ticket, i input, v string) error {
	switch {
	case v == "" && !i.need:
		return nil
	case v == "" && (i.read != nil || i.choices != ""):
		return refuse(jiban.CodeInvalid, "web.ticket", "请选择"+i.label+" (missing)")
	case i.choices != "" && !oneOf(v, i.choices):
		return refuse(jiban.CodeInvalid, "web.ticket", i.label+"的选项不对 (not one of the choices)")
	case i.choices != "":
		return nil
	}
	if err := text("web.ticket", i.label, v, i.most); err != nil || i.read == nil {
		return err
	}
	return i.read(ctx, s, m, t, v)
}
