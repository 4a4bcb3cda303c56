package llm

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	openai "github.com/sashabaranov/go-openai"

	"jiban/dialog/runner"
)

// formats go from what binds the model most to plain text, which is read as
// strictly. Servers differ in what they take; the first that is taken is kept.
var formats = []openai.ChatCompletionResponseFormatType{
	openai.ChatCompletionResponseFormatTypeJSONSchema, openai.ChatCompletionResponseFormatTypeJSONObject, openai.ChatCompletionResponseFormatTypeText,
}

// call asks in the form that the server takes; one that it rejects is not tried
// again once another was taken. All forms together have the time of one call.
func (c *Client) call(ctx context.Context, q runner.ModelQuestion) (got runner.ModelAnswer, failure *Failure) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.CallTime)
	defer cancel()
	for i := int(c.format.Load()); i < len(formats); i++ {
		for _, stream := range c.streams(q) {
			got, failure = c.send(ctx, q, formats[i], stream)
			if failure != nil && failure.is(Rejected) && ctx.Err() == nil {
				continue
			}
			if failure == nil {
				c.format.Store(int32(i))
				c.unstreamed.Store(c.unstreamed.Load() || !stream && q.Growing != nil)
			}
			return got, failure
		}
	}
	return got, failure
}

// streams says whether to ask for a stream, and whether to try without.
func (c *Client) streams(q runner.ModelQuestion) []bool {
	if q.Growing == nil || c.unstreamed.Load() {
		return []bool{false}
	}
	return []bool{true, false}
}

// send makes one HTTP request.
func (c *Client) send(ctx context.Context, q runner.ModelQuestion, format openai.ChatCompletionResponseFormatType, stream bool) (got runner.ModelAnswer, failure *Failure) {
	seen := &seen{}
	ctx = context.WithValue(ctx, seenKey{}, seen)
	var err error
	if stream {
		got, err = c.stream(ctx, c.request(q, format, true), q.Growing)
	} else {
		got, err = c.whole(ctx, c.request(q, format, false))
	}
	got.Text = unwrap(got.Text)
	if got.PromptTokens+got.CompletionTokens == 0 && seen.status == http.StatusOK {
		got.Estimated = true
		got.PromptTokens, got.CompletionTokens = estimate(q.System)+estimate(q.User), estimate(got.Text)
	}
	if err == nil {
		return got, nil
	}
	return got, classify(ctx, err, seen)
}

func (c *Client) request(q runner.ModelQuestion, format openai.ChatCompletionResponseFormatType, stream bool) openai.ChatCompletionRequest {
	r := openai.ChatCompletionRequest{
		Model: c.cfg.Model, Temperature: coldest, Stream: stream,
		Messages: []openai.ChatCompletionMessage{
			{Role: openai.ChatMessageRoleSystem, Content: q.System}, {Role: openai.ChatMessageRoleUser, Content: q.User},
		},
	}
	if reasoning(c.cfg.Model) {
		r.MaxCompletionTokens, r.Temperature = q.MaxTokens, 0
	} else {
		r.MaxTokens = q.MaxTokens //nolint:staticcheck // the only name that most compatible servers know
	}
	if stream {
		r.StreamOptions = &openai.StreamOptions{IncludeUsage: true}
	}
	switch format {
	case openai.ChatCompletionResponseFormatTypeJSONSchema:
		r.ResponseFormat = &openai.ChatCompletionResponseFormat{Type: format,
			JSONSchema: &openai.ChatCompletionResponseFormatJSONSchema{Name: q.Task, Schema: q.Schema, Strict: true}}
	case openai.ChatCompletionResponseFormatTypeJSONObject:
		r.ResponseFormat = &openai.ChatCompletionResponseFormat{Type: format}
	case openai.ChatCompletionResponseFormatTypeText:
		// Said by leaving it out: some servers know no formats at all.
	}
	return r
}

