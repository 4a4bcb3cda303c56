package tickets

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"jiban"
)

// kindTask is a department's part in a request that another one leads.
const kindTask = "task"

// assign lets a department take part: it gets a task of its own, with what it
// must know and nobody's name, due with the request or before.
func (d *decision) assign() error { return d.assignTo(d.given("department")) }

func (d *decision) assignTo(id string) error {
	to, ok := d.index.departments[id]
	switch {
	case !ok:
		return d.invalid("there is no department %q: choose one of the catalogue", id)
	case d.ticket.Kind != kindRequest:
		return d.conflict("only a request has departments that take part")
	case d.asks() && d.given("text") == "":
		return d.invalid("say what the department is asked to do")
	case d.taking(to.ID):
		return d.cannot("该单位已在协办", "%s takes part already", to.ID)
	case to.ID == d.ticket.Department:
		return d.cannot("该单位就是主办单位", "%s leads already", to.ID)
	case d.touches(to.ID):
		return d.forbidden("the ticket is directed against %s or what stands above it", to.ID)
	}
	due := d.ticket.DueAt
	if asked := moment(d.given("due")); !asked.IsZero() && asked.Before(due) && asked.After(d.now) {
		due = asked
	}
	task := d.beside()
	var err error
	if task.ticket.Number, err = d.number(); err != nil {
		return err
	}
	t := &d.ticket
	task.add(jiban.EventOpened, data("catalogue", strconv.Itoa(d.index.catalogue.Version), "kind", kindTask, "type", string(t.Type), "matter", t.Matter, "title", t.Title, "region", t.Region,
		"due", stamp(due), "limit", limitText(t.Life.Limit), "confidential", flag(t.Confidential), "anonymous", flag(t.Anonymous),
		"urgent", flag(t.Urgent), "contact", t.ContactID, "channel", t.Channel, "parent", t.Number, "accused", strings.Join(t.Life.Accused, ","),
		"clock", to.ID))
	task.ticket.Fields = nameless(t.Fields)
	if ask := d.given("text"); ask != "" {
		task.ticket.Fields["asked"] = ask
	}
	task.calendar = d.calendarOf(to.ID)
	task.add(jiban.EventDispatched, task.handed(to))
	task.task("take_part", jiban.ToHandler, to.ID, task.fill("协办通知：工单编号：{number}（{matter}），请{department}协同办理，最晚{due}。"))
	d.also = append(d.also, task)
	d.add(jiban.EventAssigned, data("task", task.ticket.Number, "department", to.ID, "name", to.Name, "reason", d.given("reason")))
	return nil
}

// taking reports whether a department has an open task of this request.
func (d *decision) taking(id string) bool {
	var given *jiban.TicketEvent
	for _, log := range [][]jiban.TicketEvent{d.log, d.events} {
		for i := range log {
			if log[i].Kind == jiban.EventAssigned && log[i].Data["department"] == id {
				given = &log[i]
			}
		}
	}
	return given != nil && slices.Contains(d.ticket.Life.OpenTasks, given.Data["task"])
}

// assignAll gives the departments that the catalogue names their tasks. One that
// cannot take part any more, because the request is directed against it or leads
// there now, is left to the dispatcher.
func (d *decision) assignAll() error {
	action := d.action
	defer func() { d.action = action }()
	for _, id := range slices.Clone(d.ticket.Life.TakePart) {
		d.action.Data = data("department", id, "reason", "the catalogue says so")
		if err := d.assign(); err != nil && jiban.CodeOf(err) == jiban.CodeInternal {
			return err
		}
	}
	if len(d.ticket.Life.TakePart) > 0 {
		d.add(jiban.EventReminded, data("step", timerAssign, "reason", "not all departments could take part"))
	}
	return nil
}

// nameless are the fields of a request without those that name the person.
func nameless(fields map[string]string) map[string]string {
	kept := maps.Clone(fields)
	if kept == nil {
		kept = map[string]string{}
	}
	maps.DeleteFunc(kept, func(key, _ string) bool { return identifying(key) })
	return kept
}

