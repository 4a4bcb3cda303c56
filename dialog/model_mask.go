package dialog

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"jiban/lang"
)

// cover keeps what was hidden from a model, to put it back into the answer.
type cover struct {
	holders   []string // ⟨电话1⟩ …
	originals []string // what stands behind each
	count     map[string]int
}

// hiddenPart is one piece of a text to be hidden.
type hiddenPart struct {
	start, end int
	kind       string
}

var (
	identityNumber = regexp.MustCompile(`[1-9][0-9]{16}[0-9Xx]|[1-9][0-9]{14}`)
	mailAddress    = regexp.MustCompile(`[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+`)
	longNumber     = regexp.MustCompile(`[0-9０-９](?:[-\s]?[0-9０-９]){5,}[Xx]?`)
	holderShape    = regexp.MustCompile(`⟨[^⟨⟩]*⟩?|⟩`)
	holderMarks    = strings.NewReplacer("⟨", "〈", "⟩", "〉")
)

// mostAsked bounds what of a person's words goes to a model, in characters.
const mostAsked = 1200

// hide replaces what tells who or where a person is by placeholders: telephone,
// identity and other long numbers, plates, names, mail and exact addresses. What
// was hidden once is hidden wherever it stands again.
func (t *turn) hide(c *cover, text string) string {
	text = firstRunes(holderMarks.Replace(text), mostAsked)
	parts := t.hidden(text)
	slices.SortStableFunc(parts, func(a, b hiddenPart) int { return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(b.end, a.end)) })
	var out strings.Builder
	at := 0
	for _, p := range parts {
		// Of what overlaps the rest is hidden, too.
		if p.start = max(p.start, at); p.end <= p.start {
			continue
		}
		out.WriteString(text[at:p.start])
		out.WriteString(c.holder(p.kind, text[p.start:p.end]))
		at = p.end
	}
	out.WriteString(text[at:])
	return c.again(out.String())
}

// hidden lists the parts to hide, in no order; they may overlap.
func (t *turn) hidden(text string) []hiddenPart {
	var parts []hiddenPart
	for kind, found := range map[string][]lang.Slot{
		"电话": lang.Phones(text), "编号": lang.TicketNumbers(text), "车牌": lang.Plates(text), "姓名": lang.Names(text), "代码": lang.CreditCodes(text),
	} {
		for _, s := range found {
			start := s.Start
			if kind == "姓名" {
				start += max(0, strings.Index(s.Text, s.Value))
			}
			parts = append(parts, hiddenPart{start, s.End, kind})
		}
	}
	for _, p := range t.e.places.FindNear(text, t.region()) {
		if exact(p) {
			parts = append(parts, hiddenPart{p.Start, p.End, "地址"})
		}
	}
	for kind, shape := range map[string]*regexp.Regexp{"证件": identityNumber, "邮箱": mailAddress, "号码": longNumber} {
		for _, m := range shape.FindAllStringIndex(text, -1) {
			parts = append(parts, hiddenPart{m[0], m[1], kind})
		}
	}
	for _, known := range t.st.Known {
		for at := 0; len([]rune(known)) > 1; {
			i := strings.Index(text[at:], known)
			if i < 0 {
				break
			}
			parts = append(parts, hiddenPart{at + i, at + i + len(known), "姓名"})
			at += i + len(known)
		}
	}
	slices.SortFunc(parts, func(a, b hiddenPart) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.end, b.end), strings.Compare(a.kind, b.kind))
	})
	return parts
}

// holder is the placeholder of an original, the same one each time.
func (c *cover) holder(kind, original string) string {
	if i := slices.Index(c.originals, original); i >= 0 {
		return c.holders[i]
	}
	if c.count == nil {
		c.count = map[string]int{}
	}
	c.count[kind]++
	h := "⟨" + kind + strconv.Itoa(c.count[kind]) + "⟩"
	c.holders, c.originals = append(c.holders, h), append(c.originals, original)
	return h
}

// again hides what was hidden before where it stands without what told it.
func (c *cover) again(text string) string {
	for i, original := range c.originals {
		if len([]rune(original)) > 1 {
			text = strings.ReplaceAll(text, original, c.holders[i])
		}
	}
	return text
}

// restore puts the originals back where their placeholders stand.
func (c *cover) restore(text string) string {
	for i, h := range c.holders {
		text = strings.ReplaceAll(text, h, c.originals[i])
	}
	return text
}
