package tickets

import (
	"strings"
	"time"

	"jiban"
)

func (d *decision) dispatch() error {
	to, ok := d.index.departments[d.given("department")]
	if !ok {
		return d.invalid("there is no department %q: choose one of the catalogue", d.given("department"))
	}
	if to.ID == d.ticket.Department {
		return d.cannot("工单已在该单位", "the ticket is already with %s", to.ID)
	}
	if d.ticket.Kind == kindCallback {
		return d.invalid("a call-back task stays with the desk: answer it there")
	}
	if d.touches(to.ID) {
		return d.forbidden("the ticket is directed against %s or what stands above it: choose its superior or the management", to.ID)
	}
	if d.ticket.Pending == jiban.PendingReply {
		return d.cannot("答复待审核，请先审核", "an answer waits to be checked: decide on it first")
	}
	d.hand(to)
	for _, id := range listed(d.given("co")) {
		if d.taking(id) {
			continue
		}
		if err := d.assignTo(id); err != nil {
			return err
		}
	}
	return nil
}

// hand gives the ticket to a department and tells the person. A clock that stood
// for the department before goes on.
func (d *decision) hand(to jiban.Department) {
	d.goOn("dispatched")
	d.calendar = d.calendarOf(to.ID)
	d.add(jiban.EventDispatched, d.handed(to))
	d.tell(jiban.NoticeTicketDispatched, jiban.UrgencyLow, d.department(), d.dueAhead())
}

// handed is what the record of a dispatch says: to whom, how sure the classifier
// was, and by when they must sign, return it or contact the person.
func (d *decision) handed(to jiban.Department) map[string]string {
	contact := d.within(d.rules.Contact)
	if d.ticket.Kind != kindRequest || d.ticket.Anonymous || d.ticket.ContactID == "" {
		contact = time.Time{}
	}
	return data("department", to.ID, "name", to.Name, "reason", d.given("reason"), "sign_by", stampAny(d.within(d.rules.Sign)),
		"return_by", stampAny(d.within(d.rules.Return)), "contact_by", stampAny(contact))
}

// classify corrects what the request is about. What is then directed against the
// department that has it is taken from it at once. The limit that the person was
// promised stays; the record says which one the rules would give.
func (d *decision) classify() error {
	draft := jiban.TicketDraft{Kind: d.ticket.Kind, Type: d.ticket.Type, Matter: d.ticket.Matter, Region: d.ticket.Region, Fields: d.ticket.Fields}
	for key, into := range map[string]*string{"matter": &draft.Matter, "region": &draft.Region, "type": (*string)(&draft.Type)} {
		if v := d.given(key); v != "" {
			*into = v
		}
	}
	if err := d.index.check(&draft); err != nil {
		return err
	}
	accused := d.index.accused(&draft)
	if named, said := d.action.Data["accused"]; said {
		accused = listed(strings.TrimSpace(named))
	}
	for _, id := range accused {
		if _, ok := d.index.departments[id]; !ok {
			return d.invalid("there is no department %q: name those of the catalogue that it is directed against", id)
		}
	}
	d.add(jiban.EventClassified, data("matter", draft.Matter, "type", string(draft.Type), "region", draft.Region,
		"title", d.index.title(&draft), "urgent", flag(d.ticket.Urgent || d.index.grade(draft.Matter, words(&draft)) != jiban.GradeOrdinary),
		"accused", strings.Join(accused, ","), "confidential", flag(d.index.confidential(draft.Matter, draft.Type)),
		"was", d.ticket.Matter, "reason", d.given("reason"), "rule", limitText(d.index.limitAt(draft.Matter, draft.Type, d.index.grade(draft.Matter, words(&draft))))))
	if d.ticket.Department != "" && d.touches(d.ticket.Department) {
		d.backToDesk("the ticket is directed against the department", "", "accused")
		d.tell(jiban.NoticeTicketReturned, jiban.UrgencyLow)
	}
	return nil
}

func (d *decision) sign() error {
	d.add(jiban.EventSigned, data("limit", stampAny(d.ticket.Life.SignBy)))
	d.tell(jiban.NoticeTicketSigned, jiban.UrgencyLow, d.department())
	return nil
}

// contact records that the handler spoke with the person, or tried.
func (d *decision) contact() error {
	result := d.given("result")
	if result == "" {
		result = "reached"
	}
	if result != "reached" && result != "unreached" {
		return d.invalid("result is reached or unreached")
	}
	if !way(d.given("how")) {
		return d.invalid("how is phone, message or visit")
	}
	d.add(jiban.EventContacted, data("result", result, "how", d.given("how"), "note", d.given("note"),
		"limit", stampAny(d.ticket.Life.ContactBy)))
	return nil
}

// way says whether the person was sought in a way that figures know.
func way(how string) bool { return how == "" || how == "phone" || how == "message" || how == "visit" }

// write sends the person words of the handler through the hotline, so that neither
// learns the number of the other.
func (d *decision) write() error {
	text := d.given("text")
	if text == "" {
		return d.invalid("write what the person is told")
	}
	if d.ticket.ConversationID == "" {
		return d.cannot("诉求人没有留下可以留言的渠道，请经热线电话联系", "the person left no way to be written to: telephone through the desk")
	}
	d.add(jiban.EventWritten, data("text", text))
	if d.ticket.Life.ContactedAt.IsZero() {
		d.add(jiban.EventContacted, data("result", "reached", "how", "message", "limit", stampAny(d.ticket.Life.ContactBy)))
	}
	d.tell(jiban.NoticeTicketMessage, jiban.UrgencyNormal, d.department(), param{"text", text})
	return nil
}

