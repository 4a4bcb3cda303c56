package dialog

import (
	"regexp"
	"strings"

	"jiban"
	"jiban/lang"
)

// Thresholds on the scores of lang. They are ours: below likelyMatter a matter is
// left to the dispatcher, above sureMatter it outweighs a weak reading of the
// type.
const (
	likelyMatter  = 0.35
	sureMatter    = 0.55
	foreignMatter = 0.6
	sureType      = 0.6
	weakType      = 0.3
	angry         = 0.6
	furious       = 0.85
)

// reading is how a new message is understood.
type reading struct {
	text     string
	kind     jiban.RequestType
	sure     float64
	matter   string
	score    float64
	question bool
	bare     bool // only says that there is something (我要投诉)
}

func (t *turn) read(text string) reading {
	text = lang.Mend(text)
	r := reading{text: text, question: lang.Question(text), bare: bareWish(text)}
	r.kind, r.sure = lang.RequestType(text)
	if thanks.MatchString(text) && !butWish.MatchString(text) {
		r.kind, r.sure = jiban.Praise, sureType
	}
	r.matter, r.score = t.guessMatter(text)
	return r
}

// Thanks at the beginning and nothing wished for is praise, whatever was solved.
var (
	thanks  = regexp.MustCompile(`^(?:我要|我想|要|非常|特别|十分|衷心)*(?:感谢|表扬|点赞)`)
	butWish = regexp.MustCompile(`但|可是|不过|希望|投诉|举报|请[^问]|没|不`)
)

var ownState = regexp.MustCompile(`坐着?轮椅|轮椅|残疾人?|盲人|聋哑人?|[一二三四]级`)

// guessMatter finds the matter of a text. The catalogue's words are Chinese, so in
// another language only a sure guess counts.
func (t *turn) guessMatter(text string) (code string, score float64) {
	guesses := t.e.matter.Guess(aboutMatter(text), 1)
	if len(guesses) == 0 || t.lang == jiban.English && guesses[0].Score < foreignMatter {
		return "", 0
	}
	return guesses[0].Code, guesses[0].Score
}

// comesBack asks for the end of a cut, which names it.
var comesBack = regexp.MustCompile(`((?:什么时候|啥时候|几点|多久|何时|还没|还不|怎么还不|没)[^，。？?]{0,6})来(水|电)`)

// aboutMatter is the part of a text that says what it is about. Numbers are taken
// out: 12345 inside a telephone number is not the hotline.
func aboutMatter(text string) string {
	text = comesBack.ReplaceAllString(lang.Mend(text), "${1}停$2")
	if rosterWords.MatchString(text) {
		// Who somebody is is not what is wrong.
		text = ownState.ReplaceAllString(rosterWords.ReplaceAllString(text, " "), " ")
	}
	for _, found := range [][]lang.Slot{lang.Phones(text), lang.TicketNumbers(text), lang.Plates(text), lang.CreditCodes(text)} {
		for _, s := range found {
			text = strings.ReplaceAll(text, s.Text, " ")
		}
	}
	return text
}

// proposed are the matters that a request may be of, for the dispatcher, the best
// first.
func (t *turn) proposed(text string) []jiban.MatterGuess {
	var all []jiban.MatterGuess
	for _, g := range t.e.matter.Guess(aboutMatter(text), mostProposed) {
		all = append(all, jiban.MatterGuess{Code: g.Code, Confidence: g.Score})
	}
	return all
}

const mostProposed = 3

var bareWords = regexp.MustCompile(`我要|我想|我|想要|想|要|请|帮我|给|一个|一下|一件事|个|件|点|些|投诉|举报|反映|反应|情况|问题|建议|提|表扬|求助|咨询|问|登记|有|什么|怎么|为什么|哪里|多少|在|事情|事|你好|您好|请问|您|你|能|可以|可不可以|吗|呢|吧|啊|了|[\s，,。！!？?、.]|(?i:i|want|would|like|to|a|complain|complaint|report|suggestion|suggest|make|file|hello|hi|please|ask|question|something|have|help|can|you|me)\b`)

