package dialog

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"jiban"
	"jiban/lang"
)

// Refusal says why a model's answer is not used.
type Refusal string

// The refusals.
const (
	RefusedSchema   Refusal = "schema"      // it is not the JSON that was asked for
	RefusedCitation Refusal = "citation"    // a sentence without a source, or with one that was not retrieved
	RefusedNumber   Refusal = "number"      // digits, an amount or a date that no source has
	RefusedLink     Refusal = "link"        // a link, a mail address or a Latin word that no source has
	RefusedLength   Refusal = "length"      // nothing, or too much
	RefusedPromise  Refusal = "promise"     // it promises, or says that something was done
	RefusedLanguage Refusal = "language"    // not the person's language
	RefusedFence    Refusal = "fence"       // it shows marks of the prompt
	RefusedHolder   Refusal = "placeholder" // it names something hidden that was not there
	RefusedSupport  Refusal = "support"     // it says what the source does not
)

// ModelReading is a model's understanding of a message.
type ModelReading struct {
	Type   string      `json:"type"` // a request type, or unknown
	Matter string      `json:"matter"`
	Slots  []ModelSlot `json:"slots"`
}

// ModelSlot is what a person told, in their own words.
type ModelSlot struct {
	Key   string `json:"key"`
	Words string `json:"words"`
}

// ModelSentence is one sentence of an answer, with the numbers of its articles.
type ModelSentence struct {
	Text  string `json:"text"`
	Cites []int  `json:"cites"`
}

type modelAnswer struct {
	Sentences []ModelSentence `json:"sentences"`
}

type modelQuestion struct {
	Question string `json:"question"`
}

type modelSummary struct {
	Summary string `json:"summary"`
}

const unknownType = "unknown"

var modelTypes = []string{string(jiban.Consultation), string(jiban.Help), string(jiban.Complaint), string(jiban.Report), string(jiban.Suggestion), string(jiban.Praise), unknownType}

// mostSentences bounds an answer.
const mostSentences = 12

// Check is every test that a model's answer must pass before the engine may use a
// word of it. It returns the answer as JSON of our own making, or why there is none.
// The boundary is the one of the prompt, which must not show.
func (a *ModelAsk) Check(raw, boundary string) (output string, why Refusal) {
	var value any
	switch a.Task {
	case TaskUnderstand:
		value, why = a.checkReading(raw)
	case TaskPhrase:
		value, why = a.checkAnswer(raw, boundary)
	case TaskRewrite:
		value, why = a.checkQuestion(raw, boundary)
	case TaskSummary:
		value, why = a.checkSummary(raw, boundary)
	default:
		why = RefusedSchema
	}
	if why != "" {
		return "", why
	}
	data, err := json.Marshal(value)
	if err != nil {
		return "", RefusedSchema
	}
	return string(data), ""
}

// strictly reads exactly one JSON value without unknown keys.
func strictly(raw string, into any) error {
	d := json.NewDecoder(bytes.NewReader([]byte(raw)))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the value")
	}
	return nil
}

// checkReading drops what the person did not say and refuses what was not to
// choose from. Telephone numbers are never taken from a model.
func (a *ModelAsk) checkReading(raw string) (r ModelReading, why Refusal) {
	if strictly(raw, &r) != nil || !contains(modelTypes, r.Type) {
		return r, RefusedSchema
	}
	if r.Matter != "" && !slices.ContainsFunc(a.Matters, func(m ModelChoice) bool { return m.Code == r.Matter }) {
		return r, RefusedSchema
	}
	kept := []ModelSlot{}
	for _, s := range r.Slots {
		words := strings.TrimSpace(s.Words)
		offered := slices.ContainsFunc(a.Fields, func(f ModelChoice) bool { return f.Code == s.Key })
		if offered && words != "" && len([]rune(words)) <= 60 && strings.Contains(a.Text, words) && len(lang.Phones(words)) == 0 && s.Key != "phone" {
			kept = append(kept, ModelSlot{s.Key, words})
		}
	}
	r.Slots = kept
	return r, ""
}

