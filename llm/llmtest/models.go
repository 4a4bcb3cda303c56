package llmtest

import (
	"encoding/json"
	"regexp"
	"strings"
)

// fenced finds what others said in a prompt, by kind.
var fenced = regexp.MustCompile(`(?s)<<[0-9a-z]+ ([a-z]+)\n(.*?)\n[0-9a-z]+>>`)

// Blocks are the fenced texts of a prompt, by kind, in order.
func (r Request) Blocks() map[string][]string {
	out := map[string][]string{}
	for _, m := range fenced.FindAllStringSubmatch(r.User, -1) {
		out[m[1]] = append(out[m[1]], m[2])
	}
	return out
}

func encoded(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(data)
}

// Sentence is one of an answer.
type Sentence struct {
	Text  string `json:"text"`
	Cites []int  `json:"cites"`
}

// Answer is an answer of the phrase task.
func Answer(ss ...Sentence) string { return encoded(map[string]any{"sentences": ss}) }

// Honest is a model that does what it is asked, as plainly as can be: an answer is
// the first two sentences of the first article, a summary the first sentences of
// the message.
func Honest(r Request) Reply {
	blocks := r.Blocks()
	message := strings.Join(blocks["message"], "\n")
	switch r.Task() {
	case "phrase":
		_, body, _ := strings.Cut(strings.Join(blocks["article"][:1], ""), "\n")
		var out []Sentence
		for _, s := range sentences(body) {
			if len([]rune(s)) <= 60 && len(out) < 2 {
				out = append(out, Sentence{s, []int{1}})
			}
		}
		return Reply{Content: Answer(out...)}
	case "summary":
		text := strings.ReplaceAll(message, "\n", "")
		if runes := []rune(text); len(runes) > 60 {
			text = string(runes[:60])
		}
		return Reply{Content: encoded(map[string]any{"summary": text})}
	case "rewrite":
		return Reply{Content: encoded(map[string]any{"question": strings.Join(blocks["before"], "") + message})}
	default:
		return Reply{Content: encoded(map[string]any{"type": "unknown", "matter": "", "slots": []any{}})}
	}
}

func sentences(text string) []string {
	var out []string
	for _, s := range strings.FieldsFunc(text, func(r rune) bool { return r == '。' || r == '\n' || r == '；' }) {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s+"。")
		}
	}
	return out
}
