package web

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/fasthttp/websocket"
	"github.com/gofiber/fiber/v2"

	"jiban"
	"jiban/staff"
)

// StaffTopic is where nodes tell each other what staff's screens must show.
const StaffTopic = "staff"

// The pace of the events.
const (
	screenQueue = 64              // events that wait for a slow screen
	resubscribe = 2 * time.Second // also how often screens look for themselves when nodes do not hear each other
)

// Event is one thing that happened, as staff's screens are told. It says where
// to look, never what was said.
type Event struct {
	Type           string `json:"type"` // queue, message, alert or ticket
	ConversationID string `json:"conversation_id,omitempty"`
	Seq            int64  `json:"seq,omitempty"`
	Number         string `json:"number,omitempty"`
	// Reach says whom a ticket concerns. Nodes tell each other; screens are not told.
	Reach *Reach `json:"reach,omitempty"`
}

// Reach is what decides who may hear of a ticket: the departments that have it or
// just had it, its region, and those that it is directed against.
type Reach struct {
	Departments []string `json:"departments"`
	Region      string   `json:"region"`
	Accused     []string `json:"accused,omitempty"`
}

// reachOf is the reach of a change to a ticket.
func reachOf(c *jiban.TicketChange) *Reach {
	r := &Reach{Departments: []string{c.Ticket.Department}, Region: c.Ticket.Region, Accused: c.Ticket.Life.Accused}
	for i := range c.Events {
		if c.Events[i].Kind == jiban.EventReturned {
			r.Departments = append(r.Departments, c.Events[i].Data["department"])
		}
	}
	return r
}

// covers reports whether the account may hear of the ticket.
func (r *Reach) covers(a jiban.Account) bool {
	if r == nil {
		return false
	}
	return slices.ContainsFunc(r.Departments, func(d string) bool {
		return staff.SeesTicket(a, jiban.Ticket{Department: d, Region: r.Region, Life: jiban.TicketLife{Accused: r.Accused}})
	})
}

// Announcer tells all nodes' screens of every commit.
type Announcer struct {
	Shared Shared
	Log    *slog.Logger
}

// Committed publishes what a batch means for screens. A screen that misses it
// finds out when it looks the next time, so an error is only logged.
func (a Announcer) Committed(ctx context.Context, b jiban.Batch, done jiban.Applied) {
	for _, e := range eventsOf(b, done) {
		frame, err := json.Marshal(e)
		if err == nil {
			err = a.Shared.Publish(ctx, StaffTopic, frame)
		}
		if err != nil {
			a.Log.WarnContext(ctx, "screens could not be told", "type", e.Type, "error", err)
		}
	}
}

// eventsOf lists what a batch means for staff's screens. Conversations that only
// the bot is busy with concern nobody.
func eventsOf(b jiban.Batch, done jiban.Applied) []Event {
	var es []Event
	c := b.Conversation
	if len(b.Handoffs) > 0 {
		es = append(es, Event{Type: "queue"})
	}
	if len(b.Alerts) > 0 {
		es = append(es, Event{Type: "alert"})
	}
	if c != nil && (c.Holder != jiban.HeldByBot || len(b.Handoffs) > 0) {
		es = append(es, Event{Type: "message", ConversationID: c.ID, Seq: lastSeq(*c, done)})
	}
	for i := range b.Tickets {
		es = append(es, Event{Type: "ticket", Number: b.Tickets[i].Ticket.Number, Reach: reachOf(&b.Tickets[i])})
	}
	return es
}

func lastSeq(c jiban.Conversation, done jiban.Applied) int64 {
	seq := c.LastSeq
	for _, m := range done.Messages {
		seq = max(seq, m.Seq)
	}
	return seq
}

// screens hands what is published to the open screens of this node, over one
// subscription.
type screens struct {
	shared Shared
	log    *slog.Logger
	mu     sync.Mutex
	open   map[chan []byte]jiban.Account
}

func newScreens(shared Shared, log *slog.Logger) *screens {
	return &screens{shared: shared, log: log, open: map[chan []byte]jiban.Account{}}
}

