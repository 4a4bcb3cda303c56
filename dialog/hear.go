package dialog

import (
	"regexp"
	"strings"
	"unicode"

	"jiban"
	"jiban/lang"
)

// maxHeard bounds what one turn takes in as text, in characters: a ticket's
// field holds no more.
const maxHeard = 2000

// utterance is all that a person sent in one turn.
type utterance struct {
	parts    []string // texts and values of taps, in order
	typed    []string // only what was written
	text     string   // the parts, line by line
	cut      bool     // there was more than maxHeard
	location *jiban.Location
	pictures int
	other    jiban.MessageKind // a kind that cannot be read
	event    string
}

func hear(inbox []jiban.Message) utterance {
	var u utterance
	for i := range inbox {
		u.take(&inbox[i].Content)
	}
	u.text = strings.Join(u.parts, "\n")
	if runes := []rune(u.text); len(runes) > maxHeard {
		u.text, u.cut = string(runes[:maxHeard]), true
	}
	return u
}

func (u *utterance) take(c *jiban.Content) {
	text := strings.TrimSpace(strings.ToValidUTF8(c.Text, ""))
	switch c.Kind {
	case jiban.KindText:
		u.say(text)
		u.typed = append(u.typed, text)
	case jiban.KindTap:
		u.say(text)
	case jiban.KindLocation:
		u.location = c.Location
	case jiban.KindImage:
		u.pictures += max(1, len(c.Attachments))
		u.say(text)
	case jiban.KindEvent:
		u.event = c.Event
		u.say(text)
	case jiban.KindFile, jiban.KindVoice:
		// A voice message may come with the provider's own transcript.
		u.other = c.Kind
		u.say(text)
	case jiban.KindUnknown:
		// Its text is the provider's name of the kind, not what a person said.
		u.other = c.Kind
	}
}

func (u *utterance) say(text string) {
	if text != "" {
		u.parts = append(u.parts, text)
	}
}

// language says in which language the person writes. Taps, numbers and single
// letters say nothing about it.
func (u *utterance) language() (jiban.Lang, bool) {
	letters, han := 0, 0
	for _, s := range u.typed {
		for _, r := range s {
			switch {
			case unicode.Is(unicode.Han, r):
				han++
			case unicode.IsLetter(r) && r < unicode.MaxASCII:
				letters++
			}
		}
	}
	if han > 0 {
		return jiban.Chinese, true
	}
	return jiban.English, letters >= 4 && (strings.Contains(strings.TrimSpace(strings.Join(u.typed, "\n")), " ") || u.knownWord())
}

// knownWord says that one word alone is one that people say in English.
func (u *utterance) knownWord() bool {
	for _, s := range u.typed {
		if _, chat := lang.Chitchat(s); chat && !lang.Gibberish(s) {
			return true
		}
		if _, _, order := lang.ParseCommand(s); order {
			return true
		}
	}
	return false
}

// meaningful reports whether a text says anything: a letter, a character or a
// digit.
func meaningful(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) >= 0
}

// ordered finds the first command among the parts that is one of those wanted.
func (u *utterance) ordered(wanted ...lang.Command) (c lang.Command, arg string, ok bool) {
	for _, part := range u.parts {
		c, arg, found := lang.ParseCommand(part)
		if !found {
			continue
		}
		for _, w := range wanted {
			if c == w {
				return c, arg, true
			}
		}
	}
	return "", "", false
}

func (u *utterance) is(c lang.Command) bool {
	_, _, ok := u.ordered(c)
	return ok
}

var choiceNumber = regexp.MustCompile(`^(?:选|选择|第)?\s*([0-9]{1,2}|[一二三四五六七八九十])\s*(?:个|项|号|条)?[.、。．)）]?$`)

const hanDigits = "一二三四五六七八九十"

// choice finds the option that a person took: by its value, its label or its
// number in the list.
func (u *utterance) choice(options []jiban.Option) (jiban.Option, bool) {
	for _, part := range u.parts {
		folded := lang.Fold(strings.TrimSpace(part))
		for _, o := range options {
			if folded == lang.Fold(o.Value) || folded == lang.Fold(o.Label) {
				return o, true
			}
		}
		if n := numbered(folded); n >= 1 && n <= len(options) {
			return options[n-1], true
		}
	}
	return jiban.Option{}, false
}

