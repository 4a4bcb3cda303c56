package tickets

import (
	"fmt"
	"regexp"
	"strings"

	"jiban"
)

// Types lists the request types of the house (domain C3).
func Types() []jiban.RequestType {
	return []jiban.RequestType{jiban.Consultation, jiban.Help, jiban.Complaint, jiban.Report, jiban.Suggestion, jiban.Praise}
}

func knownType(t jiban.RequestType) bool {
	for _, k := range Types() {
		if t == k {
			return true
		}
	}
	return false
}

// Validate finds what is wrong with a catalogue: double or badly formed codes,
// matters without owner, names or types, unknown references, cycles among
// regions and superiors, missing limits. It returns CodeInvalid with the
// first findings in words, nil when there is none.
func Validate(c jiban.Catalogue) error {
	v := &validator{index: newIndex(c), without: map[string]string{}}
	v.regionTree()
	v.departmentTree()
	v.ownership()
	v.limits()
	for i := range c.Matters {
		v.matter(&c.Matters[i])
	}
	if len(v.found) == 0 {
		return nil
	}
	return jiban.Errorf(jiban.CodeInvalid, "tickets.Validate", "the catalogue has %d faults: %s",
		len(v.found), strings.Join(v.found[:min(len(v.found), faultsNamed)], "; "))
}

// faultsNamed is how many faults are put into words: one mistake at the root can
// make thousands.
const faultsNamed = 20

type validator struct {
	*index
	found   []string
	without map[string]string // by kind, a city without owner, "" for none
}

func (v *validator) fault(format string, args ...any) {
	v.found = append(v.found, fmt.Sprintf(format, args...))
}

var (
	regionCode = regexp.MustCompile(`^\d{6}(\d{3})?$`)
	matterCode = regexp.MustCompile(`^\d{6}$`)
)

func (v *validator) regionTree() {
	seen, roots := map[string]bool{}, 0
	for _, r := range v.catalogue.Regions {
		if seen[r.Code] {
			v.fault("region %s is listed twice", r.Code)
		}
		seen[r.Code] = true
		if !regionCode.MatchString(r.Code) || r.Name == "" {
			v.fault("region %q needs a code of six or nine digits and a name", r.Code)
		}
		if r.Parent == "" {
			roots++
		} else if _, ok := v.regions[r.Parent]; !ok {
			v.fault("region %s lies in %s, which is not listed", r.Code, r.Parent)
		}
		if cyclic(r.Code, func(code string) string { return v.regions[code].Parent }) {
			v.fault("region %s lies in itself", r.Code)
		}
	}
	if roots != 1 {
		v.fault("there must be one region without parent, not %d", roots)
	}
}

func (v *validator) departmentTree() {
	seen := map[string]bool{}
	for _, d := range v.catalogue.Departments {
		if seen[d.ID] {
			v.fault("department %s is listed twice", d.ID)
		}
		seen[d.ID] = true
		if d.ID == "" || d.Name == "" {
			v.fault("department %q needs an id and a name", d.ID)
		}
		if _, ok := v.regions[d.Region]; !ok {
			v.fault("department %s is of region %q, which is not listed", d.ID, d.Region)
		}
		if _, ok := v.departments[d.Superior]; d.Superior != "" && !ok {
			v.fault("department %s has the unknown superior %s", d.ID, d.Superior)
		}
		if cyclic(d.ID, func(id string) string { return v.departments[id].Superior }) {
			v.fault("department %s is its own superior", d.ID)
		}
	}
}

// cyclic reports whether going up from start comes back to start.
func cyclic(start string, up func(string) string) bool {
	seen := map[string]bool{}
	for at := up(start); at != "" && !seen[at]; at = up(at) {
		if at == start {
			return true
		}
		seen[at] = true
	}
	return false
}

func (v *validator) ownership() {
	seen := map[jiban.Owner]bool{}
	for _, o := range v.catalogue.Owners {
		if seen[o] {
			v.fault("%s owns %s in %s twice", o.Department, o.Kind, o.Region)
		}
		seen[o] = true
		if _, ok := v.departments[o.Department]; !ok {
			v.fault("%s in %s is owned by %q, which is no department", o.Kind, o.Region, o.Department)
		}
		if _, ok := v.regions[o.Region]; !ok {
			v.fault("%s is owned in %q, which is no region", o.Kind, o.Region)
		}
	}
}

func (v *validator) limits() {
	for _, t := range Types() {
		if l, ok := v.catalogue.Limits[t]; !ok || l.Days < 1 && l.Hours < 1 {
			v.fault("there is no limit for %s", t)
		}
	}
	seen := map[string]bool{}
	for i := range v.catalogue.Matters {
		code := v.catalogue.Matters[i].Code
		if seen[code] {
			v.fault("matter %s is listed twice", code)
		}
		seen[code] = true
	}
}

func (v *validator) matter(m *jiban.Matter) {
	if !matterCode.MatchString(m.Code) || m.Name == "" || m.NameEN == "" || m.Category == "" {
		v.fault("matter %q needs a code of six digits, names in both languages and a category", m.Code)
	}
	if len(m.Types) == 0 {
		v.fault("matter %s allows no request type", m.Code)
	}
	for _, t := range m.Types {
		if !knownType(t) {
			v.fault("matter %s allows the unknown type %q", m.Code, t)
		}
	}
	for t, l := range m.Limits {
		if !knownType(t) || l.Days < 1 && l.Hours < 1 {
			v.fault("matter %s has an impossible limit for %q", m.Code, t)
		}
	}
	v.owned(m)
	v.form(m)
}

// owned asks for an owner in every region directly below the root, so that no
// city is without one.
func (v *validator) owned(m *jiban.Matter) {
	if m.Owner == "" {
		v.fault("matter %s names no kind of owner", m.Code)
		return
	}
	city, looked := v.without[m.Owner]
	if !looked {
		city = v.cityWithout(m.Owner)
		v.without[m.Owner] = city
	}
	if city != "" {
		v.fault("matter %s (%s) has no owner in %s", m.Code, m.Owner, city)
	}
}

func (v *validator) cityWithout(kind string) string {
	for _, r := range v.catalogue.Regions {
		if r.Parent == v.root && len(v.candidates(kind, r.Code)) == 0 {
			return r.Code
		}
	}
	return ""
}

func (v *validator) form(m *jiban.Matter) {
	seen := map[string]bool{}
	for _, f := range m.Form.Fields {
		if f.Key == "" || f.Label == "" || f.LabelEN == "" || seen[f.Key] {
			v.fault("matter %s has the field %q twice or without a label in both languages", m.Code, f.Key)
		}
		seen[f.Key] = true
		if !fieldKind(f.Kind) || (f.Kind == "choice") != (len(f.Choices) > 0) {
			v.fault("field %q of matter %s is of the impossible kind %q", f.Key, m.Code, f.Kind)
		}
	}
	if len(m.Form.Fields) == 0 {
		v.fault("matter %s has no form", m.Code)
	}
}

func fieldKind(k string) bool {
	switch k {
	case "text", "place", "city", "time", "phone", "name", "amount", "number", "choice":
		return true
	default:
		return false
	}
}