// bareWish says that a text names the kind of a request and nothing of its
// content.
func bareWish(text string) bool {
	return meaningful(text) && len([]rune(text)) <= 40 && len([]rune(bareWords.ReplaceAllString(text, ""))) < 2
}

// request understands a message that answers nothing: what it is about, what is
// wanted, and begins that.
func (t *turn) request() bool {
	if t.st.Pending == nil && t.st.Request == nil && (t.said.is(lang.CommandYes) || t.said.is(lang.CommandNo)) {
		t.out.Decision, t.out.Intent = DecideSmalltalk, "nothing"
		t.say("form.nothing", nil)
		return true
	}
	first, rest := further(t.said.text)
	for _, other := range rest {
		t.noteNext(other)
	}
	return t.begun(first)
}

// begun starts a new request from a text.
func (t *turn) begun(text string) bool {
	t.learnPlaces(text)
	if t.closedDoor(text) {
		return true
	}
	r := t.read(text)
	if t.angry(text, r) {
		return true
	}
	if t.askedKnown(text, r) || t.whereOfTopic(text) || t.whenDone(text) {
		return true
	}
	if t.placeFirst(text) || t.subjectless(text) || t.profile(text, r) || t.answerable(text, r) {
		return true
	}
	switch {
	case t.elliptic(text):
		return t.consult(text, r)
	case r.bare && r.question && t.st.Topic != "":
		return t.inContext(text, jiban.SearchResult{Verdict: jiban.VerdictDecline})
	case r.bare:
		return t.bareRequest(r)
	case t.located(text, r):
		return t.startForm(text, r)
	case t.isConsultation(r):
		return t.consult(text, r)
	case r.sure >= weakType || r.score >= likelyMatter && !t.mayAsk(r.matter):
		return t.startForm(text, r)
	}
	return t.unsure(text, r)
}

// located says that a trouble was told with its place: who asks 咋整 and names the
// village wants it dealt with.
func (t *turn) located(text string, r reading) bool {
	if r.score < likelyMatter || r.kind == jiban.Consultation && r.sure >= sureType || t.st.Topic != "" {
		return false
	}
	for _, p := range t.e.places.FindNear(text, t.region()) {
		if !p.Outside && (exact(p) || len(p.Region) == 6 && p.Region[4:] != "00") {
			return !sureQuestion.MatchString(text)
		}
	}
	return false
}

// mayAsk says that people also just ask about a matter: a word like 社保 alone is
// no problem to be solved.
func (t *turn) mayAsk(code string) bool {
	for _, k := range t.e.matters[code].Types {
		if k == jiban.Consultation {
			return true
		}
	}
	return false
}

// isConsultation says that information is wanted and nobody is to do anything.
func (t *turn) isConsultation(r reading) bool {
	if r.question && len([]rune(r.text)) <= 24 && asksWho.MatchString(r.text) {
		return true
	}
	if r.kind == jiban.Consultation {
		return r.sure >= weakType || r.question || t.followUp(r.text)
	}
	if t.followUp(r.text) {
		return true
	}
	return r.question && r.sure < sureType && r.score < sureMatter
}

// asksWho asks whose business something is: 12315管假货吗.
var asksWho = regexp.MustCompile(`管不管|归谁管|归哪|该找谁|找哪个部门|(?:12345|12315|12333|12393|你们|热线|这里).{0,4}(?:管|受理|负责).{0,12}[吗么]`)

// learnPlaces takes the city from a text before there is any request.
func (t *turn) learnPlaces(text string) {
	for _, p := range t.e.places.FindNear(text, t.region()) {
		if !p.Outside {
			t.learnRegion(p)
		}
	}
}

