package calendar

import (
	"strings"
	"time"

	"jiban"
)

// Span is a part of a day, both ends counted from midnight.
type Span struct{ From, To time.Duration }

// Hours are the opening hours of a desk: spans in order, the same on every day
// that is worked, or on all days.
type Hours struct {
	Spans    []Span
	EveryDay bool // open on weekends and holidays too
}

// Office returns the usual office hours, 08:30 to 17:30 without a break.
func Office() Hours {
	return Hours{Spans: []Span{{8*time.Hour + 30*time.Minute, 17*time.Hour + 30*time.Minute}}}
}

// RoundTheClock returns hours that never close.
func RoundTheClock() Hours {
	return Hours{Spans: []Span{{0, 24 * time.Hour}}, EveryDay: true}
}

// ParseHours reads hours written as 08:30 and 17:30; "24:00" ends a day. The
// same text twice, or both empty, means round the clock.
func ParseHours(from, to string, everyDay bool) (Hours, error) {
	if from == to {
		return RoundTheClock(), nil
	}
	f, err := clock(from)
	if err != nil {
		return Hours{}, err
	}
	t, err := clock(to)
	if err != nil {
		return Hours{}, err
	}
	h := Hours{Spans: []Span{{f, t}}, EveryDay: everyDay}
	return h, h.check()
}

// everyDay stands before the hours of a desk that is open on all days.
const everyDay = "daily"

// mostHours bounds the text of opening hours, in bytes.
const mostHours = 200

// ReadHours reads opening hours written as spans: 08:30-12:00 13:30-17:30, with
// the word daily before them for a desk that is open on holidays too. CodeInvalid
// for anything else.
func ReadHours(text string) (Hours, error) {
	if len(text) > mostHours {
		return Hours{}, jiban.Errorf(jiban.CodeInvalid, "calendar.ReadHours", "opening hours are no longer than %d bytes", mostHours)
	}
	var h Hours
	words := strings.Fields(text)
	if len(words) > 0 && words[0] == everyDay {
		h.EveryDay, words = true, words[1:]
	}
	for _, word := range words {
		from, to, _ := strings.Cut(word, "-")
		f, err := clock(from)
		if err != nil {
			return Hours{}, err
		}
		t, err := clock(to)
		if err != nil {
			return Hours{}, err
		}
		h.Spans = append(h.Spans, Span{f, t})
	}
	return h, h.check()
}

func clock(s string) (time.Duration, error) {
	if s == "24:00" {
		return 24 * time.Hour, nil
	}
	t, err := time.Parse("15:04", s)
	if err != nil {
		return 0, jiban.Errorf(jiban.CodeInvalid, "calendar.ParseHours", "%q is no time of day: write it like 08:30", s)
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, nil
}

// check refuses hours in which no time would ever pass.
func (h Hours) check() error {
	end := time.Duration(0)
	for _, s := range h.Spans {
		if s.From < end || s.To <= s.From || s.To > 24*time.Hour {
			return jiban.Errorf(jiban.CodeInvalid, "calendar.Hours",
				"a span from %v to %v is not possible here: spans lie within a day, in order, and end after they begin", s.From, s.To)
		}
		end = s.To
	}
	if len(h.Spans) == 0 {
		return jiban.Errorf(jiban.CodeInvalid, "calendar.Hours", "no opening hours are given: name at least one span")
	}
	return nil
}

// end is the last moment of the working day, counted from midnight.
func (h Hours) end() time.Duration { return h.Spans[len(h.Spans)-1].To }
