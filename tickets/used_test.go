package tickets

import (
	"math"
	"testing"
	"time"

	"jiban"
	"jiban/calendar"
)

// TestUsed goes through worked examples. The office works from 8:30 to 17:30, nine
// hours; 2026-11-02 is a Monday.
func TestUsed(t *testing.T) {
	cal, err := calendar.Default()
	if err != nil {
		t.Fatal(err)
	}
	day, hours, wall := jiban.Limit{Days: 3}, jiban.Limit{Hours: 18}, jiban.Limit{Hours: 24, OnClock: true}
	span := func(from, to string) jiban.Span {
		s := jiban.Span{From: at(t, from)}
		if to != "" {
			s.To = at(t, to)
		}
		return s
	}
	for name, c := range map[string]struct {
		limit     jiban.Limit
		from, due string
		now       string
		stood     []jiban.Span
		want      float64
	}{
		"at its beginning": {limit: day, from: "2026-11-02 08:30", due: "2026-11-05 17:30", now: "2026-11-02 08:30", want: 0},
		"before it begins": {limit: day, from: "2026-11-02 08:30", due: "2026-11-05 17:30", now: "2026-11-01 12:00", want: 0},
		"one of four days": {limit: day, from: "2026-11-02 08:30", due: "2026-11-05 17:30", now: "2026-11-02 17:30", want: 0.25},
		"nothing by night": {limit: day, from: "2026-11-02 08:30", due: "2026-11-05 17:30", now: "2026-11-03 08:30", want: 0.25},
		"over a weekend":   {limit: hours, from: "2026-11-06 08:30", due: "2026-11-09 17:30", now: "2026-11-08 23:00", want: 0.5},
		"by the clock":     {limit: wall, from: "2026-11-06 09:00", due: "2026-11-07 09:00", now: "2026-11-07 03:00", want: 0.75},
		"late by a day":    {limit: hours, from: "2026-11-02 08:30", due: "2026-11-03 17:30", now: "2026-11-04 17:30", want: 1.5},
		"it stands": {limit: hours, from: "2026-11-02 08:30", due: "2026-11-03 17:30", now: "2026-11-20 12:00",
			stood: []jiban.Span{span("2026-11-02 17:30", "")}, want: 0.5},
		"it stood for a day and goes on": {limit: hours, from: "2026-11-02 08:30", due: "2026-11-04 17:30", now: "2026-11-04 08:30",
			stood: []jiban.Span{span("2026-11-02 17:30", "2026-11-03 17:30")}, want: 0.5},
		"it stood twice": {limit: wall, from: "2026-11-02 09:00", due: "2026-11-03 15:00", now: "2026-11-02 21:00",
			stood: []jiban.Span{span("2026-11-02 10:00", "2026-11-02 12:00"), span("2026-11-02 13:00", "2026-11-02 17:00")}, want: 0.25},
	} {
		k := &jiban.Ticket{DueAt: at(t, c.due), Life: jiban.TicketLife{TermAt: at(t, c.from), Limit: c.limit, Stood: c.stood}}
		if got := used(cal, k, at(t, c.now)); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	if got := used(cal, &jiban.Ticket{CreatedAt: at(t, "2026-11-02 09:00")}, at(t, "2026-11-05 09:00")); got != 0 {
		t.Errorf("without a limit: %v", got)
	}
}

// The share of a real ticket stands while the clock does, and the reminder comes at
// three quarters of what is left to the department.
func TestUsedStandsWithTheClock(t *testing.T) {
	h := newHouse(t)
	k := h.open(h.slow(h.person("web:1"))) // five working days: due on the 9th at 17:30
	h.mustBy(dept, jiban.EventSigned, k.Number)
	share := func() float64 {
		k := h.ticket(k.Number)
		return h.Used(&k)
	}
	h.clock.Advance(24 * time.Hour)
	h.mustBy(dept, jiban.EventPaused, k.Number, "reason", "authority", "text", "等鉴定")
	stands := share()
	h.clock.Advance(48 * time.Hour)
	if got := share(); got != stands || got < 0.1 || got > 0.3 {
		t.Errorf("%v, and two days later %v", stands, got)
	}
	h.mustBy(dept, jiban.EventResumed, k.Number)
	if got := share(); math.Abs(got-stands) > 0.01 {
		t.Errorf("it goes on from %v with %v", stands, got)
	}
	for h.ticket(k.Number).Life.Light == "" && share() < 1 {
		h.clock.Advance(30 * time.Minute)
		h.sweep()
	}
	if got := share(); got < 0.75 || got > 0.79 || h.ticket(k.Number).Life.Light != jiban.LightYellow {
		t.Errorf("yellow at %v", got)
	}
	h.mustBy(dept, jiban.EventReplied, k.Number, "text", "已处理")
	end := share()
	h.clock.Advance(240 * time.Hour)
	if got := share(); got != end {
		t.Errorf("the time of what is over goes on: %v, %v", end, got)
	}
}
