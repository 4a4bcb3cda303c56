package tickets

import (
	"cmp"
	"slices"
	"strings"

	"jiban"
	"jiban/calendar"
)

// index is a catalogue made ready for looking things up. It is never changed.
type index struct {
	catalogue   jiban.Catalogue
	regions     map[string]jiban.Region
	departments map[string]jiban.Department
	matters     map[string]jiban.Matter
	categories  map[string]jiban.Category
	owners      map[ownerKey][]string // department ids, the first leads
	below       map[string]bool       // kinds that somebody owns below the root
	kinds       map[string][]string   // kinds by department id
	root        string
	hours       map[string]*calendar.Calendar // of departments with hours of their own
}

type ownerKey struct{ kind, region string }

func newIndex(c jiban.Catalogue) *index {
	x := &index{
		catalogue: c, regions: map[string]jiban.Region{}, departments: map[string]jiban.Department{},
		matters: map[string]jiban.Matter{}, categories: map[string]jiban.Category{},
		owners: map[ownerKey][]string{}, below: map[string]bool{}, kinds: map[string][]string{},
	}
	for _, r := range c.Regions {
		x.regions[r.Code] = r
		if r.Parent == "" && x.root == "" {
			x.root = r.Code
		}
	}
	for _, d := range c.Departments {
		x.departments[d.ID] = d
	}
	for i := range c.Matters {
		x.matters[c.Matters[i].Code] = c.Matters[i]
	}
	for _, g := range c.Categories {
		x.categories[g.Code] = g
	}
	x.own(c.Owners)
	return x
}

// open makes the calendars of the departments that have hours of their own; they
// share the years of the usual one.
func (x *index) open(usual *calendar.Calendar) error {
	x.hours = map[string]*calendar.Calendar{}
	for _, d := range x.catalogue.Departments {
		if d.Hours == "" || usual == nil {
			continue
		}
		hours, err := calendar.ReadHours(d.Hours)
		if err != nil {
			return err
		}
		if x.hours[d.ID], err = usual.With(hours); err != nil {
			return err
		}
	}
	return nil
}

// own learns who owns what; the list of the catalogue keeps its order.
func (x *index) own(owners []jiban.Owner) {
	owners = slices.Clone(owners)
	slices.SortStableFunc(owners, func(a, b jiban.Owner) int { return cmp.Compare(a.Rank, b.Rank) })
	for _, o := range owners {
		k := ownerKey{o.Kind, o.Region}
		x.owners[k] = append(x.owners[k], o.Department)
		x.kinds[o.Department] = append(x.kinds[o.Department], o.Kind)
		if o.Region != x.root {
			x.below[o.Kind] = true
		}
	}
}

// chain lists a region and all above it, nearest first. A street's nine digits
// begin with its county's six. The length is bounded because data may hold a
// cycle that nobody checked for.
func (x *index) chain(code string) []string {
	if _, known := x.regions[code]; !known && len(code) > 6 {
		code = code[:6]
	}
	var chain []string
	for range 8 {
		r, known := x.regions[code]
		if !known {
			break
		}
		chain = append(chain, code)
		code = r.Parent
	}
	return chain
}

// candidates lists the departments that own a kind of matter at a place, the
// nearest region first and, within one region, the leading department first.
func (x *index) candidates(kind, region string) []string {
	if region == "" || region == x.root && x.below[kind] {
		return nil // the city is not known yet: a person must ask
	}
	var all []string
	for _, r := range x.chain(region) {
		all = append(all, x.owners[ownerKey{kind, r}]...)
	}
	return all
}

// dispatch names the department for a request, "" while a dispatcher must
// decide. Those in avoid are passed over. What is directed against a department
// is never given to it: it goes to its superior, else to the body that watches
// over the hotline.
func (x *index) dispatch(kind, region, accused string, avoid map[string]bool) jiban.Department {
	ids := x.candidates(kind, region)
	if len(ids) > 0 && accused != "" && x.names(accused, ids[0]) {
		return x.above(ids[0], region)
	}
	for _, id := range ids {
		if !avoid[id] {
			return x.departments[id]
		}
	}
	return jiban.Department{}
}

// managementKind is the kind of department that watches over the others.
const managementKind = "营商"

// above is who decides on what is directed against a department.
func (x *index) above(id, region string) jiban.Department {
	if s := x.departments[id].Superior; s != "" {
		return x.departments[s]
	}
	for _, m := range x.candidates(managementKind, region) {
		if m != id {
			return x.departments[m]
		}
	}
	return jiban.Department{}
}

