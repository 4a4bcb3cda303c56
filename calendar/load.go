package calendar

import (
	_ "embed"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"jiban"
)

//go:embed years.yaml
var builtin string

// Builtin returns the years that come with the program.
func Builtin() ([]Year, error) { return Load(strings.NewReader(builtin)) }

// maxFile bounds what is read of a file of years, in bytes: a year takes some
// 500, so this holds two thousand.
const maxFile = 1 << 20

type yearRow struct {
	Year   int      `yaml:"year"`
	Notice string   `yaml:"notice"`
	Off    []string `yaml:"off"`
	Work   []string `yaml:"work"`
}

// Load reads years from YAML: a list of {year, notice, off, work}; off and work
// list days (01-01) or runs of days (02-15..02-23). Nothing is returned when
// anything is wrong: CodeInvalid, naming the year and the entry.
func Load(r io.Reader) ([]Year, error) {
	dec := yaml.NewDecoder(io.LimitReader(r, maxFile))
	dec.KnownFields(true)
	var rows []yearRow
	if err := dec.Decode(&rows); err != nil {
		return nil, jiban.Errorf(jiban.CodeInvalid, "calendar.Load", "the file of holidays is no list of years: %w", err)
	}
	years := make([]Year, 0, len(rows))
	for _, row := range rows {
		y, err := row.year()
		if err != nil {
			return nil, jiban.Errorf(jiban.CodeInvalid, "calendar.Load", "year %d: %w", row.Year, err)
		}
		years = append(years, y)
	}
	return years, nil
}

func (r yearRow) year() (Year, error) {
	if r.Year < 2000 || r.Year > 2200 {
		return Year{}, fmt.Errorf("the year must be between 2000 and 2200")
	}
	if r.Notice == "" {
		return Year{}, fmt.Errorf("notice must name the official paper")
	}
	off, err := r.days(r.Off)
	if err != nil {
		return Year{}, err
	}
	work, err := r.days(r.Work)
	if err != nil {
		return Year{}, err
	}
	return Year{Year: r.Year, Notice: r.Notice, Off: off, Work: work}, disjoint(off, work)
}

func (r yearRow) days(entries []string) ([]Date, error) {
	var days []Date
	for _, e := range entries {
		first, last, isRun := strings.Cut(e, "..")
		if !isRun {
			last = first
		}
		from, err := r.day(first)
		if err != nil {
			return nil, err
		}
		to, err := r.day(last)
		if err != nil {
			return nil, err
		}
		if to.At(0).Before(from.At(0)) {
			return nil, fmt.Errorf("%q ends before it begins", e)
		}
		for d := from; d != to; d = d.Next() {
			days = append(days, d)
		}
		days = append(days, to)
		if len(days) > 366 {
			return nil, fmt.Errorf("more days are listed than a year has")
		}
	}
	return days, nil
}

func (r yearRow) day(s string) (Date, error) {
	t, err := time.ParseInLocation("2006-01-02", strconv.Itoa(r.Year)+"-"+s, jiban.Beijing)
	if err != nil {
		return Date{}, fmt.Errorf("%q is no day of the year: write it like 01-31", s)
	}
	return DateOf(t), nil
}

func disjoint(off, work []Date) error {
	seen := make(map[Date]bool, len(off))
	for _, d := range off {
		seen[d] = true
	}
	for _, d := range work {
		if seen[d] {
			return fmt.Errorf("%s is both a holiday and a workday", d)
		}
	}
	return nil
}
