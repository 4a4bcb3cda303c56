// Package calendar reckons in working time: which days are worked in China, when
// a desk is open, and when a limit runs out. Holidays and make-up workdays are
// data, one year at a time; beyond the last known year it falls back to Monday
// to Friday and says so. It knows nothing of tickets, people or storage. All
// days are days in Beijing.
package calendar

import (
	"fmt"
	"time"

	"jiban"
)

// Date is a day in Beijing.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf returns the day in Beijing on which t falls.
func DateOf(t time.Time) Date {
	y, m, d := t.In(jiban.Beijing).Date()
	return Date{y, m, d}
}

// At returns the moment that lies offset after the day's midnight.
func (d Date) At(offset time.Duration) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, jiban.Beijing).Add(offset)
}

// Next returns the following day.
func (d Date) Next() Date { return DateOf(d.At(36 * time.Hour)) }

// Weekend reports whether the day is a Saturday or Sunday.
func (d Date) Weekend() bool {
	w := d.At(0).Weekday()
	return w == time.Saturday || w == time.Sunday
}

// String returns yyyy-mm-dd.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }

// Year is what an official notice orders for one year.
type Year struct {
	Year   int
	Notice string // the notice, for people to check against
	Off    []Date // holidays, weekends among them
	Work   []Date // weekend days that are worked
}

// Calendar is an immutable set of known years with the hours of one desk. It is
// safe for concurrent use.
type Calendar struct {
	hours Hours
	known map[int]bool
	off   map[Date]bool
	work  map[Date]bool
}

// New makes a calendar of the given years and hours. A later year replaces an
// earlier one of the same number. CodeInvalid when the hours are not possible.
func New(h Hours, years ...Year) (*Calendar, error) {
	if err := h.check(); err != nil {
		return nil, err
	}
	c := &Calendar{hours: h, known: map[int]bool{}, off: map[Date]bool{}, work: map[Date]bool{}}
	newest := map[int]Year{}
	for _, y := range years {
		newest[y.Year] = y
	}
	for _, y := range newest {
		c.add(y)
	}
	return c, nil
}

// Default is the calendar of the years that come with the program, with office
// hours.
func Default() (*Calendar, error) {
	years, err := Builtin()
	if err != nil {
		return nil, err
	}
	return New(Office(), years...)
}

func (c *Calendar) add(y Year) {
	c.known[y.Year] = true
	for _, d := range y.Off {
		c.off[d] = true
	}
	for _, d := range y.Work {
		c.work[d] = true
	}
}

// With returns the same years with other hours: those of another desk.
func (c *Calendar) With(h Hours) (*Calendar, error) {
	if err := h.check(); err != nil {
		return nil, err
	}
	other := *c
	other.hours = h
	return &other, nil
}

// Known reports whether the holidays of the year are known. For other years
// Monday to Friday are taken as working days.
func (c *Calendar) Known(year int) bool { return c.known[year] }

// Workday reports whether the day is worked.
func (c *Calendar) Workday(d Date) bool {
	return c.work[d] || !c.off[d] && !d.Weekend()
}
