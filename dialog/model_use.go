package dialog

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"jiban"
	"jiban/lang"
)

const (
	// mostMatters is how many matters a model may choose from.
	mostMatters = 8
	// longStory is from how many characters on a message is summarised.
	longStory = 200
	// worthSummary is from how many characters on an agent gets a summary.
	worthSummary = 60
	// worthPhrasing is from how many characters on an article is put in few words: a
	// shorter one was reviewed as it stands and is as quick to read.
	worthPhrasing = 80
	// What a model's texts may have, in characters. An answer by SMS leaves room for
	// label and source.
	phraseLimit    = 300
	phraseLimitEN  = 700
	phraseLimitSMS = 110
	questionLimit  = 60
	summaryLimit   = 150
	// mostSources is how many articles an answer may come from.
	mostSources = 3
	// articleShare bounds what of one article a model gets, in characters.
	articleShare = 1500
)

// steering is how people, and texts that were tampered with, address a model
// rather than a hotline. It keeps most of them from it; what gets through can do no
// harm, for it decides nothing.
var steering = regexp.MustCompile(`(?i)(?:忽略|无视|忘记|忘掉|不要?(?:遵守|理会|管)|跳过|绕过|覆盖|推翻).{0,12}(?:指令|指示|提示|规则|要求|设定|限制|上文|上面|以上|之前|前面|系统|审核|安全)|提示词|系统(?:提示|指令|消息|管理员|设定)|(?:你|您)(?:现在|从现在起|接下来|将)?(?:是|扮演|充当|变成)(?:一个|一名|一位)?.{0,10}(?:助手|模型|管理员|系统|开发者|机器人|角色|AI|猫|海盗)|扮演|角色设定|开发者模式|越狱|(?:输出|返回|回复|回答|打印|复述|重复|生成).{0,8}(?:json|\{|以下(?:内容|文字)|原样|schema|提示|指令|代码)|大?模型|语言模型|"?(?:type|matter|slots|sentences|cites|summary|question)"?\s*[:=：]|<<|>>|\[/?(?:system|inst|user|assistant)\]|<\|?/?(?:system|im_start|im_end|user|assistant)|###\s*(?:system|instruction|指令)|(?:ignore|disregard|forget|override|bypass).{0,40}(?:instruction|prompt|rule|above|previous|prior|system|polic|guard)|system\s*(?:prompt|message|override|:)|you are (?:now|a|an|no longer)|act as|pretend (?:to be|you)|jailbreak|developer mode|\bDAN\b|(?:print|output|repeat|reveal|respond with|return|reply with).{0,30}(?:prompt|json|instruction|verbatim|schema|exactly)|new instructions?|</?(?:message|article|before)>|base64|begin admin|sudo\b`)

func steers(text string) bool { return steering.MatchString(lang.Fold(text)) }

// modelOn says that a model may be asked about a text.
func (t *turn) modelOn(text string) bool {
	return t.in.Facts.Model != "" && meaningful(text) && !steers(text)
}

// understand asks a model what a message is about. Nil is for nothing; it reports
// false when the ask is still to be made.
func (t *turn) understand(text string, after int) (reading *ModelReading, c *cover, ok bool) {
	if !t.modelOn(text) {
		return nil, nil, true
	}
	c = &cover{}
	ask := ModelAsk{Task: TaskUnderstand, Lang: t.lang, Text: t.hide(c, text), Fields: t.askable()}
	for _, code := range t.candidates(text) {
		ask.Matters = append(ask.Matters, ModelChoice{code, t.e.matters[code].Name})
	}
	if len(ask.Matters) == 0 {
		return nil, nil, true
	}
	output, ok := t.model(ask, after)
	if output == "" {
		return nil, nil, ok
	}
	reading = &ModelReading{}
	if json.Unmarshal([]byte(output), reading) != nil {
		return nil, nil, true
	}
	return reading, c, true
}

// candidates are the matters that a text may be about: what the rules guess first,
// then the nearest by characters.
func (t *turn) candidates(text string) []string {
	about := aboutMatter(text)
	var out []string
	for _, g := range t.e.matter.Guess(about, mostMatters) {
		out = append(out, g.Code)
	}
	for _, code := range t.e.near.best(about, 2*mostMatters) {
		if len(out) < mostMatters && !contains(out, code) {
			out = append(out, code)
		}
	}
	return out
}

