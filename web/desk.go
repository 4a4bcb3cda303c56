package web

import (
	"context"
	"slices"

	"github.com/gofiber/fiber/v2"

	"jiban"
	"jiban/staff"
)

// The limits of what a screen is given and may send.
const (
	pageOfMessages = 200
	longestSaying  = 2000 // characters
	listedAlerts   = 100
	listedHandoffs = 100 // the most urgent ones
	listedTickets  = 20
)

// handoffs lists who waits and whom the agent speaks with.
func (s *Server) handoffs(c *fiber.Ctx) error {
	ctx, m := c.UserContext(), who(c)
	if err := s.glanced(ctx, m, "queue"); err != nil {
		return err
	}
	waiting, err := s.Handoffs.Waiting(ctx, "")
	if err != nil {
		return err
	}
	mine, err := s.Handoffs.Mine(ctx, m.ID)
	if err != nil {
		return err
	}
	shownWaiting, err := s.shapeHandoffs(ctx, m, waiting)
	if err != nil {
		return err
	}
	shownMine, err := s.shapeHandoffs(ctx, m, mine)
	if err != nil {
		return err
	}
	return c.JSON(fiber.Map{"waiting": shownWaiting, "mine": shownMine})
}

// shapeHandoffs shows those within the account's region, the first hundred: an
// agent takes one at a time.
func (s *Server) shapeHandoffs(ctx context.Context, m member, hs []jiban.Handoff) ([]handoffJSON, error) {
	shown := make([]handoffJSON, 0, min(len(hs), listedHandoffs))
	for _, h := range hs {
		if len(shown) == listedHandoffs {
			break
		}
		conv, err := s.Records.Conversation(ctx, h.ConversationID)
		if jiban.CodeOf(err) == jiban.CodeNotFound {
			continue // erased meanwhile: the others still wait
		}
		if err != nil {
			return nil, err
		}
		if h.AgentID == m.ID || staff.Covers(m.Account, conv.Region) {
			shown = append(shown, s.handoffShape(h, conv))
		}
	}
	return shown, nil
}

func (s *Server) handoffShape(h jiban.Handoff, c jiban.Conversation) handoffJSON {
	return handoffShape(h, c.Channel, s.Tickets.Catalogue())
}

// moveHandoff makes a handler that accepts, returns or closes a handoff. The room
// records it in the transaction that does it.
func (s *Server) moveHandoff(move func(ctx context.Context, a jiban.Account, id string) (jiban.Handoff, error)) fiber.Handler {
	return func(c *fiber.Ctx) error {
		ctx, m := c.UserContext(), who(c)
		id, err := param(c, "id")
		if err != nil {
			return err
		}
		h, err := s.Handoffs.Handoff(ctx, id)
		if err != nil {
			return err
		}
		conv, err := s.conversation(ctx, m, h.ConversationID)
		if err != nil {
			return err
		}
		if h, err = move(ctx, m.Account, id); err != nil {
			return err
		}
		return c.JSON(s.handoffShape(h, conv))
	}
}

// conversation loads a conversation within the account's scope; what is outside
// does not exist for it.
func (s *Server) conversation(ctx context.Context, m member, id string) (jiban.Conversation, error) {
	conv, err := s.Records.Conversation(ctx, id)
	if err != nil {
		return conv, err
	}
	if conv.AgentID != m.ID && !staff.Covers(m.Account, conv.Region) {
		return conv, notFound("web.conversation", "conversation %s is outside the scope of %s", id, m.ID)
	}
	return conv, nil
}

// showConversation gives all an agent needs on one screen. The view is recorded.
func (s *Server) showConversation(c *fiber.Ctx) error {
	ctx, m := c.UserContext(), who(c)
	conv, err := s.conversationOf(c, m)
	if err != nil {
		return err
	}
	if err := s.viewed(ctx, m, "conversation:"+conv.ID); err != nil {
		return err
	}
	contact, err := s.Records.Contact(ctx, conv.ContactID)
	if err != nil {
		return err
	}
	messages, err := s.Records.Messages(ctx, conv.ID, max(conv.LastSeq-pageOfMessages, 0), pageOfMessages)
	if err != nil {
		return err
	}
	tickets, err := s.Records.TicketsOf(ctx, conv.ContactID, listedTickets)
	if err != nil {
		return err
	}
	tickets = slices.DeleteFunc(tickets, func(t jiban.Ticket) bool { return !staff.SeesTicket(m.Account, t) })
	handoff, articles, err := s.handoffOf(ctx, conv)
	if err != nil {
		return err
	}
	sent, err := s.filesFor(ctx, m, jiban.FileFilter{Conversation: conv.ID})
	if err != nil {
		return err
	}
	return c.JSON(fiber.Map{
		"conversation": fiber.Map{"id": conv.ID, "channel": conv.Channel, "channel_kind": conv.ChannelKind,
			"holder": conv.Holder, "agent_id": conv.AgentID, "region": conv.Region, "lang": conv.Lang, "audience": conv.Audience},
		"contact":  fiber.Map{"id": contact.ID, "name": contact.Name, "roster": contact.Roster},
		"handoff":  handoff,
		"messages": each(told(messages), messageShape),
		"files":    sent,
		"articles": each(articles, articleShape),
		"tickets":  each(tickets, s.ticketFor(m)),
	})
}

