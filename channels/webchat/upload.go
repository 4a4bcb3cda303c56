package webchat

import (
	"context"

	"jiban"
	"jiban/channels"
)

// Files shows the files of a message to a visitor.
type Files interface {
	Shown(ctx context.Context, m *jiban.Message, viewer jiban.Address) ([]ShownFile, error)
}

// ShownFile is a file as a page shows it. Link serves that visitor alone, for a
// short time.
type ShownFile struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Size int64  `json:"size"`
	Link string `json:"link"`
}

// Attach takes in a message made of files that were kept before. The same client
// id counts once, as on the socket. CodeLimited: the visitor writes too fast.
func (c *Chat) Attach(ctx context.Context, a jiban.Address, clientID string, l jiban.Lang, content jiban.Content) (channels.Receipt, error) {
	const op = "webchat.Attach"
	if !goodID(clientID) {
		return channels.Receipt{}, jiban.Errorf(jiban.CodeInvalid, op, "the message's id must have 8 to 64 letters, digits, - or _")
	}
	if !c.visitors.maySay(a, c.d.Clock.Now()) {
		return channels.Receipt{}, jiban.Errorf(jiban.CodeLimited, op, "the visitor writes too fast")
	}
	receipt, err := c.d.Inbox.Receive(ctx, jiban.Received{
		Channel: c.cfg.Name, ChannelKind: jiban.ChannelWebChat, ExternalID: clientID, Address: a,
		Audience: c.cfg.Audience, Region: c.cfg.Region, Lang: l, Content: content, At: c.d.Clock.Now(),
	})
	if err != nil {
		return receipt, err
	}
	if receipt.Repeat {
		conv, err := c.d.History.FindConversation(ctx, c.cfg.Name, a)
		if err != nil || conv.ID != receipt.ConversationID {
			return channels.Receipt{}, jiban.Errorf(jiban.CodeInvalid, op, "this id is another's")
		}
	}
	c.announce(ctx, a)
	return receipt, nil
}

// filesOf are the files of a message for the visitor of a page. That they cannot
// be shown now does not keep the message away.
func (s *session) filesOf(m *jiban.Message) []ShownFile {
	if s.chat.d.Files == nil || len(m.Content.Attachments) == 0 || m.Direction != jiban.Inbound {
		return nil
	}
	ctx, cancel := context.WithTimeout(s.ctx, storeLimit)
	defer cancel()
	shown, err := s.chat.d.Files.Shown(ctx, m, s.visitor)
	if err != nil {
		s.chat.d.Log.WarnContext(ctx, "the files of a message cannot be shown", "channel", s.chat.cfg.Name, "error", err)
	}
	return shown
}
