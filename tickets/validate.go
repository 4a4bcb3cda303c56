package tickets

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"jiban"
	"jiban/calendar"
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

// Validate returns CodeInvalid with the first faults in words when a catalogue
// cannot be put into force, nil when there are none. What is only doubtful is
// left to Check.
func Validate(c jiban.Catalogue) error {
	var words []string
	for _, f := range Check(c) {
		if f.Severity == SeverityError {
			words = append(words, f.WordsEN)
		}
	}
	if len(words) == 0 {
		return nil
	}
	return jiban.Errorf(jiban.CodeInvalid, "tickets.Validate", "the catalogue has %d faults: %s",
		len(words), strings.Join(words[:min(len(words), faultsNamed)], "; "))
}

// faultsNamed is how many faults are put into words: one mistake at the root can
// make thousands.
const faultsNamed = 20

// Check finds what is wrong or doubtful with a catalogue: double or badly formed
// codes, matters without owner in any city, cycles in the trees of regions,
// departments and categories, overlaps of names, aliases and owner rules, unknown
// references, missing and impossible limits, impossible forms, and matters that
// nobody can reach. The findings come in the order of the catalogue; the same
// catalogue gives the same findings.
func Check(c jiban.Catalogue) []Finding {
	v := &validator{index: newIndex(c), without: map[string]string{}, named: map[string]string{}, aliased: map[string]string{}}
	v.regionTree()
	v.departmentTree()
	v.categoryTree()
	v.ownership()
	v.limits()
	for i := range c.Matters {
		v.matter(&c.Matters[i])
	}
	v.emptyCategories()
	return v.found
}

type validator struct {
	*index
	found   []Finding
	without map[string]string // by kind, a city without owner, "" for none
	named   map[string]string // matter codes by name
	aliased map[string]string // matter codes by alias, folded
}

var (
	regionCode   = regexp.MustCompile(`^\d{6}(\d{3})?$`)
	matterCode   = regexp.MustCompile(`^\d{6}$`)
	categoryCode = regexp.MustCompile(`^\d{2}(\d{2})?$`)
)

func (v *validator) regionTree() {
	seen, roots := map[string]bool{}, 0
	for _, r := range v.catalogue.Regions {
		if seen[r.Code] {
			v.add("region.twice", r.Code, r.Code)
		}
		seen[r.Code] = true
		if !regionCode.MatchString(r.Code) || !plain(r.Name) {
			v.add("region.form", r.Code, r.Code)
		}
		if r.Parent == "" {
			roots++
		} else if _, ok := v.regions[r.Parent]; !ok {
			v.add("region.parent", r.Code, r.Code, r.Parent)
		}
		if cyclic(r.Code, func(code string) string { return v.regions[code].Parent }) {
			v.add("region.cycle", r.Code, r.Code)
		}
	}
	if roots != 1 {
		v.add("region.roots", "", roots)
	}
}

