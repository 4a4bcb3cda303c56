package webchat

import (
	"testing"
	"time"

	"jiban"
)

// TestADraftReachesItsVisitorsPages, on every node, and nobody else's; what follows
// it is shown as always.
func TestADraftReachesItsVisitorsPages(t *testing.T) {
	d := open(t)
	other := d.node(d.bus)
	a, _ := d.hello(d.chat, visitorA, 0)
	b, _ := d.hello(other, visitorA, 0)
	stranger, _ := d.hello(d.chat, "web:bbbb", 0)
	for _, text := range []string{"先备案。", "先备案。\n再结算。", ""} {
		if err := PublishDraft(t.Context(), d.bus, "citizen", visitorA, text); err != nil {
			t.Fatal(err)
		}
		for _, p := range []*page{a, b} {
			if f := p.want("draft"); f.Text != text {
				t.Errorf("got %q, want %q", f.Text, text)
			}
		}
	}
	a.send(`{"type":"say","id":"%s","text":"你好"}`, id(1))
	a.want("ack")
	stranger.silent(50 * time.Millisecond)
}

// TestNoDraftWhileAPersonSpeaks: the bot is silent then.
func TestNoDraftWhileAPersonSpeaks(t *testing.T) {
	d := open(t)
	p, _ := d.hello(d.chat, visitorA, 0)
	for _, s := range d.chat.visitors.of(visitorA) {
		s.mu.Lock()
		s.holder = jiban.HeldByAgent
		s.mu.Unlock()
		s.draft("先备案。")
		s.draft("")
	}
	if f := p.want("draft"); f.Text != "" {
		t.Errorf("a draft is shown while an agent speaks: %q", f.Text)
	}
}
