package tickets

import (
	"slices"
	"strings"
	"time"

	"jiban"
)

// The timers of the house. The steps of the ladder are timers too, by the names
// that the rules give them.
const (
	timerMerge   = "merge"   // a repeat becomes a voice on the open ticket
	timerAssign  = "assign"  // departments that take part get their tasks
	timerDecide  = "decide"  // the dispatcher's time is up
	timerSign    = "sign"    // the department's time to sign
	timerContact = "contact" // to contact the person
	timerReview  = "review"  // the hotline's time to decide on what was asked
	timerResume  = "resume"  // a pause ends
	timerOverdue = "overdue" // the limit itself
	timerSurvey  = "survey"  // nobody said whether it helped
	timerRecall  = "recall"  // tasks of a ticket that is over are taken back
)

func timerNames() []string {
	return []string{timerMerge, timerAssign, timerDecide, timerSign, timerContact, timerReview, timerResume, timerOverdue, timerSurvey, timerRecall}
}

// timer is something that time does to a ticket.
type timer struct {
	name string
	at   time.Time
	step *Step // of the ladder
}

// mostTimers bounds what one sweep does to one ticket.
const mostTimers = 64

// timers lists what time will do to the ticket as it stands, the earliest first;
// what is on record already is not among it.
func (d *decision) timers() []timer {
	t, l := &d.ticket, &d.ticket.Life
	var all []timer
	set := func(name string, at time.Time, when bool) {
		if when && !at.IsZero() && !slices.Contains(l.Fired, name) {
			all = append(all, timer{name: name, at: at})
		}
	}
	open := isOpen(t.Status)
	set(timerMerge, t.CreatedAt, open && l.RepeatOf != "" && l.AutoMerge)
	set(timerAssign, l.DispatchedAt, open && len(l.TakePart) > 0)
	set(timerDecide, l.DecideBy, t.Status == jiban.TicketAccepted)
	set(timerSign, l.SignBy, t.Status == jiban.TicketDispatched)
	set(timerContact, l.ContactBy, open && l.ContactedAt.IsZero() && t.Status != jiban.TicketAccepted && t.Pending != jiban.PendingReply)
	set(timerReview, l.ReviewBy, t.Pending != "")
	set(timerResume, l.PausedUntil, l.Paused != "")
	set(timerSurvey, d.surveyBy(), t.Status == jiban.TicketAnswered)
	set(timerRecall, t.UpdatedAt, !open && len(l.OpenTasks) > 0)
	if open && l.Paused == "" && t.Pending != jiban.PendingReply {
		set(timerOverdue, t.DueAt, true)
		all = append(all, d.ladder()...)
	}
	slices.SortStableFunc(all, func(a, b timer) int { return a.at.Compare(b.at) })
	return all
}

// surveyBy is by when the person may say whether it helped. Tickets answered by an
// older version of the program do not say.
func (d *decision) surveyBy() time.Time {
	if by := d.ticket.Life.SurveyBy; !by.IsZero() {
		return by
	}
	by, _ := d.calendar.Due(d.ticket.UpdatedAt, d.rules.Survey.of(d.ticket.Urgent))
	return by
}

// ladder lists the steps of supervision that are still to come.
func (d *decision) ladder() []timer {
	t, l := &d.ticket, &d.ticket.Life
	if t.DueAt.IsZero() {
		return nil
	}
	var all []timer
	for i := range d.rules.Ladder {
		s := &d.rules.Ladder[i]
		if slices.Contains(l.Fired, s.Name) {
			continue
		}
		at, limit := t.DueAt, s.Over.of(l.Limit.OnClock)
		switch {
		case s.Share > 0:
			at = d.calendar.Share(termStart(t), t.DueAt, l.Limit, s.Share, d.stood())
		case limit != (jiban.Limit{}):
			at, _ = d.calendar.Due(t.DueAt, limit)
		}
		all = append(all, timer{name: s.Name, at: at, step: s})
	}
	return all
}

// termStart is when the present limit of a ticket began.
func termStart(t *jiban.Ticket) time.Time {
	if t.Life.TermAt.IsZero() {
		return t.CreatedAt
	}
	return t.Life.TermAt
}

// next is when the earliest timer runs out, the zero time for none.
func (d *decision) next() time.Time {
	if all := d.timers(); len(all) > 0 {
		return all[0].at
	}
	return time.Time{}
}

func isOpen(s jiban.TicketStatus) bool {
	return s == jiban.TicketAccepted || s == jiban.TicketDispatched || s == jiban.TicketHandling
}

