package sheet

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"jiban"
)

// The names of sheets and columns that faults name too.
const (
	sheetForms  = "要素"
	sheetLimits = "时限"
	colMatter   = "事项代码"
)

var requestTypes = words{
	{string(jiban.Consultation), "咨询"}, {string(jiban.Help), "求助"}, {string(jiban.Complaint), "投诉"},
	{string(jiban.Report), "举报"}, {string(jiban.Suggestion), "建议"}, {string(jiban.Praise), "表扬"},
}

var grades = words{{string(jiban.GradeOrdinary), "一般"}, {string(jiban.GradePressing), "紧急"}, {string(jiban.GradeCritical), "特急"}}

var confidentialRules = words{
	{string(jiban.ConfidentialOnWish), "按本人意愿"}, {string(jiban.ConfidentialReports), "举报保密"}, {string(jiban.ConfidentialAlways), "一律保密"},
}

var fieldKinds = words{
	{"text", "文字"}, {"place", "地点"}, {"city", "市县"}, {"time", "时间"}, {"phone", "电话"}, {"name", "姓名"},
	{"amount", "金额"}, {"number", "数字"}, {"choice", "选项"},
}

// The units of a limit.
var units = words{{"days", "工作日"}, {"hours", "工作小时"}, {"clock", "小时"}}

var starts = words{{"", "次日"}, {"once", "当日"}}

func categories() table[jiban.Category] {
	return table[jiban.Category]{"分类", []column[jiban.Category]{
		text("代码", func(g *jiban.Category) *string { return &g.Code }),
		text("名称", func(g *jiban.Category) *string { return &g.Name }),
		text("英文名称", func(g *jiban.Category) *string { return &g.NameEN }),
		text("上级代码", func(g *jiban.Category) *string { return &g.Parent }),
		urgency("紧急词", jiban.GradePressing, func(g *jiban.Category) *[]jiban.UrgencyRule { return &g.Urgency }),
		urgency("特急词", jiban.GradeCritical, func(g *jiban.Category) *[]jiban.UrgencyRule { return &g.Urgency }),
	}}
}

// urgency is a column of the words of one grade. Rules of one grade are one rule,
// the higher grade comes first.
func urgency[T any](name string, g jiban.Grade, field func(*T) *[]jiban.UrgencyRule) column[T] {
	get := func(v *T) string {
		var all []string
		for _, r := range *field(v) {
			if r.Level == g {
				all = append(all, r.Words...)
			}
		}
		return strings.Join(all, comma)
	}
	return column[T]{name, get, func(v *T, s string) error {
		if found := parts(s, comma); found != nil {
			*field(v) = append([]jiban.UrgencyRule{{Level: g, Words: found}}, *field(v)...)
		}
		return nil
	}}
}

func matters() table[jiban.Matter] {
	return table[jiban.Matter]{"事项", []column[jiban.Matter]{
		text("代码", func(m *jiban.Matter) *string { return &m.Code }),
		text("名称", func(m *jiban.Matter) *string { return &m.Name }),
		text("英文名称", func(m *jiban.Matter) *string { return &m.NameEN }),
		text("一级分类", func(m *jiban.Matter) *string { return &m.Category }),
		text("二级分类代码", func(m *jiban.Matter) *string { return &m.Parent }),
		{"诉求类型", typesOf, setTypes},
		text("主办职责", func(m *jiban.Matter) *string { return &m.Owner }),
		list("协办职责", comma, func(m *jiban.Matter) *[]string { return &m.CoOwners }),
		list("别名", comma, func(m *jiban.Matter) *[]string { return &m.Aliases }),
		list("例句", line, func(m *jiban.Matter) *[]string { return &m.Samples }),
		flag("紧急", func(m *jiban.Matter) *bool { return &m.Urgent }),
		urgency("紧急词", jiban.GradePressing, func(m *jiban.Matter) *[]jiban.UrgencyRule { return &m.Urgency }),
		urgency("特急词", jiban.GradeCritical, func(m *jiban.Matter) *[]jiban.UrgencyRule { return &m.Urgency }),
		flag("敏感", func(m *jiban.Matter) *bool { return &m.Sensitive }),
		{"保密", func(m *jiban.Matter) string { return confidentialRules.zh(string(m.Confidential)) }, setConfidential},
		flag("可公开", func(m *jiban.Matter) *bool { return &m.Public }),
		flag("停用", func(m *jiban.Matter) *bool { return &m.Retired }),
	}}
}

