package dialog

import (
	"strconv"
	"strings"
	"unicode/utf16"

	"jiban"
)

// smsUnits is what one turn may say by SMS, in UTF-16 units without the
// signature: five parts of 67 are 335.
const smsUnits = 320

// chatRunes is where an answer is cut in a chat, in characters: a screen or two,
// and within one WeChat text (2048 bytes).
const chatRunes = 600

// line is one thing to say, before it is fitted to the channel.
type line struct {
	key     string
	text    string
	options []jiban.Option
	cites   []jiban.Citation
	safety  bool
	long    bool // may be cut, the rest is kept for 详情
	made    bool // phrased by a model
}

// word says the sentence of a key. On SMS a shorter one is taken where there is
// one.
func (t *turn) word(key string, params map[string]any) string {
	if t.sms() && t.e.book.Has(key+".sms") {
		key += ".sms"
	}
	return t.e.book.Say(t.lang, key, params)
}

// say adds a sentence to the replies.
func (t *turn) say(key string, params map[string]any) *line {
	return t.add(line{key: key, text: t.word(key, params)})
}

func (t *turn) add(l line) *line {
	t.lines = append(t.lines, l)
	return &t.lines[len(t.lines)-1]
}

// option makes a choice whose value is the Chinese word, which means the same
// when it comes back as a plain text.
func (t *turn) option(key string) jiban.Option {
	return jiban.Option{Label: t.word("option."+key, nil), Value: t.e.book.Say(jiban.Chinese, "option."+key, nil)}
}

func (t *turn) options(keys ...string) []jiban.Option {
	out := make([]jiban.Option, len(keys))
	for i, k := range keys {
		out[i] = t.option(k)
	}
	return out
}

// ask makes a question of the line and remembers it, its choices too.
func (t *turn) ask(p pending, l *line) {
	p.Choices = l.options
	t.st.Pending = &p
}

// greet puts before the first words of a conversation what must be known first:
// this is a robot, what is kept and why, how to reach people and help. Where
// there is danger, that comes after.
func (t *turn) greet() {
	if !t.in.Situation.First || t.held() {
		return
	}
	if t.out.Decision == DecideEmergency {
		brief := line{key: "greeting", text: t.word("greeting.brief", nil)}
		t.lines = append(t.lines[:1], append([]line{brief}, t.lines[1:]...)...)
		return
	}
	t.lines = append([]line{{key: "greeting", text: t.word("greeting", nil)}}, t.lines...)
}

// keepMenu remembers choices that stand beside what was said, so that their
// numbers can be answered.
func (t *turn) keepMenu() {
	if t.st.Pending != nil || t.held() {
		return
	}
	for i := range t.lines {
		if len(t.lines[i].options) > 0 {
			t.st.Pending = &pending{Kind: askedMenu, Choices: t.lines[i].options}
		}
	}
}

// offerHuman tells those on the special-service list at once that people are
// there for them.
func (t *turn) offerHuman() {
	if !t.in.Situation.First || !t.st.Roster || t.held() || t.out.Handoff != nil || t.out.Decision == DecideEmergency {
		return
	}
	for i := range t.lines {
		if isOneOf(t.lines[i].key, "roster.claimed", "roster.offer") {
			return
		}
	}
	last := &t.lines[len(t.lines)-1]
	offer := line{key: "roster.offer", text: t.word("roster.offer", nil)}
	if len(last.options) > 0 || t.st.Pending != nil {
		// The question stays last, so that it is clear what is answered.
		t.lines = append(t.lines[:len(t.lines)-1], offer, *last)
		return
	}
	offer.options = t.options("human")
	t.lines = append(t.lines, offer)
}

// render makes replies of the lines: one for each in a chat, one in all by SMS.
func (t *turn) render() []Reply {
	if len(t.lines) == 0 {
		return []Reply{}
	}
	for i := range t.lines {
		if t.lines[i].long && !t.sms() {
			t.shorten(&t.lines[i], func(s string) bool { return len([]rune(s)) <= chatRunes })
		}
	}
	if t.sms() {
		return t.renderSMS()
	}
	return join(t.lines)
}