func (v *validator) departmentTree() {
	seen := map[string]bool{}
	for _, d := range v.catalogue.Departments {
		if seen[d.ID] {
			v.add("department.twice", d.ID, d.ID)
		}
		seen[d.ID] = true
		if !plain(d.ID) || !plain(d.Name) {
			v.add("department.form", d.ID, d.ID)
		}
		if _, ok := v.regions[d.Region]; !ok {
			v.add("department.region", d.ID, d.ID, d.Region)
		}
		if _, ok := v.departments[d.Superior]; d.Superior != "" && !ok {
			v.add("department.superior", d.ID, d.ID, d.Superior)
		}
		if cyclic(d.ID, func(id string) string { return v.departments[id].Superior }) {
			v.add("department.cycle", d.ID, d.ID)
		}
		if _, err := calendar.ReadHours(d.Hours); d.Hours != "" && err != nil {
			v.add("department.hours", d.ID, d.ID, d.Hours)
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

func (v *validator) categoryTree() {
	seen := map[string]bool{}
	for _, g := range v.catalogue.Categories {
		if seen[g.Code] {
			v.add("category.twice", g.Code, g.Code)
		}
		seen[g.Code] = true
		if !categoryCode.MatchString(g.Code) || !plain(g.Name) || !plain(g.NameEN) {
			v.add("category.form", g.Code, g.Code)
		}
		v.urgency(g.Code, "category.urgency", g.Urgency)
		if cyclic(g.Code, func(code string) string { return v.categories[code].Parent }) {
			v.add("category.cycle", g.Code, g.Code)
			continue
		}
		if up, known := v.categories[g.Parent]; g.Parent != "" && !known {
			v.add("category.parent", g.Code, g.Code, g.Parent)
		} else if first := len(g.Code) == 2; first != (g.Parent == "") || known && up.Parent != "" || !strings.HasPrefix(g.Code, g.Parent) {
			v.add("category.level", g.Code, g.Code)
		}
	}
}

// emptyCategories are branches that lead to no matter. A catalogue without matters
// is told once.
func (v *validator) emptyCategories() {
	full := map[string]bool{}
	for i := range v.catalogue.Matters {
		for _, code := range v.branch(v.catalogue.Matters[i].Parent) {
			full[code] = true
		}
	}
	for _, g := range v.catalogue.Categories {
		if !full[g.Code] {
			v.add("category.empty", g.Code, g.Code, g.Name)
		}
	}
}

func (v *validator) ownership() {
	seen := map[jiban.Owner]bool{}
	ranked := map[jiban.Owner]string{}
	for _, o := range v.catalogue.Owners {
		place := jiban.Owner{Kind: o.Kind, Region: o.Region, Rank: o.Rank}
		same := o
		same.Rank = 0
		code := o.Kind + " " + o.Region
		if seen[same] {
			v.add("owner.twice", code, o.Department, o.Kind, o.Region)
		} else if other, taken := ranked[place]; taken {
			v.add("owner.rank", code, o.Kind, o.Region, other, o.Department, o.Rank)
		}
		seen[same], ranked[place] = true, o.Department
		if !plain(o.Kind) || o.Rank < 0 || o.Rank > mostRank {
			v.add("owner.form", code, o.Kind, o.Region, mostRank)
		}
		if _, ok := v.departments[o.Department]; !ok {
			v.add("owner.department", code, o.Kind, o.Region, o.Department)
		}
		if _, ok := v.regions[o.Region]; !ok {
			v.add("owner.region", code, o.Kind, o.Region)
		}
	}
}

// mostRank bounds the order among the owners of one kind in one region.
const mostRank = 99

func (v *validator) limits() {
	for _, t := range Types() {
		if l, ok := v.catalogue.Limits[t]; !ok || !possible(l) {
			v.add("limit.default", string(t), typeName(t), t)
		}
	}
	v.urgentLimits("", v.catalogue.UrgentLimits)
	seen := map[string]bool{}
	for i := range v.catalogue.Matters {
		code := v.catalogue.Matters[i].Code
		if seen[code] {
			v.add("matter.twice", code, code)
		}
		seen[code] = true
	}
}

// longestDays and longestHours bound a limit: more is a slip of the finger.
const (
	longestDays  = 365
	longestHours = 24 * longestDays
)

// possible reports whether a limit is one: days or hours, not both, and only
// marks that belong to it.
func possible(l jiban.Limit) bool {
	if l.Hours > 0 {
		return l.Days == 0 && l.Hours <= longestHours && !l.AtOnce
	}
	return l.Hours == 0 && l.Days > 0 && l.Days <= longestDays && !l.OnClock
}

func (v *validator) urgentLimits(matter string, by map[jiban.Grade]map[jiban.RequestType]jiban.Limit) {
	for _, g := range sorted(by) {
		if lower(g) == nil {
			v.add("limit.grade", matter, matter, string(g))
		}
		for _, t := range sorted(by[g]) {
			if !knownType(t) || !possible(by[g][t]) {
				v.add("limit.form", matter, matter, string(t))
			}
		}
	}
}

func (v *validator) matter(m *jiban.Matter) {
	if !matterCode.MatchString(m.Code) || !plain(m.Name) || !plain(m.NameEN) || !plain(m.Category) {
		v.add("matter.form", m.Code, m.Code)
	}
	v.placed(m)
	v.types(m)
	for _, t := range sorted(m.Limits) {
		if !knownType(t) || !possible(m.Limits[t]) {
			v.add("limit.form", m.Code, m.Code, string(t))
		}
	}
	v.urgentLimits(m.Code, m.UrgentLimits)
	v.urgency(m.Code, "matter.urgency", m.Urgency)
	switch m.Confidential {
	case jiban.ConfidentialOnWish, jiban.ConfidentialReports, jiban.ConfidentialAlways:
	default:
		v.add("matter.confidential", m.Code, m.Code, string(m.Confidential))
	}
	v.owned(m)
	v.form(m)
	v.reachable(m)
}

// placed asks for a place in the tree: below a category of the second level whose
// code begins the matter's, within the category of the first level that the matter
// names.
func (v *validator) placed(m *jiban.Matter) {
	branch := v.branch(m.Parent)
	if len(branch) != 2 || v.categories[branch[1]].Parent != "" || !strings.HasPrefix(m.Code, m.Parent) {
		v.add("matter.parent", m.Code, m.Code, m.Parent)
		return
	}
	if first := v.categories[branch[1]]; first.Name != m.Category {
		v.add("matter.category", m.Code, m.Code, m.Category, first.Name)
	}
}

func (v *validator) types(m *jiban.Matter) {
	if len(m.Types) == 0 {
		v.add("matter.types", m.Code, m.Code)
	}
	allowed := map[jiban.RequestType]bool{}
	for _, t := range m.Types {
		if !knownType(t) {
			v.add("matter.type", m.Code, m.Code, string(t))
		}
		if allowed[t] {
			v.add("matter.type.twice", m.Code, m.Code, string(t))
		}
		allowed[t] = true
		if !possible(v.limit(m.Code, t)) && knownType(t) {
			v.add("limit.missing", m.Code, m.Code, typeName(t), t)
		}
	}
}

func (v *validator) urgency(code, rule string, rules []jiban.UrgencyRule) {
	for _, r := range rules {
		if lower(r.Level) == nil || len(r.Words) == 0 {
			v.add(rule, code, code, string(r.Level))
			continue
		}
		for _, w := range r.Words {
			if !listable(w) {
				v.add(rule, code, code, w)
			}
		}
	}
}

// owned asks for an owner in every region directly below the root, so that no
// city is without one.
func (v *validator) owned(m *jiban.Matter) {
	if m.Owner == "" {
		v.add("matter.owner", m.Code, m.Code)
		return
	}
	if city := v.cityWithout(m.Owner); city != "" {
		v.add("owner.missing", m.Code, m.Code, m.Owner, city, v.regions[city].Name)
	}
	for _, kind := range m.CoOwners {
		if city := v.cityWithout(kind); city != "" || !listable(kind) {
			v.add("coowner.missing", m.Code, m.Code, kind, city, v.regions[city].Name)
		}
	}
}

// cityWithout is a region directly below the root where nobody owns a kind.
func (v *validator) cityWithout(kind string) string {
	city, looked := v.without[kind]
	if looked {
		return city
	}
	for _, r := range v.catalogue.Regions {
		if r.Parent == v.root && len(v.candidates(kind, r.Code)) == 0 {
			city = r.Code
			break
		}
	}
	v.without[kind] = city
	return city
}

func (v *validator) form(m *jiban.Matter) {
	seen := map[string]bool{}
	for i := range m.Form.Fields {
		f := &m.Form.Fields[i]
		if !plain(f.Key) || !plain(f.Label) || !plain(f.LabelEN) || seen[f.Key] {
			v.add("field.form", m.Code, m.Code, f.Key)
		}
		seen[f.Key] = true
		if !fieldKind(f.Kind) || (f.Kind == "choice") != (len(f.Choices) > 0) {
			v.add("field.kind", m.Code, f.Key, m.Code, f.Kind)
		}
		v.choices(m.Code, f)
		if !lawful(f) {
			v.add("field.rule", m.Code, f.Key, m.Code)
		}
	}
	if len(m.Form.Fields) == 0 {
		v.add("form.none", m.Code, m.Code)
	} else if len(m.Form.Fields) > maxFields {
		v.add("form.long", m.Code, m.Code, maxFields)
	}
}

// lawful reports whether what a field asks of its values can be asked.
func lawful(f *jiban.Field) bool {
	if f.MaxLength < 0 || f.MaxLength > maxFieldRunes || len(f.Pattern) > longestText {
		return false
	}
	if f.Pattern == "" {
		return true
	}
	_, err := regexp.Compile(f.Pattern)
	return err == nil
}

func (v *validator) choices(matter string, f *jiban.Field) {
	seen := map[string]bool{}
	for _, c := range f.Choices {
		if !listable(c.Value) || !listable(c.Label) || strings.Contains(c.Value, "|") || seen[c.Value] {
			v.add("field.choice", matter, f.Key, matter, c.Value)
		}
		seen[c.Value] = true
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

// reachable looks for what keeps people from reaching a matter: another one of the
// same name or with the same words, or no words at all.
func (v *validator) reachable(m *jiban.Matter) {
	if m.Retired {
		return
	}
	if other, taken := v.named[m.Name]; taken {
		v.add("matter.name", m.Code, m.Code, other, m.Name)
	}
	v.named[m.Name] = m.Code
	own := len(m.Samples)
	for _, a := range m.Aliases {
		if !listable(a) {
			v.add("matter.words", m.Code, m.Code, a)
		}
		folded := strings.ToLower(strings.TrimSpace(a))
		if other, taken := v.aliased[folded]; taken && other != m.Code {
			v.add("alias.overlap", m.Code, m.Code, other, a)
			continue
		}
		v.aliased[folded] = m.Code
		own++
	}
	for _, text := range m.Samples {
		if !plain(text) {
			v.add("matter.words", m.Code, m.Code, text)
		}
	}
	if own == 0 {
		v.add("matter.unreachable", m.Code, m.Code, m.Name)
	}
}

// longestText bounds a name, an alias or a sample sentence, in bytes.
const longestText = 500

// plain reports whether a text is one line of words without blanks around it.
func plain(s string) bool {
	return s != "" && len(s) <= longestText && s == strings.TrimSpace(s) && utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

// listable reports whether a text can stand in a list that is written with 、
// between its parts.
func listable(s string) bool { return plain(s) && !strings.Contains(s, "、") }
