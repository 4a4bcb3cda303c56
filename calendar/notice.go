package calendar

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"gopkg.in/yaml.v3"

	"jiban"
)

// Import reads years from either of two kinds of file: our own YAML (see Load),
// or JSON of one year or a list of years as {"year", "papers", "days": [{"date",
// "isOffDay"}]}, which is how the notices are commonly passed on. CodeInvalid,
// naming the year and the day, when anything is wrong: nothing is half-read.
func Import(r io.Reader) ([]Year, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	switch trimmed := bytes.TrimSpace(text); {
	case err != nil:
		return nil, jiban.Errorf(jiban.CodeInvalid, "calendar.Import", "the file of holidays cannot be read: %w", err)
	case len(text) > maxFile:
		return nil, jiban.Errorf(jiban.CodeInvalid, "calendar.Import", "the file of holidays is larger than %d bytes: it holds something else", maxFile)
	case len(trimmed) > 0 && (trimmed[0] == '{' || trimmed[0] == '['):
		return importJSON(trimmed)
	default:
		return Load(bytes.NewReader(text))
	}
}

type noticeFile struct {
	Year   int      `json:"year"`
	Papers []string `json:"papers"`
	Days   []struct {
		Date string `json:"date"`
		Off  *bool  `json:"isOffDay"`
	} `json:"days"`
}

func importJSON(text []byte) ([]Year, error) {
	var files []noticeFile
	if text[0] == '{' {
		text = append(append([]byte{'['}, text...), ']')
	}
	if err := json.Unmarshal(text, &files); err != nil {
		return nil, jiban.Errorf(jiban.CodeInvalid, "calendar.Import", "the file of holidays is not the JSON of a year: %w", err)
	}
	years := make([]Year, 0, len(files))
	for i := range files {
		y, err := files[i].read()
		if err != nil {
			return nil, jiban.Errorf(jiban.CodeInvalid, "calendar.Import", "year %d: %w", files[i].Year, err)
		}
		years = append(years, y)
	}
	if len(years) == 0 {
		return nil, jiban.Errorf(jiban.CodeInvalid, "calendar.Import", "the file names no year")
	}
	return years, nil
}

// read takes the days of the year alone: such files may name the last days of
// the year before.
func (f *noticeFile) read() (Year, error) {
	row := yearRow{Year: f.Year, Notice: "imported"}
	if len(f.Papers) > 0 {
		row.Notice = f.Papers[0]
	}
	for _, day := range f.Days {
		at, err := time.ParseInLocation(time.DateOnly, day.Date, jiban.Beijing)
		if err != nil || day.Off == nil {
			return Year{}, fmt.Errorf("%q is no day with isOffDay: write it like 2027-01-31", day.Date)
		}
		if at.Year() != f.Year {
			continue
		}
		if *day.Off {
			row.Off = append(row.Off, at.Format("01-02"))
		} else {
			row.Work = append(row.Work, at.Format("01-02"))
		}
	}
	if len(row.Off) == 0 {
		return Year{}, fmt.Errorf("no day of the year is off: this is no notice of holidays")
	}
	return row.year()
}

// Export writes years as Load reads them.
func Export(years []Year) ([]byte, error) {
	rows := make([]yearRow, len(years))
	for i, y := range years {
		rows[i] = yearRow{Year: y.Year, Notice: y.Notice, Off: dayNames(y.Off), Work: dayNames(y.Work)}
	}
	text, err := yaml.Marshal(rows)
	if err != nil {
		return nil, jiban.Errorf(jiban.CodeInternal, "calendar.Export", "the years cannot be written: %w", err)
	}
	return text, nil
}

func dayNames(days []Date) []string {
	names := make([]string, len(days))
	for i, d := range days {
		names[i] = d.String()[5:]
	}
	return names
}

// The day by which the notice of the following year is usually out.
const (
	noticeMonth = time.November
	noticeDay   = 25
)

// Horizon warns, loudly meant, when the calendar ends too soon: the present year
// is not known, or the next one is not though its notice must be out. "" is all
// well.
func (c *Calendar) Horizon(now time.Time) Warning {
	today := DateOf(now)
	switch {
	case !c.Known(today.Year):
		return Warning(fmt.Sprintf("the holidays of %d, the present year, are not known: every limit in working days may be wrong; import the notice with: jiban calendar import FILE", today.Year))
	case !c.Known(today.Year+1) && !today.before(Date{today.Year, noticeMonth, noticeDay}):
		return Warning(fmt.Sprintf("the holidays of %d are not known though their notice is usually out by now: limits that run into that year may be wrong; import it with: jiban calendar import FILE", today.Year+1))
	default:
		return ""
	}
}
