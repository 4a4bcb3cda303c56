package tickets

import (
	"strings"
	"unicode/utf8"

	"jiban"
)

// The kinds of ticket.
const (
	kindRequest  = "request"
	kindCallback = "callback"
)

// Bounds of a draft: more is a mistake or an attack.
const (
	maxFields     = 40
	maxFieldRunes = 4000
)

// check refuses a draft that no ticket can be made of.
func (x *index) check(d *jiban.TicketDraft) error {
	bad := func(format string, args ...any) error {
		return jiban.Errorf(jiban.CodeInvalid, "tickets.Plan", format, args...)
	}
	if d.Kind != kindRequest && d.Kind != kindCallback {
		return bad("%q is no kind of ticket: request or callback", d.Kind)
	}
	if !knownType(d.Type) && (d.Kind == kindRequest || d.Type != "") {
		return bad("%q is no type of request", d.Type)
	}
	if _, ok := x.matters[d.Matter]; d.Matter != "" && !ok {
		return bad("there is no matter %q in the catalogue", d.Matter)
	}
	if d.Region != "" && len(x.chain(d.Region)) == 0 {
		return bad("there is no region %q in the catalogue", d.Region)
	}
	if len(d.Fields) > maxFields {
		return bad("a ticket has at most %d fields", maxFields)
	}
	for k, v := range d.Fields {
		if !utf8.ValidString(v) || utf8.RuneCountInString(v) > maxFieldRunes {
			return bad("the field %q must be text of at most %d characters", k, maxFieldRunes)
		}
	}
	return nil
}

// open makes the new ticket of a draft and its plan.
func (d *decision) open() error {
	draft, plan := d.action.Draft, d.action.Plan
	if draft == nil || plan == nil {
		return d.invalid("a ticket is opened from a draft and a plan")
	}
	if err := d.index.check(draft); err != nil {
		return err
	}
	to, known := d.index.departments[plan.Department]
	if !ValidNumber(plan.Number) || plan.DueAt.IsZero() || plan.Department != "" && !known {
		return d.invalid("the plan is not one of this room: plan the draft anew")
	}
	d.ticket.Number = plan.Number
	_, warning := d.calendar.Due(d.now, plan.Limit)
	d.add(jiban.EventOpened, data(
		"kind", draft.Kind, "type", string(draft.Type), "matter", draft.Matter, "title", d.index.title(draft), "region", draft.Region,
		"due", stamp(plan.DueAt), "confidential", flag(draft.Confidential), "anonymous", flag(draft.Anonymous),
		"urgent", flag(draft.Urgent || d.index.matters[draft.Matter].Urgent),
		"contact", draft.ContactID, "conversation", draft.ConversationID, "channel", draft.Channel, "warning", string(warning)))
	d.ticket.Fields = kept(draft)
	if known {
		d.add(jiban.EventDispatched, data("department", to.ID, "name", to.Name))
	}
	return nil
}

// kept are the fields of a draft that the ticket keeps: none that is empty, and
// nothing that names a person who wants to stay unnamed.
func kept(d *jiban.TicketDraft) map[string]string {
	fields := make(map[string]string, len(d.Fields))
	for k, v := range d.Fields {
		v = strings.TrimSpace(v)
		if v == "" || d.Anonymous && identifying(k) {
			continue
		}
		fields[k] = v
	}
	return fields
}

func identifying(key string) bool {
	switch key {
	case "name", "phone", "id_number", "company", "credit_code":
		return true
	default:
		return false
	}
}

// title says in a few words what and where, and nothing about the person.
func (x *index) title(d *jiban.TicketDraft) string {
	what := x.matters[d.Matter].Name
	if what == "" {
		what = "待分类诉求"
	}
	if d.Kind == kindCallback {
		what = "回电任务 " + what
	}
	return x.place(d.Region) + " " + what + typeName(d.Type)
}

func typeName(t jiban.RequestType) string {
	switch t {
	case jiban.Consultation:
		return "咨询"
	case jiban.Help:
		return "求助"
	case jiban.Complaint:
		return "投诉"
	case jiban.Report:
		return "举报"
	case jiban.Suggestion:
		return "建议"
	case jiban.Praise:
		return "表扬"
	default:
		return ""
	}
}