// mergeRepeat merges a ticket into the one that it was found to repeat, where that
// is still open; else it goes its own way.
func (d *decision) mergeRepeat() error {
	into, err := d.other(d.ticket.Life.RepeatOf)
	if err != nil && jiban.CodeOf(err) != jiban.CodeNotFound {
		return err
	}
	if err == nil && d.mergeable(into) == nil {
		return d.merge(into, "same person, matter and place")
	}
	d.also = nil
	d.add(jiban.EventReminded, data("step", timerMerge, "reason", "the other ticket is over"))
	return nil
}

// mergeInto is a dispatcher merging by hand.
func (d *decision) mergeInto() error {
	number := d.given("into")
	if number == d.ticket.Number || !ValidNumber(number) {
		return d.invalid("name the open ticket that this one repeats")
	}
	into, err := d.other(number)
	if err != nil {
		return err
	}
	if err := d.mergeable(into); err != nil {
		return err
	}
	return d.merge(into, d.given("reason"))
}

func (d *decision) mergeable(into *decision) error {
	a, b := &d.ticket, &into.ticket
	switch {
	case !isOpen(b.Status) || b.Kind != kindRequest || a.Kind != kindRequest:
		return d.cannot("只能并入还在办理的工单", "only open requests can be merged")
	case a.ContactID == "" || a.ContactID != b.ContactID:
		return d.cannot("两件工单不是同一人的，不能并入；同一原因的请关联事件", "these are requests of different people: join them to an incident")
	case len(a.Life.OpenTasks) > 0 || a.Pending != "":
		return d.cannot("这件工单还有协办或待审核的事项，请先处理", "the ticket has tasks or requests that wait: settle them first")
	case a.Confidential != b.Confidential || a.Anonymous != b.Anonymous:
		return d.cannot("两件工单的保密或匿名要求不同，不能并入", "one of the tickets is more protected than the other")
	}
	return nil
}

// merge makes this ticket another voice on an open one.
func (d *decision) merge(into *decision, reason string) error {
	d.goOn("merged")
	d.add(jiban.EventMerged, data("into", into.ticket.Number, "reason", reason))
	into.add(jiban.EventVoice, data("from", d.ticket.Number, "conversation", d.ticket.ConversationID, "channel", d.ticket.Channel))
	if text := d.ticket.Fields["description"]; text != "" && text != into.ticket.Fields["description"] {
		into.action.Data = data("text", text)
		if err := into.supplement(); err != nil {
			return err
		}
	}
	d.tell(jiban.NoticeTicketMerged, jiban.UrgencyLow, param{"into", into.ticket.Number}, into.dueAhead())
	return nil
}

// link joins the ticket to an incident, or takes it out with none named.
func (d *decision) link() error {
	if d.ticket.Incident == d.given("incident") {
		return d.conflict("that is so already")
	}
	if !coded(d.given("incident")) {
		return d.invalid("name the incident by its id")
	}
	d.add(jiban.EventLinked, data("incident", d.given("incident"), "was", d.ticket.Incident, "reason", d.given("reason")))
	return nil
}

// repeats finds the open ticket that a draft says again: of the same person and
// matter in the same region. same is set when the place is the same too.
func repeats(d *jiban.TicketDraft, recent []jiban.Ticket) (number string, same bool) {
	if d.Kind != kindRequest || d.ContactID == "" || d.Matter == "" || d.Anonymous {
		return "", false
	}
	for i := range recent {
		t := &recent[i]
		if t.Kind != kindRequest || !isOpen(t.Status) || t.Matter != d.Matter || t.Type != d.Type || t.Region != d.Region ||
			t.Anonymous || t.Confidential != d.Confidential {
			continue
		}
		a, b := d.Fields["place"], t.Fields["place"]
		if a != "" && b != "" && (strings.Contains(a, b) || strings.Contains(b, a)) && d.Fields["unit"] == t.Fields["unit"] {
			return t.Number, true
		}
		if number == "" {
			number = t.Number
		}
	}
	return number, false
}
