package calendar

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"jiban"
)

// step is what happens to a clock: stop, go, more TIME-limit, set.
type step struct{ at, what string }

// example is a limit with what happens to it, worked out by hand on the calendar
// of 2025 and 2026.
type example struct {
	why   string
	from  string
	limit string // 3d, 3d+ (from the day itself), 4h (working), 24h! (on the clock)
	steps []step
	want  string
	warn  bool
}

func examples() []example {
	stop := func(at string) step { return step{at, "stop"} }
	goOn := func(at string) step { return step{at, "go"} }
	more := func(l string) step { return step{"", "more " + l} }
	return []example{
		// Days, from the next working day.
		{"one day from a Monday morning", "2026-11-02 08:00", "1d", nil, "2026-11-03 17:30", false},
		{"two days from a Thursday end on Monday", "2026-11-05 10:00", "2d", nil, "2026-11-09 17:30", false},
		{"five days are a week", "2026-11-02 10:00", "5d", nil, "2026-11-09 17:30", false},
		{"Friday evening counts from Monday", "2026-11-06 19:00", "1d", nil, "2026-11-09 17:30", false},
		{"Friday morning counts from Monday too", "2026-11-06 08:31", "1d", nil, "2026-11-09 17:30", false},
		{"Sunday night", "2026-11-08 23:00", "3d", nil, "2026-11-11 17:30", false},
		{"three days over National Day", "2026-09-29 15:00", "3d", nil, "2026-10-09 17:30", false},
		{"five days over National Day with the make-up Saturday", "2026-09-29 15:00", "5d", nil, "2026-10-12 17:30", false},
		{"taken in on National Day itself", "2026-10-01 12:00", "1d", nil, "2026-10-08 17:30", false},
		{"taken in on the last day of the holiday", "2026-10-07 23:50", "2d", nil, "2026-10-09 17:30", false},
		{"Mid-Autumn and National Day together", "2026-09-24 09:00", "5d", nil, "2026-10-09 17:30", false},
		{"the Sunday worked before Mid-Autumn", "2026-09-18 17:00", "2d", nil, "2026-09-21 17:30", false},
		{"three days over Spring Festival", "2026-02-12 10:00", "3d", nil, "2026-02-24 17:30", false},
		{"the make-up Saturday before Spring Festival counts", "2026-02-12 10:00", "2d", nil, "2026-02-14 17:30", false},
		{"taken in at New Year's Eve", "2026-02-16 20:00", "1d", nil, "2026-02-24 17:30", false},
		{"seven days over Spring Festival and its second make-up day", "2026-02-13 18:00", "7d", nil, "2026-03-02 17:30", false},
		{"fifteen days over Spring Festival", "2026-02-09 09:00", "15d", nil, "2026-03-06 17:30", false},
		{"Labour Day with its make-up Saturday", "2026-04-30 16:00", "4d", nil, "2026-05-09 17:30", false},
		{"Qingming", "2026-04-03 09:00", "1d", nil, "2026-04-07 17:30", false},
		{"New Year with a Sunday worked", "2025-12-31 18:00", "2d", nil, "2026-01-05 17:30", false},
		{"the long holiday of 2025", "2025-09-30 09:00", "3d", nil, "2025-10-11 17:30", false},
		{"Spring Festival of 2025", "2025-01-26 09:00", "2d", nil, "2025-02-05 17:30", false},
		// Days from the day itself.
		{"at once, in the morning", "2026-11-02 09:00", "1d+", nil, "2026-11-02 17:30", false},
		{"at once, a minute before closing", "2026-11-02 17:29", "1d+", nil, "2026-11-02 17:30", false},
		{"at once, but after closing", "2026-11-02 17:30", "1d+", nil, "2026-11-03 17:30", false},
		{"at once on a Saturday", "2026-11-07 09:00", "1d+", nil, "2026-11-09 17:30", false},
		{"at once on a make-up Saturday", "2026-10-10 09:00", "1d+", nil, "2026-10-10 17:30", false},
		{"at once on a holiday in the week", "2026-10-05 09:00", "2d+", nil, "2026-10-09 17:30", false},
		{"three at once before National Day", "2026-09-29 09:00", "3d+", nil, "2026-10-08 17:30", false},
		// Working hours.
		{"one hour in the morning", "2026-11-02 08:30", "1h", nil, "2026-11-02 09:30", false},
		{"four hours over the evening", "2026-11-02 15:30", "4h", nil, "2026-11-03 10:30", false},
		{"four hours from Friday evening", "2026-11-06 18:00", "4h", nil, "2026-11-09 12:30", false},
		{"eight hours before National Day", "2026-09-30 14:30", "8h", nil, "2026-10-08 13:30", false},
		{"on a make-up Saturday hours run", "2026-10-10 16:30", "2h", nil, "2026-10-12 09:30", false},
		{"before Spring Festival", "2026-02-14 17:00", "1h", nil, "2026-02-24 09:00", false},
		{"eighteen hours are two days", "2026-11-02 08:30", "18h", nil, "2026-11-03 17:30", false},
		{"from before opening", "2026-11-02 03:00", "2h", nil, "2026-11-02 10:30", false},
		// Urgent: on the clock.
		{"two hours at night", "2026-11-02 23:30", "2h!", nil, "2026-11-03 01:30", false},
		{"a day over New Year's Eve", "2026-02-16 20:00", "24h!", nil, "2026-02-17 20:00", false},
		{"a day beyond the known years needs no holidays", "2027-02-10 09:00", "24h!", nil, "2027-02-11 09:00", false},
		// Pauses.
		{"paused for two days in the week", "2026-11-02 09:00", "5d", []step{stop("2026-11-03 10:00"), goOn("2026-11-05 10:00")}, "2026-11-11 17:30", false},
		{"paused and resumed the same day", "2026-11-02 09:00", "5d", []step{stop("2026-11-03 09:00"), goOn("2026-11-03 16:00")}, "2026-11-09 17:30", false},
		{"paused over a weekend costs one day", "2026-11-02 09:00", "5d", []step{stop("2026-11-06 15:00"), goOn("2026-11-09 09:00")}, "2026-11-10 17:30", false},
		{"paused over National Day", "2026-09-29 09:00", "3d", []step{stop("2026-09-30 09:00"), goOn("2026-10-08 09:00")}, "2026-10-10 17:30", false},
		{"paused on a holiday and resumed on it", "2026-09-29 09:00", "3d", []step{stop("2026-10-02 09:00"), goOn("2026-10-04 09:00")}, "2026-10-09 17:30", false},
		{"paused over Spring Festival with a make-up Saturday", "2026-02-12 09:00", "3d", []step{stop("2026-02-13 09:00"), goOn("2026-02-24 09:00")}, "2026-02-26 17:30", false},
		{"two pauses", "2026-11-02 09:00", "5d", []step{stop("2026-11-03 09:00"), goOn("2026-11-04 09:00"), stop("2026-11-05 09:00"), goOn("2026-11-06 09:00")}, "2026-11-11 17:30", false},
		{"stopped twice is stopped once", "2026-11-02 09:00", "5d", []step{stop("2026-11-03 09:00"), stop("2026-11-04 09:00"), goOn("2026-11-05 09:00")}, "2026-11-11 17:30", false},
		{"going twice is going once", "2026-11-02 09:00", "5d", []step{stop("2026-11-03 09:00"), goOn("2026-11-04 09:00"), goOn("2026-11-06 09:00")}, "2026-11-10 17:30", false},
		{"a limit that ran out cannot be stopped", "2026-11-02 09:00", "1d", []step{stop("2026-11-04 09:00"), goOn("2026-11-06 09:00")}, "2026-11-03 17:30", false},
		{"working hours are given back to the minute", "2026-11-02 09:00", "4h", []step{stop("2026-11-02 10:15"), goOn("2026-11-03 14:00")}, "2026-11-03 16:45", false},
		{"a pause of working hours over night", "2026-11-02 15:30", "4h", []step{stop("2026-11-02 16:30"), goOn("2026-11-03 08:30")}, "2026-11-03 11:30", false},
		{"resumed outside of working hours", "2026-11-02 09:00", "4h", []step{stop("2026-11-02 10:00"), goOn("2026-11-02 20:00")}, "2026-11-03 11:30", false},
		{"hours on the clock are given back to the minute", "2026-11-02 09:00", "24h!", []step{stop("2026-11-02 21:00"), goOn("2026-11-03 00:10")}, "2026-11-03 12:10", false},
		// Extensions.
		{"five days more", "2026-11-02 09:00", "5d", []step{more("5d")}, "2026-11-16 17:30", false},
		{"three days more over National Day", "2026-09-28 09:00", "2d", []step{more("3d")}, "2026-10-10 17:30", false},
		{"twice extended", "2026-11-02 09:00", "1d", []step{more("1d"), more("2d")}, "2026-11-06 17:30", false},
		{"four working hours more", "2026-11-02 09:00", "4h", []step{more("4h")}, "2026-11-02 17:00", false},
		{"working hours more over night", "2026-11-02 13:30", "4h", []step{more("2h")}, "2026-11-03 10:30", false},
		{"a day more on the clock", "2026-11-02 09:00", "24h!", []step{more("24h!")}, "2026-11-04 09:00", false},
		{"extended after a pause", "2026-11-02 09:00", "5d", []step{stop("2026-11-03 09:00"), goOn("2026-11-04 09:00"), more("1d")}, "2026-11-11 17:30", false},
		{"paused after an extension", "2026-11-02 09:00", "1d", []step{more("2d"), stop("2026-11-04 09:00"), goOn("2026-11-05 09:00")}, "2026-11-06 17:30", false},
		// The end of the known calendar.
		{"ends on the last known working day", "2026-12-30 09:00", "1d", nil, "2026-12-31 17:30", false},
		{"runs into the unknown year", "2026-12-31 09:00", "1d", nil, "2027-01-01 17:30", true},
		{"fifteen days into the unknown year", "2026-12-21 09:00", "15d", nil, "2027-01-11 17:30", true},
		{"hours that stay in the known year", "2026-12-31 16:00", "1h", nil, "2026-12-31 17:00", false},
		{"hours that do not", "2026-12-31 17:00", "1h", nil, "2027-01-01 09:00", true},
		{"extended into the unknown year", "2026-12-29 09:00", "1d", []step{more("3d")}, "2027-01-04 17:30", true},
		{"paused into the unknown year", "2026-12-28 09:00", "3d", []step{stop("2026-12-30 09:00"), goOn("2027-01-01 09:00")}, "2027-01-04 17:30", true},
	}
}

