package calendar

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"jiban"
)

func office(t testing.TB) *Calendar {
	t.Helper()
	c, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func at(t testing.TB, s string) time.Time {
	t.Helper()
	v, err := time.ParseInLocation("2006-01-02 15:04", s, jiban.Beijing)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func days(n int) jiban.Limit    { return jiban.Limit{Days: n} }
func hours(n int) jiban.Limit   { return jiban.Limit{Hours: n} }
func onClock(n int) jiban.Limit { return jiban.Limit{Hours: n, OnClock: true} }

func TestDue(t *testing.T) {
	c := office(t)
	for _, x := range []struct {
		why, from string
		limit     jiban.Limit
		want      string
		warn      bool
	}{
		{"the day itself does not count", "2026-11-02 09:00", days(1), "2026-11-03 17:30", false},
		{"late in the evening is the same day", "2026-11-02 23:59", days(1), "2026-11-03 17:30", false},
		{"after midnight in Beijing is the next day", "2026-11-03 00:00", days(1), "2026-11-04 17:30", false},
		{"a weekend is skipped", "2026-11-06 16:00", days(1), "2026-11-09 17:30", false},
		{"taken in on Saturday", "2026-11-07 10:00", days(1), "2026-11-09 17:30", false},
		{"seven working days", "2026-11-02 09:00", days(7), "2026-11-11 17:30", false},
		{"fifteen working days", "2026-11-02 09:00", days(15), "2026-11-23 17:30", false},
		{"National Day 2026", "2026-09-30 10:00", days(1), "2026-10-08 17:30", false},
		{"a make-up Saturday is worked", "2026-10-09 10:00", days(1), "2026-10-10 17:30", false},
		{"a make-up Sunday is worked", "2026-09-18 10:00", days(1), "2026-09-20 17:30", false},
		{"Spring Festival 2026, three days", "2026-02-13 10:00", days(3), "2026-02-25 17:30", false},
		{"the Saturday after Spring Festival", "2026-02-27 10:00", days(1), "2026-02-28 17:30", false},
		{"New Year 2026", "2025-12-31 10:00", days(1), "2026-01-04 17:30", false},
		{"Labour Day 2026", "2026-04-30 10:00", days(3), "2026-05-08 17:30", false},
		{"Dragon Boat 2026", "2026-06-18 10:00", days(1), "2026-06-22 17:30", false},
		{"Mid-Autumn 2026", "2026-09-24 10:00", days(1), "2026-09-28 17:30", false},
		{"Spring Festival 2025", "2025-01-27 10:00", days(1), "2025-02-05 17:30", false},
		{"National Day 2025", "2025-09-30 10:00", days(2), "2025-10-10 17:30", false},
		{"Dragon Boat 2025", "2025-05-30 10:00", days(1), "2025-06-03 17:30", false},
		{"Spring Festival 2024", "2024-02-09 10:00", days(1), "2024-02-18 17:30", false},
		{"Mid-Autumn 2024", "2024-09-13 10:00", days(2), "2024-09-18 17:30", false},
		{"Qingming 2024 with Sunday worked", "2024-04-03 10:00", days(1), "2024-04-07 17:30", false},
		{"Spring Festival 2023", "2023-01-20 10:00", days(2), "2023-01-29 17:30", false},
		{"National Day 2023", "2023-09-28 10:00", days(3), "2023-10-09 17:30", false},
		{"a leap day", "2024-02-28 10:00", days(1), "2024-02-29 17:30", false},
		{"beyond the known years", "2026-12-31 10:00", days(1), "2027-01-01 17:30", true},
		{"running into the unknown year", "2026-12-25 10:00", days(7), "2027-01-05 17:30", true},
		{"ending on the last known day", "2026-12-30 10:00", days(1), "2026-12-31 17:30", false},
		{"24 hours by the clock over a holiday", "2026-10-01 03:00", onClock(24), "2026-10-02 03:00", false},
		{"by the clock no holidays are needed", "2027-06-01 03:00", onClock(24), "2027-06-02 03:00", false},
		{"two hours of the morning", "2026-11-02 09:00", hours(2), "2026-11-02 11:00", false},
		{"hours begin when the desk opens", "2026-11-02 07:00", hours(2), "2026-11-02 10:30", false},
		{"hours go on next morning", "2026-11-02 16:30", hours(2), "2026-11-03 09:30", false},
		{"hours end exactly at closing", "2026-11-02 15:30", hours(2), "2026-11-02 17:30", false},
		{"hours over a weekend", "2026-11-06 17:00", hours(1), "2026-11-09 09:00", false},
		{"nine hours are one day", "2026-11-02 10:00", hours(9), "2026-11-03 10:00", false},
		{"hours over National Day", "2026-09-30 17:00", hours(2), "2026-10-08 10:00", false},
		{"hours in an unknown year", "2027-03-01 09:00", hours(2), "2027-03-01 11:00", true},
		{"no limit at all", "2026-11-02 09:00", jiban.Limit{}, "2026-11-02 09:00", false},
	} {
		t.Run(x.why, func(t *testing.T) {
			got, w := c.Due(at(t, x.from), x.limit)
			if !got.Equal(at(t, x.want)) || (w != "") != x.warn {
				t.Errorf("got %s, warning %q; want %s, warned %v", got.In(jiban.Beijing), w, x.want, x.warn)
			}
			if got.Location() != time.UTC {
				t.Errorf("due times are kept in UTC, got %v", got.Location())
			}
		})
	}
}

func TestOtherHours(t *testing.T) {
	c := office(t)
	split, err := c.With(Hours{Spans: []Span{{8 * time.Hour, 11 * time.Hour}, {13 * time.Hour, 16 * time.Hour}}})
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := split.Due(at(t, "2026-11-02 10:30"), hours(1)); !got.Equal(at(t, "2026-11-02 13:30")) {
		t.Errorf("the midday break is not worked: got %v", got.In(jiban.Beijing))
	}
	if got, _ := split.Due(at(t, "2026-11-02 10:30"), days(1)); !got.Equal(at(t, "2026-11-03 16:00")) {
		t.Errorf("a day ends with its last span: got %v", got.In(jiban.Beijing))
	}
	always, err := c.With(RoundTheClock())
	if err != nil {
		t.Fatal(err)
	}
	night := at(t, "2027-10-01 03:00")
	if got, w := always.Callback(night); !got.Equal(night.Add(2*time.Hour)) || w != "" {
		t.Errorf("a desk that never closes calls back in two hours, holidays known or not: got %v %q", got, w)
	}
	if !always.Open(night) || c.Open(night) {
		t.Error("only the desk that never closes is open at night")
	}
	if got, _ := c.Callback(at(t, "2026-11-06 20:00")); !got.Equal(at(t, "2026-11-09 10:30")) {
		t.Errorf("a Friday evening is called back on Monday: got %v", got.In(jiban.Beijing))
	}
	if got, _ := c.Callback(at(t, "2026-11-02 17:30")); c.Open(at(t, "2026-11-02 17:30")) || !got.Equal(at(t, "2026-11-03 10:30")) {
		t.Errorf("at closing time the desk is closed: got %v", got.In(jiban.Beijing))
	}
}

func TestImpossibleHoursAreRefused(t *testing.T) {
	for _, h := range []Hours{{}, {Spans: []Span{{9 * time.Hour, 9 * time.Hour}}}, {Spans: []Span{{0, 25 * time.Hour}}},
		{Spans: []Span{{9 * time.Hour, 12 * time.Hour}, {11 * time.Hour, 13 * time.Hour}}}} {
		if _, err := New(h); jiban.CodeOf(err) != jiban.CodeInvalid {
			t.Errorf("%v: got %v", h, err)
		}
	}
	if _, err := ParseHours("9 Uhr", "17:30", false); jiban.CodeOf(err) != jiban.CodeInvalid {
		t.Errorf("got %v", err)
	}
	h, err := ParseHours("", "", false)
	if err != nil || !h.EveryDay {
		t.Errorf("no hours mean round the clock: %v, %v", h, err)
	}
}

// closed are the days on which the rule forbids a limit to end, written down
// here apart from the data file.
func closed(d Date) bool {
	s := d.String()
	for _, run := range [][2]string{{"2026-01-01", "2026-01-03"}, {"2026-02-15", "2026-02-23"}, {"2026-04-04", "2026-04-06"},
		{"2026-05-01", "2026-05-05"}, {"2026-06-19", "2026-06-21"}, {"2026-09-25", "2026-09-27"}, {"2026-10-01", "2026-10-07"}} {
		if run[0] <= s && s <= run[1] {
			return true
		}
	}
	worked := []string{"2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"}
	return d.Weekend() && !slices.Contains(worked, s)
}

func moment(t *rapid.T, label string) time.Time {
	minutes := rapid.IntRange(0, 365*24*60-1).Draw(t, label)
	return time.Date(2026, 1, 1, 0, 0, 0, 0, jiban.Beijing).Add(time.Duration(minutes) * time.Minute)
}

func TestDueProperties(t *testing.T) {
	c := office(t)
	rapid.Check(t, func(t *rapid.T) {
		a, b := moment(t, "a"), moment(t, "b")
		if b.Before(a) {
			a, b = b, a
		}
		l := jiban.Limit{Days: rapid.IntRange(1, 40).Draw(t, "days")}
		if rapid.Bool().Draw(t, "in hours") {
			l = jiban.Limit{Hours: rapid.IntRange(1, 100).Draw(t, "hours")}
		}
		dueA, _ := c.Due(a, l)
		dueB, _ := c.Due(b, l)
		if dueB.Before(dueA) {
			t.Fatalf("who came later is due earlier: %v → %v, %v → %v", a, dueA, b, dueB)
		}
		if !dueA.After(a) {
			t.Fatalf("due before it began: %v → %v", a, dueA)
		}
		if d := DateOf(dueA); d.Year == 2026 && closed(d) {
			t.Fatalf("%v ends on %s, which is not worked", a, d)
		}
		longer := jiban.Limit{Days: l.Days * 2, Hours: l.Hours * 2}
		if more, _ := c.Due(a, longer); !more.After(dueA) {
			t.Fatalf("twice the limit is no later: %v, %v", dueA, more)
		}
	})
}

func TestEveryDayOf2026(t *testing.T) {
	c := office(t)
	for d := (Date{2026, 1, 1}); d.Year == 2026; d = d.Next() {
		if c.Workday(d) == closed(d) {
			t.Errorf("%s: worked %v", d, c.Workday(d))
		}
	}
	for year, want := range map[int]bool{2022: false, 2023: true, 2024: true, 2025: true, 2026: true, 2027: false} {
		if c.Known(year) != want {
			t.Errorf("known(%d) = %v", year, !want)
		}
	}
}

func TestLoad(t *testing.T) {
	more, err := Load(strings.NewReader("- {year: 2027, notice: a notice, off: [01-01..01-03], work: [\"01-09\"]}"))
	if err != nil {
		t.Fatal(err)
	}
	years, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(Office(), append(years, more...)...)
	if err != nil {
		t.Fatal(err)
	}
	if due, w := c.Due(at(t, "2026-12-31 10:00"), days(1)); !due.Equal(at(t, "2027-01-04 17:30")) || w != "" {
		t.Errorf("an imported year counts: got %v %q", due.In(jiban.Beijing), w)
	}
	for _, bad := range []string{"", "x", "- {year: 2027}", "- {year: 27, notice: n}", "- {year: 2027, notice: n, off: [02-30]}",
		"- {year: 2027, notice: n, off: [03-02..03-01]}", "- {year: 2027, notice: n, days: []}",
		"- {year: 2027, notice: n, off: [\"01-01\"], work: [\"01-01\"]}"} {
		if _, err := Load(strings.NewReader(bad)); jiban.CodeOf(err) != jiban.CodeInvalid {
			t.Errorf("%q: got %v", bad, err)
		}
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(builtin)
	f.Add("- {year: 2027, notice: n, off: [01-01..12-31]}")
	f.Add("- {year: 2027, notice: n, off: [\"..\"]}")
	f.Fuzz(func(t *testing.T, s string) {
		years, err := Load(strings.NewReader(s))
		if err != nil && years != nil {
			t.Fatal("half a file was loaded")
		}
		if _, err := New(Office(), years...); err != nil {
			t.Fatal(err)
		}
	})
}