// fire does everything that was due, in the order in which it fell due, each with
// its own record.
func (d *decision) fire() error {
	for range mostTimers {
		all := d.timers()
		if len(all) == 0 || all[0].at.After(d.now) {
			return nil
		}
		if err := d.run(all[0]); err != nil {
			return err
		}
	}
	return nil
}

func (d *decision) run(t timer) error {
	switch t.name {
	case timerMerge:
		return d.mergeRepeat()
	case timerAssign:
		return d.assignAll()
	case timerResume:
		return d.resume("the pause ended")
	case timerOverdue:
		d.overdue()
	case timerSurvey:
		d.unanswered()
	case timerRecall:
		return d.recall()
	default:
		d.remind(t)
	}
	return nil
}

// remind puts a limit that was not kept, or a step of the ladder, on record and
// writes the paper for whom it concerns.
func (d *decision) remind(t timer) {
	to, light, text := lapse(t.name)
	if t.step != nil {
		to, light, text = t.step.To, t.step.Light, t.step.Document
	}
	department := d.addressed(to)
	if department == "" && to != jiban.ToDesk && to != jiban.ToManagement {
		to = jiban.ToDesk // who has it is the hotline itself
	}
	text = strings.ReplaceAll(d.fill(text), "{step}", stepWords(t.name))
	d.add(jiban.EventReminded, data("step", t.name, "at", stamp(t.at), "to", string(to), "department", department,
		"light", string(light), "document", text))
	d.task(t.name, to, department, text)
}

// addressed is the department that a paper goes to: the one that has the ticket,
// or for management the one above it. "" is the hotline.
func (d *decision) addressed(to jiban.Addressee) string {
	switch to {
	case jiban.ToHandler, jiban.ToHead:
		return d.ticket.Department
	case jiban.ToManagement:
		above := d.index.above(d.ticket.Department, d.ticket.Region).ID
		if d.touches(above) {
			return ""
		}
		return above
	default:
		return ""
	}
}

// lapse says whom a limit of the house that was not kept concerns.
func lapse(name string) (to jiban.Addressee, light jiban.Light, text string) {
	switch name {
	case timerDecide:
		return jiban.ToDesk, jiban.LightNone, "工单编号：{number}（{matter}）尚未派单，请尽快确定承办单位。"
	case timerSign:
		return jiban.ToHandler, jiban.LightNone, "工单编号：{number}（{matter}）尚未签收，请{department}尽快签收。"
	case timerContact:
		return jiban.ToHandler, jiban.LightNone, "工单编号：{number}（{matter}）尚未联系诉求人，请{department}尽快联系。"
	default:
		return jiban.ToDesk, jiban.LightNone, "工单编号：{number}（{matter}）有退单、延期或答复待审核，请尽快处理。"
	}
}

// fill puts what is known of the ticket into the text of a paper. It names
// nobody.
func (d *decision) fill(text string) string {
	t := &d.ticket
	matter, department := d.index.matters[t.Matter].Name, t.DepartmentName
	if matter == "" {
		matter = "待分类"
	}
	if department == "" {
		department = desk
	}
	return strings.NewReplacer("{number}", t.Number, "{matter}", matter, "{department}", department,
		"{due}", t.DueAt.In(jiban.Beijing).Format("2006年1月2日15:04")).Replace(text)
}

// task gives staff something to do; it rests on the event that was added last.
func (d *decision) task(kind string, to jiban.Addressee, department, text string) {
	d.tasks = append(d.tasks, jiban.TicketTask{
		ID: d.events[len(d.events)-1].ID, Number: d.ticket.Number, Kind: kind, To: to, Department: department, Text: text, CreatedAt: d.now,
	})
}

// overdue marks the passing of the due time and tells the person.
func (d *decision) overdue() {
	d.add(jiban.EventOverdue, data("due", stamp(d.ticket.DueAt)))
	if !d.hush {
		d.tell(jiban.NoticeTicketDelayed, jiban.UrgencyLow, d.due(), param{"others", d.others})
	}
}

// recall takes back the tasks of a ticket that is over.
func (d *decision) recall() error {
	for _, number := range slices.Clone(d.ticket.Life.OpenTasks) {
		task, err := d.other(number)
		if err != nil {
			return err
		}
		if isOpen(task.ticket.Status) {
			task.add(jiban.EventWithdrawn, data("reason", "the request is over"))
		}
		d.add(jiban.EventTaskDone, data("task", number, "result", "recalled"))
	}
	return nil
}