func TestWorkedExamples(t *testing.T) {
	c := office(t)
	if n := len(examples()); n < 60 {
		t.Errorf("%d examples, want 60", n)
	}
	for _, x := range examples() {
		t.Run(x.why, func(t *testing.T) {
			k := c.Start(at(t, x.from), limitOf(t, x.limit))
			for _, s := range x.steps {
				take(t, &k, s)
			}
			got, w := k.Due()
			if !got.Equal(at(t, x.want)) || (w != "") != x.warn {
				t.Errorf("got %s, warning %q; want %s, warned %v", got.In(jiban.Beijing).Format("2006-01-02 15:04"), w, x.want, x.warn)
			}
		})
	}
}

func take(t *testing.T, k *Clock, s step) {
	t.Helper()
	switch s.what {
	case "stop":
		k.Stop(at(t, s.at))
	case "go":
		k.Go(at(t, s.at))
	default:
		k.Extend(limitOf(t, strings.TrimPrefix(s.what, "more ")))
	}
}

func limitOf(t *testing.T, s string) jiban.Limit {
	t.Helper()
	var n int
	var unit string
	if _, err := fmt.Sscanf(s, "%d%s", &n, &unit); err != nil {
		t.Fatal(err)
	}
	switch unit {
	case "d":
		return jiban.Limit{Days: n}
	case "d+":
		return jiban.Limit{Days: n, AtOnce: true}
	case "h":
		return jiban.Limit{Hours: n}
	default:
		return jiban.Limit{Hours: n, OnClock: true}
	}
}

