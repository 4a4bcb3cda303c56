package webchat

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"jiban"
)

// Conn is one connection of a page: whole text frames. Read is called by one
// goroutine; Write and Close may be called beside it.
type Conn interface {
	Read() ([]byte, error)
	Write(ctx context.Context, frame []byte) error
	Close() error
}

const (
	maxFrame   = 16 << 10         // bytes
	maxBacklog = 200              // messages shown after a reconnect
	maxQueued  = 64               // frames that a slow page may leave unread
	maxBad     = 10               // frames that make no sense, then the connection ends
	ownKept    = 64               // ids of own messages that are remembered
	writeLimit = 10 * time.Second // for one frame
	storeLimit = 10 * time.Second // for one look into the store
	patience   = 5 * time.Second  // for a message in front that is still on its way out
)

// session is one open page. Beside the goroutine that reads there is one that
// works only while there is something to show.
type session struct {
	chat    *Chat
	conn    Conn
	visitor jiban.Address
	ctx     context.Context // ends with the connection
	cancel  context.CancelFunc

	bad int // frames that made no sense; reader only

	mu           sync.Mutex
	conversation string
	lang         jiban.Lang
	holder       jiban.Holder
	greeted      bool
	last         int64    // sequence of the newest message that was shown or passed over
	passed       []int64  // outbound messages passed over because they are not due yet
	own          []string // ids said on this page: it shows them itself
	out          [][]byte // frames to write
	due          bool     // there may be news in the store
	working      bool
	alarm        *time.Timer // set while a message in front is waited for
	heard        time.Time
}

// Serve speaks with one page until the connection or ctx ends. The visitor is
// the address behind its cookie.
func (c *Chat) Serve(ctx context.Context, a jiban.Address, conn Conn) error {
	ctx, cancel := context.WithCancel(ctx)
	s := &session{chat: c, conn: conn, visitor: a, ctx: ctx, cancel: cancel, lang: jiban.Chinese, heard: c.d.Clock.Now()}
	defer s.close()
	if err := c.visitors.add(a, s); err != nil {
		return err
	}
	defer c.visitors.remove(a, s)
	unhook := context.AfterFunc(ctx, s.close)
	defer unhook()
	for {
		frame, err := conn.Read()
		if err != nil {
			return err
		}
		if err := s.hear(frame); err != nil {
			return err
		}
	}
}

// close ends the connection; the reader gets an error and cleans up.
func (s *session) close() {
	s.cancel()
	s.mu.Lock()
	if s.alarm != nil {
		s.alarm.Stop()
	}
	s.mu.Unlock()
	_ = s.conn.Close() // it may be closed already, and nothing more is written
}

func (s *session) silentSince(now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return now.Sub(s.heard)
}

// hear deals with one frame. An error ends the connection.
func (s *session) hear(data []byte) error {
	s.mu.Lock()
	s.heard = s.chat.d.Clock.Now()
	s.mu.Unlock()
	var f inFrame
	if len(data) > maxFrame || json.Unmarshal(data, &f) != nil {
		return s.senseless("")
	}
	content, said := f.content()
	switch {
	case f.Type == "hello":
		return s.hello(f.After, f.Lang)
	case f.Type == "ping":
		s.poke()
		return s.tell(pongFrame{"pong"})
	case said && goodID(f.ID):
		return s.say(f.ID, content)
	default:
		return s.senseless(f.ID)
	}
}

// senseless refuses a frame that is none; who sends many is cut off.
func (s *session) senseless(id string) error {
	if s.bad++; s.bad > maxBad {
		return jiban.Errorf(jiban.CodeInvalid, "webchat.Serve", "the page sends frames that make no sense")
	}
	if !goodID(id) {
		id = ""
	}
	return s.refuse(id, jiban.CodeInvalid)
}

func (s *session) refuse(id string, code jiban.Code) error {
	return s.tell(nackFrame{"nack", id, code, s.chat.d.Words.Error(s.language(), code)})
}

func (s *session) language() jiban.Lang {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lang
}

