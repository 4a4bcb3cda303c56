package tickets

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// Severity says what a finding means for a catalogue.
type Severity string

// The severities: a catalogue with an error cannot be put into force, one with a
// warning can.
const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
)

// Finding is something wrong or doubtful about a catalogue, in words for staff.
type Finding struct {
	Severity Severity `json:"severity"`
	Rule     string   `json:"rule"` // which check, "owner.missing"
	Part     string   `json:"part"` // categories, matters, forms, owners, limits, departments or regions
	Code     string   `json:"code"` // of the entry, "" for the whole
	Words    string   `json:"words"`
	WordsEN  string   `json:"words_en"`
}

// The parts of a catalogue, as its workbook has them.
const (
	partCategories  = "categories"
	partMatters     = "matters"
	partForms       = "forms"
	partOwners      = "owners"
	partLimits      = "limits"
	partDepartments = "departments"
	partRegions     = "regions"
)

// wording is what a rule says. Both texts take the same values, in the order in
// which the check gives them.
type wording struct {
	severity Severity
	part     string
	zh, en   string
}

var wordings = map[string]wording{
	"region.twice":  {SeverityError, partRegions, "区划 %s 重复", "region %s is listed twice"},
	"region.form":   {SeverityError, partRegions, "区划 %q 须有六位或九位代码和名称", "region %q needs a code of six or nine digits and a name"},
	"region.parent": {SeverityError, partRegions, "区划 %s 的上级 %s 不在区划表中", "region %s lies in %s, which is not listed"},
	"region.cycle":  {SeverityError, partRegions, "区划 %s 的上级绕回到它自己", "region %s lies in itself"},
	"region.roots":  {SeverityError, partRegions, "没有上级的区划应当只有一个，现有 %d 个", "there must be one region without parent, not %d"},

	"department.twice":    {SeverityError, partDepartments, "单位 %s 重复", "department %s is listed twice"},
	"department.form":     {SeverityError, partDepartments, "单位 %q 须有编号和名称", "department %q needs an id and a name"},
	"department.region":   {SeverityError, partDepartments, "单位 %s 的区划 %q 不在区划表中", "department %s is of region %q, which is not listed"},
	"department.superior": {SeverityError, partDepartments, "单位 %s 的上级单位 %s 不在单位表中", "department %s has the unknown superior %s"},
	"department.hours":    {SeverityError, partDepartments, "单位 %s 的工作时间 %q 不能识别，应写成 08:30-12:00 13:30-17:30，每天都上班的前面加 daily", "department %s has the hours %q: write 08:30-12:00 13:30-17:30, with daily before them for every day"},
	"department.cycle":    {SeverityError, partDepartments, "单位 %s 的上级绕回到它自己", "department %s is its own superior"},

	"category.twice":   {SeverityError, partCategories, "分类 %s 重复", "category %s is listed twice"},
	"category.form":    {SeverityError, partCategories, "分类 %q 须有两位或四位代码和中英文名称", "category %q needs a code of two or four digits and names in both languages"},
	"category.parent":  {SeverityError, partCategories, "分类 %s 的上级 %s 不在分类表中", "category %s lies in %s, which is not listed"},
	"category.cycle":   {SeverityError, partCategories, "分类 %s 的上级绕回到它自己", "category %s lies in itself"},
	"category.level":   {SeverityError, partCategories, "分类 %s 的层级不对：一级两位代码、无上级；二级四位代码、以上级代码开头", "category %s is on no level: the first has two digits and no parent, the second four that begin with its parent's"},
	"category.urgency": {SeverityError, partCategories, "分类 %s 的紧急规则 %q 不对：等级为紧急或特急，词语不能为空、不能含顿号", "category %s has the impossible urgency rule %q"},
	"category.empty":   {SeverityWarning, partCategories, "分类 %s %s 下没有事项", "category %s %s has no matter below it"},

	"owner.twice":      {SeverityError, partOwners, "%s 对 %s（%s）的主办规则重复", "%s owns %s in %s twice"},
	"owner.rank":       {SeverityError, partOwners, "%s 在 %s 有两个同级主办单位：%s 和 %s（顺序 %d）", "%s in %s has two owners of the same rank: %s and %s (rank %d)"},
	"owner.form":       {SeverityError, partOwners, "主办规则 %q（%s）须有职责名称，顺序为 0 至 %d", "the owner rule %q in %s needs a kind and a rank from 0 to %d"},
	"owner.department": {SeverityError, partOwners, "%s 在 %s 的主办单位 %q 不在单位表中", "%s in %s is owned by %q, which is no department"},
	"owner.region":     {SeverityError, partOwners, "%s 的主办规则的区划 %q 不在区划表中", "%s is owned in %q, which is no region"},
	"owner.missing":    {SeverityError, partMatters, "事项 %s（职责：%s）在 %s %s 没有主办单位", "matter %s (%s) has no owner in %s %s"},
	"coowner.missing":  {SeverityWarning, partMatters, "事项 %s 的协办职责 %s 在 %s %s 没有单位", "matter %s has no department for the co-handling kind %s in %s %s"},

	"limit.default": {SeverityError, partLimits, "没有 %s（%s）的默认时限", "there is no limit for %[2]s"},
	"limit.missing": {SeverityError, partLimits, "事项 %s 允许%s（%s），但没有时限", "matter %[1]s allows %[3]s but there is no limit for it"},
	"limit.form":    {SeverityError, partLimits, "事项 %s 的时限不对（%q）：工作日或小时二选一，须大于零，类型须存在", "matter %s has an impossible limit for %q"},
	"limit.grade":   {SeverityError, partLimits, "事项 %s 的时限的紧急程度 %q 不存在", "matter %s has a limit for the unknown grade of urgency %q"},

	"matter.twice":        {SeverityError, partMatters, "事项 %s 重复", "matter %s is listed twice"},
	"matter.form":         {SeverityError, partMatters, "事项 %q 须有六位代码、中英文名称和分类", "matter %q needs a code of six digits, names in both languages and a category"},
	"matter.parent":       {SeverityError, partMatters, "事项 %s 的二级分类 %q 不存在，或代码不以它开头", "matter %s lies in %q, which is no category of the second level whose code begins the matter's"},
	"matter.category":     {SeverityError, partMatters, "事项 %s 的一级分类写作 %q，按代码应为 %q", "matter %s names the category %q, its code says %q"},
	"matter.types":        {SeverityError, partMatters, "事项 %s 没有允许的诉求类型", "matter %s allows no request type"},
	"matter.type":         {SeverityError, partMatters, "事项 %s 的诉求类型 %q 不存在", "matter %s allows the unknown type %q"},
	"matter.type.twice":   {SeverityError, partMatters, "事项 %s 的诉求类型 %q 重复", "matter %s allows the type %q twice"},
	"matter.urgency":      {SeverityError, partMatters, "事项 %s 的紧急规则 %q 不对：等级为紧急或特急，词语不能为空、不能含顿号", "matter %s has the impossible urgency rule %q"},
	"matter.confidential": {SeverityError, partMatters, "事项 %s 的保密规则 %q 不存在", "matter %s has the unknown rule of confidentiality %q"},
	"matter.owner":        {SeverityError, partMatters, "事项 %s 没有主办职责", "matter %s names no kind of owner"},
	"matter.name":         {SeverityError, partMatters, "事项 %s 与 %s 同名：%s", "matters %s and %s are both called %s"},
	"matter.words":        {SeverityError, partMatters, "事项 %s 的别名或例句 %q 不对：不能为空、换行或含顿号，最长 500 字节", "matter %s has the impossible alias or sample %q"},
	"matter.unreachable":  {SeverityWarning, partMatters, "事项 %s %s 没有自己的别名和例句，机器人认不出它", "matter %s %s has no alias or sample of its own: nobody can reach it"},
	"alias.overlap":       {SeverityWarning, partMatters, "事项 %s 与 %s 有相同的别名：%s", "matters %s and %s have the same alias %s"},

	"form.none":    {SeverityError, partForms, "事项 %s 没有要素", "matter %s has no form"},
	"form.long":    {SeverityError, partForms, "事项 %s 的要素多于 %d 个", "matter %s has more than %d fields"},
	"field.form":   {SeverityError, partForms, "事项 %s 的要素 %q 重复，或缺少中英文名称", "matter %s has the field %q twice or without a label in both languages"},
	"field.kind":   {SeverityError, partForms, "要素 %q（事项 %s）的类型 %q 不存在，或选项与类型不符", "field %q of matter %s is of the impossible kind %q"},
	"field.choice": {SeverityError, partForms, "要素 %q（事项 %s）的选项 %q 重复或写法不对", "field %q of matter %s has the choice %q twice or badly formed"},
	"field.rule":   {SeverityError, partForms, "要素 %q（事项 %s）的格式或长度规则不对", "field %q of matter %s has an impossible pattern or length"},
}

// add puts a finding into words.
func (v *validator) add(rule, code string, args ...any) {
	w := wordings[rule]
	v.found = append(v.found, Finding{Severity: w.severity, Rule: rule, Part: w.part, Code: code, Words: fmt.Sprintf(w.zh, args...), WordsEN: fmt.Sprintf(w.en, args...)})
}

// sorted lists the keys of a table in order, so that findings come in the same
// order every time.
func sorted[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
