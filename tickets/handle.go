package tickets

import (
	"fmt"
	"strings"
	"time"

	"jiban"
)

// extend moves the due time. A department asks before it has passed; a supervisor
// grants it, or gives time unasked. The person is told, with why.
func (d *decision) extend() error {
	reason, due, more := d.given("reason"), moment(d.given("due")), parseLimit(d.given("more"))
	asked, note := d.ticket.Pending == jiban.PendingExtension, ""
	if asked && !d.asks() {
		if e := d.last(jiban.EventExtensionAsked); e != nil {
			if due.IsZero() && more == (jiban.Limit{}) {
				due, more = moment(e.Data["due"]), parseLimit(e.Data["more"])
			}
			// What the person is told is why the work takes longer, not why it was granted.
			note, reason = reason, e.Data["reason"]
		}
	}
	if more != (jiban.Limit{}) {
		k := d.clock()
		k.Extend(more)
		due, _ = k.Due()
	}
	if err := d.extendable(reason, due, asked); err != nil {
		return err
	}
	values := data("due", stamp(due), "more", limitText(more), "reason", reason, "was", stamp(d.ticket.DueAt))
	if d.asks() {
		values["review_by"], values["decider"] = stampAny(d.within(d.rules.Review)), string(jiban.AsManagement)
		d.add(jiban.EventExtensionAsked, values)
		if d.rules.ReviewExtended {
			return nil
		}
	}
	d.add(jiban.EventExtended, data("due", stamp(due), "more", limitText(more), "reason", reason, "note", note, "was", stamp(d.ticket.DueAt)))
	d.tell(jiban.NoticeTicketExtended, jiban.UrgencyLow, d.due(), param{"reason", reason})
	return nil
}

func (d *decision) extendable(reason string, due time.Time, asked bool) error {
	switch {
	case reason == "":
		return d.invalid("say why more time is needed: the person is told")
	case due.IsZero():
		return d.invalid("the new due time must be written like 2026-11-30T17:30:00+08:00, or more like 3d")
	case !due.After(d.ticket.DueAt) || !due.After(d.now):
		return d.invalid("the new due time must be later than the present one")
	case due.Sub(d.now) > longestExtension:
		return d.invalid("a limit cannot be extended by more than %d days", int(longestExtension.Hours()/24))
	case d.asks() && d.ticket.Pending != "":
		return d.conflict("another request of the department waits for a decision")
	case d.ticket.Pending != "" && !asked:
		return d.conflict("decide first on what the department asked")
	case !asked && !d.now.Before(d.ticket.DueAt):
		return d.cannot("工单已超期，延期须在到期前申请", "the ticket is overdue: an extension must be asked before the limit")
	case d.ticket.Life.Paused != "":
		return d.cannot("计时已暂停，请先恢复计时", "the clock stands: set it going first")
	case d.ticket.Life.Extended >= d.rules.Extensions:
		return d.cannot("延期次数已用完", "the limit was extended %d times already", d.ticket.Life.Extended)
	}
	return nil
}

// longestExtension is the most that one extension may give (domain C5 has ten
// days as usual; laws of their own give more).
const longestExtension = 180 * 24 * time.Hour

// pause stops the clock for a reason that the rules allow, not for longer than
// they say.
func (d *decision) pause() error {
	stop, ok := d.rules.pause(d.given("reason"))
	text := d.given("text")
	switch {
	case !ok:
		return d.invalid("the rules know no pause for %q", d.given("reason"))
	case text == "":
		return d.invalid("say what is waited for")
	case d.ticket.Life.Paused != "" || d.ticket.Pending != "":
		return d.conflict("the clock stands already, or a request of the department waits for a decision")
	case !d.now.Before(d.ticket.DueAt):
		return d.cannot("工单已超期，不能暂停计时", "the ticket is overdue: its clock cannot be stopped")
	case stop.Asks && d.ticket.ConversationID == "":
		return d.cannot("诉求人没有留下可以询问的渠道", "the person left no way to be asked here")
	}
	until, _ := d.calendar.Due(d.now, stop.Most)
	d.add(jiban.EventPaused, data("reason", stop.Reason, "text", text, "until", stamp(until)))
	if stop.Asks {
		d.tell(jiban.NoticeTicketMessage, jiban.UrgencyNormal, d.department(), param{"text", text})
	}
	return nil
}

