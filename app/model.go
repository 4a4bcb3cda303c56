package app

import (
	"context"

	"jiban"
	"jiban/channels/webchat"
	"jiban/dialog/runner"
	"jiban/llm"
	"jiban/prompts"
)

// newModel gives the runner a language model where the configuration names one.
func newModel(b *base, d *runner.Deps) error {
	c := b.cfg.LLM
	if c.BaseURL == "" {
		return nil
	}
	client, err := llm.New(llm.Config{
		BaseURL: c.BaseURL, APIKey: c.APIKey, Model: c.Model, CallTime: c.CallTime, PromptChars: c.PromptChars, AnswerTokens: c.AnswerTokens,
		ResponseBytes: int64(c.ResponseBytes), ConversationTokens: int64(c.ConversationTokens), DayTokens: int64(c.DayTokens), Failures: c.Failures, OpenFor: c.Pause,
	}, llm.Deps{Ledger: b.store, Counters: b.shared, Metrics: b.models, Clock: b.clock, Log: b.log})
	if err != nil {
		return err
	}
	texts, err := prompts.NewModels()
	if err != nil {
		return err
	}
	d.Model, d.Prompts, d.ModelTime, d.Drafts = client, texts, c.TurnTime, drafts{b}
	return nil
}

// drafts carry a growing answer to the pages of its visitor, on whatever node.
type drafts struct{ *base }

// Draft tells the pages; one that is lost is made up for by the message.
func (d drafts) Draft(ctx context.Context, c jiban.Conversation, text string) {
	if err := webchat.PublishDraft(ctx, d.shared, c.Channel, c.Address, text); err != nil {
		d.log.DebugContext(ctx, "a draft could not be shown", "conversation", c.ID, "error", err)
	}
}