// join merges neighbouring lines into few replies: WeChat grants few messages.
// The safety line stands alone, and nothing follows options in one reply.
func join(lines []line) []Reply {
	var out []Reply
	for i := range lines {
		l := &lines[i]
		if n := len(out); n > 0 && !l.safety && !out[n-1].Safety && len(out[n-1].Options) == 0 &&
			lines[i-1].key != "greeting" && len([]rune(out[n-1].Text))+len([]rune(l.text)) <= chatRunes {
			out[n-1].Text += "\n" + l.text
			out[n-1].Options = l.options
			out[n-1].Citations = append(out[n-1].Citations, l.cites...)
			out[n-1].Generated = out[n-1].Generated || l.made
			continue
		}
		out = append(out, Reply{Text: l.text, Options: l.options, Citations: l.cites, Safety: l.safety, Generated: l.made})
	}
	return out
}

// renderSMS makes one text of it all that fits into the parts of one SMS. Options
// become numbered lines: there is nothing to tap.
func (t *turn) renderSMS() []Reply {
	fits := func() bool { return units(smsText(t.lines)) <= t.e.smsUnits }
	for i := len(t.lines) - 1; i >= 0 && !fits(); i-- {
		if t.lines[i].long {
			t.shorten(&t.lines[i], func(s string) bool {
				whole := t.lines[i].text
				t.lines[i].text = s
				ok := fits()
				t.lines[i].text = whole
				return ok
			})
		}
	}
	text := smsText(t.lines)
	if units(text) > t.e.smsUnits {
		text = cutUnits(text, t.e.smsUnits-1) + "…"
	}
	var cites []jiban.Citation
	safety, made := false, false
	for i := range t.lines {
		cites = append(cites, t.lines[i].cites...)
		safety = safety || t.lines[i].safety
		made = made || t.lines[i].made
	}
	return []Reply{{Text: text, Citations: cites, Safety: safety, Generated: made}}
}

func smsText(lines []line) string {
	var parts []string
	for i := range lines {
		parts = append(parts, lines[i].text)
		for n, o := range lines[i].options {
			parts = append(parts, strconv.Itoa(n+1)+". "+o.Label)
		}
	}
	return strings.Join(parts, "\n")
}

// shorten cuts a long line at the end of a sentence so that it fits with the hint
// how to read on, and keeps the rest.
func (t *turn) shorten(l *line, fits func(string) bool) {
	body, foot := splitFoot(l.text)
	if fits(l.text) {
		return
	}
	hint := "\n" + t.word("answer.more", nil) + foot
	ends := sentenceEnds(body)
	for i := len(ends) - 1; i >= 0; i-- {
		if head := strings.TrimSpace(body[:ends[i]]); head != "" && fits(head+hint) {
			l.text = head + hint
			t.st.More = strings.TrimSpace(body[ends[i]:])
			return
		}
	}
	runes := []rune(body)
	for n := len(runes) - 1; n > 0; n -= 8 {
		if fits(string(runes[:n]) + "…" + hint) {
			l.text = string(runes[:n]) + "…" + hint
			t.st.More = string(runes[n:])
			return
		}
	}
}

// footMark parts an answer from its source, which is never cut off.
const footMark = "\n\n"

func splitFoot(text string) (body, foot string) {
	if i := strings.LastIndex(text, footMark); i >= 0 {
		return text[:i], "\n" + text[i+len(footMark):]
	}
	return text, ""
}

// sentenceEnds lists the byte offsets behind the sentences of a text.
func sentenceEnds(s string) []int {
	var at []int
	for i, r := range s {
		switch r {
		case '。', '！', '？', '；', '\n', '!', '?':
			at = append(at, i+len(string(r)))
		}
	}
	return at
}

// units counts UTF-16 units, in which SMS are measured.
func units(s string) int { return len(utf16.Encode([]rune(s))) }

// cutUnits cuts a text to so many UTF-16 units, never inside a character.
func cutUnits(s string, limit int) string {
	n := 0
	for i, r := range s {
		size := utf16.RuneLen(r)
		if n += max(1, size); n > limit {
			return s[:i]
		}
	}
	return s
}
