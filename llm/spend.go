package llm

import (
	"context"
	"time"
	"unicode"

	"jiban"
	"jiban/dialog/runner"
)

const (
	// countTime bounds the counting of one call, which is done for a caller who has
	// gone, too.
	countTime = time.Second
	talkFor   = 24 * time.Hour
	// around is what servers add to a prompt, in tokens.
	around = 50
)

// day is the day in Beijing that the house's tokens are counted by.
func (c *Client) day() string { return c.d.Clock.Now().In(jiban.Beijing).Format("2006-01-02") }

// payment is what was set aside for a call.
type payment struct {
	day    string
	tokens int64
}

// reserve sets aside what a call may cost at most, so that no number of nodes and
// calls at once goes over a limit. Where nothing can be counted nothing is asked.
func (c *Client) reserve(ctx context.Context, q runner.ModelQuestion) (payment, *Failure) {
	p := payment{c.day(), int64(estimate(q.System) + estimate(q.User) + estimate(string(q.Schema)) + around + q.MaxTokens)}
	if c.cfg.ConversationTokens > 0 && q.Conversation != "" {
		total, err := c.countTalk(ctx, q.Conversation, p.tokens)
		if err != nil {
			return p, c.uncounted(ctx, err)
		}
		if total > c.cfg.ConversationTokens {
			return p, c.giveBack(ctx, q.Conversation, p, TalkSpent, nil)
		}
	}
	if c.cfg.DayTokens <= 0 {
		return p, nil
	}
	total, err := c.countDay(ctx, p.day, p.tokens)
	if err != nil {
		return p, c.uncounted(ctx, err)
	}
	if total <= c.cfg.DayTokens {
		return p, nil
	}
	if total-p.tokens >= c.cfg.DayTokens-int64(c.cfg.AnswerTokens) {
		c.spent.Store(p.day)
		c.d.Log.WarnContext(ctx, "the tokens of the day are spent, the house goes on without a model until tomorrow", "limit", c.cfg.DayTokens)
	}
	return p, c.giveBack(ctx, q.Conversation, p, DaySpent, &p.day)
}

// giveBack returns what was set aside for a call that is not made.
func (c *Client) giveBack(ctx context.Context, conversation string, p payment, why Kind, day *string) *Failure {
	if c.cfg.ConversationTokens > 0 && conversation != "" {
		if _, err := c.countTalk(ctx, conversation, -p.tokens); err != nil {
			return c.uncounted(ctx, err)
		}
	}
	if day != nil {
		if _, err := c.countDay(ctx, *day, -p.tokens); err != nil {
			return c.uncounted(ctx, err)
		}
	}
	return &Failure{Kind: why}
}

func (c *Client) uncounted(ctx context.Context, err error) *Failure {
	c.d.Log.WarnContext(ctx, "what a model costs cannot be counted, it is not asked", "error", err)
	return &Failure{Kind: Uncounted}
}

// settle puts what a call did cost in the place of what was set aside.
func (c *Client) settle(ctx context.Context, conversation string, p payment, got runner.ModelAnswer) {
	rest := int64(got.PromptTokens+got.CompletionTokens) - p.tokens
	if c.cfg.ConversationTokens > 0 && conversation != "" {
		if _, err := c.countTalk(ctx, conversation, rest); err != nil {
			c.unsettled(ctx, err)
		}
	}
	if c.cfg.DayTokens > 0 {
		if _, err := c.countDay(ctx, p.day, rest); err != nil {
			c.unsettled(ctx, err)
		}
	}
}

// unsettled leaves what was set aside counted: rather too much than too little.
func (c *Client) unsettled(ctx context.Context, err error) {
	c.d.Log.WarnContext(ctx, "what a model cost could not be counted exactly, what it may have cost at most stays counted", "error", err)
}

func (c *Client) countTalk(ctx context.Context, conversation string, n int64) (int64, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), countTime)
	defer cancel()
	return c.d.Counters.Count(ctx, "model:"+conversation, n, talkFor)
}

func (c *Client) countDay(ctx context.Context, day string, n int64) (int64, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), countTime)
	defer cancel()
	return c.d.Ledger.AddSerial(ctx, "model:"+day, n)
}

// estimate is how many tokens a text may be: one for each Chinese character, one
// for three others. It is rather too many than too few.
func estimate(text string) int {
	han, others := 0, 0
	for _, r := range text {
		if r > unicode.MaxASCII {
			han++
		} else {
			others++
		}
	}
	return han + (others+2)/3
}
