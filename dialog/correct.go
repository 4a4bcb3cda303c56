package dialog

import (
	"regexp"
	"sort"
	"strings"
	"unicode/utf8"

	"jiban/lang"
)

var (
	notXButY   = regexp.MustCompile(`不是\s*([^，,。；;！!？?\n]{1,30}?)\s*[，,、]?\s*(?:而)?是\s*([^，,。；;！!？?\s]{1,40})`)
	yNotX      = regexp.MustCompile(`是\s*([^，,。；;！!？?\n不]{1,30})\s*[，,]?\s*(?:而)?不是\s*([^，,。；;！!？?\n]{1,30})`)
	notXButYEN = regexp.MustCompile(`(?i)\bnot\s+(.{1,30}?)[,;]?\s+but\s+([^.!?\n]{1,40})`)
	tailWord   = regexp.MustCompile(`(?:的|了|啊|呀|吧|哦|才对)+$`)
)

const (
	wrongWords  = `(?:写错|说错|打错|填错|发错|弄错|错|不对|有误|不正确|(?i:is wrong|wrong|incorrect))`
	changeWords = `(?:改成|改为|换成|更正为|更正成|应该是|应为|改到|改一下|要改|修改|更正|(?i:should be|change to|is actually))`
)

// alias is how people name a field when they correct it.
type alias struct {
	key     string
	pattern *regexp.Regexp
}

func aliasOf(key, words string) alias {
	return alias{key, regexp.MustCompile(`(?:` + words + `)[^，,。；;\n]{0,6}?(?:` + wrongWords + `|` + changeWords + `)`)}
}

var aliases = []alias{
	aliasOf("phone", `电话号码|手机号码|手机号|联系方式|联系电话|电话|手机|号码|(?i:phone|telephone|number)`),
	aliasOf("place", `地址|地点|位置|地方|(?i:address|place|location)`),
	aliasOf("name", `姓名|名字|称呼|(?i:name)`),
	aliasOf("since", `时间|日期|(?i:time|date)`),
	aliasOf("demand", `诉求|要求|(?i:demand|wish)`),
	aliasOf("unit", `单位|(?i:organisation|organization)`),
	aliasOf("company", `公司|企业名称|(?i:company)`),
	aliasOf("amount", `金额|钱数|(?i:amount)`),
	aliasOf("people", `人数|(?i:people)`),
	aliasOf("description", `内容|情况|描述|(?i:description)`),
}

// corrected takes a correction at any moment of a form: 不是3栋是5栋, 电话错了,
// 地址改成….
func (t *turn) corrected() bool {
	r := t.st.Request
	p := t.st.Pending
	if r == nil || p == nil || (p.Kind != askedField && p.Kind != askedConfirm && p.Kind != askedEdit) {
		return false
	}
	text := t.said.text
	if t.replaced(r, text) || t.named(r, text) || t.rather(r, text) {
		t.out.Intent = "correct"
		return true
	}
	return false
}

// replaced puts Y where X stood in anything told so far.
func (t *turn) replaced(r *request, text string) bool {
	old, fresh, ok := contrast(text)
	if !ok {
		return false
	}
	fresh = tailWord.ReplaceAllString(strings.TrimSpace(fresh), "")
	changed := false
	for _, key := range sortedKeys(t.slots()) {
		value := t.slots()[key]
		if key == "city" || !strings.Contains(value, old) {
			continue
		}
		next := strings.Replace(value, old, fresh, 1)
		if key == "phone" {
			// A corrected number must be one.
			found := lang.Phones(next)
			if len(found) == 0 {
				continue
			}
			next = found[0].Value
		}
		r.set(key, next)
		t.st.know(key, next)
		changed = true
	}
	if t.replacedRegion(r, old, fresh) || changed {
		// What else the sentence tells is taken too: 不是50号是52号 电话是138….
		t.absorb(strings.Replace(strings.Replace(text, old, "", 1), fresh, "", 1), true)
		return t.afterCorrection()
	}
	return false
}

var ratherWords = regexp.MustCompile(`^(?:不对|错了|说错了|写错了|不是|搞错了)[啊呀，,。！! ]*(?:应该)?是\s*([^，,。；;！!？?\n]{2,40})`)