// conversationOf loads the conversation that the path names.
func (s *Server) conversationOf(c *fiber.Ctx, m member) (jiban.Conversation, error) {
	id, err := param(c, "id")
	if err != nil {
		return jiban.Conversation{}, err
	}
	return s.conversation(c.UserContext(), m, id)
}

// handoffOf returns the conversation's open handoff, nil for none, with the
// articles it suggests; one that was withdrawn meanwhile is left out.
func (s *Server) handoffOf(ctx context.Context, conv jiban.Conversation) (*handoffJSON, []jiban.Article, error) {
	if conv.HandoffID == "" {
		return nil, nil, nil
	}
	h, err := s.Handoffs.Handoff(ctx, conv.HandoffID)
	if err != nil {
		return nil, nil, err
	}
	var articles []jiban.Article
	for _, id := range h.Articles {
		a, err := s.Knowledge.Article(ctx, id)
		switch {
		case jiban.CodeOf(err) == jiban.CodeNotFound:
		case err != nil:
			return nil, nil, err
		case a.Status == jiban.ArticlePublished:
			articles = append(articles, a)
		}
	}
	shape := s.handoffShape(h, conv)
	return &shape, articles, nil
}

// messages lists what was said after a sequence number. What comes to the agent
// who holds the conversation belongs to the view that opened it; all else is a
// view of its own.
func (s *Server) messages(c *fiber.Ctx) error {
	ctx, m := c.UserContext(), who(c)
	conv, err := s.conversationOf(c, m)
	if err != nil {
		return err
	}
	after, err := number(c, "after", 0, 1<<53)
	if err != nil {
		return err
	}
	ms, err := s.Records.Messages(ctx, conv.ID, after, pageOfMessages)
	if err != nil {
		return err
	}
	if len(ms) > 0 && (after == 0 || conv.AgentID != m.ID) {
		if err := s.viewed(ctx, m, "conversation:"+conv.ID); err != nil {
			return err
		}
	}
	sent := []fileJSON{}
	if slices.ContainsFunc(ms, func(m jiban.Message) bool { return len(m.Content.Attachments) > 0 }) {
		if sent, err = s.filesFor(ctx, m, jiban.FileFilter{Conversation: conv.ID}); err != nil {
			return err
		}
	}
	return c.JSON(fiber.Map{"messages": each(told(ms), messageShape), "files": sent})
}

// say sends an agent's words; the id makes a repeat harmless.
func (s *Server) say(c *fiber.Ctx) error {
	ctx, m := c.UserContext(), who(c)
	conv, err := s.conversationOf(c, m)
	if err != nil {
		return err
	}
	in, err := body[struct {
		ID   string `json:"id"`
		Text string `json:"text"`
	}](c)
	if err != nil {
		return err
	}
	if !identifier(in.ID) {
		return refuse(jiban.CodeInvalid, "web.say", "缺少消息编号 (the message needs an id of letters, digits, dashes)")
	}
	if err := text("web.say", "消息内容", in.Text, longestSaying); err != nil {
		return err
	}
	said, err := s.Handoffs.Say(ctx, m.Account, conv.ID, in.ID, in.Text)
	if err != nil {
		return err
	}
	return c.JSON(messageShape(said))
}

// presence tells whether the agent is on duty, how many are, and who waits.
func (s *Server) presence(c *fiber.Ctx) error {
	ctx := c.UserContext()
	status, err := s.Handoffs.Presence(ctx, who(c).ID)
	if err != nil {
		return err
	}
	onDuty, err := s.Handoffs.OnDuty(ctx)
	if err != nil {
		return err
	}
	waiting, err := s.Handoffs.Waiting(ctx, "")
	if err != nil {
		return err
	}
	return c.JSON(fiber.Map{"status": status, "on_duty": onDuty, "waiting": len(waiting)})
}

func (s *Server) setPresence(c *fiber.Ctx) error {
	in, err := body[struct {
		Status string `json:"status"`
	}](c)
	if err != nil {
		return err
	}
	if !oneOf(in.Status, "online busy away offline") {
		return refuse(jiban.CodeInvalid, "web.presence", "状态须为 online、busy、away、offline 之一 (unknown status)")
	}
	ctx, m := c.UserContext(), who(c)
	before, err := s.Handoffs.Presence(ctx, m.ID)
	if err != nil {
		return err
	}
	// A page that says it is still here is no change. Presence is kept by what the
	// nodes share, so that its record can only come first.
	if before != in.Status {
		if err := s.did(ctx, m, "presence."+in.Status, "account:"+m.ID); err != nil {
			return err
		}
	}
	return done(c, s.Handoffs.SetPresence(ctx, m.ID, in.Status))
}

func (s *Server) alerts(c *fiber.Ctx) error {
	if err := s.glanced(c.UserContext(), who(c), "alerts"); err != nil {
		return err
	}
	as, err := s.Handoffs.Alerts(c.UserContext(), false, listedAlerts)
	if err != nil {
		return err
	}
	return c.JSON(fiber.Map{"alerts": each(as, alertShape)})
}

func (s *Server) seeAlert(c *fiber.Ctx) error {
	id, err := param(c, "id")
	if err != nil {
		return err
	}
	return done(c, s.Handoffs.SeeAlert(c.UserContext(), id, who(c).ID))
}
