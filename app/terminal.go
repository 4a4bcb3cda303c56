package app

import (
	"context"

	"jiban"
	"jiban/app/talk"
	"jiban/channels"
)

// terminal is the way out of a conversation in the terminal: it takes everything
// whole, and what was said is read from the store.
type terminal struct {
	name string
	kind jiban.ChannelKind
}

// terminals are one for each channel a conversation may claim to be on.
func terminals() []channels.Sender {
	var all []channels.Sender
	for _, kind := range []jiban.ChannelKind{jiban.ChannelWeChat, jiban.ChannelWebChat, jiban.ChannelSMS} {
		for _, audience := range []jiban.Audience{jiban.Citizen, jiban.Enterprise} {
			all = append(all, terminal{talk.Channel(kind, audience), kind})
		}
	}
	return all
}

// Name is the channel's name.
func (t terminal) Name() string { return t.name }

// Kind is the family it plays.
func (t terminal) Kind() jiban.ChannelKind { return t.kind }

// Ways is the one way to the person at the terminal.
func (t terminal) Ways(_ context.Context, r channels.Reach) ([]channels.Way, error) {
	if r.Conversation.Channel != t.name {
		return nil, nil
	}
	paths := map[jiban.ChannelKind]jiban.Path{
		jiban.ChannelWeChat: jiban.PathCustom, jiban.ChannelWebChat: jiban.PathWeb, jiban.ChannelSMS: jiban.PathSMS,
	}
	return []channels.Way{{Channel: t.name, Path: paths[t.kind], To: r.Conversation.Address, Left: -1}}, nil
}

// Compose leaves the message whole.
func (t terminal) Compose(_ channels.Way, c jiban.Content) ([]channels.Part, error) {
	return []channels.Part{{N: 1, Of: 1, Text: c.Text, Content: c}}, nil
}

// Send has nothing to do: the session reads what was sent from the store.
func (t terminal) Send(context.Context, channels.Way, channels.Part) (string, error) { return "", nil }
