package sample

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"jiban"
)

// matterTable is one category: what its matters have in common, and the matters.
type matterTable struct {
	Code     string      `yaml:"code"`
	Category string      `yaml:"category"`
	Owner    string      `yaml:"owner"`
	Form     string      `yaml:"form"`
	Types    string      `yaml:"types"`
	Limit    string      `yaml:"limit"`
	Urgent   bool        `yaml:"urgent"`
	Matters  []matterRow `yaml:"matters"`
}

// matterRow is one matter; what it leaves out is as in its category.
type matterRow struct {
	Code      string   `yaml:"code"`
	Name      string   `yaml:"name"`
	EN        string   `yaml:"en"`
	Owner     string   `yaml:"owner"`
	Form      string   `yaml:"form"`
	Types     string   `yaml:"types"`
	Limit     *string  `yaml:"limit"`
	Urgent    *bool    `yaml:"urgent"`
	Sensitive bool     `yaml:"sensitive"`
	Aliases   string   `yaml:"aliases"` // parted by 、
	With      string   `yaml:"with"`    // kinds of department that take part, parted by 、
	Private   bool     `yaml:"private"` // confidential whoever asks
	Samples   []string `yaml:"samples"`
}

func (t *matterTable) list(forms *formTable) ([]jiban.Matter, error) {
	var all []jiban.Matter
	for i := range t.Matters {
		m, err := t.matter(&t.Matters[i], forms)
		if err != nil {
			return nil, fmt.Errorf("matter %s: %w", t.Matters[i].Code, err)
		}
		all = append(all, m)
	}
	return all, nil
}

func (t *matterTable) matter(r *matterRow, forms *formTable) (jiban.Matter, error) {
	m := jiban.Matter{
		Code: r.Code, Name: r.Name, NameEN: r.EN, Category: t.Category, Samples: r.Samples,
		Aliases: strings.Split(r.Aliases, "、"), Owner: or(r.Owner, t.Owner), Urgent: t.Urgent, Sensitive: r.Sensitive,
		Parent: r.Code[:min(len(r.Code), 4)], CoOwners: split(r.With),
	}
	if !strings.HasPrefix(r.Code, t.Code) {
		return m, fmt.Errorf("the code does not begin with that of the category, %s", t.Code)
	}
	if r.Urgent != nil {
		m.Urgent = *r.Urgent
	}
	var err error
	if m.Types, err = types(or(r.Types, t.Types)); err != nil {
		return m, err
	}
	if m.Form, err = forms.form(or(r.Form, t.Form)); err != nil {
		return m, err
	}
	m.Confidential = confidential(r.Private, m.Types)
	m.Public = m.Confidential == jiban.ConfidentialOnWish && !m.Sensitive
	limit := t.Limit
	if r.Limit != nil {
		limit = *r.Limit
	}
	m.Limits, err = special(limit)
	return m, err
}

// confidential keeps reports confidential wherever there can be one (domain C9).
func confidential(always bool, types []jiban.RequestType) jiban.ConfidentialRule {
	switch {
	case always:
		return jiban.ConfidentialAlways
	case slices.Contains(types, jiban.Report):
		return jiban.ConfidentialReports
	default:
		return jiban.ConfidentialOnWish
	}
}

func split(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, "、")
}

func or(own, common string) string {
	if own != "" {
		return own
	}
	return common
}

// types reads the letters of request types.
func types(letters string) ([]jiban.RequestType, error) {
	var all []jiban.RequestType
	for _, l := range letters {
		t, ok := map[rune]jiban.RequestType{
			'q': jiban.Consultation, 'h': jiban.Help, 'c': jiban.Complaint, 'r': jiban.Report, 's': jiban.Suggestion, 'p': jiban.Praise,
		}[l]
		if !ok {
			return nil, fmt.Errorf("%q is no letter of a request type", l)
		}
		all = append(all, t)
	}
	return all, nil
}

// special is the limit of a matter that cannot wait as long as others: it holds
// for what must be put right, not for questions or proposals.
func special(s string) (map[jiban.RequestType]jiban.Limit, error) {
	if s == "" {
		return nil, nil
	}
	l, err := limit(s)
	if err != nil {
		return nil, err
	}
	return map[jiban.RequestType]jiban.Limit{jiban.Help: l, jiban.Complaint: l, jiban.Report: l}, nil
}

// limit reads 7d as working days that begin with the next day, 7d! as working days
// that begin at once, and 24h as hours on the clock.
func limit(s string) (jiban.Limit, error) {
	bad := fmt.Errorf("%q is no limit: write 7d, 7d! or 24h", s)
	days, atOnce := strings.CutSuffix(s, "!")
	number, isDays := strings.CutSuffix(days, "d")
	if !isDays {
		number, isDays = strings.CutSuffix(s, "h")
		if !isDays {
			return jiban.Limit{}, bad
		}
		n, err := strconv.Atoi(number)
		if err != nil || n < 1 {
			return jiban.Limit{}, bad
		}
		return jiban.Limit{Hours: n, OnClock: true}, nil
	}
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 {
		return jiban.Limit{}, bad
	}
	return jiban.Limit{Days: n, AtOnce: atOnce}, nil
}