// resume sets the clock going and says until when.
func (d *decision) resume(reason string) error {
	if d.ticket.Life.Paused == "" {
		return d.cannot("计时没有暂停", "the clock is going")
	}
	k := d.clock()
	k.Go(d.now)
	due, warning := k.Due()
	d.add(jiban.EventResumed, data("due", stamp(due), "was", stamp(d.ticket.DueAt), "reason", reason, "warning", string(warning)))
	return nil
}

// goOn sets a standing clock going because something else happens.
func (d *decision) goOn(reason string) {
	if d.ticket.Life.Paused != "" {
		k := d.clock()
		k.Go(d.now)
		due, _ := k.Due()
		d.add(jiban.EventResumed, data("due", stamp(due), "was", stamp(d.ticket.DueAt), "reason", reason))
	}
}

// reply is the answer of the department, or of the dispatcher who can give it at
// once. By rule the hotline looks at a department's answer before it goes out.
func (d *decision) reply() error {
	text, unwaiting := d.given("text"), d.given("anyway") == yes
	if checking := d.ticket.Pending == jiban.PendingReply; checking {
		if d.asks() {
			return d.conflict("the answer waits to be checked")
		}
		if e := d.last(jiban.EventSubmitted); e != nil {
			if text == "" {
				text = e.Data["text"]
			}
			unwaiting = unwaiting || e.Data["anyway"] == yes
		}
	} else if d.ticket.Pending != "" && d.asks() {
		return d.conflict("another request of the department waits for a decision")
	}
	if text == "" {
		return d.invalid("write what the person is told")
	}
	if !outcome(d.given("result")) {
		return d.invalid("result is solved, partly, unsolved or policy")
	}
	if n := len(d.ticket.Life.OpenTasks); n > 0 {
		switch {
		case !unwaiting:
			return d.conflict("%d departments that take part have not answered", n)
		case d.asks() && d.given("reason") == "":
			return d.invalid("say why the answer does not wait for the departments that take part")
		}
	}
	if d.ticket.Status == jiban.TicketDispatched && (d.asks() || d.action.As == "") {
		d.add(jiban.EventSigned, data("limit", stampAny(d.ticket.Life.SignBy)))
	}
	if d.asks() && d.rules.checked(&d.ticket) {
		d.goOn("submitted")
		d.add(jiban.EventSubmitted, data("text", text, "result", d.given("result"), "review_by", stampAny(d.within(d.rules.Review)),
			"decider", string(jiban.AsDesk), "anyway", d.given("anyway"), "reason", d.given("reason")))
		return nil
	}
	return d.answer(text)
}

// outcome says whether a result is one that figures know (domain C4).
func outcome(result string) bool {
	return result == "" || result == "solved" || result == "partly" || result == "unsolved" || result == "policy"
}

// answer tells the person. Where they are to be asked whether it helped, the
// question follows; else the ticket is closed with it.
func (d *decision) answer(text string) error {
	values := data("text", text, "result", d.given("result"), "due", stamp(d.ticket.DueAt), "direct", flag(d.ticket.Department == ""),
		"anyway", d.given("anyway"), "reason", d.given("reason"))
	switch {
	case d.ticket.Kind == kindCallback:
		d.add(jiban.EventReplied, values)
		d.add(jiban.EventClosed, data("reason", "called back", "code", "called_back"))
		d.tell(jiban.NoticeCallbackDone, jiban.UrgencyNormal, param{"reply", text})
		return nil
	case d.ticket.Kind == kindTask:
		d.add(jiban.EventReplied, values)
		d.add(jiban.EventClosed, data("reason", "task done", "code", "task_done"))
		return nil
	case d.followedUp() && d.ticket.ConversationID != "":
		until := d.within(d.rules.Survey)
		values["survey_until"] = stamp(until)
		d.add(jiban.EventReplied, values)
		d.tell(jiban.NoticeTicketAnswered, jiban.UrgencyNormal, d.department(), param{"reply", text})
		d.tellUntil(jiban.NoticeTicketSurvey, until)
	default:
		d.add(jiban.EventReplied, values)
		d.tell(jiban.NoticeTicketAnswered, jiban.UrgencyNormal, d.department(), param{"reply", text})
		d.add(jiban.EventClosed, data("reason", "no follow-up", "code", "no_follow_up"))
		if d.followedUp() && d.ticket.Fields["phone"] != "" {
			d.followUp("no channel")
		}
	}
	return d.tellVoices(text)
}

