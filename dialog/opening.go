package dialog

import (
	"regexp"
	"strings"

	"jiban"
	"jiban/lang"
)

// onlyWhere says that a message tells a place, a time or who calls, and nothing
// else: what it is about was said before.
func (t *turn) onlyWhere(text string) bool {
	if len(t.e.places.FindNear(text, t.region())) == 0 && len(lang.Phones(text)) == 0 && len(lang.Times(text, t.in.Now)) == 0 {
		return false
	}
	return !lang.Question(text) && t.tellsOnlyOthers(text)
}

// sureQuestion is a question with a kind of its own that is not about this very
// trouble: 物业费可以不交吗, 地铁几点停运.
var sureQuestion = regexp.MustCompile(`可以.{0,12}[吗么]|能不能|可不可以|能.{0,8}[吗么]|需不需要|要不要|是否|合法|几点|多少钱|多久|怎么(?:投诉|举报|成立|办理|申请|查|算)|如何(?:投诉|举报|成立|办理|申请)|标准`)

// answerable answers a question that reads like a complaint, when the knowledge
// base surely knows the answer.
func (t *turn) answerable(text string, r reading) bool {
	if r.kind == jiban.Consultation || !r.question || !sureQuestion.MatchString(text) || len([]rune(text)) > longQuestion || t.out.Region != "" {
		return false
	}
	found, ok := t.search(text)
	if !ok {
		return true
	}
	if found.Verdict != jiban.VerdictAnswer || len(found.Found) == 0 {
		return false
	}
	t.out.Matter = r.matter
	return t.byVerdict(text, found)
}

// subjectless asks what a question is about that names nothing: 怎么办理, 要多久.
func (t *turn) subjectless(text string) bool {
	if t.st.Topic != "" || !noSubject.MatchString(strings.Trim(text, trailing)) {
		return false
	}
	t.out.Decision, t.out.Intent = DecideClarify, "unclear"
	t.say("clarify.which", nil)
	return true
}

var noSubject = regexp.MustCompile(`^(?:请问|那|这个|那个|你好|您好|我想问|[，, ])*(?:应该|都)?(?:怎么|如何|怎样|在哪里?|去哪里?|哪里|上哪儿?|咋)(?:能|可以)?(?:办|办理|申请|弄|查|交|领|补办|处理|报销|整)?(?:呢|呀|啊|的)?$|^(?:请问|那|这个|那个)*(?:补办|办理|办)?(?:要|需要|得)(?:多久|几天|多少钱|什么材料|哪些材料|什么手续|什么条件)(?:呢|呀|啊)?$|^(?:多少钱|多久|什么材料|材料|条件|流程|手续)(?:呢)?$`)

// placeFirst keeps a place, a time or a number that somebody begins with, and asks
// what happened.
func (t *turn) placeFirst(text string) bool {
	if t.st.Request != nil || len([]rune(text)) > maxRetold || !t.onlyWhere(text) || !t.firmPlace(text) {
		return false
	}
	r := &request{Text: text, Type: jiban.Help, Region: t.out.Region, Unnamed: true}
	t.st.Request, t.st.Pending = r, nil
	t.absorb(text, false)
	if r.Slots["place"] == "" {
		t.st.Request = nil
		return false
	}
	t.out.Intent = string(r.Type)
	t.record(IntakeChange{Result: jiban.IntakeOpen})
	return t.goOn()
}

// whereOfTopic answers the last question anew for a place that is told behind it.
func (t *turn) whereOfTopic(text string) bool {
	if t.st.Topic == "" || t.st.Request != nil || t.out.Region == "" || !t.onlyWhere(text) || t.firmPlace(text) {
		return false
	}
	found, ok := t.search(t.st.Topic)
	if !ok {
		return true
	}
	if found.Verdict != jiban.VerdictAnswer {
		return false
	}
	return t.byVerdict(t.st.Topic, found)
}

// asksDone asks when what was filed will be done.
var asksDone = regexp.MustCompile(`^(?:那|请问|大概|一般|你们|[，, ])*(?:要|得|还要)?(?:多久|什么时候|啥时候|几天|多长时间)(?:能|才能|才|可以|会)?(?:给)?(?:我)?(?:处理|解决|办|有结果|有人来|来人|答复|回复|修|弄)(?:完|好|上|我)?(?:了)?(?:啊|呢|呀)?[？?。]*$|^(?i:how long will (?:it|this) take|when will (?:it|this) be (?:done|solved|fixed))[?. ]*$`)

// whenDone tells how the person's open tickets stand, where that can only be meant.
func (t *turn) whenDone(text string) bool {
	if t.st.Request != nil || !asksDone.MatchString(text) {
		return false
	}
	tickets, ok := t.recent()
	if !ok {
		return true
	}
	for i := range tickets {
		if isOpen(&tickets[i]) {
			return t.progress("")
		}
	}
	return false
}

var digits = regexp.MustCompile(`[0-9]`)

// firmPlace says that a text names a place beyond doubt: within a division, or with
// a number.
func (t *turn) firmPlace(text string) bool {
	for _, p := range t.e.places.FindNear(text, t.region()) {
		if !p.Outside && exact(p) && (p.Region != "" || digits.MatchString(p.Detail)) {
			return true
		}
	}
	return false
}
