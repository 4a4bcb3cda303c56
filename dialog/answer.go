package dialog

import (
	"regexp"
	"strings"

	"jiban"
	"jiban/lang"
)

// maxClarify is how often choices are offered in a row before people help.
const maxClarify = 2

// consult looks a question up and answers by what the knowledge base says it is
// worth.
func (t *turn) consult(text string, r reading) bool {
	t.out.RequestType, t.out.Matter = jiban.Consultation, ""
	if t.elliptic(text) {
		// It has no subject of its own.
		return t.inContext(text, jiban.SearchResult{Verdict: jiban.VerdictDecline})
	}
	if r.score >= likelyMatter {
		t.out.Matter = r.matter
	}
	found, ok := t.search(text)
	if !ok {
		return true
	}
	if found.Verdict != jiban.VerdictAnswer && t.followUp(text) {
		return t.inContext(text, found)
	}
	if found.Verdict == jiban.VerdictDecline && len([]rune(text)) > longQuestion {
		// A whole story was told already: it is taken down at once.
		return t.startForm(text, r)
	}
	return t.byVerdict(text, found)
}

// longQuestion is from how many characters on a question without an answer is a
// story that a department should read.
const longQuestion = 60

var followMark = regexp.MustCompile(`^(?:那么?|那个|这个|这种|它|还有|如果|要是|呢|and |what about|how about)`)

// followUp says that a short question leans on the one before it.
func (t *turn) followUp(text string) bool {
	n := len([]rune(text))
	return t.st.Topic != "" && n >= 2 && n <= 16 &&
		(followMark.MatchString(lang.Fold(text)) || strings.HasSuffix(strings.TrimRight(text, "?？"), "呢"))
}

var followParticles = regexp.MustCompile(`^(?:那么?|那个|还有|请问|如果是?|要是|and |what about |how about )+|(?:呢|呀|啊|吗)$`)

var ellipsis = regexp.MustCompile(`^(?:那|那么|请问|还)?(?:在|去|到|要去|应该去)?(?:哪里?|哪儿|什么地方)(?:办|办理|交|领|查|申请|打印)?$|^(?:那|那么|请问|还)?(?:都)?(?:需要|要|得|带)+(?:准备|提供|带|交)?(?:什么|哪些)(?:材料|证件|手续|东西|条件)?$|^(?:那|请问|它|这个|这)?(?:要|得|需要)?(?:多少钱|多久|几天|多长时间|收费|花钱)(?:吗|呢)?$|^(?:那|请问)?(?:能|可以|能不能|可不可以)?(?:在)?(?:网上|手机上?)(?:能|可以)?(?:办|办理|查)?(?:吗|么)?$|^(?:那|请问)?(?:电话|地址|时间)(?:是)?(?:多少|在哪|几点)?(?:呢)?$`)

// elliptic says that a question has no subject but the one before it: 在哪里办.
func (t *turn) elliptic(text string) bool {
	return t.st.Topic != "" && ellipsis.MatchString(strings.Trim(text, trailing))
}

// inContext asks a follow-up question again together with the one before it, when
// it does not stand on its own.
func (t *turn) inContext(text string, alone jiban.SearchResult) bool {
	if whole, found := t.rewritten(text); whole != "" || t.need != nil {
		return t.need != nil || t.byVerdict(whole, found)
	}
	if own := followParticles.ReplaceAllString(strings.Trim(text, trailing), ""); len([]rune(own)) >= 2 && !t.elliptic(text) {
		// What it names may stand on its own: 那生育险呢.
		found, ok := t.search(own)
		if !ok {
			return true
		}
		if found.Verdict == jiban.VerdictAnswer || found.Verdict == jiban.VerdictAskCity {
			return t.byVerdict(own, found)
		}
	}
	joint := text + " " + t.st.Topic
	found, ok := t.search(joint)
	if !ok {
		return true
	}
	if found.Verdict == jiban.VerdictDecline {
		return t.byVerdict(text, alone)
	}
	return t.byVerdict(joint, found)
}