// bareRequest asks what it is about.
func (t *turn) bareRequest(r reading) bool {
	if r.kind == jiban.Consultation || r.sure < weakType {
		if t.st.Clarified >= maxClarify {
			return t.giveToPeople()
		}
		t.out.Decision, t.out.Intent = DecideSmalltalk, "opening"
		t.say("hello", nil)
		return true
	}
	t.st.Request = &request{Text: r.text, Type: r.kind}
	t.record(IntakeChange{Result: jiban.IntakeOpen})
	t.out.Intent = string(r.kind)
	return t.goOn()
}

// startForm opens the form with all that was said already.
func (t *turn) startForm(text string, rd reading) bool {
	hints, short, ok := t.helped(text, &rd)
	if !ok {
		return true
	}
	r := &request{Text: text, Type: rd.kind, Region: t.out.Region}
	if rd.score >= likelyMatter {
		r.Matter = rd.matter
	}
	r.Type = t.typeFor(rd)
	t.st.Request, t.st.Pending, t.st.More = r, nil, ""
	r.set("description", text)
	t.absorb(text, false)
	t.takeHints(hints, short)
	if asksFacts(r.Type) && r.Slots["place"] == "" && t.st.Place != "" {
		r.set("place", t.st.Place)
	}
	t.st.Place = ""
	if t.said.location != nil {
		t.takePosition(r)
	}
	if t.said.pictures > 0 {
		t.addPictures(r)
	}
	t.out.Intent = string(r.Type)
	t.record(IntakeChange{Result: jiban.IntakeOpen})
	t.lead(r)
	return t.goOn()
}

// typeFor reconciles what was understood with what the matter allows: a plain
// word of the person weighs more than the catalogue, a weak reading less.
func (t *turn) typeFor(rd reading) jiban.RequestType {
	kind := rd.kind
	if kind == jiban.Praise && demandIn(rd.text) != "" {
		// A wish is no praise, however politely it is put.
		kind, rd.sure = jiban.Help, weakType
	}
	m := t.e.matters[rd.matter]
	if rd.score < likelyMatter || m == nil || len(m.Types) == 0 {
		if kind == jiban.Consultation && rd.sure < sureType || kind == "" {
			return jiban.Help
		}
		return kind
	}
	for _, allowed := range m.Types {
		if allowed == kind && rd.sure >= weakType {
			return kind
		}
	}
	if rd.sure >= sureType && kind != jiban.Consultation {
		return kind
	}
	return usualType(m.Types)
}

// usualType is what a request about a matter is when the person did not say: a
// problem. Praise and proposals are only what is said to be one.
func usualType(types []jiban.RequestType) jiban.RequestType {
	for _, wanted := range types {
		if !isOneOf(string(wanted), string(jiban.Consultation), string(jiban.Praise), string(jiban.Suggestion)) {
			return wanted
		}
	}
	for _, wanted := range types {
		if wanted != jiban.Consultation {
			return wanted
		}
	}
	return jiban.Help
}

// lead says what is now done with it.
func (t *turn) lead(r *request) {
	key := "form.start"
	switch r.Type {
	case jiban.Complaint:
		key = "form.start_sorry"
	case jiban.Report:
		key = "form.start_report"
	case jiban.Suggestion:
		key = "form.start_suggestion"
	case jiban.Praise:
		key = "form.start_praise"
	}
	t.say(key, nil)
	if t.said.cut {
		t.say("form.limit_reached", nil)
	}
}

