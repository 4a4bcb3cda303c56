package tickets

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"jiban"
)

func fresh(t testing.TB) jiban.Catalogue {
	t.Helper()
	c, err := Sample()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// The program's own catalogue has neither error nor warning, and is as large as a
// province's.
func TestSampleIsClean(t *testing.T) {
	c := fresh(t)
	for _, f := range Check(c) {
		t.Errorf("%s %s %s: %s (%s)", f.Severity, f.Rule, f.Code, f.Words, f.WordsEN)
	}
	first, second, departments := 0, 0, map[string]bool{}
	for _, g := range c.Categories {
		if g.Parent == "" {
			first++
		} else {
			second++
		}
	}
	for _, o := range c.Owners {
		departments[o.Department] = true
	}
	t.Logf("%d categories of the first level, %d of the second, %d matters; %d departments that own something", first, second, len(c.Matters), len(departments))
	if first < 18 || second < first || len(c.Matters) < 180 || len(departments) < 60 {
		t.Error("the sample is too small")
	}
}

// fault is one mistake and the rule that must find it, at which entry.
type fault struct {
	rule, code string
	damage     func(c *jiban.Catalogue)
}

func matterFaults() []fault {
	m := func(f func(m *jiban.Matter)) func(c *jiban.Catalogue) {
		return func(c *jiban.Catalogue) { f(&c.Matters[5]) }
	}
	code := "010106"
	return []fault{
		{"matter.parent", code, m(func(m *jiban.Matter) { m.Parent = "0199" })},
		{"matter.parent", code, m(func(m *jiban.Matter) { m.Parent = "01" })},
		{"matter.parent", code, m(func(m *jiban.Matter) { m.Parent = "0201" })},
		{"matter.category", code, m(func(m *jiban.Matter) { m.Category = "教育" })},
		{"matter.form", code, m(func(m *jiban.Matter) { m.Name = " 漏水" })},
		{"matter.form", code, m(func(m *jiban.Matter) { m.NameEN = "two\nlines" })},
		{"matter.type.twice", code, m(func(m *jiban.Matter) { m.Types = append(m.Types, m.Types[0]) })},
		{"matter.name", code, func(c *jiban.Catalogue) { c.Matters[5].Name = c.Matters[4].Name }},
		{"alias.overlap", code, func(c *jiban.Catalogue) {
			c.Matters[5].Aliases = append(c.Matters[5].Aliases, strings.ToUpper(c.Matters[4].Aliases[0]))
		}},
		{"matter.words", code, m(func(m *jiban.Matter) { m.Aliases = append(m.Aliases, "甲、乙") })},
		{"matter.words", code, m(func(m *jiban.Matter) { m.Samples = append(m.Samples, "") })},
		{"matter.unreachable", code, m(func(m *jiban.Matter) { m.Aliases, m.Samples = nil, nil })},
		{"matter.urgency", code, m(func(m *jiban.Matter) { m.Urgency = []jiban.UrgencyRule{{Level: "soon", Words: []string{"快"}}} })},
		{"matter.urgency", code, m(func(m *jiban.Matter) { m.Urgency = []jiban.UrgencyRule{{Level: jiban.GradeCritical}} })},
		{"matter.confidential", code, m(func(m *jiban.Matter) { m.Confidential = "maybe" })},
		{"coowner.missing", code, m(func(m *jiban.Matter) { m.CoOwners = []string{"月球"} })},
		{"limit.form", code, m(func(m *jiban.Matter) { m.Limits = map[jiban.RequestType]jiban.Limit{jiban.Help: {Days: 3, Hours: 2}} })},
		{"limit.form", code, m(func(m *jiban.Matter) {
			m.UrgentLimits = map[jiban.Grade]map[jiban.RequestType]jiban.Limit{jiban.GradeCritical: {jiban.Help: {Hours: -1}}}
		})},
		{"limit.grade", code, m(func(m *jiban.Matter) {
			m.UrgentLimits = map[jiban.Grade]map[jiban.RequestType]jiban.Limit{"soon": {jiban.Help: {Hours: 1}}}
		})},
		{"field.rule", code, m(func(m *jiban.Matter) { m.Form.Fields[0].Pattern = "(" })},
		{"field.rule", code, m(func(m *jiban.Matter) { m.Form.Fields[0].MaxLength = -1 })},
		{"field.choice", code, m(func(m *jiban.Matter) {
			m.Form.Fields[0].Kind, m.Form.Fields[0].Choices = "choice", []jiban.Option{{Value: "a", Label: "甲"}, {Value: "a", Label: "乙"}}
		})},
		{"field.kind", code, m(func(m *jiban.Matter) { m.Form.Fields[0].Kind = "colour" })},
	}
}

func treeFaults() []fault {
	return []fault{
		{"category.twice", "01", func(c *jiban.Catalogue) { c.Categories = append(c.Categories, c.Categories[0]) }},
		{"category.form", "0101", func(c *jiban.Catalogue) { c.Categories[1].NameEN = "" }},
		{"category.parent", "0101", func(c *jiban.Catalogue) { c.Categories[1].Parent = "77" }},
		{"category.level", "0101", func(c *jiban.Catalogue) { c.Categories[1].Parent = "" }},
		{"category.level", "0102", func(c *jiban.Catalogue) { c.Categories[2].Parent = "0101" }},
		{"category.cycle", "01", func(c *jiban.Catalogue) { c.Categories[0].Parent = "0101" }},
		{"category.empty", "99", func(c *jiban.Catalogue) {
			c.Categories = append(c.Categories, jiban.Category{Code: "99", Name: "空", NameEN: "empty"})
		}},
		{"category.urgency", "01", func(c *jiban.Catalogue) {
			c.Categories[0].Urgency = []jiban.UrgencyRule{{Level: "x", Words: []string{"y"}}}
		}},
		{"owner.rank", "住建 230000", func(c *jiban.Catalogue) {
			c.Owners = append(c.Owners, jiban.Owner{Kind: "住建", Region: "230000", Department: "230000.water"})
		}},
		{"owner.form", "住建 230000", func(c *jiban.Catalogue) { c.Owners[0].Rank = -1 }},
		{"owner.missing", "010101", func(c *jiban.Catalogue) { // one city of thirteen has no housing bureau
			c.Owners = slices.DeleteFunc(c.Owners, func(o jiban.Owner) bool { return o.Kind == "住建" && (o.Region == "231200" || o.Region == "230000") })
		}},
		{"limit.default", "help", func(c *jiban.Catalogue) { delete(c.Limits, jiban.Help) }},
		{"limit.missing", "010101", func(c *jiban.Catalogue) { delete(c.Limits, jiban.Complaint) }},
		{"region.cycle", "230102", func(c *jiban.Catalogue) { c.Regions[1].Parent = "230102" }},
		{"department.cycle", "230000.housing", func(c *jiban.Catalogue) { c.Departments[0].Superior = "230100.housing" }},
	}
}

// The check finds each planted fault, at the right entry, and says it in both
// languages without a hole in the sentence.
func TestCheckFindsEachPlantedFault(t *testing.T) {
	for _, f := range append(matterFaults(), treeFaults()...) {
		c := fresh(t)
		f.damage(&c)
		found := Check(c)
		if !slices.ContainsFunc(found, func(g Finding) bool { return g.Rule == f.rule && g.Code == f.code }) {
			t.Errorf("%s at %s was not found; found %v", f.rule, f.code, found[:min(len(found), 3)])
		}
		for _, g := range found {
			if strings.Contains(g.Words+g.WordsEN, "%!") || g.Words == "" || g.WordsEN == "" || g.Part == "" {
				t.Errorf("%s is badly worded: %q, %q", g.Rule, g.Words, g.WordsEN)
			}
		}
		if err := Validate(c); (err != nil) != slices.ContainsFunc(found, func(g Finding) bool { return g.Severity == SeverityError }) {
			t.Errorf("%s: an error and nothing else keeps a catalogue out of force: %v", f.rule, err)
		}
	}
}

// Taking anything out of the sample that something else needs is found.
func TestCheckFindsMissingPieces(t *testing.T) {
	whole := fresh(t)
	rapid.Check(t, func(t *rapid.T) {
		c := whole
		e := Edit{}
		switch rapid.IntRange(0, 2).Draw(t, "part") {
		case 0:
			e.Remove.Categories = []string{rapid.SampledFrom(whole.Categories).Draw(t, "category").Code}
		case 1: // none below the counties: those only belong to somebody
			e.Remove.Regions = []string{rapid.SampledFrom(slices.DeleteFunc(slices.Clone(whole.Regions), func(r jiban.Region) bool { return !strings.HasSuffix(r.Code, "00") })).Draw(t, "region").Code}
		default:
			e.Remove.Departments = []string{rapid.SampledFrom(whole.Owners).Draw(t, "owner").Department}
		}
		if Validate(e.apply(c)) == nil {
			t.Fatalf("without %+v the catalogue passes", e.Remove)
		}
	})
	if len(Check(whole)) != 0 {
		t.Fatal("the edits changed the catalogue that they were made from")
	}
}

// The difference between two versions is empty only for the same catalogue, and
// an edit's difference is what it did.
func TestDiffNamesWhatAnEditDid(t *testing.T) {
	before := fresh(t)
	m := before.Matters[3]
	m.Name, m.Retired = "住宅专项维修资金", true
	e := Edit{
		Matters:     []jiban.Matter{m, {Code: "010199", Name: "新事项", NameEN: "New", Category: "住房与物业", Parent: "0101"}},
		Departments: []jiban.Department{{ID: "230100.new", Name: "新单位", Region: "230100"}},
		Limits:      map[jiban.RequestType]jiban.Limit{jiban.Help: {Days: 5}, jiban.Consultation: before.Limits[jiban.Consultation]},
		Remove:      Removal{Regions: []string{"230103"}, Owners: []string{"住建 230000 0"}},
	}
	var got []string
	for _, c := range Diff(before, e.apply(before)) {
		fields := make([]string, len(c.Fields))
		for i, f := range c.Fields {
			fields[i] = fmt.Sprintf("%s %s→%s", f.Field, f.Before, f.After)
		}
		got = append(got, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", c.Kind, c.Part, c.Key, strings.Join(fields, "; "))))
	}
	want := []string{
		`changed matters 010104 name "住宅维修资金"→"住宅专项维修资金"; retired null→true`,
		`added matters 010199`, `removed owners 住建 230000 0`,
		`changed limits help limit {"days":7}→{"days":5}`, `removed limits complaint`, `removed limits praise`, `removed limits report`, `removed limits suggestion`,
		`added departments 230100.new`, `removed regions 230103`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if d := Diff(before, fresh(t)); len(d) != 0 {
		t.Errorf("the same catalogue differs: %v", d)
	}
}

// What the catalogue promises: department by inheritance, limit by type and
// urgency, confidentiality.
func TestPromises(t *testing.T) {
	c := fresh(t)
	m := &c.Matters[slices.IndexFunc(c.Matters, func(m jiban.Matter) bool { return m.Code == "090101" })]
	m.CoOwners = []string{"生态环境", "住建"}
	m.UrgentLimits = map[jiban.Grade]map[jiban.RequestType]jiban.Limit{jiban.GradePressing: {jiban.Complaint: {Days: 1, AtOnce: true}}}
	m.Urgency = []jiban.UrgencyRule{{Level: jiban.GradePressing, Words: []string{"高考"}}}
	for _, q := range []struct {
		matter, region, words string
		kind                  jiban.RequestType
		department, with      string
		limit                 jiban.Limit
		confidential          bool
	}{
		{"010101", "230103", "物业不管", jiban.Help, "哈尔滨市住房和城乡建设局", "", jiban.Limit{Days: 7}, false},
		{"010105", "230103", "有人困在电梯里了", jiban.Help, "哈尔滨市市场监督管理局", "", jiban.Limit{Hours: 2, OnClock: true}, false},
		{"010207", "230602", "外墙脱落很危险", jiban.Complaint, "大庆市住房和城乡建设局", "", jiban.Limit{Days: 5}, false},
		{"090101", "230103", "夜里施工", jiban.Complaint, "哈尔滨市城市管理综合执法局", "哈尔滨市生态环境局 哈尔滨市住房和城乡建设局", jiban.Limit{Days: 15}, false},
		{"090101", "230103", "高考期间夜里施工", jiban.Complaint, "哈尔滨市城市管理综合执法局", "哈尔滨市生态环境局 哈尔滨市住房和城乡建设局", jiban.Limit{Days: 1, AtOnce: true}, false},
		{"090101", "230103", "夜里施工", jiban.Report, "哈尔滨市城市管理综合执法局", "哈尔滨市生态环境局 哈尔滨市住房和城乡建设局", jiban.Limit{Days: 15}, true},
		{"020101", "230103", "停水了，家里有人在用呼吸机", jiban.Help, "哈尔滨市水务局", "", jiban.Limit{Hours: 24, OnClock: true}, false},
		{"060101", "230103", "有人要跳楼讨薪", jiban.Complaint, "哈尔滨市人力资源和社会保障局", "", jiban.Limit{Hours: 24, OnClock: true}, false},
	} {
		p, err := PromiseOf(c, q.matter, q.kind, q.region, q.words)
		if err != nil {
			t.Fatal(err)
		}
		var with []string
		for _, d := range p.CoHandling {
			with = append(with, d.Name)
		}
		if p.Department.Name != q.department || strings.Join(with, " ") != q.with || p.Limit != q.limit || p.Confidential != q.confidential {
			t.Errorf("%s %q: got %s with %v, %+v, confidential %v", q.matter, q.words, p.Department.Name, with, p.Limit, p.Confidential)
		}
	}
	if _, err := PromiseOf(c, "999999", jiban.Help, "230103", ""); jiban.CodeOf(err) != jiban.CodeNotFound {
		t.Error("a matter that is not there promises nothing")
	}
}

// large is a catalogue of 5,000 matters.
func large(t testing.TB) jiban.Catalogue {
	c := fresh(t)
	some := c.Matters
	c.Matters = nil
	for i := range 5000 {
		m := some[i%len(some)]
		group := fmt.Sprintf("%02d%02d", 1+i/2500, (i/50)%50+1)
		m.Code, m.Parent, m.Category = fmt.Sprintf("%s%02d", group, i%50), group, c.Categories[0].Name
		m.Name = fmt.Sprintf("%s %d", m.Name, i)
		m.Aliases = slices.Clone(m.Aliases)
		for j := range m.Aliases {
			m.Aliases[j] = fmt.Sprintf("%s%d", m.Aliases[j], i)
		}
		c.Matters = append(c.Matters, m)
	}
	c.Categories = []jiban.Category{{Code: "01", Name: c.Categories[0].Name, NameEN: "a"}, {Code: "02", Name: c.Categories[0].Name, NameEN: "b"}}
	for i := range 100 {
		first := fmt.Sprintf("%02d", 1+i/50)
		c.Categories = append(c.Categories, jiban.Category{Code: fmt.Sprintf("%s%02d", first, i%50+1), Name: "x", NameEN: "x", Parent: first})
	}
	return c
}

func BenchmarkCheck5000(b *testing.B) {
	c := large(b)
	if found := Check(c); len(found) != 0 {
		b.Fatal(len(found), found[0])
	}
	for b.Loop() {
		Check(c)
	}
}

func BenchmarkIndex5000(b *testing.B) {
	c := large(b)
	for b.Loop() {
		newIndex(c)
	}
}

func BenchmarkDiff5000(b *testing.B) {
	c, d := large(b), large(b)
	d.Matters[17].Name = "x"
	for b.Loop() {
		if len(Diff(c, d)) != 1 {
			b.Fatal("one matter differs")
		}
	}
}