// askable are the slots that a model may find words for. A telephone number is not
// among them.
func (t *turn) askable() []ModelChoice {
	var out []ModelChoice
	for _, key := range []string{"place", "since", "unit", "amount", "people", "demand"} {
		out = append(out, ModelChoice{key, t.e.book.Say(jiban.Chinese, "label."+key, nil)})
	}
	return out
}

// guessed is what a model takes a message for of which the rules do not know
// whether anything is to be done. The person is asked all the same.
func (t *turn) guessed(text string) (*guess, bool) {
	r, _, ok := t.understand(text, 0)
	if r == nil || r.Matter == "" || isOneOf(r.Type, unknownType, string(jiban.Consultation)) {
		return nil, ok
	}
	return &guess{Type: jiban.RequestType(r.Type), Matter: r.Matter}, true
}

// fillGuess fills in what a model took the message for, where the rules knew nothing
// better. A matter that is not for a request of the type that they read counts for
// nothing.
func (t *turn) fillGuess(r *reading, g *guess) {
	if g == nil {
		return
	}
	m := t.e.matters[g.Matter]
	if r.score < likelyMatter && m != nil && (r.sure < weakType || slices.Contains(m.Types, r.kind)) {
		r.matter, r.score = g.Matter, likelyMatter
	}
	if r.sure < weakType && g.Type != jiban.Consultation && g.Type != unknownType {
		r.kind, r.sure = g.Type, weakType
	}
}

// helped asks a model about a request that begins: what it is about where the rules
// are unsure, and a short description where the story is long. It reports false
// when an ask is still to be made.
func (t *turn) helped(text string, rd *reading) (hints map[string]string, short string, ok bool) {
	if rd.score < likelyMatter {
		r, c, ok := t.understand(text, 2)
		if !ok {
			return nil, "", false
		}
		if r != nil {
			hints = r.hints(c)
			t.fillGuess(rd, &guess{Type: jiban.RequestType(r.Type), Matter: r.Matter})
		}
	}
	if len([]rune(text)) <= longStory || hans(text) == 0 {
		return hints, "", true
	}
	short, ok = t.summary(text, 1)
	return hints, short, ok
}

// hints are the slots that a model found, in the person's own words.
func (r *ModelReading) hints(c *cover) map[string]string {
	out := map[string]string{}
	for _, s := range r.Slots {
		if out[s.Key] == "" {
			out[s.Key] = c.restore(s.Words)
		}
	}
	return out
}

// takeHints fills what the rules found nothing for, if the form asks for it and it
// is what the field takes. The person sees it in the summary before anything is
// filed.
func (t *turn) takeHints(hints map[string]string, short string) {
	r := t.st.Request
	if short != "" {
		r.set("original", r.Slots["description"])
		r.set("description", short)
		r.Shortened = true
	}
	for _, f := range t.fields(r) {
		words := hints[f.Key]
		if words == "" || r.Slots[f.Key] != "" || len(f.Choices) > 0 {
			continue
		}
		switch f.Kind {
		case "place":
			if namedPlace.MatchString(words) && !vaguePlace.MatchString(words) {
				r.set(f.Key, words)
			}
		case "time":
			t.acceptTime(f.Key, words, true)
		case "amount", "number":
			t.accept(f, words, true)
		case "text":
			if f.Key != "description" && f.Takes(words) {
				r.set(f.Key, words)
			}
		}
	}
}

// summary has a model say in few words what a person told. "" is for nothing.
func (t *turn) summary(text string, after int) (string, bool) {
	if !t.modelOn(text) {
		return "", true
	}
	c := &cover{}
	output, ok := t.model(ModelAsk{Task: TaskSummary, Lang: jiban.Chinese, Text: t.hide(c, text), Limit: summaryLimit}, after)
	var s modelSummary
	if output == "" || json.Unmarshal([]byte(output), &s) != nil {
		return "", ok
	}
	return c.restore(s.Summary), true
}

// digest has what was told summed up for the agent. It reports false when the ask is
// still to be made. Where there is danger nobody waits for it.
func (t *turn) digest(why jiban.HandoffReason) bool {
	text := strings.Join(append([]string{t.asked()}, t.st.Next...), "\n")
	if t.said.text != "" && !strings.Contains(text, t.said.text) {
		text += "\n" + t.said.text
	}
	if why == jiban.HandoffEmergency || len([]rune(text)) < worthSummary {
		return true
	}
	var ok bool
	t.brief, ok = t.summary(text, 1)
	return ok
}