// A year that becomes known is known to every calendar made of the same one, and
// a limit reckoned anew on it is right.
func TestLearn(t *testing.T) {
	c := office(t)
	desk, err := c.With(RoundTheClock())
	if err != nil {
		t.Fatal(err)
	}
	news, err := Import(strings.NewReader(`{"year": 2027, "papers": ["notice"], "days": [
		{"name": "元旦", "date": "2026-12-31", "isOffDay": true},
		{"name": "元旦", "date": "2027-01-01", "isOffDay": true}, {"name": "元旦", "date": "2027-01-02", "isOffDay": true},
		{"name": "元旦", "date": "2027-01-03", "isOffDay": true}, {"name": "元旦", "date": "2027-01-10", "isOffDay": false}]}`))
	if err != nil {
		t.Fatal(err)
	}
	before := c.Start(at(t, "2026-12-31 09:00"), days(1))
	if got := c.Learn(news...); len(got) != 1 || got[0] != 2027 {
		t.Errorf("new years %v", got)
	}
	if got := c.Learn(news...); len(got) != 0 {
		t.Errorf("the same again is nothing new: %v", got)
	}
	after := c.Start(at(t, "2026-12-31 09:00"), days(1))
	if due, w := after.Due(); !due.Equal(at(t, "2027-01-04 17:30")) || w != "" || due.Equal(before.due) {
		t.Errorf("got %v %q", due.In(jiban.Beijing), w)
	}
	if !desk.Known(2027) || !c.Workday(Date{2027, 1, 10}) || !c.Workday(Date{2026, 12, 31}) {
		t.Error("the other desk does not know the year, or the year before was touched")
	}
	text, err := Export(c.Years())
	if err != nil {
		t.Fatal(err)
	}
	again, err := Import(strings.NewReader(string(text)))
	if err != nil || len(again) != 5 {
		t.Fatalf("what is exported can be imported: %v, %d years", err, len(again))
	}
	if got := c.Learn(again...); len(got) != 0 {
		t.Errorf("and is the same: %v", got)
	}
}