// hello welcomes the page and shows what it missed.
func (s *session) hello(after int64, lang jiban.Lang) error {
	ctx, cancel := context.WithTimeout(s.ctx, storeLimit)
	defer cancel()
	conv, err := s.chat.d.History.FindConversation(ctx, s.chat.cfg.Name, s.visitor)
	if err != nil && jiban.CodeOf(err) != jiban.CodeNotFound {
		return err // the page connects again by itself
	}
	if conv.Holder == "" {
		conv.Holder = jiban.HeldByBot
	}
	s.mu.Lock()
	if lang == jiban.Chinese || lang == jiban.English {
		s.lang = lang
	}
	s.conversation, s.holder, s.greeted, s.passed = conv.ID, conv.Holder, true, nil
	s.last = max(min(after, conv.LastSeq), conv.LastSeq-maxBacklog, 0)
	s.mu.Unlock()
	if err := s.tell(welcomeFrame{"welcome", conv.Holder, conv.LastSeq}); err != nil {
		return err
	}
	s.poke()
	return nil
}

// say takes a message in. The page is told that it arrived only when it is on disk.
func (s *session) say(id string, content jiban.Content) error {
	if !s.ready() {
		if err := s.hello(1<<62, ""); err != nil {
			return err
		}
	}
	if !s.chat.visitors.maySay(s.visitor, s.chat.d.Clock.Now()) {
		return s.refuse(id, jiban.CodeLimited)
	}
	s.remember(id)
	ctx, cancel := context.WithTimeout(s.ctx, storeLimit)
	defer cancel()
	receipt, err := s.chat.d.Inbox.Receive(ctx, jiban.Received{
		Channel: s.chat.cfg.Name, ChannelKind: jiban.ChannelWebChat, ExternalID: id, Address: s.visitor,
		Audience: s.chat.cfg.Audience, Region: s.chat.cfg.Region, Lang: s.language(), Content: content, At: s.chat.d.Clock.Now(),
	})
	if err != nil {
		return s.refuse(id, refusal(err))
	}
	if receipt.Repeat && !s.ours(ctx, receipt.ConversationID) {
		return s.refuse(id, jiban.CodeInvalid)
	}
	s.mu.Lock()
	s.conversation = receipt.ConversationID
	s.mu.Unlock()
	if err := s.tell(ackFrame{"ack", id, receipt.Seq}); err != nil {
		return err
	}
	s.chat.announce(s.ctx, s.visitor)
	return nil
}

// refusal is the code a page knows for an error.
func refusal(err error) jiban.Code {
	switch code := jiban.CodeOf(err); code {
	case jiban.CodeInvalid, jiban.CodeLimited:
		return code
	default:
		return jiban.CodeUnavailable
	}
}

// ours keeps one visitor from asking with another's ids.
func (s *session) ours(ctx context.Context, conversationID string) bool {
	conv, err := s.chat.d.History.FindConversation(ctx, s.chat.cfg.Name, s.visitor)
	return err == nil && conv.ID == conversationID
}

func (s *session) ready() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.greeted
}

func (s *session) remember(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.Contains(s.own, id) {
		return
	}
	if len(s.own) == ownKept {
		s.own = slices.Delete(s.own, 0, 1)
	}
	s.own = append(s.own, id)
}

// tell queues a frame. A page that reads nothing is cut off; it will come back and
// ask for what it missed.
func (s *session) tell(frame any) error {
	data, err := encode(frame)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.out) >= maxQueued {
		return jiban.Errorf(jiban.CodeLimited, "webchat.Serve", "the page does not read what it is sent")
	}
	s.out = append(s.out, data)
	s.start()
	return nil
}

// poke says that there may be news. It never blocks.
func (s *session) poke() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.greeted {
		s.due = true
		s.start()
	}
}

func (s *session) start() {
	if !s.working && s.ctx.Err() == nil {
		s.working = true
		go s.work()
	}
}

// work writes what is queued and then shows what is new, until there is neither.
func (s *session) work() {
	for {
		s.mu.Lock()
		frames, due := s.out, s.due
		s.out = nil
		if len(frames) == 0 {
			s.due = false
		}
		if len(frames) == 0 && !due {
			s.working = false
			s.mu.Unlock()
			return
		}
		s.mu.Unlock()
		var err error
		if len(frames) > 0 {
			err = s.write(frames)
		} else {
			err = s.show()
		}
		if err != nil {
			s.close()
			s.mu.Lock()
			s.working = false
			s.mu.Unlock()
			return
		}
	}
}

func (s *session) write(frames [][]byte) error {
	for _, f := range frames {
		ctx, cancel := context.WithTimeout(s.ctx, writeLimit)
		err := s.conn.Write(ctx, f)
		cancel()
		if err != nil {
			return err
		}
	}
	return nil
}