// rather takes 不对，是…: what it names tells which field is meant.
func (t *turn) rather(r *request, text string) bool {
	m := ratherWords.FindStringSubmatch(text)
	if m == nil {
		return false
	}
	fresh := tailWord.ReplaceAllString(m[1], "")
	if phones := lang.Phones(fresh); len(phones) > 0 && t.slots()["phone"] != "" {
		before := r.Slots["phone"]
		r.set("phone", phones[0].Value)
		retell(r, "phone", before)
		t.st.know("phone", phones[0].Value)
		return t.afterCorrection()
	}
	return t.moved(r, fresh) && t.afterCorrection()
}

// moved puts a place said anew in place of the old one; where only another district
// is told, road and house stay.
func (t *turn) moved(r *request, fresh string) bool {
	old := r.Slots["place"]
	if old == "" {
		return false
	}
	for _, p := range t.e.places.FindNear(fresh, t.region()) {
		if p.Outside {
			continue
		}
		if exact(p) {
			r.Region = ""
			t.learnRegion(p)
			r.set("place", placeText(p))
			retell(r, "place", old)
			return true
		}
		if was := t.e.places.FindNear(old, t.region()); len(was) > 0 && was[0].Detail != "" && p.Region != "" {
			r.Region = ""
			t.learnRegion(p)
			r.set("place", placeText(p)+was[0].Detail)
			retell(r, "place", old)
			return true
		}
	}
	return false
}

func contrast(text string) (old, fresh string, ok bool) {
	for _, p := range []*regexp.Regexp{notXButY, notXButYEN} {
		if m := p.FindStringSubmatch(text); m != nil {
			return m[1], m[2], true
		}
	}
	if m := yNotX.FindStringSubmatch(text); m != nil {
		return tailWord.ReplaceAllString(m[2], ""), m[1], true
	}
	return "", "", false
}

// replacedRegion follows a correction of the city or district.
func (t *turn) replacedRegion(r *request, old, fresh string) bool {
	if len(t.e.places.FindNear(old, t.region())) == 0 {
		return false
	}
	for _, p := range t.e.places.FindNear(fresh, t.region()) {
		if p.Outside || t.cityOf(p.Region) == "" {
			continue
		}
		before := r.Region
		t.learnRegion(p)
		if t.cityOf(r.Region) != t.cityOf(before) && before != "" {
			// A road of the old city is no place in the new one.
			delete(r.Slots, "place")
		}
		return r.Region != before
	}
	return false
}

// maxBeforeAlias is how far into a message a correction may begin, in characters:
// further on, the words belong to the story.
const maxBeforeAlias = 5

// named takes 电话错了 and 地址改成…: the new value when it is there, else it is
// asked for.
func (t *turn) named(r *request, text string) bool {
	for _, a := range aliases {
		at := a.pattern.FindStringIndex(text)
		if at == nil || utf8.RuneCountInString(text[:at[0]]) > maxBeforeAlias {
			continue
		}
		key := a.key
		if t.slots()[key] == "" && !hasField(t.fields(r), key) {
			continue
		}
		rest := strings.TrimLeft(text[at[1]:], "了的啦：:，,。是为成 \n应该改")
		if utf8.RuneCountInString(rest) >= 1 && t.acceptNew(key, rest) {
			return t.afterCorrection()
		}
		return t.editField(key)
	}
	return false
}

// acceptNew reads the new value of a field in place of the old one.
func (t *turn) acceptNew(key, rest string) bool {
	r := t.st.Request
	old := r.Slots[key]
	if whole, ok := housed(old, rest); key == "place" && ok {
		r.set(key, whole)
		return true
	}
	delete(r.Slots, key)
	if t.accept(t.field(key), strings.Trim(rest, trailing), true) {
		retell(r, key, old)
		return true
	}
	if old != "" {
		r.set(key, old)
	}
	return false
}

// retell puts a corrected value into the story too, so that the department does not
// read the old one there.
func retell(r *request, key, old string) {
	what := r.Slots["description"]
	if key != "description" && len([]rune(old)) > 3 && strings.Contains(what, old) {
		r.set("description", strings.Replace(what, old, r.Slots[key], 1))
	}
}

func (t *turn) afterCorrection() bool {
	t.st.calm()
	t.openIntake()
	t.say("form.updated", nil)
	return t.goOn()
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