func typesOf(m *jiban.Matter) string {
	all := make([]string, len(m.Types))
	for i, t := range m.Types {
		all[i] = requestTypes.zh(string(t))
	}
	return strings.Join(all, comma)
}

func setTypes(m *jiban.Matter, s string) error {
	for _, zh := range parts(s, comma) {
		t, err := requestTypes.value(zh)
		if err != nil {
			return err
		}
		m.Types = append(m.Types, jiban.RequestType(t))
	}
	return nil
}

func setConfidential(m *jiban.Matter, s string) error {
	rule, err := confidentialRules.value(cmp.Or(s, confidentialRules[0].zh))
	m.Confidential = jiban.ConfidentialRule(rule)
	return err
}

// fieldRow is one field of a matter's form; their order is that of the rows.
type fieldRow struct {
	matter string
	field  jiban.Field
}

func fieldRows(ms []jiban.Matter) []fieldRow {
	var all []fieldRow
	for i := range ms {
		for _, f := range ms[i].Form.Fields {
			all = append(all, fieldRow{ms[i].Code, f})
		}
	}
	return all
}

func forms() table[fieldRow] {
	return table[fieldRow]{sheetForms, []column[fieldRow]{
		text(colMatter, func(r *fieldRow) *string { return &r.matter }),
		text("键", func(r *fieldRow) *string { return &r.field.Key }),
		text("名称", func(r *fieldRow) *string { return &r.field.Label }),
		text("英文名称", func(r *fieldRow) *string { return &r.field.LabelEN }),
		chosen("类型", fieldKinds, func(r *fieldRow) *string { return &r.field.Kind }),
		flag("必填", func(r *fieldRow) *bool { return &r.field.Required }),
		{"选项", choicesOf, setChoices},
		{"最长字数", func(r *fieldRow) string { return number(r.field.MaxLength) }, func(r *fieldRow, s string) (err error) {
			r.field.MaxLength, err = whole(s)
			return err
		}},
		text("格式", func(r *fieldRow) *string { return &r.field.Pattern }),
	}}
}

// choicesOf writes one choice a line, as value|label.
func choicesOf(r *fieldRow) string {
	all := make([]string, len(r.field.Choices))
	for i, c := range r.field.Choices {
		all[i] = c.Value + "|" + c.Label
	}
	return strings.Join(all, line)
}

func setChoices(r *fieldRow, s string) error {
	for _, choice := range parts(s, line) {
		value, label, ok := strings.Cut(choice, "|")
		if !ok {
			return fmt.Errorf("%q 应写作 值|名称 (write value|label)", brief(choice))
		}
		r.field.Choices = append(r.field.Choices, jiban.Option{Value: strings.TrimSpace(value), Label: strings.TrimSpace(label)})
	}
	return nil
}

func owners() table[jiban.Owner] {
	return table[jiban.Owner]{"主办", []column[jiban.Owner]{
		text("职责", func(o *jiban.Owner) *string { return &o.Kind }),
		text("区划代码", func(o *jiban.Owner) *string { return &o.Region }),
		text("单位编号", func(o *jiban.Owner) *string { return &o.Department }),
		{"顺序", func(o *jiban.Owner) string { return strconv.Itoa(o.Rank) }, func(o *jiban.Owner, s string) (err error) {
			o.Rank, err = whole(s)
			return err
		}},
	}}
}

// limitRow is one time limit, of a matter or the default.
type limitRow struct {
	matter, kind, grade string
	count               int
	unit, start         string
}