// names reports whether the words of a person about whom they complain mean the
// department: its full name, its name without the place, or the usual short form
// of what it does with the word for an office. A body of a region below it is
// somebody else.
func (x *index) names(words, id string) bool {
	d := x.departments[id]
	if x.namesBelow(words, d.Region) {
		return false
	}
	if strings.Contains(words, d.Name) || strings.Contains(words, x.bareName(d)) {
		return true
	}
	for _, kind := range x.kinds[id] {
		for _, office := range officeWords {
			if strings.Contains(words, kind+office) {
				return true
			}
		}
	}
	return false
}

var officeWords = []string{"局", "厅", "委", "办", "队", "大队", "支队", "中心", "执法", "部门"}

// bareName is a department's name without the names of its region.
func (x *index) bareName(d jiban.Department) string {
	name := d.Name
	for _, code := range x.chain(d.Region) {
		name = strings.TrimPrefix(name, x.regions[code].Name)
	}
	return name
}

// namesBelow reports whether the words name a region directly below another.
func (x *index) namesBelow(words, region string) bool {
	for _, r := range x.catalogue.Regions {
		if r.Parent == region && strings.Contains(words, r.Name) {
			return true
		}
	}
	return false
}

// place is a region's name with that of the city or prefecture above it.
func (x *index) place(region string) string {
	name := ""
	for _, code := range x.chain(region) {
		if code != x.root || name == "" {
			name = x.regions[code].Name + name
		}
	}
	return name
}

// limit is the time limit of a matter for a type of request that is not urgent.
func (x *index) limit(matter string, t jiban.RequestType) jiban.Limit {
	return x.limitAt(matter, t, jiban.GradeOrdinary)
}

// limitAt is the time limit of a matter for a type of request and a grade of
// urgency: what the matter itself says for that grade, then for the type (a law of
// its own overrides what is usual), then the default for the grade and the type. A
// grade for which nothing is said is treated as the next lower one.
func (x *index) limitAt(matter string, t jiban.RequestType, g jiban.Grade) jiban.Limit {
	m := x.matters[matter]
	for _, grade := range lower(g) {
		if l, ok := m.UrgentLimits[grade][t]; ok {
			return l
		}
	}
	if l, own := m.Limits[t]; own {
		return l
	}
	for _, grade := range lower(g) {
		if l, ok := x.catalogue.UrgentLimits[grade][t]; ok {
			return l
		}
	}
	return x.catalogue.Limits[t]
}

// lower lists a grade above the ordinary one and those between, the highest first.
func lower(g jiban.Grade) []jiban.Grade {
	switch g {
	case jiban.GradeCritical:
		return []jiban.Grade{jiban.GradeCritical, jiban.GradePressing}
	case jiban.GradePressing:
		return []jiban.Grade{jiban.GradePressing}
	default:
		return nil
	}
}

// grade is how urgent a request is: as the matter is in general, and as its words
// and those of the categories above say, the highest of all.
func (x *index) grade(matter, words string) jiban.Grade {
	m := x.matters[matter]
	g := jiban.GradeOrdinary
	if m.Urgent {
		g = jiban.GradePressing
	}
	rules := slices.Clone(m.Urgency)
	for _, code := range x.branch(m.Parent) {
		rules = append(rules, x.categories[code].Urgency...)
	}
	for _, r := range rules {
		if len(lower(r.Level)) > len(lower(g)) && slices.ContainsFunc(r.Words, func(w string) bool { return strings.Contains(words, w) }) {
			g = r.Level
		}
	}
	return g
}

// branch lists a category and those above it. The length is bounded because data
// may hold a cycle that nobody checked for.
func (x *index) branch(code string) []string {
	var branch []string
	for range 3 {
		g, known := x.categories[code]
		if !known {
			break
		}
		branch = append(branch, code)
		code = g.Parent
	}
	return branch
}

// coHandlers are the departments that take part in a matter at a place, beside
// the one that leads: the nearest owner of each kind.
func (x *index) coHandlers(matter, region string, lead string) []jiban.Department {
	var all []jiban.Department
	for _, kind := range x.matters[matter].CoOwners {
		ids := x.candidates(kind, region)
		if len(ids) > 0 && ids[0] != lead && !slices.ContainsFunc(all, func(d jiban.Department) bool { return d.ID == ids[0] }) {
			all = append(all, x.departments[ids[0]])
		}
	}
	return all
}

// confidential reports whether the catalogue keeps such a request confidential
// without anybody's wish.
func (x *index) confidential(matter string, t jiban.RequestType) bool {
	switch x.matters[matter].Confidential {
	case jiban.ConfidentialAlways:
		return true
	case jiban.ConfidentialReports:
		return t == jiban.Report
	default:
		return false
	}
}
