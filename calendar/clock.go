package calendar

import (
	"time"

	"jiban"
)

// Clock keeps one limit from its start to its end: it can be stopped while
// nothing can be done, set going again, and given more time. It is a value of a
// fold: the same steps give the same due time, and on another calendar the one
// that is right there.
type Clock struct {
	calendar *Calendar
	limit    jiban.Limit
	due      time.Time
	stopped  time.Time // zero while it runs
	warning  Warning
}

// Start returns a running clock of a limit.
func (c *Calendar) Start(from time.Time, l jiban.Limit) Clock {
	k := Clock{calendar: c, limit: l}
	k.due, k.warning = c.Due(from, l)
	return k
}

// Until returns a running clock that was set to a due time; the limit says how
// its pauses are counted.
func (c *Calendar) Until(due time.Time, l jiban.Limit) Clock {
	return Clock{calendar: c, limit: l, due: due.UTC()}
}

// Stop halts the clock. One that stands already, or has run out, is left alone.
func (k *Clock) Stop(at time.Time) {
	if k.stopped.IsZero() && at.Before(k.due) {
		k.stopped = at
	}
}

// Go sets the clock going again. Hours are given back to the minute; a limit in
// days moves by the working days that began while it stood.
func (k *Clock) Go(at time.Time) {
	if k.stopped.IsZero() {
		return
	}
	c, from := k.calendar, k.stopped
	k.stopped = time.Time{}
	if !at.After(from) {
		return
	}
	switch {
	case k.limit.OnClock:
		k.due = k.due.Add(at.Sub(from))
	case k.limit.Hours > 0:
		k.set(c.AddWorking(at, c.Working(from, k.due)))
	default:
		k.addDays(c.Workdays(from, at))
	}
}

// Extend gives more time after the present due time.
func (k *Clock) Extend(l jiban.Limit) {
	switch {
	case l.Days > 0:
		k.addDays(l.Days)
	case l.OnClock:
		k.due = k.due.Add(time.Duration(l.Hours) * time.Hour)
	case l.Hours > 0:
		k.set(k.calendar.AddWorking(k.due, time.Duration(l.Hours)*time.Hour))
	}
}

// Set sets another due time.
func (k *Clock) Set(due time.Time) { k.due = due.UTC() }

// Stopped reports whether the clock stands.
func (k *Clock) Stopped() bool { return !k.stopped.IsZero() }

// Due returns when the limit runs out as far as is known now, and whether that
// may be wrong.
func (k *Clock) Due() (time.Time, Warning) { return k.due, k.warning }

// addDays moves the due time by whole working days.
func (k *Clock) addDays(n int) {
	if n == 0 {
		return
	}
	d, w := k.calendar.workdaysOn(DateOf(k.due), n)
	k.set(k.calendar.endOf(d, w))
}

func (k *Clock) set(due time.Time, w Warning) {
	k.due = due
	if k.warning == "" {
		k.warning = w
	}
}

// Share returns the moment at which a share of a term, counted as its limit
// counts, has passed: 0 is its beginning, 1 its end. The time for which the clock
// stood, counted in the same way, is no part of the term; it lies before the moment.
func (c *Calendar) Share(from, due time.Time, l jiban.Limit, share float64, stood time.Duration) time.Time {
	whole := max(0, c.Counted(from, due, l)-stood)
	passed := stood + time.Duration(share*float64(whole))
	if l.OnClock {
		return from.Add(passed).UTC()
	}
	at, _ := c.AddWorking(from, passed)
	return earlier(at, due.UTC())
}

// Counted is how much time lies between two moments as a limit counts it: on the
// clock, or in working time. None when the second is not later.
func (c *Calendar) Counted(from, to time.Time, l jiban.Limit) time.Duration {
	if l.OnClock {
		return max(0, to.Sub(from))
	}
	return c.Working(from, to)
}