// checkAnswer holds each sentence to the articles that it cites.
func (a *ModelAsk) checkAnswer(raw, boundary string) (r modelAnswer, why Refusal) {
	if strictly(raw, &r) != nil {
		return r, RefusedSchema
	}
	if len(r.Sentences) == 0 || len(r.Sentences) > mostSentences {
		return r, RefusedLength
	}
	total, main := 0, false
	for i := range r.Sentences {
		s := &r.Sentences[i]
		s.Text = strings.TrimSpace(s.Text)
		if why := a.CheckSentence(*s, boundary); why != "" {
			return r, why
		}
		total += len([]rune(s.Text))
		main = main || slices.Contains(s.Cites, 1)
	}
	if total > a.Limit {
		return r, RefusedLength
	}
	if !main {
		return r, RefusedCitation
	}
	return r, ""
}

// CheckSentence holds one sentence of an answer to the articles that it cites, so
// that it may be shown before the others are there.
func (a *ModelAsk) CheckSentence(s ModelSentence, boundary string) Refusal {
	if len(s.Cites) == 0 {
		return RefusedCitation
	}
	var source strings.Builder
	for _, n := range s.Cites {
		if n < 1 || n > len(a.Articles) {
			return RefusedCitation
		}
		article := &a.Articles[n-1]
		source.WriteString(article.Title + "\n" + article.Body + "\n")
	}
	text := strings.TrimSpace(s.Text)
	if text == "" || len([]rune(text)) > min(a.Limit, 200) || strings.Contains(text, "\n") {
		return RefusedLength
	}
	if why := wording(text, source.String(), boundary, a.Lang); why != "" {
		return why
	}
	if a.Lang != jiban.English && supported(text, source.String()) < enoughSupport {
		return RefusedSupport
	}
	return ""
}

// enoughSupport is the share of neighbouring characters that a sentence must have
// in common with what it rests on: a rewording has most of them, an invention few.
const enoughSupport = 0.5

// checkQuestion holds a rewritten question to the words of the two it is made of.
func (a *ModelAsk) checkQuestion(raw, boundary string) (r modelQuestion, why Refusal) {
	if strictly(raw, &r) != nil {
		return r, RefusedSchema
	}
	r.Question = strings.TrimSpace(r.Question)
	if n := len([]rune(r.Question)); n < 2 || n > a.Limit || strings.Contains(r.Question, "\n") {
		return r, RefusedLength
	}
	source := a.Text + "\n" + a.Before + "\n" + "怎么办理需要什么材料在哪里多少钱条件流程请问如何"
	if why := wording(r.Question, source, boundary, ""); why != "" {
		return r, why
	}
	if covered(r.Question, source) < 0.9 {
		return r, RefusedSupport
	}
	return r, ""
}

// checkSummary holds a summary to what was said.
func (a *ModelAsk) checkSummary(raw, boundary string) (r modelSummary, why Refusal) {
	if strictly(raw, &r) != nil {
		return r, RefusedSchema
	}
	r.Summary = strings.TrimSpace(r.Summary)
	if n := len([]rune(r.Summary)); n < 4 || n > a.Limit {
		return r, RefusedLength
	}
	if why := wording(r.Summary, a.Text, boundary, jiban.Chinese); why != "" {
		return r, why
	}
	if hans(a.Text) > 0 && supported(r.Summary, a.Text) < enoughSupport {
		return r, RefusedSupport
	}
	return r, ""
}

// wording are the tests that hold for every free text of a model.
func wording(text, source, boundary string, l jiban.Lang) Refusal {
	switch {
	case boundary != "" && strings.Contains(text, boundary), fenceMarks.MatchString(text):
		return RefusedFence
	case !holdersKnown(text, source):
		return RefusedHolder
	case foreignNumber(text, source):
		return RefusedNumber
	case foreignLatin(text, source, l):
		return RefusedLink
	case promises(text, source):
		return RefusedPromise
	case !spoken(text, l):
		return RefusedLanguage
	}
	return ""
}

var fenceMarks = regexp.MustCompile("<<|>>|＜＜|＞＞|```|[{}【】]|\\]\\(|(?i:</?(?:script|img|a |iframe))")

