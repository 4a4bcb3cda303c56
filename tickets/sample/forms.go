package sample

import (
	"fmt"
	"strings"

	"jiban"
)

// formTable holds fields, the forms made of them and the common limits.
type formTable struct {
	Fields map[string]fieldRow          `yaml:"fields"`
	Forms  map[string][]string          `yaml:"forms"`
	Limits map[jiban.RequestType]string `yaml:"limits"`
	Urgent map[jiban.Grade]limitRow     `yaml:"urgent"`
}

type limitRow map[jiban.RequestType]string

type fieldRow struct {
	Key     string   `yaml:"key"` // of the slot, when it is not the row's own name
	Label   string   `yaml:"label"`
	EN      string   `yaml:"en"`
	Kind    string   `yaml:"kind"`
	Choices []string `yaml:"choices"` // value|label
	Longest int      `yaml:"longest"` // characters
	Pattern string   `yaml:"pattern"`
}

// form puts a named form together.
func (t *formTable) form(name string) (jiban.Form, error) {
	keys, ok := t.Forms[name]
	if !ok {
		return jiban.Form{}, fmt.Errorf("there is no form %q", name)
	}
	var f jiban.Form
	for _, k := range keys {
		key, required := strings.CutSuffix(k, "!")
		row, ok := t.Fields[key]
		if !ok {
			return jiban.Form{}, fmt.Errorf("the form %q has the unknown field %q", name, key)
		}
		f.Fields = append(f.Fields, row.field(key, required))
	}
	return f, nil
}

func (r fieldRow) field(key string, required bool) jiban.Field {
	if r.Key != "" {
		key = r.Key
	}
	f := jiban.Field{Key: key, Label: r.Label, LabelEN: r.EN, Kind: r.Kind, Required: required, MaxLength: r.Longest, Pattern: r.Pattern}
	for _, c := range r.Choices {
		value, label, _ := strings.Cut(c, "|")
		f.Choices = append(f.Choices, jiban.Option{Label: label, Value: value})
	}
	return f
}

func (t *formTable) limits() (map[jiban.RequestType]jiban.Limit, map[jiban.Grade]map[jiban.RequestType]jiban.Limit, error) {
	all, err := limitRow(t.Limits).limits()
	if err != nil {
		return nil, nil, err
	}
	urgent := map[jiban.Grade]map[jiban.RequestType]jiban.Limit{}
	for g, row := range t.Urgent {
		if urgent[g], err = row.limits(); err != nil {
			return nil, nil, err
		}
	}
	return all, urgent, nil
}

func (r limitRow) limits() (map[jiban.RequestType]jiban.Limit, error) {
	all := make(map[jiban.RequestType]jiban.Limit, len(r))
	for k, s := range r {
		l, err := limit(s)
		if err != nil {
			return nil, fmt.Errorf("sample: the limit of %s: %w", k, err)
		}
		all[k] = l
	}
	return all, nil
}
