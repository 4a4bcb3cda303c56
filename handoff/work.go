package handoff

import (
	"context"
	"strings"
	"unicode/utf8"

	"jiban"
)

// Accept gives a waiting conversation to an agent. CodeConflict when another was
// faster or the person left; CodeLimited when the agent holds enough. Accepting
// what one holds already changes nothing.
func (s *Service) Accept(ctx context.Context, a jiban.Account, id string) (jiban.Handoff, error) {
	const op = "handoff.Accept"
	var h jiban.Handoff
	if !a.Has(jiban.RoleAgent) && !a.Has(jiban.RoleSupervisor) {
		return h, jiban.Errorf(jiban.CodeForbidden, op, "only agents take conversations")
	}
	err := again(func() (bool, error) {
		var err error
		if h, err = s.deps.Store.Handoff(ctx, id); err != nil {
			return false, err
		}
		if h.Status == jiban.HandoffAccepted && h.AgentID == a.ID {
			return false, nil
		}
		if h.Status != jiban.HandoffWaiting {
			return false, jiban.Errorf(jiban.CodeConflict, op, "this conversation waits no more: it is %s", h.Status)
		}
		if err := s.room(ctx, a.ID); err != nil {
			return false, err
		}
		c, err := s.held(ctx, &h, jiban.HeldByQueue)
		if err != nil {
			return isConflict(err), err
		}
		h.Status, h.AgentID, h.AcceptedAt = jiban.HandoffAccepted, a.ID, s.now()
		c.Holder, c.AgentID = jiban.HeldByAgent, a.ID
		return s.write(ctx, did(a, "handoff.accept", "handoff:"+h.ID), &h, &c, notice(&c, &h, jiban.NoticeHandoffJoined, "agent", a.Name))
	})
	if err == nil {
		s.seen(ctx, a.ID)
	}
	return h, err
}

// room refuses an agent who holds as many conversations as they may.
func (s *Service) room(ctx context.Context, agentID string) error {
	mine, err := s.Mine(ctx, agentID)
	if err == nil && len(mine) >= s.deps.Capacity {
		err = jiban.Errorf(jiban.CodeLimited, "handoff.Accept", "you hold %d conversations already: close one first", len(mine))
	}
	return err
}

// held loads the conversation of a handoff and makes sure that it is held so.
func (s *Service) held(ctx context.Context, h *jiban.Handoff, by jiban.Holder) (jiban.Conversation, error) {
	c, err := s.deps.Store.Conversation(ctx, h.ConversationID)
	if err != nil {
		return c, err
	}
	if c.HandoffID != h.ID || c.Holder != by || c.AgentID != h.AgentID {
		return c, jiban.Errorf(jiban.CodeConflict, "handoff", "the conversation moved on: load it anew")
	}
	return c, nil
}

// did is the record of what an agent does. It is written in the transaction that
// does it, so that nothing is done without its record.
func did(a jiban.Account, action, object string) []jiban.AuditEntry {
	return []jiban.AuditEntry{{Actor: a.ID, Action: action, Object: object, Result: "ok"}}
}

// write commits a handoff with its conversation and the record of who did it; lost
// says that somebody else changed one of them meanwhile.
func (s *Service) write(ctx context.Context, record []jiban.AuditEntry, h *jiban.Handoff, c *jiban.Conversation, told ...jiban.Notice) (lost bool, err error) {
	c.UpdatedAt = s.now()
	_, err = s.commit(ctx, jiban.Batch{Conversation: c, Handoffs: []jiban.Handoff{*h}, Notices: told, Audit: record})
	if err == nil {
		h.Version++
	}
	return isConflict(err), err
}

// notice is something this room tells the person of a conversation, once for each
// state of the handoff.
func notice(c *jiban.Conversation, h *jiban.Handoff, k jiban.NoticeKind, params ...string) jiban.Notice {
	n := jiban.Notice{
		ContactID: c.ContactID, ConversationID: c.ID, Kind: k, Urgency: jiban.UrgencyNormal, Author: jiban.BySystem,
		Params: map[string]string{}, DedupeKey: "handoff:" + h.ID + ":" + version(h) + ":" + string(k),
	}
	for i := 0; i+1 < len(params); i += 2 {
		n.Params[params[i]] = params[i+1]
	}
	return n
}

// Bounds of what an agent says at once.
const maxWords = 2000