// unsure looks whether the knowledge base can answer; where it cannot, the person
// is asked what they wish.
func (t *turn) unsure(text string, r reading) bool {
	if len([]rune(text)) < 2 || !meaningful(text) || lang.Gibberish(text) {
		return false
	}
	found, ok := t.search(text)
	if !ok {
		return true
	}
	short := len([]rune(text)) < 6
	if short && !r.question && found.Verdict == jiban.VerdictAnswer && len(found.Found) > 1 {
		// One word is a subject, no question: which of them is meant?
		found.Verdict = jiban.VerdictClarify
	}
	if found.Verdict == jiban.VerdictAnswer || found.Verdict == jiban.VerdictAskCity || found.Verdict == jiban.VerdictClarify && (short || r.question) {
		return t.byVerdict(text, found)
	}
	if short && r.score < likelyMatter || t.st.Failures > 0 {
		return false
	}
	// Enough was said for a request; only whether one is meant is open.
	guess, ok := t.guessed(text)
	if !ok {
		return true
	}
	if t.st.Clarified >= maxClarify {
		return t.giveToPeople()
	}
	t.st.Clarified++
	t.st.Failures++
	t.out.Decision, t.out.Intent = DecideClarify, "unsure"
	key, params := "clarify.wish", map[string]any(nil)
	if guess != nil {
		key, params = "clarify.guess", map[string]any{"matter": t.matterName(guess.Matter)}
	}
	l := t.say(key, params)
	l.options = t.options("consult", "report", "human")
	t.ask(pending{Kind: askedWish, Text: firstRunes(text, maxHeard), Guess: guess}, l)
	return true
}

func (t *turn) answerWish(p pending) bool {
	o, ok := t.said.choice(p.Choices)
	if !ok && t.declines() {
		return t.letGo(p.Text)
	}
	if !ok && p.Guess != nil && t.said.is(lang.CommandYes) {
		o, ok = t.option("report"), true
	}
	if !ok {
		t.st.Pending = nil
		// What follows explains what came before.
		kind, sure := lang.RequestType(t.said.text)
		if sure >= weakType && kind != jiban.Consultation || t.onlyWhere(t.said.text) {
			return t.startForm(p.Text+"\n"+t.said.text, t.read(p.Text+"\n"+t.said.text))
		}
		return false
	}
	t.st.Pending = nil
	switch o.Value {
	case t.zh("human"):
		return t.handoff(jiban.HandoffRequested)
	case t.zh("consult"):
		return t.consult(p.Text, t.read(p.Text))
	default:
		rd := t.read(p.Text)
		if rd.kind == jiban.Consultation {
			rd.kind, rd.sure = jiban.Help, 0
		}
		t.fillGuess(&rd, p.Guess)
		return t.startForm(p.Text, rd)
	}
}

// angry meets anger calmly. Who only vents, or is angry again, gets people.
func (t *turn) angry(text string, r reading) bool {
	anger := lang.Sentiment(text)
	if anger < angry {
		return false
	}
	t.st.Anger++
	content := r.score >= likelyMatter && !r.bare
	if t.st.Anger >= 2 || anger >= furious && !content {
		t.say("anger.calm", nil)
		return t.handoff(jiban.HandoffAnger)
	}
	if content || r.question {
		t.say("anger.calm", nil)
		return false
	}
	t.st.Anger--
	return t.insulted()
}

// comeNext takes up a request that was noted meanwhile. A question is answered
// when the person says so: the turn that ends one request stays about that one.
func (t *turn) comeNext() bool {
	if len(t.st.Next) == 0 || t.need != nil {
		return true
	}
	text := t.st.Next[0]
	t.st.Next = t.st.Next[1:]
	l := t.say("form.next", map[string]any{"text": firstRunes(text, 40)})
	l.options = []jiban.Option{t.option("go_on"), t.option("no")}
	t.ask(pending{Kind: askedNext, Text: text}, l)
	return true
}

func (t *turn) answerNext(p pending) bool {
	t.st.Pending = nil
	o, chosen := t.said.choice(p.Choices)
	if chosen && o.Value == t.zh("no") || t.said.is(lang.CommandNo) || t.said.is(lang.CommandSkip) || t.declines() {
		t.out.Decision = DecideSmalltalk
		t.say("form.cancelled", nil)
		return t.comeNext()
	}
	if chosen || t.said.is(lang.CommandYes) {
		return t.begun(p.Text)
	}
	// More about it was said at once.
	rd := t.read(t.said.text)
	if rd.sure < weakType && !rd.question && len(strings.TrimSpace(t.said.text)) > 0 {
		return t.begun(p.Text + "\n" + t.said.text)
	}
	t.st.Next = append([]string{p.Text}, t.st.Next...)
	return false
}