// close ends a ticket that was answered, or one that a dispatcher does not
// accept, for a reason that is told.
func (d *decision) close() error {
	reason := d.given("reason")
	if reason == "" {
		return d.invalid("say why the ticket is closed")
	}
	if !coded(d.given("code")) {
		return d.invalid("the code of a closing is a short word of letters, its reason is for people to read")
	}
	if d.ticket.Status == jiban.TicketAccepted {
		d.add(jiban.EventReplied, data("text", reason, "direct", yes))
		d.tell(jiban.NoticeTicketAnswered, jiban.UrgencyNormal, d.department(), param{"reply", reason})
	}
	d.add(jiban.EventClosed, data("reason", reason, "code", d.given("code")))
	return nil
}

func (d *decision) withdraw() error {
	d.add(jiban.EventWithdrawn, data("reason", d.given("reason")))
	return nil
}

// supplement adds what the person says later. Words of the person end a pause that
// waited for them.
func (d *decision) supplement() error {
	text := d.given("text")
	if text == "" {
		return d.invalid("there is nothing to add")
	}
	d.add(jiban.EventSupplemented, data("text", text))
	fields := make(map[string]string, len(d.ticket.Fields)+1)
	for k, v := range d.ticket.Fields {
		fields[k] = v
	}
	fields["supplement"] = strings.TrimSpace(fields["supplement"] + "\n" + text)
	if over := len([]rune(fields["supplement"])) - maxFieldRunes; over > 0 {
		fields["supplement"] = string([]rune(fields["supplement"])[over:])
	}
	d.ticket.Fields = fields
	if d.ticket.Life.Paused == pauseForPerson && !d.asks() {
		return d.resume("the person answered")
	}
	return nil
}

// urge presses the department. Each urging counts; the department gets a paper of
// it once in a while only.
func (d *decision) urge() error {
	rest := time.Duration(d.rules.UrgeRest) * time.Hour
	again := !d.ticket.Life.UrgedAt.IsZero() && d.now.Before(d.ticket.Life.UrgedAt.Add(rest))
	d.add(jiban.EventUrged, data("reason", d.given("reason"), "again", flag(again)))
	if again || d.asks() {
		return nil
	}
	to, text := jiban.ToHandler, "诉求人催办：工单编号：{number}（{matter}），请{department}抓紧办理，最晚{due}。"
	if d.ticket.Department == "" {
		to = jiban.ToDesk
	}
	d.task("urged", to, d.ticket.Department, d.fill(text))
	return nil
}

// tellVoices gives the answer to those who made the same request elsewhere: in the
// conversations of the tickets that were merged into this one.
func (d *decision) tellVoices(text string) error {
	told := map[string]bool{d.ticket.ConversationID: true}
	for i := range d.log {
		from := d.log[i].Data["from"]
		if d.log[i].Kind != jiban.EventVoice || from == "" {
			continue
		}
		voice, _, err := d.read(from)
		if err != nil {
			return fmt.Errorf("the ticket of another voice cannot be read: %w", err)
		}
		if !told[voice.ConversationID] {
			told[voice.ConversationID] = true
			d.tellIn(voice.ConversationID, jiban.NoticeTicketAnswered, jiban.UrgencyNormal, d.department(), param{"reply", text})
		}
	}
	return nil
}
