package tickets

import (
	"encoding/json"
	"reflect"
	"strings"

	"jiban"
)

// Change is one entry that differs between two versions of the catalogue.
type Change struct {
	Kind   string       `json:"kind"` // added, removed or changed
	Part   string       `json:"part"` // categories, matters, owners, limits, departments or regions
	Key    string       `json:"key"`
	Name   string       `json:"name"` // of the entry, as it is or was
	Fields []FieldDelta `json:"fields,omitempty"`
}

// FieldDelta is one field of a changed entry, as JSON before and after; null for
// nothing.
type FieldDelta struct {
	Field  string          `json:"field"`
	Before json.RawMessage `json:"before"`
	After  json.RawMessage `json:"after"`
}

// The kinds of change.
const (
	changeAdded   = "added"
	changeRemoved = "removed"
	changeChanged = "changed"
)

// Diff lists what differs between two catalogues, part by part, in the order of
// the new one, what was removed last. Two catalogues without difference are the
// same but for the order of their entries.
func Diff(before, after jiban.Catalogue) []Change {
	all := differences(partCategories, before.Categories, after.Categories, categoryKey, func(g jiban.Category) string { return g.Name })
	all = append(all, differences(partMatters, before.Matters, after.Matters, matterKey, func(m jiban.Matter) string { return m.Name })...)
	all = append(all, differences(partOwners, before.Owners, after.Owners, rankKey, func(o jiban.Owner) string { return o.Department })...)
	all = append(all, differences(partLimits, limitRows(before), limitRows(after), limitRow.key, limitRow.name)...)
	all = append(all, differences(partDepartments, before.Departments, after.Departments, departmentKey, func(d jiban.Department) string { return d.Name })...)
	return append(all, differences(partRegions, before.Regions, after.Regions, regionKey, func(r jiban.Region) string { return r.Name })...)
}

// limitRow is one default limit, so that limits are compared as entries.
type limitRow struct {
	Type  jiban.RequestType `json:"type"`
	Grade jiban.Grade       `json:"grade"`
	Limit jiban.Limit       `json:"limit"`
}

func (r limitRow) key() string { return strings.TrimSpace(string(r.Type) + " " + string(r.Grade)) }
func (r limitRow) name() string {
	return typeName(r.Type)
}

func limitRows(c jiban.Catalogue) []limitRow {
	var rows []limitRow
	for _, t := range sorted(c.Limits) {
		rows = append(rows, limitRow{t, jiban.GradeOrdinary, c.Limits[t]})
	}
	for _, g := range sorted(c.UrgentLimits) {
		for _, t := range sorted(c.UrgentLimits[g]) {
			rows = append(rows, limitRow{t, g, c.UrgentLimits[g][t]})
		}
	}
	return rows
}

func differences[T any](part string, before, after []T, key, name func(T) string) []Change {
	old := make(map[string]T, len(before))
	for _, v := range before {
		old[key(v)] = v
	}
	var all []Change
	kept := make(map[string]bool, len(after))
	for _, v := range after {
		k := key(v)
		kept[k] = true
		was, known := old[k]
		if !known {
			all = append(all, Change{Kind: changeAdded, Part: part, Key: k, Name: name(v)})
		} else if deltas := deltas(was, v); len(deltas) > 0 {
			all = append(all, Change{Kind: changeChanged, Part: part, Key: k, Name: name(v), Fields: deltas})
		}
	}
	for _, v := range before {
		if !kept[key(v)] {
			all = append(all, Change{Kind: changeRemoved, Part: part, Key: key(v), Name: name(v)})
		}
	}
	return all
}

// deltas compares two entries field by field as their JSON has them: an empty
// list and none are the same.
func deltas[T any](before, after T) []FieldDelta {
	if reflect.DeepEqual(before, after) {
		return nil
	}
	was, is := fieldsOf(before), fieldsOf(after)
	names := map[string]bool{}
	for name := range was {
		names[name] = true
	}
	for name := range is {
		names[name] = true
	}
	var all []FieldDelta
	for _, name := range sorted(names) {
		if string(was[name]) != string(is[name]) {
			all = append(all, FieldDelta{name, orNull(was[name]), orNull(is[name])})
		}
	}
	return all
}

// fieldsOf is an entry as JSON by field; what is empty is left out.
func fieldsOf(v any) map[string]json.RawMessage {
	text, err := json.Marshal(v)
	if err != nil {
		return nil // entries are plain data, which always becomes JSON
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		return nil
	}
	for name, value := range fields {
		switch string(value) {
		case `null`, `""`, `[]`, `{}`, `false`, `0`:
			delete(fields, name)
		}
	}
	return fields
}

func orNull(v json.RawMessage) json.RawMessage {
	if v == nil {
		return json.RawMessage("null")
	}
	return v
}