func (d *decision) transfer() error {
	if d.given("handler") == "" || !coded(d.given("handler")) {
		return d.invalid("name the colleague who takes it by the id of the account")
	}
	d.add(jiban.EventTransferred, data("handler", d.given("handler"), "from", d.ticket.Life.Handler, "reason", d.given("reason")))
	return nil
}

// giveBack is a department saying that the request is not its own. As a rule the
// hotline decides on that; its yes, or its taking the ticket back by itself, moves
// the ticket on.
func (d *decision) giveBack() error {
	reason := d.given("reason")
	if d.asks() {
		return d.askReturn(reason)
	}
	if d.ticket.Pending == jiban.PendingReturn {
		if err := d.decider(); err != nil {
			return err
		}
		if asked := d.last(jiban.EventReturnAsked); asked != nil && reason == "" {
			reason = asked.Data["reason"]
		}
	}
	if reason == "" {
		return d.invalid("say why the ticket is returned, with the rule it rests on")
	}
	return d.takeBack(reason)
}

func (d *decision) askReturn(reason string) error {
	basis, l := d.given("basis"), &d.ticket.Life
	code := d.given("code")
	if code == "" {
		code = "duty"
	}
	switch {
	case reason == "" || d.rules.NeedBasis && basis == "":
		return d.invalid("say why the ticket is returned, with the rule it rests on")
	case code != "duty" && code != "area" && code != "other":
		return d.invalid("the code of a return is duty, area or other")
	case d.ticket.Pending != "":
		return d.conflict("another request of the department waits for a decision")
	case !l.ReturnBy.IsZero() && d.now.After(l.ReturnBy):
		return d.cannot("已过退单时限", "the time for returning the ticket is over")
	}
	decider := jiban.AsDesk
	if n := d.rules.ManagedReturn; n > 0 && d.ticket.Returned+1 >= n {
		decider = jiban.AsManagement
	}
	d.add(jiban.EventReturnAsked, data("reason", reason, "basis", basis, "code", code, "department", d.ticket.Department,
		"review_by", stampAny(d.within(d.rules.Review)), "decider", string(decider)))
	if !d.rules.ReviewReturns && decider == jiban.AsDesk {
		return d.takeBack(reason)
	}
	return nil
}

// decider refuses a decision that only the management may make.
func (d *decision) decider() error {
	if d.ticket.Life.Decider == jiban.AsManagement && d.action.As != "" && d.action.As != jiban.AsManagement {
		return d.forbidden("this decision is for the management")
	}
	return nil
}

// takeBack takes the ticket from the department. It goes to the one the dispatcher
// names; else, the first time, to another owner where there is one; else it is for
// the dispatcher to decide.
func (d *decision) takeBack(reason string) error {
	from, first, named := d.ticket.Department, d.ticket.Returned == 0, d.given("department")
	to := d.index.departments[named]
	switch {
	case named != "" && to.ID == "":
		return d.invalid("there is no department %q: choose one of the catalogue", named)
	case named != "" && d.touches(to.ID):
		return d.forbidden("the ticket is directed against %s or what stands above it", to.ID)
	case named == "" && first && d.ticket.Kind == kindRequest:
		to = d.another(from)
	}
	code := ""
	if asked := d.last(jiban.EventReturnAsked); asked != nil {
		code = asked.Data["code"]
	}
	d.backToDesk(reason, code, "returned")
	if to.ID != "" {
		d.hand(to)
		return nil
	}
	d.tell(jiban.NoticeTicketReturned, jiban.UrgencyLow)
	return nil
}

// backToDesk records that the department does not have the ticket any more.
func (d *decision) backToDesk(reason, code, why string) {
	d.goOn("returned")
	d.add(jiban.EventReturned, data("reason", reason, "code", code, "department", d.ticket.Department, "why", why,
		"decide_by", stampAny(d.within(d.rules.Decide))))
}

// another is an owner of the matter at the place that had not yet had the
// ticket: one beside the department, else the next above, else its superior.
func (d *decision) another(from string) jiban.Department {
	avoid := map[string]bool{from: true}
	for i := range d.log {
		if d.log[i].Kind == jiban.EventDispatched {
			avoid[d.log[i].Data["department"]] = true
		}
	}
	for _, id := range d.index.candidates(d.index.matters[d.ticket.Matter].Owner, d.ticket.Region) {
		if !avoid[id] && !d.touches(id) {
			return d.index.departments[id]
		}
	}
	if superior := d.index.departments[from].Superior; !avoid[superior] && !d.touches(superior) {
		return d.index.departments[superior]
	}
	return jiban.Department{}
}

// refuse is the hotline's no to what a department asked.
func (d *decision) refuse() error {
	want := map[jiban.TicketEventKind]jiban.TicketPending{jiban.EventReturnRefused: jiban.PendingReturn,
		jiban.EventExtensionRefused: jiban.PendingExtension, jiban.EventReplyRefused: jiban.PendingReply}[d.action.Kind]
	if d.ticket.Pending != want {
		return d.conflict("there is no such request to refuse")
	}
	if err := d.decider(); err != nil {
		return err
	}
	reason := d.given("reason")
	if reason == "" {
		return d.invalid("say why: the department reads it")
	}
	due := ""
	if want == jiban.PendingReply {
		// What the hotline took to look at it is not the department's time.
		k := d.clock()
		k.Go(d.now)
		at, _ := k.Due()
		due = stamp(at)
	}
	d.add(d.action.Kind, data("reason", reason, "due", due))
	d.task(string(d.action.Kind), jiban.ToHandler, d.ticket.Department, d.fill("工单编号：{number}（{matter}）：{department}的请求未获同意，理由见工单。"))
	return nil
}
