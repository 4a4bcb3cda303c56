package runner

import (
	"context"
	"fmt"
	"time"

	"jiban"
	"jiban/dialog"
	"jiban/prompts"
)

// modelReserve is what a model leaves of a turn's time for the commit and for a
// turn that has to be made anew.
const modelReserve = 2 * time.Second

// modelTokens bounds the answer to each task: what its characters may need, with
// the JSON around them.
var modelTokens = map[dialog.ModelTask]int{dialog.TaskUnderstand: 300, dialog.TaskPhrase: 800, dialog.TaskRewrite: 150, dialog.TaskSummary: 350}

// ready names the model that this turn may ask.
func (t *turn) ready(ctx context.Context) string {
	if t.r.d.Model == nil || t.r.d.Prompts == nil || t.in.Conversation.Holder == jiban.HeldByAgent {
		return ""
	}
	return t.r.d.Model.Ready(ctx)
}

// model puts what a model says among the facts, or that it says nothing: it never
// fails. An ask that was answered before a lost commit is not made again.
func (t *turn) model(ctx context.Context, ask *dialog.ModelAsk) {
	digest := ask.Digest()
	fact, known := t.asked[digest]
	if !known {
		fact = t.askModel(ctx, ask)
		fact.Task, fact.Ask = ask.Task, digest
		t.asked[digest] = fact
	}
	t.facts.Models = append(t.facts.Models, fact)
}

func (t *turn) askModel(ctx context.Context, ask *dialog.ModelAsk) (fact dialog.ModelFact) {
	defer func() {
		if p := recover(); p != nil {
			fact = dialog.ModelFact{Refused: "panic"}
			t.report("a model could not be asked, the turn goes on without", fmt.Errorf("a panic with a %T", p))
		}
	}()
	fact.Boundary = t.r.d.IDs.NewID()
	prompt, err := t.r.d.Prompts.Prompt(string(ask.Task), ask.Lang, params(ask, fact.Boundary))
	if err != nil {
		t.report("a prompt could not be worded, the turn goes on without a model", err)
		return dialog.ModelFact{Refused: "prompt"}
	}
	fact.Prompt, fact.Sent = prompt.Version, dialog.Digest(prompt.System+"\n"+prompt.User)
	ctx, cancel := t.modelTime(ctx)
	defer cancel()
	began := t.r.d.Clock.Now()
	show := t.growing(ctx, ask, fact.Boundary)
	answer, err := t.r.d.Model.Ask(ctx, ModelQuestion{
		Task: string(ask.Task), Conversation: t.in.Conversation.ID, System: prompt.System, User: prompt.User, Schema: ask.Schema(), MaxTokens: modelTokens[ask.Task],
		Accept:  func(text string) string { _, why := ask.Check(text, fact.Boundary); return string(why) },
		Growing: show.listener(),
	})
	if err == nil {
		var why dialog.Refusal
		fact.Output, why = ask.Check(answer.Text, fact.Boundary)
		fact.Refused = string(why)
	} else {
		fact.Refused = answer.Failed
		t.r.d.Log.InfoContext(ctx, "a model gave no answer, the turn goes on without", "conversation", t.in.Conversation.ID, "task", ask.Task, "error", err)
	}
	show.end(fact.Output != "")
	fact.Model, fact.Tries, fact.Estimated = answer.Model, answer.Tries, answer.Estimated
	fact.PromptTokens, fact.CompletionTokens = answer.PromptTokens, answer.CompletionTokens
	fact.Took = tookClass(t.r.d.Clock.Now().Sub(began))
	return fact
}

// modelTime ends early enough before the turn's own end.
func (t *turn) modelTime(ctx context.Context) (context.Context, context.CancelFunc) {
	end, limited := ctx.Deadline()
	if !limited {
		return context.WithTimeout(ctx, t.r.d.ModelTime)
	}
	return context.WithDeadline(ctx, end.Add(t.r.d.ModelTime-turnLimit))
}

func params(a *dialog.ModelAsk, boundary string) prompts.ModelParams {
	p := prompts.ModelParams{Boundary: boundary, Text: a.Text, Before: a.Before, Limit: a.Limit}
	for _, m := range a.Matters {
		p.Matters = append(p.Matters, prompts.ModelChoice(m))
	}
	for _, f := range a.Fields {
		p.Fields = append(p.Fields, prompts.ModelChoice(f))
	}
	for i := range a.Articles {
		p.Articles = append(p.Articles, prompts.ModelArticle{N: i + 1, Text: a.Articles[i].Title + "\n" + a.Articles[i].Body})
	}
	return p
}

func tookClass(d time.Duration) string {
	for _, class := range []struct {
		below time.Duration
		name  string
	}{{500 * time.Millisecond, "<0.5s"}, {time.Second, "<1s"}, {2 * time.Second, "<2s"}, {4 * time.Second, "<4s"}} {
		if d < class.below {
			return class.name
		}
	}
	return "more"
}