// Say sends an agent's words to the person. Only who holds the conversation may;
// clientID makes a repeat of the same message harmless.
func (s *Service) Say(ctx context.Context, a jiban.Account, conversationID, clientID, text string) (jiban.Message, error) {
	const op = "handoff.Say"
	var m jiban.Message
	text = strings.TrimSpace(text)
	if text == "" || clientID == "" || !utf8.ValidString(text) || utf8.RuneCountInString(text) > maxWords {
		return m, jiban.Errorf(jiban.CodeInvalid, op, "a message needs an id and up to %d characters of text", maxWords)
	}
	err := again(func() (bool, error) {
		c, err := s.deps.Store.Conversation(ctx, conversationID)
		if err != nil {
			return false, err
		}
		if c.Holder != jiban.HeldByAgent || c.AgentID != a.ID {
			return false, jiban.Errorf(jiban.CodeForbidden, op, "this conversation is not yours now: accept it first")
		}
		n := jiban.Notice{
			ContactID: c.ContactID, ConversationID: c.ID, Kind: jiban.NoticeAgent, Urgency: jiban.UrgencyNormal, Author: jiban.ByAgent,
			Content: jiban.Content{Kind: jiban.KindText, Text: text}, DedupeKey: "agent:" + a.ID + ":" + clientID,
		}
		// The version is compared, so that nothing is said after the conversation
		// went to somebody else.
		applied, err := s.commit(ctx, jiban.Batch{Conversation: &c, Notices: []jiban.Notice{n}, Audit: did(a, "conversation.say", "conversation:"+c.ID)})
		if err != nil {
			return isConflict(err), err
		}
		m, err = s.said(ctx, &c, applied, n.DedupeKey)
		return false, err
	})
	if err == nil {
		s.seen(ctx, a.ID)
	}
	return m, err
}

// searched is how many of the newest messages are looked through for one that
// was said before.
const searched = 200

// said is the message just written or, when it was a repeat, the one written the
// first time.
func (s *Service) said(ctx context.Context, c *jiban.Conversation, applied jiban.Applied, key string) (jiban.Message, error) {
	if len(applied.Messages) > 0 {
		return applied.Messages[0], nil
	}
	recent, err := s.deps.Store.Messages(ctx, c.ID, max(0, c.LastSeq-searched), searched)
	if err != nil {
		return jiban.Message{}, err
	}
	for i := range recent {
		if recent[i].Delivery.DedupeKey == key {
			return recent[i], nil
		}
	}
	return jiban.Message{}, jiban.Errorf(jiban.CodeDuplicate, "handoff.Say", "this message was sent before")
}

// Return gives a conversation back to the bot.
func (s *Service) Return(ctx context.Context, a jiban.Account, id string) (jiban.Handoff, error) {
	return s.finish(ctx, a, id, ending{"handoff.return", jiban.HandoffReturned, jiban.NoticeHandoffReturned})
}

// Close ends what the person came for. The bot listens to whatever comes next.
func (s *Service) Close(ctx context.Context, a jiban.Account, id string) (jiban.Handoff, error) {
	return s.finish(ctx, a, id, ending{"handoff.close", jiban.HandoffClosed, jiban.NoticeHandoffClosed})
}

// ending is one way in which an agent lets a conversation go.
type ending struct {
	action string // as the record names it
	to     jiban.HandoffStatus
	told   jiban.NoticeKind
}

// finish is for the agent who holds the conversation, or a supervisor. Doing it
// twice changes nothing.
func (s *Service) finish(ctx context.Context, a jiban.Account, id string, e ending) (jiban.Handoff, error) {
	const op = "handoff.Finish"
	var h jiban.Handoff
	err := again(func() (bool, error) {
		var err error
		if h, err = s.deps.Store.Handoff(ctx, id); err != nil {
			return false, err
		}
		if h.AgentID != a.ID && !a.Has(jiban.RoleSupervisor) {
			return false, jiban.Errorf(jiban.CodeForbidden, op, "this conversation is another agent's")
		}
		if h.Status == e.to {
			return false, nil
		}
		if h.Status != jiban.HandoffAccepted {
			return false, jiban.Errorf(jiban.CodeConflict, op, "this conversation is %s, nobody holds it", h.Status)
		}
		c, err := s.held(ctx, &h, jiban.HeldByAgent)
		if err != nil {
			return isConflict(err), err
		}
		h.Status, h.ClosedAt = e.to, s.now()
		c.Holder, c.AgentID, c.HandoffID = jiban.HeldByBot, "", ""
		if e.to == jiban.HandoffClosed {
			c.IntakeID = "" // what comes next is another request
		}
		return s.write(ctx, did(a, e.action, "handoff:"+h.ID), &h, &c, notice(&c, &h, e.told))
	})
	return h, err
}
