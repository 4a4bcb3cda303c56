package tickets

import (
	"encoding/json"
	"strconv"
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
	for _, g := range d.Guesses {
		if !coded(g.Code) {
			return bad("a guess names a matter by its code")
		}
	}
	if !coded(d.Incident) {
		return bad("an incident is named by its id")
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
	accused := d.index.accused(draft)
	if known && len(accused) > 0 && d.index.under(to.ID, accused) {
		return d.forbidden("the request is directed against %s or what stands above it: plan the draft anew", to.ID)
	}
	d.ticket.Number = plan.Number
	d.ticket.Urgent = draft.Urgent || d.index.grade(draft.Matter, words(draft)) != jiban.GradeOrdinary
	d.add(jiban.EventOpened, d.openedData(draft, plan, accused))
	d.ticket.Fields = kept(draft)
	if known {
		values := d.handed(to)
		if also := d.takingPart(draft, to.ID); len(also) > 0 {
			values["take_part"] = strings.Join(also, ",")
		}
		d.add(jiban.EventDispatched, values)
	}
	return nil
}

// takingPart lists the departments that the catalogue lets take part in a request
// that is dispatched by itself. They get their tasks with the next sweep, since a
// turn writes one ticket.
func (d *decision) takingPart(draft *jiban.TicketDraft, lead string) []string {
	if draft.Kind != kindRequest {
		return nil
	}
	var ids []string
	for _, co := range d.index.coHandlers(draft.Matter, draft.Region, lead) {
		if !d.touches(co.ID) {
			ids = append(ids, co.ID)
		}
	}
	return ids
}

// openedData is what the first event of a log says: all of the ticket but what the
// person said.
func (d *decision) openedData(draft *jiban.TicketDraft, plan *jiban.TicketPlan, accused []string) map[string]string {
	due, warning := d.calendar.Due(d.now, plan.Limit)
	decideBy := ""
	if plan.Department == "" && draft.Kind == kindRequest {
		decideBy = stampAny(d.within(d.rules.Decide))
	}
	values := data(
		"catalogue", strconv.Itoa(d.index.catalogue.Version), "incident", draft.Incident,
		"kind", draft.Kind, "type", string(draft.Type), "matter", draft.Matter, "title", d.index.title(draft), "region", draft.Region,
		"due", stamp(plan.DueAt), "confidential", flag(draft.Confidential || d.index.confidential(draft.Matter, draft.Type)),
		"anonymous", flag(draft.Anonymous), "urgent", flag(d.ticket.Urgent),
		"contact", draft.ContactID, "conversation", draft.ConversationID, "channel", draft.Channel, "warning", string(warning),
		"limit", limitText(plan.Limit), "counted", flag(draft.Kind == kindRequest && due.Equal(plan.DueAt)), "clock", plan.Department,
		"hold", plan.Hold, "decide_by", decideBy, "accused", strings.Join(accused, ","), "guesses", guessed(draft.Guesses))
	if d.repeat != "" {
		values["repeat_of"] = d.repeat
		if d.same && d.rules.AutoMerge {
			values["auto_merge"] = yes
		}
	}
	return values
}

// guessed writes what a classifier thought of into the log, the best three.
func guessed(all []jiban.MatterGuess) string {
	if len(all) == 0 {
		return ""
	}
	text, err := json.Marshal(all[:min(len(all), proposals)])
	if err != nil {
		return "" // codes and numbers can always be written
	}
	return string(text)
}

// words are what a draft says of the matter: what the rules of urgency look at.
func words(d *jiban.TicketDraft) string {
	return d.Fields["description"] + "\n" + d.Fields["demand"] + "\n" + d.Fields["supplement"]
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