// run keeps the subscription until ctx ends. While there is none, screens are
// told to look for themselves.
func (p *screens) run(ctx context.Context) {
	for ctx.Err() == nil {
		events, stop, err := p.shared.Subscribe(ctx, StaffTopic)
		if err != nil {
			p.log.WarnContext(ctx, "screens hear nothing of other nodes", "error", err)
		} else {
			p.follow(ctx, events)
			stop()
		}
		p.lookAgain(ctx)
	}
}

// follow hands on events until the subscription or ctx ends. A subscription may
// be silent because Redis is away: then screens look for themselves too.
func (p *screens) follow(ctx context.Context, events <-chan []byte) {
	tick := time.NewTicker(resubscribe)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case frame, ok := <-events:
			if !ok {
				return
			}
			p.show(frame)
		case <-tick.C:
			if p.shared.Healthy(ctx) != nil {
				p.refresh()
			}
		}
	}
}

// lookAgain waits a little and lets the screens look for themselves.
func (p *screens) lookAgain(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(resubscribe):
		p.refresh()
	}
}

func (p *screens) refresh() {
	p.show([]byte(`{"type":"queue"}`))
	p.show([]byte(`{"type":"alert"}`))
}

// show hands a frame to every screen that may see it. A screen that is too slow
// is let go: it comes back and loads everything anew.
func (p *screens) show(frame []byte) {
	var e Event
	if err := decode(frame, &e); err != nil {
		p.log.Warn("an event is not one of ours", "error", err)
		return
	}
	told := e
	told.Reach = nil
	frame, err := json.Marshal(told)
	if err != nil {
		p.log.Warn("an event cannot be told to screens", "error", err)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for screen, a := range p.open {
		if !sees(a, e) {
			continue
		}
		select {
		case screen <- frame:
		default:
			delete(p.open, screen)
			close(screen)
		}
	}
}

// sees reports whether an event concerns the account.
func sees(a jiban.Account, e Event) bool {
	switch e.Type {
	case "queue":
		return staff.May(a, staff.ActQueue)
	case "message":
		return staff.May(a, staff.ActConversation)
	case "alert":
		return staff.May(a, staff.ActAlerts)
	case "ticket":
		return staff.May(a, staff.ActTicketView) && e.Reach.covers(a)
	default:
		return false
	}
}

func (p *screens) add(a jiban.Account) chan []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	screen := make(chan []byte, screenQueue)
	p.open[screen] = a
	return screen
}

func (p *screens) remove(screen chan []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, open := p.open[screen]; open {
		delete(p.open, screen)
		close(screen)
	}
}

// eventSocket opens a screen's socket; the guard has checked who it is.
func (s *Server) eventSocket() fiber.Handler {
	upgrade := s.upgrade(s.serveScreen)
	return func(c *fiber.Ctx) error {
		if err := s.wantsSocket(c, nil); err != nil {
			return err
		}
		c.Locals(localCookie, c.Cookies(staffCookie))
		return upgrade(c)
	}
}

// serveScreen sends events until the screen, its session or the server goes.
func (s *Server) serveScreen(ctx context.Context, k *socket, local func(string) any) {
	account, _ := local(localAccount).(jiban.Account)
	cookie, _ := local(localCookie).(string)
	screen := s.screens.add(account)
	gone := make(chan struct{})
	go func() { defer close(gone); listen(ctx, k) }()
	defer func() { s.screens.remove(screen); _ = k.Close(); <-gone }()
	tick := time.NewTicker(s.limits.SessionCheckEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-gone:
			return
		case frame, ok := <-screen:
			if !ok || k.Write(ctx, frame) != nil {
				k.bye(websocket.CloseTryAgainLater)
				return
			}
		case <-tick.C:
			if _, _, err := s.Staff.Check(ctx, cookie); jiban.CodeOf(err) == jiban.CodeUnauthorized {
				k.bye(websocket.ClosePolicyViolation)
				return
			}
		}
	}
}

// listen reads a screen's frames, of which only pings are expected, until it is
// gone.
func listen(ctx context.Context, k *socket) {
	for {
		frame, err := k.Read()
		if err != nil {
			return
		}
		if slices.Equal(frame, []byte(`{"type":"ping"}`)) && k.Write(ctx, []byte(`{"type":"pong"}`)) != nil {
			return
		}
	}
}
