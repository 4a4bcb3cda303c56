package tickets

import (
	"time"

	"jiban"
)

// Figure is a share, or an amount for each, with what it is computed from.
type Figure struct {
	Numerator   float64 `json:"numerator"`
	Denominator float64 `json:"denominator"`
}

// WeekFigures are the figures of one department in one week (domain C7). What
// became of a ticket counts for the week in which it was received or answered, as
// the denominator says, so that no share exceeds the whole. Tasks of departments
// that take part, and call-backs, are not among them.
type WeekFigures struct {
	Monday       time.Time
	Received     int    // dispatched to the department in this week
	Answered     int    // its answer went out in this week
	SignedInTime Figure // of those received
	Returned     Figure // of those received: sent back, and that was accepted
	Overdue      Figure // of those received: not answered by the due time
	OnTime       Figure // of those answered: given by the due time, the check not counted
	Hours        Figure // from dispatch to answer, for each answered
	Reopened     Figure // of those answered
	Satisfied    Figure // of those who said whether they were
	Dissatisfied Figure
	Solved       Figure
	Contacted    Figure
}

// Monday is the beginning of the week, in Beijing, that a time lies in.
func Monday(t time.Time) time.Time {
	t = t.In(jiban.Beijing)
	back := (int(t.Weekday()) + 6) % 7
	return time.Date(t.Year(), t.Month(), t.Day()-back, 0, 0, 0, 0, jiban.Beijing)
}

// Weekly computes the figures of a department from the logs of the tickets that
// it had: events in order of ticket and time, each whole log from its beginning,
// of which only the entries that are figures are needed. monday is the first of n
// weeks.
func Weekly(events []jiban.TicketEvent, department string, monday time.Time, n int) []WeekFigures {
	w := &weekly{department: department, monday: monday, weeks: make([]WeekFigures, n)}
	for i := range w.weeks {
		w.weeks[i].Monday = monday.AddDate(0, 0, 7*i)
	}
	for i := range events {
		if i == 0 || events[i].Number != events[i-1].Number {
			w.one = course{}
		}
		w.take(&events[i])
	}
	for i := range w.weeks {
		w.weeks[i].close()
	}
	return w.weeks
}

// close gives the shares of a week their denominators.
func (w *WeekFigures) close() {
	for _, f := range []*Figure{&w.SignedInTime, &w.Returned, &w.Overdue} {
		f.Denominator = float64(w.Received)
	}
	for _, f := range []*Figure{&w.OnTime, &w.Hours, &w.Reopened} {
		f.Denominator = float64(w.Answered)
	}
}

// weekly is the state of the computation: the ticket whose log is being read.
type weekly struct {
	department string
	monday     time.Time
	weeks      []WeekFigures
	one        course
}

// course is what of one ticket's way has been read.
type course struct {
	request   bool
	mine      bool         // the department has it
	received  *WeekFigures // the week of its dispatch, nil outside of the weeks
	answered  *WeekFigures // and of its answer
	since     time.Time    // when the department got it, or had it again
	submitted time.Time    // when it handed in the answer that is being checked
	told      bool         // the answer that the survey asks about was its own
}

func (w *weekly) week(at time.Time) *WeekFigures {
	i := int(Monday(at).Sub(w.monday).Hours() / (7 * 24))
	if at.Before(w.monday) || i >= len(w.weeks) {
		return nil
	}
	return &w.weeks[i]
}

func (w *weekly) take(e *jiban.TicketEvent) {
	c := &w.one
	switch e.Kind {
	case jiban.EventOpened:
		c.request = e.Data["kind"] == kindRequest
	case jiban.EventDispatched:
		w.dispatched(e)
	case jiban.EventReturned:
		if c.mine && e.Data["why"] == "returned" {
			w.count(c.received, func(f *WeekFigures) { f.Returned.Numerator++ })
		}
		c.mine = false
	case jiban.EventSigned:
		if limit := moment(e.Data["limit"]); c.mine && (limit.IsZero() || !e.At.After(limit)) {
			w.count(c.received, func(f *WeekFigures) { f.SignedInTime.Numerator++ })
		}
	case jiban.EventOverdue:
		if c.mine {
			w.count(c.received, func(f *WeekFigures) { f.Overdue.Numerator = min(f.Overdue.Numerator+1, float64(f.Received)) })
		}
	case jiban.EventSubmitted:
		c.submitted = e.At
	case jiban.EventReplyRefused:
		c.submitted = time.Time{}
	default:
		w.answer(e)
	}
}

// answer reads what concerns the answer.
func (w *weekly) answer(e *jiban.TicketEvent) {
	c := &w.one
	switch e.Kind {
	case jiban.EventReplied:
		c.told, c.answered = c.mine, nil
		if c.mine {
			w.replied(e)
		}
	case jiban.EventReopened:
		if c.told {
			w.count(c.answered, func(f *WeekFigures) { f.Reopened.Numerator++ })
		}
		c.since, c.submitted, c.told, c.received = e.At, time.Time{}, false, nil
	case jiban.EventSurveyed:
		if c.told {
			w.count(w.week(e.At), func(f *WeekFigures) { f.asked(e.Data) })
		}
	}
}

// count changes a week's figures where the ticket counts at all.
func (w *weekly) count(f *WeekFigures, change func(*WeekFigures)) {
	if f != nil && w.one.request {
		change(f)
	}
}

func (w *weekly) dispatched(e *jiban.TicketEvent) {
	c := &w.one
	c.mine, c.submitted = e.Data["department"] == w.department, time.Time{}
	if c.mine {
		c.since, c.received = e.At, w.week(e.At)
		w.count(c.received, func(f *WeekFigures) { f.Received++ })
	}
}

func (w *weekly) replied(e *jiban.TicketEvent) {
	c := &w.one
	c.answered = w.week(e.At)
	given := e.At
	if !c.submitted.IsZero() {
		given = c.submitted
	}
	due := moment(e.Data["due"])
	w.count(c.answered, func(f *WeekFigures) {
		f.Answered++
		f.Hours.Numerator += e.At.Sub(c.since).Hours()
		if due.IsZero() || !given.After(due) {
			f.OnTime.Numerator++
		}
	})
}

// asked takes in what the person said of the answer.
func (w *WeekFigures) asked(d map[string]string) {
	add := func(f *Figure, said, wanted string) {
		if said == yes || said == no {
			f.Denominator++
		}
		if said == wanted {
			f.Numerator++
		}
	}
	add(&w.Satisfied, d["satisfied"], yes)
	add(&w.Dissatisfied, d["satisfied"], no)
	add(&w.Solved, d["solved"], yes)
	add(&w.Contacted, d["contacted"], yes)
}