func limits() table[limitRow] {
	return table[limitRow]{sheetLimits, []column[limitRow]{
		text(colMatter, func(r *limitRow) *string { return &r.matter }),
		chosen("诉求类型", requestTypes, func(r *limitRow) *string { return &r.kind }),
		chosen("紧急程度", grades, func(r *limitRow) *string { return &r.grade }),
		{"数量", func(r *limitRow) string { return number(r.count) }, func(r *limitRow, s string) (err error) {
			if r.count, err = whole(s); err == nil && r.count == 0 {
				err = errors.New("须大于零 (must be more than zero)")
			}
			return err
		}},
		chosen("单位", units, func(r *limitRow) *string { return &r.unit }),
		{"起算", func(r *limitRow) string {
			if r.unit != "days" {
				return ""
			}
			return starts.zh(r.start)
		}, setStart},
	}}
}

// setStart is read after the unit: only days begin with a day.
func setStart(r *limitRow, s string) (err error) {
	if r.unit != "days" {
		if s != "" {
			return errors.New("只有工作日才写起算 (only working days have a start)")
		}
		return nil
	}
	r.start, err = starts.value(cmp.Or(s, starts[0].zh))
	return err
}

func (r limitRow) limit() jiban.Limit {
	if r.unit == "days" {
		return jiban.Limit{Days: r.count, AtOnce: r.start == "once"}
	}
	return jiban.Limit{Hours: r.count, OnClock: r.unit == "clock"}
}

// limitRows lists the defaults, then the limits of each matter.
func limitRows(c jiban.Catalogue) []limitRow {
	all := rowsOf("", c.Limits, c.UrgentLimits)
	for i := range c.Matters {
		all = append(all, rowsOf(c.Matters[i].Code, c.Matters[i].Limits, c.Matters[i].UrgentLimits)...)
	}
	return all
}

func rowsOf(matter string, ordinary map[jiban.RequestType]jiban.Limit, urgent map[jiban.Grade]map[jiban.RequestType]jiban.Limit) []limitRow {
	var all []limitRow
	for _, g := range grades {
		row := urgent[jiban.Grade(g.value)]
		if g.value == "" {
			row = ordinary
		}
		for _, t := range slices.Sorted(maps.Keys(row)) {
			all = append(all, rowOf(matter, string(t), g.value, row[t]))
		}
	}
	return all
}

func rowOf(matter, kind, grade string, l jiban.Limit) limitRow {
	r := limitRow{matter: matter, kind: kind, grade: grade, count: l.Days, unit: "days"}
	switch {
	case l.Hours > 0 && l.OnClock:
		r.count, r.unit = l.Hours, "clock"
	case l.Hours > 0:
		r.count, r.unit = l.Hours, "hours"
	case l.AtOnce:
		r.start = "once"
	}
	return r
}

func departments() table[jiban.Department] {
	return table[jiban.Department]{"单位", []column[jiban.Department]{
		text("编号", func(d *jiban.Department) *string { return &d.ID }),
		text("名称", func(d *jiban.Department) *string { return &d.Name }),
		text("区划代码", func(d *jiban.Department) *string { return &d.Region }),
		text("上级单位编号", func(d *jiban.Department) *string { return &d.Superior }),
		text("工作时间", func(d *jiban.Department) *string { return &d.Hours }),
	}}
}

func regions() table[jiban.Region] {
	return table[jiban.Region]{"区划", []column[jiban.Region]{
		text("代码", func(r *jiban.Region) *string { return &r.Code }),
		text("名称", func(r *jiban.Region) *string { return &r.Name }),
		text("上级代码", func(r *jiban.Region) *string { return &r.Parent }),
	}}
}

// number writes a count; nothing for none.
func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// whole reads a count; nothing is none.
func whole(s string) (int, error) {
	if s == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > 1_000_000 {
		return 0, fmt.Errorf("%q 不是整数 (not a whole number)", brief(s))
	}
	return n, nil
}
