package runner_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"jiban"
	"jiban/dialog"
	"jiban/dialog/runner"
)

// oracle is a model in the hands of a test.
type oracle struct {
	mu    sync.Mutex
	asked []runner.ModelQuestion
	says  func(ctx context.Context, q runner.ModelQuestion) (runner.ModelAnswer, error)
	gone  bool
}

func (o *oracle) Ready(context.Context) string {
	if o.gone {
		return ""
	}
	return "oracle"
}

func (o *oracle) Ask(ctx context.Context, q runner.ModelQuestion) (runner.ModelAnswer, error) {
	o.mu.Lock()
	o.asked = append(o.asked, q)
	o.mu.Unlock()
	return o.says(ctx, q)
}

func summaryAsk() *dialog.ModelAsk {
	return &dialog.ModelAsk{Task: dialog.TaskSummary, Lang: jiban.Chinese, Text: "小区停水两天了，请尽快恢复", Limit: 80}
}

// asking is an engine that asks a model once and says what came of it.
func asking(ask *dialog.ModelAsk) func(in dialog.Input) (dialog.Outcome, *dialog.Need, error) {
	return func(in dialog.Input) (dialog.Outcome, *dialog.Need, error) {
		if in.Facts.Model == "" {
			return dialog.Outcome{State: json.RawMessage("1"), Decision: dialog.DecideAnswer, Replies: []dialog.Reply{{Text: "没有模型"}}}, nil, nil
		}
		if len(in.Facts.Models) == 0 {
			return dialog.Outcome{}, &dialog.Need{Kind: dialog.NeedModel, Model: ask}, nil
		}
		text := "没有结果"
		if f := in.Facts.Models[0]; f.Output != "" && f.Ask == ask.Digest() {
			text = f.Output
		}
		return dialog.Outcome{State: json.RawMessage("1"), Decision: dialog.DecideAnswer, Replies: []dialog.Reply{{Text: text, Generated: true}}}, nil, nil
	}
}

const summed = `{"summary":"小区停水两天了，请尽快恢复"}`

func withOracle(t *testing.T, says func(ctx context.Context, q runner.ModelQuestion) (runner.ModelAnswer, error)) (*house, *oracle) {
	h := open(t)
	o := &oracle{says: says}
	h.model = o
	h.node("n1")
	h.engine.does(asking(summaryAsk()))
	return h, o
}

func answers(text string) func(context.Context, runner.ModelQuestion) (runner.ModelAnswer, error) {
	return func(context.Context, runner.ModelQuestion) (runner.ModelAnswer, error) {
		return runner.ModelAnswer{Text: text, Model: "oracle-1", Tries: 1, PromptTokens: 11, CompletionTokens: 7}, nil
	}
}

// TestAModelsAnswerIsAmongTheFacts: with model, prompt, tokens and time, and the
// message is marked.
func TestAModelsAnswerIsAmongTheFacts(t *testing.T) {
	h, o := withOracle(t, answers(summed))
	c := h.hear("1", "小区停水两天了，请尽快恢复")
	out := h.turn(c)
	sent := h.outbound(c)
	if out.Replies[0].Text != summed || !sent[0].Content.Generated {
		t.Fatalf("%+v, %+v", out.Replies, sent[0].Content)
	}
	turn, err := h.store.Turn(t.Context(), sent[0].TurnID)
	if err != nil {
		t.Fatal(err)
	}
	var facts dialog.Facts
	if err := json.Unmarshal(turn.Facts, &facts); err != nil {
		t.Fatal(err)
	}
	f := facts.Models[0]
	if facts.Model != "oracle" || f.Model != "oracle-1" || f.Prompt != "summary-1" || f.PromptTokens != 11 || f.CompletionTokens != 7 || f.Took != "<0.5s" || f.Refused != "" || f.Output != summed || f.Boundary == "" {
		t.Errorf("%+v", facts)
	}
	q := o.asked[0]
	if f.Sent != dialog.Digest(q.System+"\n"+q.User) || f.Ask != summaryAsk().Digest() || !strings.Contains(q.User, f.Boundary+">>") || q.Conversation != c || q.MaxTokens == 0 || len(q.Schema) == 0 {
		t.Errorf("the facts do not name what was sent: %+v, %+v", f, q)
	}
}

// TestNoFailureOfAModelStopsATurn: each is a fact without output.
func TestNoFailureOfAModelStopsATurn(t *testing.T) {
	for name, c := range map[string]struct {
		why  string
		says func(ctx context.Context, q runner.ModelQuestion) (runner.ModelAnswer, error)
	}{
		"an error": {"server", func(context.Context, runner.ModelQuestion) (runner.ModelAnswer, error) {
			return runner.ModelAnswer{Failed: "server", Tries: 2}, errors.New("it failed")
		}},
		"a panic":    {"panic", func(context.Context, runner.ModelQuestion) (runner.ModelAnswer, error) { panic("小区停水") }},
		"bad answer": {"schema", answers("好的")},
		"invented":   {"number", answers(`{"summary":"小区停水九天了，请尽快恢复"}`)},
		"never answers": {"slow", func(ctx context.Context, _ runner.ModelQuestion) (runner.ModelAnswer, error) {
			<-ctx.Done()
			return runner.ModelAnswer{Failed: "slow", Tries: 1}, ctx.Err()
		}},
	} {
		t.Run(name, func(t *testing.T) {
			h, _ := withOracle(t, c.says)
			id := h.hear("1", "小区停水两天了，请尽快恢复")
			began := time.Now()
			out := h.turn(id)
			if out.Replies[0].Text != "没有结果" || time.Since(began) > 3*time.Second {
				t.Fatalf("%+v after %s", out.Replies, time.Since(began))
			}
			turn, err := h.store.Turn(t.Context(), h.outbound(id)[0].TurnID)
			if err != nil || !strings.Contains(string(turn.Facts), `"refused":"`+c.why+`"`) {
				t.Errorf("%v, %s", err, turn.Facts)
			}
		})
	}
}

