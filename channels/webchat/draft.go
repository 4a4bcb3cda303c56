package webchat

import (
	"context"
	"strings"

	"jiban"
)

// A draft goes the way of the news: what stands behind the visitor's address on the
// topic is what their pages show until a message comes. It is never stored, and one
// that is lost is made up for by the message.

// draftMark parts the address from the draft.
const draftMark = "\n"

// draftFrame is an answer as far as it has grown; an empty text withdraws it.
type draftFrame struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// Publisher is the part of a Bus that a draft needs.
type Publisher interface {
	Publish(ctx context.Context, topic string, data []byte) error
}

// PublishDraft shows a growing answer on the pages of a visitor of a chat, on
// whatever node they are.
func PublishDraft(ctx context.Context, b Publisher, channel string, visitor jiban.Address, text string) error {
	return b.Publish(ctx, topicOf(channel), []byte(string(visitor)+draftMark+text))
}

func topicOf(channel string) string { return "chat:" + channel }

// heard deals with what came on the topic: news of a visitor, or a draft.
func (c *Chat) heard(data string) {
	address, text, isDraft := strings.Cut(data, draftMark)
	if !isDraft {
		c.visitors.poke(jiban.Address(address))
		return
	}
	for _, s := range c.visitors.of(jiban.Address(address)) {
		s.draft(text)
	}
}

// draft is left out where the page is not ready or does not read: the message will
// say it all.
func (s *session) draft(text string) {
	data, err := encode(draftFrame{"draft", text})
	if err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.greeted || len(s.out) >= maxQueued/2 || s.holder != jiban.HeldByBot && text != "" {
		return
	}
	s.out = append(s.out, data)
	s.start()
}