// promised is what a hotline cannot promise, and what a model has not done.
var promised = regexp.MustCompile(`保证|一定(?:会|能|可以|给|帮)|肯定(?:会|能|可以)|绝对|包(?:您|你|办|过)|承诺|百分之百|放心|马上(?:为|给|帮)|已经?(?:为|帮|给|替)?(?:您|你)|(?:我|我们)(?:会|将|已)|工单(?:已|编号)|验证码|密码|转账|汇款|银行卡号|(?i:guarantee|promise|definitely|certainly will|i have (?:filed|opened|closed|forwarded|submitted)|we will|i will|password|verification code|transfer money)`)

// promises says that a text has such words which its source has not.
func promises(text, source string) bool {
	for _, m := range promised.FindAllString(text, -1) {
		if !strings.Contains(strings.ToLower(source), strings.ToLower(m)) {
			return true
		}
	}
	return false
}

var (
	latinWord = regexp.MustCompile(`[A-Za-z][A-Za-z0-9._-]*`)
	address   = regexp.MustCompile(`(?i)[a-z][a-z0-9+.-]*://\S+|[a-z0-9._%+-]+@[a-z0-9.-]+|(?:www\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:com|cn|net|org|gov|io|top|xyz|info|cc|me|tv|app|vip|shop|site|club|ru|hk|tw)\b\S*`)
)

// foreignLatin says that a text has a link, a mail address or, in Chinese, any Latin
// word of three letters which its source has not.
func foreignLatin(text, source string, l jiban.Lang) bool {
	text, source = lang.Fold(text), lang.Fold(source)
	for _, m := range address.FindAllString(text, -1) {
		if !strings.Contains(source, strings.TrimRight(m, ".,;!?。，；！？)）")) {
			return true
		}
	}
	if l == jiban.English || strings.Contains(text, "://") && !strings.Contains(source, "://") {
		return l != jiban.English
	}
	for _, m := range latinWord.FindAllString(text, -1) {
		if len(m) >= 3 && !strings.Contains(source, m) {
			return true
		}
	}
	return false
}

// spoken says that a text is in a language: Chinese has enough Chinese characters beside names and links,
// English with hardly any. "" takes either.
func spoken(text string, l jiban.Lang) bool {
	han, letters := hans(text), 0
	for _, r := range text {
		if unicode.IsLetter(r) && !unicode.Is(unicode.Han, r) {
			letters++
		}
	}
	switch l {
	case jiban.Chinese:
		return han*4 >= letters && han > 0
	case jiban.English:
		return letters > 0 && han*5 <= letters
	default:
		return han+letters > 0
	}
}

func hans(text string) int {
	n := 0
	for _, r := range text {
		if unicode.Is(unicode.Han, r) {
			n++
		}
	}
	return n
}

// supported is the share of a text's pairs of Chinese characters that its source
// has too.
func supported(text, source string) float64 {
	runes := []rune(lang.Fold(text))
	source = lang.Fold(source)
	all, found := 0, 0
	for i := 0; i+1 < len(runes); i++ {
		if !unicode.Is(unicode.Han, runes[i]) || !unicode.Is(unicode.Han, runes[i+1]) {
			continue
		}
		all++
		if strings.Contains(source, string(runes[i:i+2])) {
			found++
		}
	}
	if all == 0 {
		return 1
	}
	return float64(found) / float64(all)
}

// covered is the share of a text's letters that its source has too.
func covered(text, source string) float64 {
	source = lang.Fold(source)
	all, found := 0, 0
	for _, r := range lang.Fold(text) {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			continue
		}
		all++
		if strings.ContainsRune(source, r) {
			found++
		}
	}
	if all == 0 {
		return 0
	}
	return float64(found) / float64(all)
}

// holdersKnown says that a text names only placeholders that its source has.
func holdersKnown(text, source string) bool {
	for _, h := range holderShape.FindAllString(text, -1) {
		if !strings.Contains(source, h) || !strings.HasSuffix(h, "⟩") {
			return false
		}
	}
	return true
}
