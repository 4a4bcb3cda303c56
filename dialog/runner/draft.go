package runner

import (
	"context"
	"encoding/json"
	"strings"

	"jiban"
	"jiban/dialog"
)

// growth shows an answer while a model writes it: sentence by sentence, each one
// checked before anybody sees it. The nil growth shows nothing.
type growth struct {
	show     func(text string)
	ask      *dialog.ModelAsk
	boundary string
	shown    int  // sentences that are to be seen
	bad      bool // one did not pass: no further is shown
}

// growing listens to an answer that a web chat may show as it grows.
func (t *turn) growing(ctx context.Context, ask *dialog.ModelAsk, boundary string) *growth {
	if t.r.d.Drafts == nil || ask.Task != dialog.TaskPhrase || ask.Channel != jiban.ChannelWebChat {
		return nil
	}
	c := t.in.Conversation
	return &growth{ask: ask, boundary: boundary, show: func(text string) { t.r.d.Drafts.Draft(ctx, c, text) }}
}

func (g *growth) listener() func(string) bool {
	if g == nil {
		return nil
	}
	return g.hear
}

// hear takes the answer as far as it has come. After a sentence that does not pass
// the call is ended and the draft withdrawn.
func (g *growth) hear(text string) bool {
	sentences := whole(text)
	if len(sentences) < g.shown {
		g.withdraw() // a second try
	}
	if len(sentences) == g.shown {
		return !g.bad
	}
	var out strings.Builder
	for _, s := range sentences {
		if g.ask.CheckSentence(s, g.boundary) != "" {
			g.bad = true
			g.withdraw()
			return false
		}
		out.WriteString(strings.TrimSpace(s.Text))
		if g.ask.Lang == jiban.English {
			out.WriteString(" ")
		}
	}
	g.bad, g.shown = false, len(sentences)
	g.show(out.String())
	return true
}

func (g *growth) withdraw() {
	if g.shown > 0 {
		g.shown = 0
		g.show("")
	}
}

// end withdraws a draft that no message takes the place of.
func (g *growth) end(good bool) {
	if g != nil && !good {
		g.withdraw()
	}
}

// whole reads the sentences of an unfinished answer that have come whole.
func whole(text string) []dialog.ModelSentence {
	d := json.NewDecoder(strings.NewReader(text))
	for _, want := range []json.Token{json.Delim('{'), "sentences", json.Delim('[')} {
		if got, err := d.Token(); err != nil || got != want {
			return nil
		}
	}
	var out []dialog.ModelSentence
	for d.More() {
		var s dialog.ModelSentence
		if d.Decode(&s) != nil {
			break
		}
		out = append(out, s)
	}
	return out
}