func (t *turn) byVerdict(question string, found jiban.SearchResult) bool {
	t.out.Intent, t.out.RequestType = "consult", jiban.Consultation
	verdict := found.Verdict
	if len(found.Found) == 0 {
		verdict = jiban.VerdictDecline
	}
	switch verdict {
	case jiban.VerdictAnswer:
		return t.answer(question, &found.Found[0].Article)
	case jiban.VerdictClarify:
		return t.clarify(question, found.Found)
	case jiban.VerdictAskCity:
		return t.askCity(question, found.Found)
	default:
		return t.noAnswer(question)
	}
}

// answer says what the article says, with its source and date.
func (t *turn) answer(question string, a *jiban.Article) bool {
	again := t.sameArticle(a)
	if again == repeatPeople {
		t.st.Repeats = 0
		t.say("answer.people", nil)
		return t.handoff(jiban.HandoffNoAnswer)
	}
	t.out.Decision = DecideAnswer
	switch again {
	case repeatShort:
		t.noMoreThan(a)
	case repeatLead:
		t.say("answer.same_again", nil)
		t.tellArticle(question, a)
	default:
		t.tellArticle(question, a)
	}
	t.st.Asked = t.ownWords()
	t.st.Topic, t.st.Articles = firstRunes(question, 100), []string{a.ID}
	if again != repeatShort {
		t.st.Pending = nil
	}
	t.st.calm()
	defer t.nextAfter(again)
	if t.st.Request == nil {
		t.record(IntakeChange{Question: firstRunes(question, maxHeard), Type: jiban.Consultation, Matter: t.out.Matter,
			Result: jiban.IntakeAnswered, Articles: []string{a.ID}})
	}
	return true
}

func (t *turn) tellArticle(question string, a *jiban.Article) {
	cite := citation(a)
	if t.phrase(question, a) {
		t.st.Cited = &cite
		return
	}
	body := plain(a.Body)
	if t.lang == jiban.English {
		body = t.word("answer.chinese_only", nil) + "\n" + body
	}
	t.add(line{key: "answer", text: body + footMark + t.source(cite), cites: []jiban.Citation{cite}, long: true})
	t.st.Cited = &cite
}

// source names where an answer comes from.
func (t *turn) source(c jiban.Citation) string {
	title := "《" + c.Title + "》"
	if t.lang == jiban.English {
		title = c.Title
	}
	return t.word("answer.source", map[string]any{"title": title, "detail": sourceDetail(c)})
}

func citation(a *jiban.Article) jiban.Citation {
	at := a.ValidFrom
	if at.IsZero() {
		at = a.UpdatedAt
	}
	date := ""
	if !at.IsZero() {
		date = at.In(jiban.Beijing).Format("2006-01-02")
	}
	return jiban.Citation{ArticleID: a.ID, Version: a.Version, Title: a.Title, Source: firstOf(a.Source, a.Department), Date: date}
}

func sourceDetail(c jiban.Citation) string {
	if c.Source == "" || c.Date == "" {
		return c.Source + c.Date
	}
	return c.Source + "，" + c.Date
}

var (
	mdLink  = regexp.MustCompile(`!?\[([^\]]*)\]\(([^)\s]*)[^)]*\)`)
	mdHead  = regexp.MustCompile(`(?m)^\s{0,3}#{1,6}\s*`)
	mdMarks = regexp.MustCompile("\\*\\*|__|`+|~~")
	mdQuote = regexp.MustCompile(`(?m)^\s{0,3}>\s?`)
	mdItem  = regexp.MustCompile(`(?m)^\s*[-*+]\s+`)
	blanks  = regexp.MustCompile(`\n\s*\n+`)
	signs   = strings.NewReplacer("【", "“", "】", "”")
)

// plain takes the marks out of Markdown: WeChat, SMS and screen readers show
// them as they are. The signature's brackets are not used in a text.
func plain(md string) string {
	s := strings.ReplaceAll(md, "\r\n", "\n")
	s = mdLink.ReplaceAllString(s, "$1")
	s = mdHead.ReplaceAllString(s, "")
	s = mdQuote.ReplaceAllString(s, "")
	s = mdItem.ReplaceAllString(s, "· ")
	s = mdMarks.ReplaceAllString(s, "")
	s = signs.Replace(s)
	return strings.TrimSpace(blanks.ReplaceAllString(s, "\n"))
}