// named finds the one option that a few words of it tell: 哈尔滨 among the like of
// every city.
func (u *utterance) named(options []jiban.Option) (jiban.Option, bool) {
	word := strings.TrimRight(lang.Fold(strings.Trim(u.text, trailing)), "的那个吧")
	if n := len([]rune(word)); n < 2 || n > 12 {
		return jiban.Option{}, false
	}
	var found []jiban.Option
	for _, o := range options {
		if strings.Contains(lang.Fold(o.Label), word) {
			found = append(found, o)
		}
	}
	if len(found) != 1 {
		return jiban.Option{}, false
	}
	return found[0], true
}

// numbered reads a reply that is only a number; 0 for any other.
func numbered(folded string) int {
	m := choiceNumber.FindStringSubmatch(folded)
	if m == nil {
		return 0
	}
	if i := strings.Index(hanDigits, m[1]); i >= 0 {
		return i/len("一") + 1
	}
	n := 0
	for _, d := range m[1] {
		n = n*10 + int(d-'0')
	}
	return n
}

var furtherMarks = regexp.MustCompile(`(?:^|[。！？!?；;\n，,])\s*(?:另外|然后还有(?:就是)?|还有就是|再有就是|再就是|还有一件事|还有个问题|还有一个问题|还有个事|再问一下|再反映一个|顺便问一下|再一个|还想问|还想反映|还要反映|also,|one more thing)[，,：: ]*`)

// further parts a text into the first request and those announced after it.
func further(text string) (first string, rest []string) {
	for _, parts := range []func(string) (string, []string, bool){numberedParts, listedParts} {
		if first, rest, ok := parts(text); ok {
			return first, rest
		}
	}
	at := furtherMarks.FindAllStringIndex(text, -1)
	if len(at) == 0 {
		return text, nil
	}
	first = strings.TrimSpace(text[:at[0][0]])
	for i, m := range at {
		end := len(text)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		// A few characters after the mark are an afterthought, no request.
		if part := strings.TrimSpace(text[m[1]:end]); len([]rune(part)) >= 5 {
			rest = append(rest, part)
		}
	}
	if len(rest) == 0 {
		return text, nil
	}
	if first == "" {
		return rest[0], rest[1:]
	}
	return first, rest
}

var secondPart = regexp.MustCompile(`[，,。；;\s]*(?:二是|三是|第二(?:件|个)?(?:事)?(?:是|[，,、：:]))\s*([^，,。；;\n]{4,80})`)

// numberedParts parts 一是…，二是…: what stands after the second stays with the first,
// for it mostly tells where and who.
func numberedParts(text string) (first string, rest []string, ok bool) {
	if !strings.Contains(text, "一是") && !strings.Contains(text, "第一") {
		return "", nil, false
	}
	found := secondPart.FindAllStringSubmatch(text, -1)
	for _, m := range found {
		rest = append(rest, strings.TrimSpace(m[1]))
	}
	return strings.TrimSpace(secondPart.ReplaceAllString(text, "")), rest, len(rest) > 0
}

var (
	listBegin = regexp.MustCompile(`^(?:[^：:\n]{0,16}[：:]\s*)?[1１①][、．)）]?\s*`)
	listItem  = regexp.MustCompile(`[，,。；;\s]*(?:[2-9２-９][、．)）]|[②③④⑤])\s*([^；;。\n②③④⑤]{3,80})[；;]?`)
)

// listedParts parts 1、…；2、…；3、… in the same way.
func listedParts(text string) (first string, rest []string, ok bool) {
	if !listMark.MatchString(text) {
		return "", nil, false
	}
	for _, m := range listItem.FindAllStringSubmatch(text, -1) {
		rest = append(rest, strings.TrimSpace(m[1]))
	}
	first = listBegin.ReplaceAllString(listItem.ReplaceAllString(text, ""), "")
	return strings.TrimSpace(first), rest, len(rest) > 0
}

// listMark is the first of a list.
var listMark = regexp.MustCompile(`(?:^|[：:，,。\s])(?:[1１][、．)）]|①)\s*\p{Han}`)
