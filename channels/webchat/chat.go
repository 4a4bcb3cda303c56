package webchat

import (
	"context"
	"log/slog"
	"time"

	"jiban"
	"jiban/channels"
)

// Receiver takes messages in; an error means that nothing is on disk.
type Receiver interface {
	Receive(ctx context.Context, r jiban.Received) (channels.Receipt, error)
}

// History is what was said.
type History interface {
	// FindConversation finds the conversation of a visitor; CodeNotFound before the
	// first message.
	FindConversation(ctx context.Context, channel string, a jiban.Address) (jiban.Conversation, error)
	// Messages lists a conversation's messages after a sequence, oldest first.
	Messages(ctx context.Context, conversationID string, afterSeq int64, limit int) ([]jiban.Message, error)
}

// Bus carries news between nodes. It may lose them.
type Bus interface {
	Publish(ctx context.Context, topic string, data []byte) error
	Subscribe(ctx context.Context, topic string) (<-chan []byte, func(), error)
	Healthy(ctx context.Context) error
}

// Words tell a person why a message was not taken.
type Words interface {
	Error(l jiban.Lang, c jiban.Code) string
}

// Config is one configured web chat.
type Config struct {
	Name     string
	Audience jiban.Audience
	Region   string // of the installation, a first guess
}

// Deps is what a chat stands on.
type Deps struct {
	Inbox   Receiver
	History History
	Bus     Bus
	Words   Words
	Files   Files // nil: none are shown
	Clock   jiban.Clock
	Log     *slog.Logger
}

// Chat is one web chat: an adapter for Delivery, and the server of its visitors'
// connections.
type Chat struct {
	cfg      Config
	d        Deps
	visitors *visitors
}

var (
	_ channels.Sender  = (*Chat)(nil)
	_ channels.Service = (*Chat)(nil)
)

const (
	// pollEvery is how soon messages are found while nodes do not hear each other
	// (promise 3: at most two seconds).
	pollEvery = 2 * time.Second
	// idleLimit ends connections of pages that say nothing; a living page pings
	// every 25 seconds.
	idleLimit = 2 * time.Minute
)

// New returns a chat without visitors.
func New(cfg Config, d Deps) *Chat {
	return &Chat{cfg: cfg, d: d, visitors: newVisitors()}
}

// Name is the configured name.
func (c *Chat) Name() string { return c.cfg.Name }

// Kind is webchat.
func (c *Chat) Kind() jiban.ChannelKind { return jiban.ChannelWebChat }

// Ways: a visitor of this chat can always be told something. It waits in the
// history until a page is open.
func (c *Chat) Ways(_ context.Context, r channels.Reach) ([]channels.Way, error) {
	if r.Conversation.Channel != c.cfg.Name {
		return nil, nil
	}
	return []channels.Way{{Channel: c.cfg.Name, Path: jiban.PathWeb, To: r.Conversation.Address, Left: -1}}, nil
}

// Compose: a page shows a message of any length, with its options and citations.
func (c *Chat) Compose(_ channels.Way, content jiban.Content) ([]channels.Part, error) {
	return []channels.Part{{N: 1, Of: 1, Text: content.Text, Content: content}}, nil
}

// Send tells the visitor's pages, on whatever node they are, that there is a
// message: it is stored already.
func (c *Chat) Send(ctx context.Context, w channels.Way, _ channels.Part) (string, error) {
	c.announce(ctx, w.To)
	return "", nil
}

func (c *Chat) topic() string { return topicOf(c.cfg.Name) }

// announce says that a visitor's conversation has news. While the bus is down the
// pages on this node hear of it all the same, those on others find it by polling.
func (c *Chat) announce(ctx context.Context, a jiban.Address) {
	if err := c.d.Bus.Publish(ctx, c.topic(), []byte(a)); err != nil {
		c.d.Log.Debug("news of a chat could not be published", "channel", c.cfg.Name, "error", err)
		c.visitors.poke(a)
	}
}

// Run follows the news until ctx ends, and ends connections that fell silent.
func (c *Chat) Run(ctx context.Context) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	f := follower{chat: c}
	defer f.stop()
	f.follow(ctx)
	for {
		select {
		case <-ctx.Done():
			c.visitors.closeAll()
			return nil
		case data, open := <-f.news:
			if !open {
				f.lost()
				continue
			}
			c.heard(string(data))
		case <-tick.C:
			f.check(ctx)
			c.visitors.sweep(c.d.Clock.Now())
		}
	}
}

// follower is the subscription to the news, made anew when it broke.
type follower struct {
	chat *Chat
	news <-chan []byte
	end  func()
	deaf bool // news may have been missed
}

func (f *follower) follow(ctx context.Context) {
	news, end, err := f.chat.d.Bus.Subscribe(ctx, f.chat.topic())
	if err != nil {
		f.chat.d.Log.Warn("the news of a chat cannot be followed, its pages are served by polling", "channel", f.chat.cfg.Name, "error", err)
		f.deaf = true
		return
	}
	f.news, f.end = news, end
}

func (f *follower) lost() {
	f.stop()
	f.deaf = true
}

func (f *follower) stop() {
	if f.end != nil {
		f.end()
	}
	f.news, f.end = nil, nil
}

// check lets every page look for itself while news may be missed, and once more
// when they flow again.
func (f *follower) check(ctx context.Context) {
	if f.news == nil {
		f.follow(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, pollEvery/2)
	defer cancel()
	sick := f.news == nil || f.chat.d.Bus.Healthy(ctx) != nil
	if sick || f.deaf {
		f.chat.visitors.pokeAll()
	}
	f.deaf = sick
}
