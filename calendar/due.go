package calendar

import (
	"fmt"
	"time"

	"jiban"
)

// Warning says in words why a due time may be wrong; "" when it is certain.
type Warning string

// horizon ends every walk over days: no row of closed days is nearly as long.
const horizon = 2000

// Due returns when a limit that starts at from runs out. Working days count from
// the next day, or from the day itself when they count at once and its working
// hours are not over, and end with the working hours of the last one; hours on
// the clock run day and night; other hours run in working time only. The warning is
// set when a year was walked through whose holidays are not known. A limit of
// nothing is due at once.
func (c *Calendar) Due(from time.Time, l jiban.Limit) (time.Time, Warning) {
	switch {
	case l.Hours > 0 && l.OnClock:
		return from.Add(time.Duration(l.Hours) * time.Hour).UTC(), ""
	case l.Hours > 0:
		return c.AddWorking(from, time.Duration(l.Hours)*time.Hour)
	case l.Days > 0:
		d, n := DateOf(from), l.Days
		if l.AtOnce && c.Workday(d) && from.Before(d.At(c.hours.end())) {
			n--
		}
		return c.endOf(c.workdaysOn(d, n))
	default:
		return from.UTC(), ""
	}
}

// workdaysOn returns the n-th day worked after d, d itself for none.
func (c *Calendar) workdaysOn(d Date, n int) (Date, Warning) {
	w := c.warn("", d)
	if n > 0 {
		w = "" // the day on which it begins does not count
	}
	for left, walked := n, 0; left > 0 && walked < horizon+7*n; walked++ {
		d = d.Next()
		w = c.warn(w, d)
		if c.Workday(d) {
			left--
		}
	}
	return d, w
}

// endOf is the moment at which the working hours of a day end.
func (c *Calendar) endOf(d Date, w Warning) (time.Time, Warning) {
	return d.At(c.hours.end()).UTC(), w
}

// Workdays counts the days worked after the day of from, up to and with that of to.
func (c *Calendar) Workdays(from, to time.Time) int {
	n, last := 0, DateOf(to)
	for d, walked := DateOf(from), 0; d.before(last) && walked < horizon; walked++ {
		if d = d.Next(); c.Workday(d) {
			n++
		}
	}
	return n
}

// Working is how much working time lies between two moments, none when the
// second is not later.
func (c *Calendar) Working(from, to time.Time) time.Duration {
	var sum time.Duration
	last := DateOf(to)
	for d, walked := DateOf(from), 0; !last.before(d) && walked < horizon; d, walked = d.Next(), walked+1 {
		for _, s := range c.spans(d) {
			if open, end := later(d.At(s.From), from), earlier(d.At(s.To), to); open.Before(end) {
				sum += end.Sub(open)
			}
		}
	}
	return sum
}

// AddWorking returns the moment at which d of working time has passed after from.
func (c *Calendar) AddWorking(from time.Time, d time.Duration) (time.Time, Warning) {
	day, at := DateOf(from), from
	var w Warning
	limit := horizon + 7*int(d/time.Hour)
	for walked := 0; walked < limit; walked++ {
		w = c.warn(w, day)
		for _, s := range c.spans(day) {
			open, end := later(day.At(s.From), at), day.At(s.To)
			if !open.Before(end) {
				continue
			}
			if left := end.Sub(open); d > left {
				d -= left
				continue
			}
			return open.Add(d).UTC(), w
		}
		day = day.Next()
	}
	return day.At(0).UTC(), w
}

// Open reports whether the desk is open at t.
func (c *Calendar) Open(t time.Time) bool {
	day := DateOf(t)
	for _, s := range c.spans(day) {
		if !t.Before(day.At(s.From)) && t.Before(day.At(s.To)) {
			return true
		}
	}
	return false
}

// Callback returns by when a person is called back who found nobody on duty at
// t: two working hours after the desk is next open.
func (c *Calendar) Callback(t time.Time) (time.Time, Warning) {
	return c.AddWorking(t, callbackWithin)
}

// callbackWithin is a promise of the house, kept by the people at the desk.
const callbackWithin = 2 * time.Hour

// spans are the day's opening hours, none on a day that is not worked.
func (c *Calendar) spans(d Date) []Span {
	if c.hours.EveryDay || c.Workday(d) {
		return c.hours.Spans
	}
	return nil
}

func (c *Calendar) warn(w Warning, d Date) Warning {
	if w != "" || c.hours.EveryDay || c.Known(d.Year) {
		return w
	}
	return Warning(fmt.Sprintf("the holidays of %d are not known: Monday to Friday were counted as working days; import the notice of that year", d.Year))
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
