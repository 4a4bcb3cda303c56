// Package calendar reckons in working time: which days are worked in China, when
// a desk is open, and when a limit runs out. Holidays and make-up workdays are
// data, one year at a time; beyond the last known year it falls back to Monday
// to Friday and says so. It knows nothing of tickets, people or storage. All
// days are days in Beijing.
package calendar

import (
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
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

// before reports whether the day lies before another.
func (d Date) before(other Date) bool { return d.At(0).Before(other.At(0)) }

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

// Calendar is a set of known years with the hours of one desk. Calendars made of
// each other by With share their years, which Learn replaces as a whole. It is
// safe for concurrent use.
type Calendar struct {
	hours Hours
	years *atomic.Pointer[yearSet]
}

// yearSet is never changed once it is made.
type yearSet struct {
	list  []Year // in order
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
	c := &Calendar{hours: h, years: &atomic.Pointer[yearSet]{}}
	c.years.Store(newYears(years))
	return c, nil
}

// newYears makes the set of some years; of two with the same number the later one
// counts.
func newYears(years []Year) *yearSet {
	newest := map[int]Year{}
	for _, y := range years {
		newest[y.Year] = y
	}
	set := &yearSet{known: map[int]bool{}, off: map[Date]bool{}, work: map[Date]bool{}}
	for _, number := range slices.Sorted(maps.Keys(newest)) {
		set.add(newest[number])
	}
	return set
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

func (s *yearSet) add(y Year) {
	s.list = append(s.list, y)
	s.known[y.Year] = true
	for _, d := range y.Off {
		s.off[d] = true
	}
	for _, d := range y.Work {
		s.work[d] = true
	}
}

// Learn takes in years for this calendar and all that share its years, in place
// of those of the same number. It returns the numbers of those that are new or
// differ from what was known.
func (c *Calendar) Learn(years ...Year) []int {
	for {
		before := c.years.Load()
		after := newYears(append(slices.Clone(before.list), years...))
		if c.years.CompareAndSwap(before, after) {
			return changed(before, after)
		}
	}
}

func changed(before, after *yearSet) []int {
	old := map[int]Year{}
	for _, y := range before.list {
		old[y.Year] = y
	}
	var numbers []int
	for _, y := range after.list {
		if was, known := old[y.Year]; !known || !slices.Equal(was.Off, y.Off) || !slices.Equal(was.Work, y.Work) {
			numbers = append(numbers, y.Year)
		}
	}
	return numbers
}

// Years lists the known years in order.
func (c *Calendar) Years() []Year { return slices.Clone(c.years.Load().list) }

// With returns a calendar of the same years with other hours: those of another desk.
func (c *Calendar) With(h Hours) (*Calendar, error) {
	if err := h.check(); err != nil {
		return nil, err
	}
	return &Calendar{hours: h, years: c.years}, nil
}

// Known reports whether the holidays of the year are known. For other years
// Monday to Friday are taken as working days.
func (c *Calendar) Known(year int) bool { return c.years.Load().known[year] }

// Workday reports whether the day is worked.
func (c *Calendar) Workday(d Date) bool {
	y := c.years.Load()
	return y.work[d] || !y.off[d] && !d.Weekend()
}
