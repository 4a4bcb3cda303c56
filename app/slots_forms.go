package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"jiban"
	"jiban/lang"
)

// timesRow reads [text, [{text, offset, type}]].
func timesRow(b []byte) (lang.SlotRow, error) {
	row := lang.SlotRow{Now: defaultNow(), Times: []lang.SlotLabel{}}
	var fields []json.RawMessage
	var labels []struct{ Text string }
	err := json.Unmarshal(b, &fields)
	if err == nil && len(fields) != 2 {
		err = fmt.Errorf("%d fields", len(fields))
	}
	if err == nil {
		err = json.Unmarshal(fields[0], &row.Text)
	}
	if err == nil {
		err = json.Unmarshal(fields[1], &labels)
	}
	if err != nil {
		return row, fmt.Errorf("not a row [text, [{text}]]: %w", err)
	}
	for _, l := range labels {
		row.Times = append(row.Times, lang.SlotLabel{Text: l.Text})
	}
	return row, nil
}

// expected takes the whole text as one time. Where it begins is known for what
// has a first and a last second.
func (o slotObject) expected(row *lang.SlotRow) error {
	base, err := presentOf(o.Base)
	if err != nil {
		return err
	}
	row.Now = base
	label := lang.SlotLabel{Text: row.Text}
	var bounds []any
	if json.Unmarshal(o.Expect.Time, &bounds) == nil && len(bounds) == 2 {
		if s, ok := bounds[0].(string); ok {
			label.From = momentOf(s, base)
		}
	}
	row.Times = []lang.SlotLabel{label}
	return nil
}

// presentOf reads seconds since 1970, [year, month, day, …] or {year, month, …};
// null is the default present.
func presentOf(b json.RawMessage) (time.Time, error) {
	var seconds *float64
	var list []int
	fields := struct{ Year, Month, Day, Hour, Minute, Second int }{}
	switch {
	case len(b) == 0 || string(b) == "null":
		return defaultNow(), nil
	case json.Unmarshal(b, &seconds) == nil:
		return time.Unix(int64(*seconds), 0), nil
	case json.Unmarshal(b, &fields) == nil:
		list = []int{fields.Year, fields.Month, fields.Day, fields.Hour, fields.Minute, fields.Second}
	case json.Unmarshal(b, &list) != nil:
		return time.Time{}, errors.New("base is no present")
	}
	for len(list) < 6 {
		list = append(list, 0)
	}
	return time.Date(list[0], time.Month(max(list[1], 1)), max(list[2], 1), list[3], list[4], list[5], 0, beijingZone()), nil
}

// caseRow is a row of a file that is one array of cases, with the last character
// of each result inclusive.
type caseRow struct {
	Input   *string
	Context struct{ ReferenceDateTime string }
	Results []struct {
		Text, TypeName string
		Resolution     struct {
			Values []struct{ Type, Value, Start string }
		}
	}
}

func readCases(r io.Reader) ([]lang.SlotRow, error) {
	var all []json.RawMessage
	if err := json.NewDecoder(r).Decode(&all); err != nil {
		return nil, jiban.Errorf(jiban.CodeInvalid, "slots eval", "no array of rows: %w", err)
	}
	phones := strings.Contains(string(firstResult(all)), `"phonenumber"`)
	var rows []lang.SlotRow
	for i, b := range all {
		row, err := caseOf(b, phones)
		if err == nil {
			err = standsInText(row)
		}
		if err != nil {
			return nil, jiban.Errorf(jiban.CodeInvalid, "slots eval", "row %d: %w", i+1, err)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// firstResult is the first case with a result: it tells what its file labels.
func firstResult(all []json.RawMessage) json.RawMessage {
	for _, b := range all {
		if strings.Contains(string(b), `"TypeName"`) {
			return b
		}
	}
	return nil
}

func caseOf(b json.RawMessage, phones bool) (lang.SlotRow, error) {
	var c caseRow
	if err := json.Unmarshal(b, &c); err != nil {
		return lang.SlotRow{}, fmt.Errorf("not a row {Input, Results}: %w", err)
	}
	if c.Input == nil {
		return lang.SlotRow{}, errors.New("no Input")
	}
	row := lang.SlotRow{Text: *c.Input, Now: defaultNow()}
	if s := c.Context.ReferenceDateTime; s != "" {
		now, err := time.ParseInLocation("2006-01-02T15:04:05", s, beijingZone())
		if err != nil {
			return row, fmt.Errorf("ReferenceDateTime: %w", err)
		}
		row.Now = now
	}
	labels := make([]lang.SlotLabel, 0, len(c.Results))
	for _, r := range c.Results {
		l := lang.SlotLabel{Text: r.Text}
		for _, v := range r.Resolution.Values {
			if v.Type != "duration" && v.Type != "set" {
				l.From = append(l.From, momentOf(v.Value+v.Start, row.Now)...)
			}
		}
		labels = append(labels, l)
	}
	if phones {
		row.Phones = labels
	} else {
		row.Times = labels
	}
	return row, nil
}

// momentOf reads a moment, a day, or a clock time of the present day; nothing for
// all else, such as -inf.
func momentOf(s string, now time.Time) []time.Time {
	for _, layout := range []string{time.DateTime, time.DateOnly} {
		if t, err := time.ParseInLocation(layout, s, beijingZone()); err == nil {
			return []time.Time{t}
		}
	}
	if t, err := time.Parse(time.TimeOnly, s); err == nil {
		y, m, d := now.In(beijingZone()).Date()
		return []time.Time{time.Date(y, m, d, t.Hour(), t.Minute(), t.Second(), 0, beijingZone())}
	}
	return nil
}