// clarify offers the close ones; after two times people help.
func (t *turn) clarify(question string, found []jiban.Found) bool {
	if t.st.Clarified >= maxClarify {
		return t.giveToPeople()
	}
	t.st.Clarified++
	t.out.Decision = DecideClarify
	key := "clarify.choose"
	if t.st.Clarified > 1 {
		key = "clarify.choose2"
	}
	l := t.say(key, nil)
	for i := 0; i < len(found) && i < 3; i++ {
		l.options = append(l.options, jiban.Option{Label: found[i].Article.Title, Value: found[i].Article.Title})
	}
	l.options = append(l.options, t.option("none"))
	t.remember(found)
	t.ask(pending{Kind: askedClarify, Text: question}, l)
	t.openQuestion(question)
	return true
}

// giveToPeople ends the asking back.
func (t *turn) giveToPeople() bool {
	t.say("handoff.again_not_understood", nil)
	return t.handoff(jiban.HandoffNotUnderstood)
}

func (t *turn) remember(found []jiban.Found) {
	t.st.Articles = nil
	for i := 0; i < len(found) && i < 3; i++ {
		t.st.Articles = append(t.st.Articles, found[i].Article.ID)
	}
}

// openQuestion records a question that is not settled yet.
func (t *turn) openQuestion(question string) {
	if t.st.Request == nil {
		t.record(IntakeChange{Question: question, Type: jiban.Consultation, Result: jiban.IntakeOpen})
	}
}

func (t *turn) answerClarify(p pending) bool {
	o, ok := t.said.choice(p.Choices)
	if !ok {
		o, ok = t.said.named(p.Choices)
		t.learnPlaces(t.said.text)
	}
	t.st.Pending = nil
	if !ok && t.declines() {
		return t.letGo(p.Text)
	}
	if !ok {
		// Said in other words, together with what was asked first.
		return false
	}
	if o.Value == t.zh("none") {
		return t.noAnswer(p.Text)
	}
	t.back = p.Text
	found, ok := t.search(o.Value)
	if !ok {
		return true
	}
	for i := range found.Found {
		if found.Found[i].Article.Title == o.Value {
			return t.settle(p.Text, &found.Found[i].Article)
		}
	}
	return t.byVerdict(o.Value, found)
}

// settle answers a question that was recorded before.
func (t *turn) settle(question string, a *jiban.Article) bool {
	t.answer(question, a)
	t.out.Intent, t.out.RequestType = "consult", jiban.Consultation
	return true
}

func (t *turn) askCity(question string, found []jiban.Found) bool {
	t.out.Decision, t.out.Ask = DecideClarify, []string{"city"}
	l := t.say("city_ask", nil)
	l.options = t.cityOptions()
	t.remember(found)
	t.openQuestion(question)
	t.ask(pending{Kind: askedCity, Keys: []string{"city"}, Text: question}, l)
	return true
}

// answerCity takes the city and looks the question up again.
func (t *turn) answerCity(p pending) bool {
	text := t.said.text
	if o, ok := t.said.choice(p.Choices); ok {
		text = o.Value
	} else if t.declines() {
		return t.letGo(p.Text)
	} else if len([]rune(text)) > 12 && lang.Question(text) {
		t.st.Pending = nil
		return false
	}
	if !t.acceptCity(text) {
		return t.cityUnknown(p)
	}
	t.st.Pending = nil
	t.back = p.Text
	found, ok := t.search(p.Text)
	if !ok {
		return true
	}
	if found.Verdict == jiban.VerdictAskCity && len(found.Found) > 0 {
		return t.settle(p.Text, &found.Found[0].Article)
	}
	if found.Verdict == jiban.VerdictAnswer && len(found.Found) > 0 {
		return t.settle(p.Text, &found.Found[0].Article)
	}
	return t.byVerdict(p.Text, found)
}

func (t *turn) cityUnknown(p pending) bool {
	p.Tries++
	if p.Tries > 2 {
		t.st.Pending = nil
		return t.noAnswer(p.Text)
	}
	key := "invalid.city"
	if p.Tries > 1 {
		key = "invalid.city2"
	}
	t.out.Decision, t.out.Ask = DecideClarify, []string{"city"}
	l := t.say(key, nil)
	l.options = p.Choices
	t.ask(p, l)
	return true
}

