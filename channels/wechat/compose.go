package wechat

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"jiban"
	"jiban/channels"
)

// Compose splits content into customer-service messages of at most 2048 bytes (some
// 680 Chinese characters), cut at the ends of sentences. The options are a menu at the
// end of the last part; its Text holds them as numbered lines, for the case that
// the account may not send menus.
func (a *Adapter) Compose(w channels.Way, c jiban.Content) ([]channels.Part, error) {
	if w.Template {
		return nil, jiban.Errorf(jiban.CodeInvalid, "wechat.Compose", "this account sends no templates")
	}
	body := clean(withCitations(c))
	if body == "" && len(c.Options) == 0 {
		return nil, jiban.Errorf(jiban.CodeInvalid, "wechat.Compose", "the message has no text")
	}
	menu := clean(numbered(c.Options))
	texts := channels.Split(body, maxTextBytes, channels.Bytes)
	if menu != "" && len(texts) > 0 && !fits(joinNonEmpty([]string{texts[len(texts)-1], menu})) {
		// The menu gets a part of its own; it must not be cut.
		texts = append(texts, "")
	}
	if len(texts) == 0 {
		texts = []string{""}
	}
	parts := make([]channels.Part, len(texts))
	for i, t := range texts {
		p := channels.Part{N: i + 1, Of: len(texts), Text: t,
			Content: jiban.Content{Kind: jiban.KindText, Text: t, Generated: c.Generated}}
		if i == len(texts)-1 && menu != "" {
			p.Text = joinNonEmpty([]string{t, menu})
			p.Content.Options = c.Options
		}
		parts[i] = p
	}
	return parts, nil
}

// merge joins the texts of messages, in order, as far as they fit into one text,
// and returns the ids of those that did.
func merge(ms []jiban.Message) (string, []string) {
	var text string
	var ids []string
	for _, m := range ms {
		next := clean(joinNonEmpty([]string{withCitations(m.Content), numbered(m.Content.Options)}))
		if next == "" {
			break
		}
		joined := next
		if text != "" {
			joined = text + "\n\n" + next
		}
		if !fits(joined) {
			break
		}
		text, ids = joined, append(ids, m.ID)
	}
	return text, ids
}

func fits(s string) bool { return len(s) <= maxTextBytes }

func withCitations(c jiban.Content) string {
	lines := []string{c.Text}
	for _, ct := range channels.Unnamed(c) {
		line := "《" + ct.Title + "》"
		if ct.Source != "" {
			line += " " + ct.Source
		}
		if ct.Date != "" {
			line += " " + ct.Date
		}
		lines = append(lines, line)
	}
	return joinNonEmpty(lines)
}

func numbered(os []jiban.Option) string {
	lines := make([]string, len(os))
	for i, o := range os {
		lines[i] = fmt.Sprintf("%d. %s", i+1, o.Label)
	}
	return strings.Join(lines, "\n")
}

// clean drops what XML 1.0 cannot carry and what Go's JSON would write as \uXXXX,
// which WeChat refuses with 40033.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == '\u2028' || r == '\u2029':
			return '\n'
		case r < 0x20 || r == 0x7f || r == utf8.RuneError || r == 0xFFFE || r == 0xFFFF:
			return -1
		}
		return r
	}, s)
	return strings.TrimSpace(s)
}
