package tickets

import (
	"strings"
	"sync"
	"testing"

	"jiban"
)

// once spares every house its own reading of the tables; nobody changes it.
var once = sync.OnceValues(Sample)

func sampleCatalogue(t testing.TB) jiban.Catalogue {
	t.Helper()
	c, err := once()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestSampleIsWhole(t *testing.T) {
	c := sampleCatalogue(t)
	if err := Validate(c); err != nil {
		t.Fatal(err)
	}
	categories, names := map[string]bool{}, map[string]string{}
	for _, m := range c.Matters {
		categories[m.Category] = true
		if other, twice := names[m.Name]; twice {
			t.Errorf("%s and %s are both called %s", m.Code, other, m.Name)
		}
		names[m.Name] = m.Code
		if len(m.Samples) < 2 || len(m.Samples) > 4 || len(m.Aliases) < 5 {
			t.Errorf("%s %s: %d sample sentences, %d aliases", m.Code, m.Name, len(m.Samples), len(m.Aliases))
		}
		for _, text := range append(m.Aliases, m.Samples...) {
			if text == "" || text != strings.TrimSpace(text) {
				t.Errorf("%s: %q", m.Code, text)
			}
		}
	}
	if len(categories) < 18 || len(c.Matters) < 180 {
		t.Errorf("%d categories, %d matters", len(categories), len(c.Matters))
	}
	rank := map[string]int{}
	for _, d := range c.Departments {
		rank[d.Region]++
	}
	cities := 0
	for _, r := range c.Regions {
		if r.Parent == "230000" {
			cities++
			if rank[r.Code] < 20 {
				t.Errorf("%s has only %d departments", r.Name, rank[r.Code])
			}
		}
	}
	if cities != 13 || rank["230000"] < 20 || len(c.Regions) != 14+126 {
		t.Errorf("%d cities, %d regions, %d departments of the province", cities, len(c.Regions), rank["230000"])
	}
}

func TestWhatMustBeKnown(t *testing.T) {
	x := newIndex(sampleCatalogue(t))
	for code, want := range map[string]string{
		"020101": "place since phone", "020201": "place temperature since phone", "060101": "unit amount people since place phone name",
		"090101": "place noise_time phone", "050103": "unit description demand phone name", "010301": "unit place description",
	} {
		var required []string
		for _, f := range x.matters[code].Form.Fields {
			if f.Required {
				required = append(required, f.Key)
			}
		}
		if got := strings.Join(required, " "); got != want {
			t.Errorf("%s %s asks for %q, want %q", code, x.matters[code].Name, got, want)
		}
	}
}

func TestLimits(t *testing.T) {
	x := newIndex(sampleCatalogue(t))
	for _, c := range []struct {
		matter string
		kind   jiban.RequestType
		want   jiban.Limit
	}{
		{"020101", jiban.Help, jiban.Limit{Hours: 24, OnClock: true}},
		{"020201", jiban.Complaint, jiban.Limit{Hours: 24, OnClock: true}},
		{"020301", jiban.Help, jiban.Limit{Hours: 24, OnClock: true}},
		{"020401", jiban.Help, jiban.Limit{Hours: 24, OnClock: true}},
		{"020101", jiban.Consultation, jiban.Limit{Days: 3}},
		{"020105", jiban.Complaint, jiban.Limit{Days: 15}},
		{"030102", jiban.Help, jiban.Limit{Days: 7}},
		{"060101", jiban.Report, jiban.Limit{Days: 15}},
		{"", jiban.Suggestion, jiban.Limit{Days: 7}},
		{"200105", jiban.Praise, jiban.Limit{Days: 7}},
	} {
		if got := x.limit(c.matter, c.kind); got != c.want {
			t.Errorf("%s of %q: got %+v, want %+v", c.kind, c.matter, got, c.want)
		}
	}
}

func TestDispatch(t *testing.T) {
	x := newIndex(sampleCatalogue(t))
	for _, c := range []struct{ why, kind, region, accused, want string }{
		{"water in a district of Harbin", "供水", "230103", "", "哈尔滨市水务局"},
		{"water in a street of Harbin", "供水", "230103001", "", "哈尔滨市水务局"},
		{"water in Daqing", "供水", "230600", "", "大庆市城市管理综合执法局"},
		{"water in Suihua", "供水", "231202", "", "绥化市住房和城乡建设局"},
		{"heating in the prefecture", "供热", "232761", "", "大兴安岭地区住房和城乡建设局"},
		{"a power cut", "供电", "230200", "", "国网齐齐哈尔供电公司"},
		{"waste in Qiqihar", "城管", "230202", "", "齐齐哈尔市城市管理综合执法局"},
		{"a village matter stays in its county", "属地", "230184", "", "五常市人民政府"},
		{"the zone has a committee", "属地", "230671", "", "大庆高新技术产业开发区管理委员会"},
		{"the prefecture has an office", "属地", "232700", "", "大兴安岭地区行政公署"},
		{"tax has its own name", "税务", "231000", "", "国家税务总局牡丹江市税务局"},
		{"only the province has one", "通信", "230100", "", "黑龙江省通信管理局"},
		{"only the province has one, city unknown", "通信", "230000", "", "黑龙江省通信管理局"},
		{"the city is not known", "供水", "", "", ""},
		{"only the province is known", "供水", "230000", "", ""},
		{"another province", "供水", "110101", "", ""},
		{"nobody owns it", "月球", "230100", "", ""},
		{"against the department itself", "住建", "230103", "哈尔滨市住房和城乡建设局", "黑龙江省住房和城乡建设厅"},
		{"against it by its short name", "住建", "230103", "市住建局", "黑龙江省住房和城乡建设厅"},
		{"against the city's enforcement", "城管", "230103", "城管执法人员", "哈尔滨市人民政府"},
		{"against the traffic police", "交警", "230103", "交警支队", "哈尔滨市公安局"},
		{"against the district's office, which is below", "住建", "230103", "南岗区住建局", "哈尔滨市住房和城乡建设局"},
		{"against a merchant", "市场监管", "230103", "某某超市", "哈尔滨市市场监督管理局"},
		{"a school is not the education bureau", "教育", "230103", "阳光教育培训学校", "哈尔滨市教育局"},
		{"against the only one of the province", "通信", "230100", "黑龙江省通信管理局", "哈尔滨市营商环境建设监督局"},
	} {
		if got := x.dispatch(c.kind, c.region, c.accused, nil).Name; got != c.want {
			t.Errorf("%s: got %q, want %q", c.why, got, c.want)
		}
	}
}

func TestValidateFindsFaults(t *testing.T) {
	spoil := map[string]func(*jiban.Catalogue){
		"matter 020101 is listed twice": func(c *jiban.Catalogue) { c.Matters = append(c.Matters, newIndex(*c).matters[outage]) },
		"has no owner in 230100":        func(c *jiban.Catalogue) { c.Matters[0].Owner = "月球" },
		"names no kind of owner":        func(c *jiban.Catalogue) { c.Matters[0].Owner = "" },
		"needs a code of six digits":    func(c *jiban.Catalogue) { c.Matters[0].Code = "1" },
		"allows no request type":        func(c *jiban.Catalogue) { c.Matters[0].Types = nil },
		"allows the unknown type":       func(c *jiban.Catalogue) { c.Matters[0].Types = []jiban.RequestType{"wish"} },
		"has no form":                   func(c *jiban.Catalogue) { c.Matters[0].Form = jiban.Form{} },
		"impossible kind":               func(c *jiban.Catalogue) { c.Matters[0].Form.Fields[0].Kind = "colour" },
		"impossible limit":              func(c *jiban.Catalogue) { c.Matters[0].Limits = map[jiban.RequestType]jiban.Limit{jiban.Help: {}} },
		"there is no limit for help":    func(c *jiban.Catalogue) { delete(c.Limits, jiban.Help) },
		"region 230103 lies in itself": func(c *jiban.Catalogue) {
			c.Regions[3].Parent, c.Regions[2].Parent = c.Regions[2].Code, c.Regions[3].Code
		},
		"lies in 990000, which is not listed":      func(c *jiban.Catalogue) { c.Regions[3].Parent = "990000" },
		"one region without parent, not 2":         func(c *jiban.Catalogue) { c.Regions[3].Parent = "" },
		"is listed twice":                          func(c *jiban.Catalogue) { c.Departments = append(c.Departments, c.Departments[0]) },
		"is its own superior":                      func(c *jiban.Catalogue) { c.Departments[0].Superior = c.Departments[0].ID },
		"has the unknown superior nobody":          func(c *jiban.Catalogue) { c.Departments[0].Superior = "nobody" },
		`is owned by "nobody"`:                     func(c *jiban.Catalogue) { c.Owners[0].Department = "nobody" },
		"is owned in \"990000\"":                   func(c *jiban.Catalogue) { c.Owners[0].Region = "990000" },
		"twice or without a label in both":         func(c *jiban.Catalogue) { c.Matters[0].Form.Fields[0].LabelEN = "" },
		"is of region \"\", which is not listed":   func(c *jiban.Catalogue) { c.Departments[0].Region = "" },
		"in 230000 twice":                          func(c *jiban.Catalogue) { c.Owners = append(c.Owners, c.Owners[0]) },
		"needs a code of six or nine digits":       func(c *jiban.Catalogue) { c.Regions[3].Name = "" },
		"region 230100 is listed twice":            func(c *jiban.Catalogue) { c.Regions = append(c.Regions, c.Regions[1]) },
		"department \"\" needs an id and a name":   func(c *jiban.Catalogue) { c.Departments[3].ID = "" },
		"matter 010101 has an impossible limit":    func(c *jiban.Catalogue) { c.Matters[0].Limits = map[jiban.RequestType]jiban.Limit{"wish": {Days: 1}} },
		"has the field \"place\" twice or without": func(c *jiban.Catalogue) { f := &c.Matters[0].Form; f.Fields = append(f.Fields, f.Fields[0]) },
	}
	for want, damage := range spoil {
		c, err := Sample()
		if err != nil {
			t.Fatal(err)
		}
		damage(&c)
		err = Validate(c)
		if jiban.CodeOf(err) != jiban.CodeInvalid || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %.300v", want, err)
		}
	}
}
