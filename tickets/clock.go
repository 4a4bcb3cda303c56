package tickets

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"jiban"
	"jiban/calendar"
)

// clock is the ticket's limit as its log and the present calendar say: started
// with its opening or reopening, stopped and set going, given more time. It is
// what a due time is computed from anew when a year of holidays becomes known.
func (d *decision) clock() calendar.Clock {
	k := d.calendar.Until(d.ticket.DueAt, d.ticket.Life.Limit) // for a log that was erased
	for _, log := range [][]jiban.TicketEvent{d.log, d.events} {
		for i := range log {
			d.step(&k, &log[i])
		}
	}
	return k
}

func (d *decision) step(k *calendar.Clock, e *jiban.TicketEvent) {
	switch e.Kind {
	case jiban.EventOpened, jiban.EventReopened:
		limit := parseLimit(e.Data["limit"])
		if e.Data["counted"] == yes {
			*k = d.calendarOf(e.Data["clock"]).Start(e.At, limit)
		} else if due := moment(e.Data["due"]); !due.IsZero() {
			*k = d.calendarOf(e.Data["clock"]).Until(due, limit)
		}
	case jiban.EventPaused, jiban.EventSubmitted:
		k.Stop(e.At)
	case jiban.EventResumed, jiban.EventReplyRefused, jiban.EventReplied:
		k.Go(e.At)
	case jiban.EventExtended:
		if more := parseLimit(e.Data["more"]); more != (jiban.Limit{}) {
			k.Extend(more)
		} else if due := moment(e.Data["due"]); !due.IsZero() {
			k.Set(due)
		}
	}
}

// Used is the share of a ticket's limit that is used up: of the working time of its
// department, or of the time on the clock where the limit is such a one, without
// the time for which the clock stood. 0 is the beginning of the limit, 1 its end;
// it is more when the ticket is overdue and 0 where there is no limit.
func (s *Service) Used(t *jiban.Ticket) float64 {
	c := s.calendarOf(t.Department)
	if t.Kind == kindCallback {
		c = s.deps.Desk
	}
	return used(c, t, s.now())
}

func used(c *calendar.Calendar, t *jiban.Ticket, now time.Time) float64 {
	l := &t.Life
	begin, stood := termStart(t), time.Duration(0)
	for _, span := range l.Stood {
		if span.To.IsZero() {
			now = span.From
			break
		}
		stood += c.Counted(span.From, span.To, l.Limit)
	}
	whole := c.Counted(begin, t.DueAt, l.Limit) - stood
	if t.DueAt.IsZero() || whole <= 0 {
		return 0
	}
	return max(0, float64(c.Counted(begin, now, l.Limit)-stood)/float64(whole))
}

// stood is how long the clock of the present limit stood, as the limit counts.
func (d *decision) stood() time.Duration {
	sum := time.Duration(0)
	for _, span := range d.ticket.Life.Stood {
		if !span.To.IsZero() {
			sum += d.calendar.Counted(span.From, span.To, d.ticket.Life.Limit)
		}
	}
	return sum
}

// limitText writes a limit into an event: 3d, 4h in working time, 24h! on the
// clock; a + counts days from the day itself.
func limitText(l jiban.Limit) string {
	switch {
	case l.Hours > 0 && l.OnClock:
		return fmt.Sprintf("%dh!", l.Hours)
	case l.Hours > 0:
		return fmt.Sprintf("%dh", l.Hours)
	case l.Days > 0 && l.AtOnce:
		return fmt.Sprintf("%dd+", l.Days)
	case l.Days > 0:
		return fmt.Sprintf("%dd", l.Days)
	default:
		return ""
	}
}

// parseLimit reads what limitText wrote; anything else is no limit.
func parseLimit(s string) jiban.Limit {
	digits := strings.TrimRight(s, "dh!+")
	n, err := strconv.Atoi(digits)
	if err != nil || n <= 0 || n > mostLimit {
		return jiban.Limit{}
	}
	switch s[len(digits):] {
	case "d":
		return jiban.Limit{Days: n}
	case "d+":
		return jiban.Limit{Days: n, AtOnce: true}
	case "h":
		return jiban.Limit{Hours: n}
	case "h!":
		return jiban.Limit{Hours: n, OnClock: true}
	default:
		return jiban.Limit{}
	}
}

// mostLimit bounds a limit in days or hours: longer ones are mistakes.
const mostLimit = 10_000