// TestAModelThatIsNotReadyIsNotAsked.
func TestAModelThatIsNotReadyIsNotAsked(t *testing.T) {
	h, o := withOracle(t, answers(summed))
	o.gone = true
	if out := h.turn(h.hear("1", "小区停水两天了")); out.Replies[0].Text != "没有模型" || len(o.asked) != 0 {
		t.Errorf("%+v, %d asks", out.Replies, len(o.asked))
	}
}

// TestALostCommitAsksNoModelAgain: the turn is made anew, what was paid for is kept.
func TestALostCommitAsksNoModelAgain(t *testing.T) {
	h, o := withOracle(t, answers(summed))
	lost := 0
	h.store.set(func() {
		h.store.beforeApply = func(jiban.Batch) error {
			if lost++; lost < 4 {
				return jiban.Errorf(jiban.CodeConflict, "test", "somebody was faster")
			}
			return nil
		}
	})
	if out := h.turn(h.hear("1", "小区停水两天了，请尽快恢复")); out.Replies[0].Text != summed || len(o.asked) != 1 || lost != 4 {
		t.Errorf("%+v, asked %d times, committed %d times", out.Replies, len(o.asked), lost)
	}
}

// shown keeps what a page would show.
type shown struct {
	mu    sync.Mutex
	texts []string
}

func (s *shown) Draft(_ context.Context, _ jiban.Conversation, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.texts = append(s.texts, text)
}

// TestDraftsGrowSentenceBySentence, each checked before it is shown; a bad one
// withdraws what is there.
func TestDraftsGrowSentenceBySentence(t *testing.T) {
	ask := &dialog.ModelAsk{Task: dialog.TaskPhrase, Lang: jiban.Chinese, Text: "怎么报销", Limit: 200, Channel: jiban.ChannelWebChat,
		Articles: []jiban.Article{{ID: "a", Title: "报销", Body: "带身份证到医保窗口办理。十五个工作日到账。"}}}
	sentence := func(s string) string { return `{"text":"` + s + `","cites":[1]}` }
	stream := func(pieces ...string) func(context.Context, runner.ModelQuestion) (runner.ModelAnswer, error) {
		return func(_ context.Context, q runner.ModelQuestion) (runner.ModelAnswer, error) {
			text := ""
			for _, p := range pieces {
				if text += p; !q.Growing(text) {
					return runner.ModelAnswer{Failed: "withdrawn", Tries: 1}, errors.New("ended")
				}
			}
			return runner.ModelAnswer{Text: text, Tries: 1}, nil
		}
	}
	first, second := "带身份证到医保窗口办理。", "十五个工作日到账。"
	for name, c := range map[string]struct {
		pieces []string
		want   []string
	}{
		"good":             {[]string{`{"sent`, `ences":[` + sentence(first)[:12], sentence(first)[12:], `,` + sentence(second), `]}`}, []string{first, first + second}},
		"a bad second one": {[]string{`{"sentences":[` + sentence(first), `,` + sentence("请拨打95599。"), `]}`}, []string{first, ""}},
		"a bad first one":  {[]string{`{"sentences":[` + sentence("请拨打95599。")}, nil},
		"a bad end":        {[]string{`{"sentences":[` + sentence(first), `],"x":1}`}, []string{first, ""}},
		"no JSON":          {[]string{"好的，", "我来回答。"}, nil},
		"half a sentence":  {[]string{`{"sentences":[{"text":"带身份证到医保`}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t)
			s := &shown{}
			h.model, h.drafts = &oracle{says: stream(c.pieces...)}, s
			h.node("n1")
			h.engine.does(asking(ask))
			h.turn(h.hear("1", "怎么报销"))
			if strings.Join(s.texts, "|") != strings.Join(c.want, "|") || len(s.texts) != len(c.want) {
				t.Errorf("shown %q, want %q", s.texts, c.want)
			}
		})
	}
}

// TestOnlyAWebChatIsStreamed: nobody else could take a draft back.
func TestOnlyAWebChatIsStreamed(t *testing.T) {
	h := open(t)
	var listened bool
	h.model = &oracle{says: func(_ context.Context, q runner.ModelQuestion) (runner.ModelAnswer, error) {
		listened = q.Growing != nil
		return runner.ModelAnswer{Text: one("带身份证到医保窗口办理。")}, nil
	}}
	h.drafts = &shown{}
	h.node("n1")
	h.engine.does(asking(&dialog.ModelAsk{Task: dialog.TaskPhrase, Text: "怎么报销", Limit: 200, Channel: jiban.ChannelWeChat,
		Articles: []jiban.Article{{ID: "a", Title: "报销", Body: "带身份证到医保窗口办理。"}}}))
	h.turn(h.hear("1", "怎么报销"))
	if listened {
		t.Error("WeChat is streamed to")
	}
}

func one(s string) string { return `{"sentences":[{"text":"` + s + `","cites":[1]}]}` }
