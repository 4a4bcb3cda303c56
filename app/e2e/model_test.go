package e2e

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"jiban/llm/llmtest"
)

// TestAnAnswerGrowsInTheChat is the real program with a model behind HTTP: drafts
// come while the model writes, the message takes their place. With an answer whose
// end does not pass the draft goes and the article comes as it stands. The metrics
// tell both.
func TestAnAnswerGrowsInTheChat(t *testing.T) {
	bad := false
	s := llmtest.New(t).Always(func(r llmtest.Request) llmtest.Reply {
		reply := llmtest.Honest(r)
		if bad {
			reply.Content = strings.Replace(reply.Content, `]}`, `]},{"text":"详情请拨打0451-99998888。","cites":[1]}`, 1)
		}
		reply.Pace = 15 * time.Millisecond
		return reply
	})
	p := newProgram(t, fmt.Sprintf("llm: {base_url: %q, api_key: %q, model: scripted, turn_time: 6s, call_time: 5s}\n", s.URL, llmtest.Key))
	p.start()
	c := p.chatter(t)
	drafts, said := grows(c, "utterance-good", "异地就医备案怎样办理")
	if len(drafts) == 0 || !strings.HasPrefix(said, drafts[len(drafts)-1]) || !strings.Contains(said, "AI根据下列来源生成") {
		t.Errorf("drafts %q, said %q", drafts, said)
	}
	bad = true
	drafts, said = grows(p.chatter(t), "utterance-evil", "异地就医备案怎样办理")
	if len(drafts) < 2 || drafts[len(drafts)-1] != "" || strings.Contains(said, "AI") || strings.Contains(said, "99998888") {
		t.Errorf("drafts %q, said %q", drafts, said)
	}
	for _, d := range drafts {
		if strings.Contains(d, "99998888") {
			t.Errorf("an invented number was shown: %q", d)
		}
	}
	counted(t, p, `jiban_model_calls_total{result="ok",task="phrase"} 1`, `jiban_model_calls_total{result="withdrawn",task="phrase"} 2`, "jiban_model_tokens_total", "jiban_model_breaker_open 0")
	if log := p.log.String(); strings.Contains(log, llmtest.Key) || strings.Contains(log, "异地就医") {
		t.Error("the log has the key, or what was said")
	}
}

// grows says something and returns the drafts that were shown and the last message.
func grows(c *chatter, id, text string) (drafts []string, said string) {
	c.send(map[string]any{"type": "say", "id": id, "text": text})
	for {
		switch f := c.frame(); {
		case f.Type == "draft":
			drafts = append(drafts, f.Text)
		case f.Type == "nack":
			c.t.Fatalf("%q was not taken in", text)
		case f.Type == "message" && strings.Contains(f.Text, "来源"):
			return drafts, f.Text
		}
	}
}

func counted(t *testing.T, p *program, want ...string) {
	t.Helper()
	res, err := http.Get(p.url("/metrics"))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range want {
		if !strings.Contains(string(data), w) {
			t.Errorf("the metrics lack %s", w)
		}
	}
}
