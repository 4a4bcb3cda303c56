package sample

import (
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"jiban"
)

func TestCatalogueIsTheSameEveryTime(t *testing.T) {
	a, err := Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	b, err := Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []jiban.Catalogue{a, b} {
		if c.Regions[0].Code != "230000" || c.Matters[0].Code != "010101" || c.Departments[0].ID != "230000.housing" {
			t.Errorf("begins with %v, %v, %v", c.Regions[0], c.Matters[0].Code, c.Departments[0])
		}
	}
	for i := range a.Owners {
		if a.Owners[i] != b.Owners[i] {
			t.Fatalf("owner %d is %v, then %v: the same input must give the same bytes", i, a.Owners[i], b.Owners[i])
		}
	}
}

func TestNamesOfDepartments(t *testing.T) {
	c, err := Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	names, superior := map[string]string{}, map[string]string{}
	for _, d := range c.Departments {
		names[d.ID], superior[d.ID] = d.Name, d.Superior
		if strings.ContainsAny(d.Name, "{}") {
			t.Errorf("%s is called %s", d.ID, d.Name)
		}
	}
	for id, want := range map[string]string{
		"230100.housing":    "哈尔滨市住房和城乡建设局",
		"230000.housing":    "黑龙江省住房和城乡建设厅",
		"232700.government": "大兴安岭地区行政公署",
		"232700.urban":      "大兴安岭地区城市管理综合执法局",
		"230100.grid":       "国网哈尔滨供电公司",
		"230000.grid":       "国网黑龙江省电力有限公司",
		"231000.tax":        "国家税务总局牡丹江市税务局",
		"230103.government": "南岗区人民政府",
	} {
		if names[id] != want {
			t.Errorf("%s is called %q, want %q", id, names[id], want)
		}
	}
	for id, want := range map[string]string{
		"230100.housing": "230000.housing", "230100.traffic": "230100.police", "230100.urban": "230100.government",
		"230103.government": "230100.government", "230100.government": "230000.government", "230000.government": "",
	} {
		if superior[id] != want {
			t.Errorf("above %s is %q, want %q", id, superior[id], want)
		}
	}
}

func TestBrokenTablesAreRefused(t *testing.T) {
	forms := &formTable{Fields: map[string]fieldRow{"place": {Label: "地点", EN: "Place", Kind: "place"}}, Forms: map[string][]string{"f": {"place!"}, "bad": {"moon"}}}
	for _, text := range []string{
		`{code: "01", category: c, form: f, types: h, matters: [{code: "020101"}]}`,
		`{code: "01", category: c, form: f, types: x, matters: [{code: "010101"}]}`,
		`{code: "01", category: c, form: none, types: h, matters: [{code: "010101"}]}`,
		`{code: "01", category: c, form: bad, types: h, matters: [{code: "010101"}]}`,
		`{code: "01", category: c, form: f, types: h, limit: 5, matters: [{code: "010101"}]}`,
		`{code: "01", category: c, form: f, types: h, limit: 0d, matters: [{code: "010101"}]}`,
		`{code: "01", category: c, form: f, types: h, limit: 5w, matters: [{code: "010101"}]}`,
	} {
		var m matterTable
		if err := yaml.Unmarshal([]byte(text), &m); err != nil {
			t.Fatal(err)
		}
		if _, err := m.list(forms); err == nil {
			t.Errorf("%s was taken", text)
		}
	}
	for _, s := range []string{"", "230000", "230000 黑龙江省 230100"} {
		if _, err := pairs(s, ""); err == nil {
			t.Errorf("%q was taken", s)
		}
	}
	bad := departmentTable{Duties: []dutyRow{{Duty: "供水", By: "月球"}}}
	if _, _, err := bad.build([]jiban.Region{{Code: "230000"}}); err == nil {
		t.Error("a duty of an unknown kind was taken")
	}
}