// rewritten looks a follow-up question up as a whole one. It counts only where the
// knowledge base then has an answer.
func (t *turn) rewritten(text string) (string, jiban.SearchResult) {
	none := jiban.SearchResult{}
	if !t.modelOn(text) || steers(t.st.Topic) {
		return "", none
	}
	c := &cover{}
	ask := ModelAsk{Task: TaskRewrite, Lang: t.lang, Text: t.hide(c, text), Before: t.hide(c, t.st.Topic), Limit: questionLimit}
	output, _ := t.model(ask, 4)
	var q modelQuestion
	if output == "" || json.Unmarshal([]byte(output), &q) != nil {
		return "", none
	}
	whole := c.restore(q.Question)
	found, ok := t.search(whole)
	if !ok || found.Verdict != jiban.VerdictAnswer || len(found.Found) == 0 {
		return "", none
	}
	return whole, found
}

// phrase says in few words what the article answers, and reports false where it is
// to be shown as it stands. That it is the answer was decided before.
func (t *turn) phrase(question string, a *jiban.Article) bool {
	if len([]rune(plain(a.Body))) < worthPhrasing && t.lang != jiban.English || !t.modelOn(question) {
		return false
	}
	ask := ModelAsk{Task: TaskPhrase, Lang: t.lang, Text: t.hide(&cover{}, question), Articles: t.sources(a), Limit: phraseLimit, Channel: t.in.Situation.ChannelKind}
	switch {
	case t.sms():
		ask.Limit = phraseLimitSMS
	case t.lang == jiban.English:
		ask.Limit = phraseLimitEN
	}
	if len(ask.Articles) == 0 {
		return false
	}
	output, _ := t.model(ask, 0)
	var answer modelAnswer
	if output == "" || json.Unmarshal([]byte(output), &answer) != nil {
		return false
	}
	t.tellPhrased(answer.Sentences, ask.Articles)
	t.st.More = plain(a.Body)
	return true
}

// sources are the article that answers and those that were retrieved with it and
// are nearly as good, without any that were tampered with. None when the first was.
func (t *turn) sources(a *jiban.Article) []jiban.Article {
	var out []jiban.Article
	add := func(b *jiban.Article) {
		if !steers(b.Title+"\n"+b.Body) && !slices.ContainsFunc(out, func(c jiban.Article) bool { return c.ID == b.ID }) && len(out) < mostSources {
			out = append(out, jiban.Article{ID: b.ID, Version: b.Version, Title: b.Title, Body: firstRunes(plain(b.Body), articleShare), Source: b.Source, Department: b.Department, ValidFrom: b.ValidFrom, UpdatedAt: b.UpdatedAt})
		}
	}
	if add(a); len(out) == 0 {
		return nil
	}
	for i := range t.in.Facts.Searches {
		found := t.in.Facts.Searches[i].Result.Found
		if len(found) == 0 || found[0].Article.ID != a.ID {
			continue
		}
		for j := range found {
			if found[j].Score >= nearlyAsGood*found[0].Score {
				add(&found[j].Article)
			}
		}
	}
	return out
}

// nearlyAsGood is the share of the best score from which on another article may add
// to an answer.
const nearlyAsGood = 0.8

// tellPhrased shows the sentences, with their sources' numbers where there are
// several, the label that a model wrote them, and the sources.
func (t *turn) tellPhrased(sentences []ModelSentence, articles []jiban.Article) {
	var cited []int
	for _, s := range sentences {
		cited = append(cited, s.Cites...)
	}
	slices.Sort(cited)
	cited = slices.Compact(cited)
	var body strings.Builder
	for i, s := range sentences {
		if i > 0 {
			body.WriteString(t.gap())
		}
		body.WriteString(s.Text)
		if len(cited) < 2 {
			continue
		}
		for _, n := range s.Cites {
			body.WriteString("[" + strconv.Itoa(n) + "]")
		}
	}
	l := line{key: "answer", made: true, long: true}
	foot := []string{t.word("answer.generated", nil)}
	for _, n := range cited {
		cite := citation(&articles[n-1])
		l.cites = append(l.cites, cite)
		source := t.source(cite)
		if len(cited) > 1 {
			source = "[" + strconv.Itoa(n) + "] " + source
		}
		foot = append(foot, source)
	}
	l.text = body.String() + footMark + strings.Join(foot, "\n")
	t.add(l)
}
