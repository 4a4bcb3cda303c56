package tickets

import (
	"fmt"
	"strconv"
	"strings"

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