func TestImportRefuses(t *testing.T) {
	for why, text := range map[string]string{
		"nothing": "", "no year": "[]", "no days": `{"year":2027}`, "no such day": `{"year":2027,"days":[{"date":"2027-02-30","isOffDay":true}]}`,
		"neither off nor worked": `{"year":2027,"days":[{"date":"2027-02-03"}]}`, "both": `{"year":2027,"days":[{"date":"2027-02-03","isOffDay":true},{"date":"2027-02-03","isOffDay":false}]}`,
		"another thing": `{"holidays": 3}`, "broken": `{"year":`, "too large": strings.Repeat(" ", maxFile+1),
	} {
		if years, err := Import(strings.NewReader(text)); jiban.CodeOf(err) != jiban.CodeInvalid || years != nil {
			t.Errorf("%s: got %v, %v", why, years, err)
		}
	}
}

func FuzzImport(f *testing.F) {
	f.Add(builtin)
	f.Add(`{"year":2027,"days":[{"date":"2027-01-01","isOffDay":true}]}`)
	f.Add(`[{"year":2027,"days":[]}]`)
	f.Fuzz(func(t *testing.T, s string) {
		years, err := Import(strings.NewReader(s))
		if err != nil {
			if years != nil {
				t.Fatal("half a file was read")
			}
			return
		}
		text, err := Export(years)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Load(strings.NewReader(string(text))); err != nil {
			t.Fatalf("what was imported cannot be kept: %v", err)
		}
	})
}

func TestHorizon(t *testing.T) {
	c := office(t)
	for when, warned := range map[string]bool{"2026-06-01 09:00": false, "2026-11-24 09:00": false, "2026-11-25 09:00": true, "2027-01-01 09:00": true} {
		if w := c.Horizon(at(t, when)); (w != "") != warned {
			t.Errorf("%s: %q", when, w)
		}
	}
}

func TestShare(t *testing.T) {
	c := office(t)
	from, due := at(t, "2026-11-02 08:30"), at(t, "2026-11-05 17:30")
	for share, want := range map[float64]string{0: "2026-11-02 08:30", 0.25: "2026-11-02 17:30", 0.75: "2026-11-04 17:30", 1: "2026-11-05 17:30"} {
		if got := c.Share(from, due, days(3), share, 0); !got.Equal(at(t, want)) {
			t.Errorf("%v: %v, want %s", share, got.In(jiban.Beijing), want)
		}
	}
	if got := c.Share(from, from.Add(24*time.Hour), onClock(24), 0.75, 0); !got.Equal(from.Add(18 * time.Hour)) {
		t.Errorf("on the clock: %v", got.In(jiban.Beijing))
	}
	// The clock stood for a day of nine hours: half of the other three days are 13.5
	// hours, after those nine.
	if got := c.Share(from, due, days(3), 0.5, c.Working(from, at(t, "2026-11-02 17:30"))); !got.Equal(at(t, "2026-11-04 13:00")) {
		t.Errorf("a day stood: %v", got.In(jiban.Beijing))
	}
	if got := c.Share(from, from.Add(24*time.Hour), onClock(24), 0.75, 4*time.Hour); !got.Equal(from.Add(19 * time.Hour)) {
		t.Errorf("four hours stood: %v", got.In(jiban.Beijing))
	}
}
