package webchat

import (
	"context"
	"slices"
	"time"

	"jiban"
)

// show writes the messages that are new since the last look, in order, and the
// holder where it changed.
func (s *session) show() error {
	s.mu.Lock()
	conversation := s.conversation
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(s.ctx, storeLimit+writeLimit)
	defer cancel()
	if conversation == "" && !s.find(ctx) {
		return nil
	}
	shown, err := s.showPassed(ctx)
	if err != nil {
		return err
	}
	for {
		n, more, err := s.showNext(ctx)
		shown += n
		if err != nil {
			return err
		}
		if !more {
			break
		}
	}
	if shown == 0 {
		return nil
	}
	return s.showHolder(ctx)
}

// find looks whether a first message came from another tab.
func (s *session) find(ctx context.Context) bool {
	conv, err := s.chat.d.History.FindConversation(ctx, s.chat.cfg.Name, s.visitor)
	if err != nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conversation = conv.ID
	return true
}

func (s *session) at() (conversation string, last int64, passed []int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conversation, s.last, slices.Clone(s.passed)
}

// showNext shows one page of messages after the last. More says that there may be
// others. It stops before one that Delivery is about to let out: pages show
// messages in order, and the news of it will bring us back.
func (s *session) showNext(ctx context.Context) (shown int, more bool, err error) {
	conversation, last, _ := s.at()
	messages, err := s.chat.d.History.Messages(ctx, conversation, last, maxBacklog)
	if err != nil {
		return 0, false, err
	}
	for i := range messages {
		m := &messages[i]
		if s.onItsWay(m) {
			s.comeBack()
			return shown, false, nil
		}
		n, err := s.showOne(m)
		if err != nil {
			return shown, false, err
		}
		shown += n
		s.passOver(m)
	}
	return shown, len(messages) == maxBacklog, nil
}

// visible reports whether a page shows a message: what the person said, and what
// Delivery let out.
func visible(m *jiban.Message) bool {
	if m.Direction == jiban.Inbound {
		return m.Content.Kind != jiban.KindEvent
	}
	switch m.Delivery.Status {
	case jiban.DeliverySending, jiban.DeliverySent, jiban.DeliveryDelivered, jiban.DeliveryUncertain:
		return m.Content.Kind != ""
	default:
		return false
	}
}

// onItsWay reports whether Delivery should let the message out in a moment. One
// that it keeps for long is passed over.
func (s *session) onItsWay(m *jiban.Message) bool {
	now := s.chat.d.Clock.Now()
	return m.Direction == jiban.Outbound && m.Delivery.Status == jiban.DeliveryQueued &&
		!m.Delivery.NotBefore.After(now) && now.Sub(m.CreatedAt) < patience
}

// comeBack looks again after a while, should no news of the message come.
func (s *session) comeBack() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.alarm == nil && s.ctx.Err() == nil {
		s.alarm = time.AfterFunc(patience, s.woken)
	}
}

func (s *session) woken() {
	s.mu.Lock()
	s.alarm = nil
	s.mu.Unlock()
	s.poke()
}

func (s *session) showOne(m *jiban.Message) (int, error) {
	if !visible(m) || m.Direction == jiban.Inbound && s.saidHere(m.ExternalID) {
		return 0, nil
	}
	frame := frameOf(m)
	frame.Files = s.filesOf(m)
	data, err := encode(frame)
	if err != nil {
		return 0, err
	}
	return 1, s.write([][]byte{data})
}

func (s *session) saidHere(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Contains(s.own, id)
}

// passOver moves on. An outbound message that is not out yet is looked for again
// with each news.
func (s *session) passOver(m *jiban.Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = m.Seq
	if m.Direction == jiban.Outbound && m.Delivery.Status == jiban.DeliveryQueued && len(s.passed) < maxQueued {
		s.passed = append(s.passed, m.Seq)
	}
}

// showPassed shows what was passed over and is out now.
func (s *session) showPassed(ctx context.Context) (shown int, err error) {
	conversation, _, passed := s.at()
	for _, seq := range passed {
		messages, err := s.chat.d.History.Messages(ctx, conversation, seq-1, 1)
		if err != nil {
			return shown, err
		}
		if len(messages) == 1 && messages[0].Seq == seq && messages[0].Delivery.Status == jiban.DeliveryQueued {
			continue
		}
		if len(messages) == 1 && messages[0].Seq == seq {
			n, err := s.showOne(&messages[0])
			if err != nil {
				return shown, err
			}
			shown += n
		}
		s.forget(seq)
	}
	return shown, nil
}

func (s *session) forget(seq int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.passed, seq); i >= 0 {
		s.passed = slices.Delete(s.passed, i, i+1)
	}
}

func (s *session) showHolder(ctx context.Context) error {
	conv, err := s.chat.d.History.FindConversation(ctx, s.chat.cfg.Name, s.visitor)
	if err != nil {
		return err
	}
	s.mu.Lock()
	changed := conv.Holder != s.holder
	s.holder = conv.Holder
	s.mu.Unlock()
	if !changed {
		return nil
	}
	data, err := encode(holderFrame{"holder", conv.Holder})
	if err != nil {
		return err
	}
	return s.write([][]byte{data})
}