// coldest is the temperature: zero would be left out of the JSON.
const coldest = 0.01

func (c *Client) whole(ctx context.Context, r openai.ChatCompletionRequest) (got runner.ModelAnswer, err error) {
	resp, err := c.api.CreateChatCompletion(ctx, r)
	if err != nil {
		return got, err
	}
	got.Model, got.PromptTokens, got.CompletionTokens = resp.Model, resp.Usage.PromptTokens, resp.Usage.CompletionTokens
	if len(resp.Choices) == 0 {
		return got, errNothing
	}
	got.Text = resp.Choices[0].Message.Content
	return got, ended(resp.Choices[0].FinishReason)
}

// stream reads an answer as it grows. A stream that ends without saying why was
// cut.
func (c *Client) stream(ctx context.Context, r openai.ChatCompletionRequest, growing func(string) bool) (got runner.ModelAnswer, err error) {
	s, err := c.api.CreateChatCompletionStream(ctx, r)
	if err != nil {
		return got, err
	}
	defer func() { _ = s.Close() }() // it was only read from
	var text strings.Builder
	var reason openai.FinishReason
	for {
		part, err := s.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return got, err
		}
		if got.Model = part.Model; part.Usage != nil {
			got.PromptTokens, got.CompletionTokens = part.Usage.PromptTokens, part.Usage.CompletionTokens
		}
		if len(part.Choices) == 0 {
			continue
		}
		if part.Choices[0].FinishReason != "" {
			reason = part.Choices[0].FinishReason
		}
		text.WriteString(part.Choices[0].Delta.Content)
		got.Text = text.String()
		if part.Choices[0].Delta.Content != "" && growing != nil && !growing(got.Text) {
			return got, errWithdrawn
		}
	}
	if reason == "" {
		return got, errCut
	}
	return got, ended(reason)
}

var (
	errNothing   = errors.New("no choice in the answer")
	errCut       = errors.New("the stream was cut")
	errWithdrawn = errors.New("the listener wants no more")
	errTruncated = errors.New("the answer is longer than was granted")
	errFiltered  = errors.New("the endpoint refuses the content")
)

func ended(r openai.FinishReason) error {
	switch r {
	case openai.FinishReasonLength:
		return errTruncated
	case openai.FinishReasonContentFilter:
		return errFiltered
	default:
		return nil
	}
}

// classify makes a kind of an error. Its words, which may repeat what was sent, end
// here.
func classify(ctx context.Context, err error, s *seen) *Failure {
	f := &Failure{Status: s.status, After: s.after}
	for kind, is := range map[Kind]error{Withdrawn: errWithdrawn, Cut: errCut, Truncated: errTruncated, Filtered: errFiltered, Oversized: errOversized, Redirected: errRedirected} {
		if errors.Is(err, is) {
			f.Kind = kind
			return f
		}
	}
	switch {
	case s.oversized.Load():
		f.Kind = Oversized
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		f.Kind = Slow
	case ctx.Err() != nil:
		f.Kind = Cancelled
	case s.status == 0:
		f.Kind = Unreachable
	case s.status == http.StatusTooManyRequests:
		f.Kind = Limited
	case s.status == http.StatusUnauthorized, s.status == http.StatusForbidden:
		f.Kind = Unauthorized
	case s.status >= 500:
		f.Kind = ServerError
	case s.status >= 400:
		f.Kind = Rejected
	case broken(err):
		f.Kind = Cut
	default:
		f.Kind = Garbled
	}
	return f
}

// broken says that a connection ended in the middle of an answer.
func broken(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }

// unwrap takes the fence of Markdown off that models put around JSON.
func unwrap(text string) string {
	text = strings.TrimSpace(text)
	if !strings.HasPrefix(text, "```") || json.Valid([]byte(text)) {
		return text
	}
	_, text, _ = strings.Cut(text, "\n")
	return strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(text), "```"))
}