// noAnswer never guesses: it offers to write the question down, or people. The
// second time in a row people help at once.
func (t *turn) noAnswer(question string) bool {
	t.st.Failures++
	t.out.RequestType = jiban.Consultation
	if t.st.Failures >= 2 {
		t.say("no_answer.again", nil)
		return t.handoff(jiban.HandoffNoAnswer)
	}
	t.out.Decision, t.out.Intent = DecideDecline, "consult"
	t.openQuestion(question)
	text := t.word("no_answer", nil)
	if number, key := doorFor(question); number != "" {
		text += t.gap() + t.word("no_answer.door", map[string]any{"number": number, "name": t.word("door."+key, nil)})
	}
	l := t.add(line{key: "no_answer", text: text, options: t.options("register", "human", "no")})
	t.ask(pending{Kind: askedOffer, Text: question}, l)
	return true
}

func (t *turn) gap() string {
	if t.lang == jiban.English {
		return " "
	}
	return ""
}

func (t *turn) answerOffer(p pending) bool {
	o, _ := t.said.choice(p.Choices)
	switch {
	case o.Value == t.zh("human"):
		t.st.Pending = nil
		if t.in.Situation.Audience == jiban.Enterprise {
			return t.handoff(jiban.HandoffSpecialist)
		}
		return t.handoff(jiban.HandoffNoAnswer)
	case o.Value == t.zh("register") || t.said.is(lang.CommandYes):
		return t.registerQuestion(p.Text)
	case o.Value == t.zh("no") || t.said.is(lang.CommandNo) || t.said.is(lang.CommandSkip) || t.declines():
		return t.letGo(p.Text)
	}
	t.st.Pending = nil
	return false
}

// registerQuestion makes a ticket of a question nobody could answer.
func (t *turn) registerQuestion(question string) bool {
	rd := t.read(question)
	hints, _, ok := t.helped(question, &rd)
	if !ok {
		return true
	}
	r := &request{Text: question, Type: jiban.Consultation, Recorded: t.st.Open}
	if rd.score >= likelyMatter {
		r.Matter = rd.matter
	}
	t.st.Request, t.st.Pending = r, nil
	r.set("description", question)
	t.absorb(question, false)
	t.takeHints(hints, "")
	t.st.calm()
	t.out.Intent = "consult"
	t.say("form.start", nil)
	return t.goOn()
}

// answerBetween answers a question in the middle of a form; the form goes on.
func (t *turn) answerBetween(text string) bool {
	found, ok := t.search(text)
	if !ok {
		return true
	}
	t.out.Intent = "consult"
	if found.Verdict == jiban.VerdictAnswer && len(found.Found) > 0 {
		t.out.Decision = DecideAnswer
		t.tellArticle(text, &found.Found[0].Article)
	} else if t.st.Failures++; t.st.Failures > 2 {
		t.say("no_answer.again", nil)
		return t.handoff(jiban.HandoffNoAnswer)
	} else if t.st.Failures == 2 {
		t.say("no_answer.between2", nil)
	} else {
		t.say("no_answer.between", nil)
	}
	t.say("form.resume", nil)
	t.askAgain()
	return true
}

var moreWords = regexp.MustCompile(`^(?:详情|详细|更多|继续|接着|下文|全文|(?i:more|go on|continue))[。.！!]*$`)

// readOn says the rest of an answer that was too long for one message.
func (t *turn) readOn() bool {
	if len(t.said.parts) != 1 || !moreWords.MatchString(t.said.parts[0]) {
		return false
	}
	if t.st.More == "" {
		return t.nothingMore()
	}
	rest := line{key: "answer", text: t.st.More, long: true}
	if t.st.Cited != nil {
		rest.cites = []jiban.Citation{*t.st.Cited}
	}
	t.st.More = ""
	t.out.Decision, t.out.Intent = DecideAnswer, "more"
	t.add(rest)
	return true
}

// nothingMore says so where nothing else can be meant.
func (t *turn) nothingMore() bool {
	if t.st.Pending != nil || t.st.Cited == nil {
		return false
	}
	t.out.Decision, t.out.Intent = DecideSmalltalk, "more"
	t.say("answer.no_more", nil)
	return true
}
