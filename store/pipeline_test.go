package store_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"jiban"
	"jiban/store"
)

func TestReceiveMakesContactAndConversation(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := p.open(t)
		says := "小区停水超过24小时 🚰 \u0000 \u202e 𠀀"
		r := text("wx-1", "o6_bmjrPTlm6", says)
		r.Content.Location = &jiban.Location{Lat: 45.8, Lng: 126.53, Label: "中央大街", Datum: "gcj02"}
		m := receive(t, s, r)
		if m.Seq != 1 || m.Direction != jiban.Inbound || m.Author != jiban.ByContact || m.ConversationID == "" {
			t.Fatalf("the message is %+v", m)
		}
		stored := must[jiban.Message](t)(s.Message(t.Context(), m.ID))
		if !reflect.DeepEqual(stored, m) {
			t.Fatalf("stored %+v\nwant   %+v", stored, m)
		}
		in := turnInput(t, s, m.ConversationID)
		if !in.First || len(in.Inbox) != 1 || in.Inbox[0].Content.Text != says {
			t.Fatalf("the turn meets %+v", in)
		}
		c := in.Conversation
		if c.Holder != jiban.HeldByBot || c.Channel != "gzh" || c.Region != "230000" || c.LastSeq != 1 || !c.LastInAt.Equal(m.CreatedAt) {
			t.Fatalf("the conversation is %+v", c)
		}
		if len(in.Addresses) != 1 || in.Addresses[0] != r.Address || in.Contact.ID != c.ContactID {
			t.Fatalf("contact %+v with addresses %v", in.Contact, in.Addresses)
		}
		found := must[jiban.Conversation](t)(s.FindConversation(t.Context(), "gzh", r.Address))
		if !reflect.DeepEqual(found, c) {
			t.Fatalf("found %+v, want %+v", found, c)
		}
	})
}

func TestRepeatIsNotStoredAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := p.open(t)
		first := receive(t, s, text("wx-1", "a", "你好"))
		again, repeat, err := s.Receive(t.Context(), text("wx-1", "a", "你好"))
		if err != nil || !repeat || again.ID != first.ID {
			t.Fatalf("a repeat gives %+v, %v, %v", again, repeat, err)
		}
		if next := receive(t, s, text("wx-2", "a", "在吗")); next.Seq != 2 {
			t.Fatalf("the next message has sequence %d: a repeat used one up", next.Seq)
		}
		other := text("wx-1", "a", "你好")
		other.Channel = "gzh2"
		if m := receive(t, s, other); m.ConversationID == first.ConversationID {
			t.Fatal("the same id on another channel is another message")
		}
	})
}

func TestRepeatWithinLimitsHowLongAnIDIsKnown(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		clock := jiban.NewManualClock(time.Date(2026, 11, 2, 1, 0, 0, 0, time.UTC))
		s := p.openAt(t, clock)
		r := text("13800001234:7:abc", "a", "停电了")
		r.RepeatWithin = 2 * time.Minute
		first := receive(t, s, r)
		clock.Advance(119 * time.Second)
		if _, repeat, err := s.Receive(t.Context(), r); err != nil || !repeat {
			t.Fatalf("within the time: repeat %v, %v", repeat, err)
		}
		clock.Advance(2 * time.Second)
		second := receive(t, s, r)
		if second.ID == first.ID || second.Seq != 2 {
			t.Fatalf("after the time it is a new message, got %+v", second)
		}
		got, repeat, err := s.Receive(t.Context(), r)
		if err != nil || !repeat || got.ID != second.ID {
			t.Fatalf("the second's repeat gives %+v, %v, %v", got, repeat, err)
		}
	})
}

func TestReceiveRefusesWhatCannotBeAKey(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := p.open(t)
		for name, change := range map[string]func(*jiban.Received){
			"no id":         func(r *jiban.Received) { r.ExternalID = "" },
			"no address":    func(r *jiban.Received) { r.Address = "" },
			"NUL":           func(r *jiban.Received) { r.ExternalID = "a\x00b" },
			"invalid UTF-8": func(r *jiban.Received) { r.Address = "wechat:\xff" },
			"too long":      func(r *jiban.Received) { r.ExternalID = strings.Repeat("9", 600) },
		} {
			r := text("wx-1", "a", "你好")
			change(&r)
			_, _, err := s.Receive(t.Context(), r)
			if jiban.CodeOf(err) != jiban.CodeInvalid {
				t.Errorf("%s: %v", name, err)
			}
		}
		r := text("wx-2", "a", "坏的\xff\xfe字")
		if m := receive(t, s, r); must[jiban.Message](t)(s.Message(t.Context(), m.ID)).Content.Text == "" {
			t.Error("a text with broken characters was lost")
		}
	})
}

// Two nodes are given the same messages of new people at the same time.
func TestTwoNodesReceiveTheSameOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		nodes := []*store.Store{p.open(t), p.open(t)}
		const people, each = 6, 5
		var fresh atomic.Int64
		var wg sync.WaitGroup
		for _, s := range nodes {
			for person := range people {
				for n := range each {
					wg.Add(1)
					go func() {
						defer wg.Done()
						r := text(fmt.Sprintf("wx-%d-%d", person, n), fmt.Sprintf("p%d", person), "你好")
						m, repeat, err := s.Receive(t.Context(), r)
						if err != nil || m.ExternalID != r.ExternalID {
							t.Errorf("receive: %+v, %v", m, err)
						}
						if !repeat {
							fresh.Add(1)
						}
					}()
				}
			}
		}
		wg.Wait()
		if fresh.Load() != people*each {
			t.Errorf("%d were new, want %d", fresh.Load(), people*each)
		}
		var contacts, conversations int
		p.query(t, &contacts, "SELECT COUNT(*) FROM contacts")
		p.query(t, &conversations, "SELECT COUNT(*) FROM conversations")
		if contacts != people || conversations != people {
			t.Errorf("%d contacts and %d conversations, want %d each", contacts, conversations, people)
		}
		for person := range people {
			c := must[jiban.Conversation](t)(nodes[0].FindConversation(t.Context(), "gzh", jiban.Address(fmt.Sprintf("wechat:p%d", person))))
			ms := must[[]jiban.Message](t)(nodes[1].Messages(t.Context(), c.ID, 0, 100))
			for i, m := range ms {
				if m.Seq != int64(i+1) {
					t.Errorf("sequence %d at place %d", m.Seq, i)
				}
			}
			if len(ms) != each || c.LastSeq != each {
				t.Errorf("%d messages, last sequence %d, want %d", len(ms), c.LastSeq, each)
			}
		}
	})
}

func TestApplyWritesAllOfABatch(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := p.open(t)
		m := receive(t, s, text("wx-1", "a", "停水了"))
		in := turnInput(t, s, m.ConversationID)
		at := time.Date(2026, 11, 2, 3, 4, 5, 678000, time.UTC)
		b := reply(in, "turn-1", "请问在哪里？", "停了多久？")
		b.Turn.StateBefore, b.Turn.Facts, b.Turn.Outcome = json.RawMessage(`{"a":1}`), json.RawMessage(`{}`), json.RawMessage(`{"说":"好"}`)
		b.Conversation.State = json.RawMessage(`{"form":"水"}`)
		b.Conversation.Region, b.Conversation.Holder, b.Conversation.HandoffID = "230100", jiban.HeldByQueue, "h-1"
		b.Conversation.SafetySaid = map[string]time.Time{"119": at}
		b.Notices[1].Claim = &jiban.Claim{By: "node-1", Path: jiban.PathPassive, Until: at.Add(time.Hour)}
		b.Contact = &jiban.Contact{ID: in.Contact.ID, Name: "王女士", Lang: jiban.English, Roster: true, OptedOut: true, CreatedAt: at}
		ticket := jiban.Ticket{Number: "2611020000017", Kind: "request", Type: jiban.Help, Matter: "010101", Title: "停水",
			Region: "230102", Department: "water", DepartmentName: "水务局", Status: jiban.TicketDispatched,
			Fields: map[string]string{"place": "中央大街1号"}, Urgent: true, ContactID: in.Contact.ID,
			ConversationID: in.Conversation.ID, Channel: "gzh", DueAt: at, CreatedAt: at, UpdatedAt: at}
		events := []jiban.TicketEvent{{ID: "e1", Number: ticket.Number, Seq: 1, Kind: jiban.EventOpened, Actor: "bot", At: at},
			{ID: "e2", Number: ticket.Number, Seq: 2, Kind: jiban.EventDispatched, Actor: "bot", Data: map[string]string{"department": "water"}, At: at}}
		b.Tickets = []jiban.TicketChange{{Ticket: ticket, Events: events}}
		intake := jiban.Intake{ID: "i1", ConversationID: in.Conversation.ID, ContactID: in.Contact.ID, Channel: "gzh", Type: jiban.Help,
			Matter: "010101", Region: "230102", Question: "停水了", Result: jiban.IntakeTicket, Articles: []string{"x"}, Ticket: ticket.Number, CreatedAt: at, UpdatedAt: at}
		b.Intakes = []jiban.Intake{intake}
		handoff := jiban.Handoff{ID: "h-1", ConversationID: in.Conversation.ID, ContactID: in.Contact.ID, Reason: jiban.HandoffRequested,
			Queue: "general", Priority: 3, Status: jiban.HandoffWaiting, Summary: "停水", Draft: map[string]string{"place": "1号"},
			Matter: "010101", Type: jiban.Help, Articles: []string{"x", "y"}, CreatedAt: at}
		b.Handoffs = []jiban.Handoff{handoff}
		alert := jiban.Alert{ID: "al-1", ConversationID: in.Conversation.ID, Kind: "119", Text: "着火", CreatedAt: at}
		b.Alerts = []jiban.Alert{alert}
		b.Audit = []jiban.AuditEntry{{ID: "au-1", Actor: "bot", Action: "open", Object: ticket.Number, Result: "ok", At: at}}

		said := apply(t, s, b)
		if len(said) != 2 || said[0].Seq != 2 || said[1].Seq != 3 || said[0].TurnID != "turn-1" {
			t.Fatalf("said %+v", said)
		}
		if d := said[0].Delivery; d.Status != jiban.DeliveryQueued || d.Kind != jiban.NoticeReply {
			t.Errorf("the first is %+v", d)
		}
		if d := said[1].Delivery; d.Status != jiban.DeliverySending || d.ClaimedBy != "node-1" || d.Path != jiban.PathPassive {
			t.Errorf("the claimed one is %+v", d)
		}
		for _, m := range said {
			if stored := must[jiban.Message](t)(s.Message(t.Context(), m.ID)); !reflect.DeepEqual(stored, m) {
				t.Errorf("stored %+v\nwant   %+v", stored, m)
			}
		}
		after := turnInput(t, s, in.Conversation.ID)
		want := *b.Conversation
		want.Version, want.LastSeq, want.UpdatedAt = in.Conversation.Version+1, 3, after.Conversation.UpdatedAt
		if !reflect.DeepEqual(after.Conversation, want) {
			t.Errorf("conversation %+v\nwant         %+v", after.Conversation, want)
		}
		if !reflect.DeepEqual(after.Contact, *b.Contact) || len(after.Inbox) != 0 || after.First {
			t.Errorf("the next turn meets %+v", after)
		}
		ticket.Version, handoff.Version = 1, 1
		same(t, "turn", *b.Turn)(s.Turn(t.Context(), "turn-1"))
		same(t, "ticket", ticket)(s.Ticket(t.Context(), ticket.Number))
		same(t, "events", events)(s.TicketEvents(t.Context(), ticket.Number))
		same(t, "intake", intake)(s.Intake(t.Context(), "i1"))
		same(t, "intakes", b.Intakes)(s.Intakes(t.Context(), in.Conversation.ID))
		same(t, "handoff", handoff)(s.Handoff(t.Context(), "h-1"))
		same(t, "alerts", b.Alerts)(s.Alerts(t.Context(), true, 10))
		same(t, "audit", b.Audit)(s.Audit(t.Context(), "", 10))
	})
}

func same[T any](t *testing.T, what string, want T) func(T, error) {
	return func(got T, err error) {
		t.Helper()
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s is %+v (%v)\nwant %+v", what, got, err, want)
		}
	}
}

// A conflict in any part leaves nothing of the batch behind.
func TestApplyConflictsLeaveNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := p.open(t)
		m := receive(t, s, text("wx-1", "a", "停水了"))
		in := turnInput(t, s, m.ConversationID)
		first := reply(in, "turn-1", "好的")
		first.Tickets = []jiban.TicketChange{{Ticket: jiban.Ticket{Number: "N1", Status: jiban.TicketAccepted},
			Events: []jiban.TicketEvent{{ID: "e1", Number: "N1", Seq: 1}}}}
		first.Handoffs = []jiban.Handoff{{ID: "H1", Status: jiban.HandoffWaiting}}
		apply(t, s, first)
		receive(t, s, text("wx-2", "a", "还没来水"))
		before := turnInput(t, s, m.ConversationID)

		for name, spoil := range map[string]func(*jiban.Batch){
			"old conversation": func(b *jiban.Batch) { b.Conversation.Version-- },
			"taken message":    func(b *jiban.Batch) { b.Inbox = append(b.Inbox, m.ID) },
			"unknown message":  func(b *jiban.Batch) { b.Inbox = append(b.Inbox, "none") },
			"same turn":        func(b *jiban.Batch) { b.Turn.ID = "turn-1" },
			"same number":      func(b *jiban.Batch) { b.Tickets = []jiban.TicketChange{{Ticket: jiban.Ticket{Number: "N1"}}} },
			"old ticket": func(b *jiban.Batch) {
				b.Tickets = []jiban.TicketChange{{Ticket: jiban.Ticket{Number: "N1", Version: 7}}}
			},
			"same event": func(b *jiban.Batch) {
				b.Tickets = []jiban.TicketChange{{Ticket: jiban.Ticket{Number: "N1", Version: 1}, Events: []jiban.TicketEvent{{ID: "e9", Number: "N1", Seq: 1}}}}
			},
			"old handoff": func(b *jiban.Batch) { b.Handoffs = []jiban.Handoff{{ID: "H1", Version: 3}} },
		} {
			b := reply(turnInput(t, s, m.ConversationID), "turn-2", "稍等", "再问")
			b.Alerts = []jiban.Alert{{ID: "al", Kind: "110"}}
			spoil(&b)
			_, err := s.Apply(t.Context(), b)
			if jiban.CodeOf(err) != jiban.CodeConflict {
				t.Errorf("%s: error %v, want a conflict", name, err)
			}
			if after := turnInput(t, s, m.ConversationID); !reflect.DeepEqual(after, before) {
				t.Errorf("%s: the conversation changed to %+v", name, after)
			}
		}
		same[[]jiban.Alert](t, "alerts", nil)(s.Alerts(t.Context(), false, 10))
		if ms := must[[]jiban.Message](t)(s.Messages(t.Context(), m.ConversationID, 0, 100)); len(ms) != 3 {
			t.Errorf("%d messages, want 3", len(ms))
		}
	})
}

// A message that comes during a turn neither spoils the turn nor is lost.
func TestMessageDuringATurnWaitsForTheNext(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := p.open(t)
		m := receive(t, s, text("wx-1", "a", "你好"))
		in := turnInput(t, s, m.ConversationID)
		late := receive(t, s, text("wx-2", "a", "停水了"))
		said := apply(t, s, reply(in, "turn-1", "您好"))
		if said[0].Seq != 3 {
			t.Errorf("the answer has sequence %d, want 3", said[0].Seq)
		}
		next := turnInput(t, s, m.ConversationID)
		if len(next.Inbox) != 1 || next.Inbox[0].ID != late.ID || next.Conversation.LastInAt != late.CreatedAt {
			t.Errorf("the next turn meets %+v", next)
		}
		waiting := must[[]string](t)(s.Unanswered(t.Context(), time.Now().Add(time.Minute), 10))
		if len(waiting) != 1 || waiting[0] != m.ConversationID {
			t.Errorf("unanswered: %v", waiting)
		}
		apply(t, s, reply(next, "turn-2"))
		same[[]string](t, "unanswered", nil)(s.Unanswered(t.Context(), time.Now().Add(time.Minute), 10))
	})
}

// Of many turns on one conversation, on two nodes, exactly one wins each round.
func TestOneTurnWins(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		nodes := []*store.Store{p.open(t), p.open(t)}
		for round := range 5 {
			m := receive(t, nodes[0], text(fmt.Sprintf("wx-%d", round), "a", "你好"))
			in := turnInput(t, nodes[0], m.ConversationID)
			var won atomic.Int64
			var wg sync.WaitGroup
			for n := range 6 {
				wg.Add(1)
				go func() {
					defer wg.Done()
					mine := in
					_, err := nodes[n%2].Apply(t.Context(), reply(mine, fmt.Sprintf("turn-%d-%d", round, n), "您好"))
					switch jiban.CodeOf(err) {
					case "":
						won.Add(1)
					case jiban.CodeConflict:
					default:
						t.Errorf("a loser hears %v", err)
					}
				}()
			}
			wg.Wait()
			if won.Load() != 1 {
				t.Fatalf("%d turns won", won.Load())
			}
		}
	})
}

func TestDedupeKeyDropsASecondNotice(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := p.open(t)
		m := receive(t, s, text("wx-1", "a", "你好"))
		other := receive(t, s, text("wx-2", "b", "你好"))
		notice := func(conversation, key string) jiban.Notice {
			return jiban.Notice{ConversationID: conversation, Kind: jiban.NoticeTicketAccepted, DedupeKey: key, Params: map[string]string{"number": "1"}}
		}
		said := apply(t, s, jiban.Batch{Notices: []jiban.Notice{notice(m.ConversationID, "N1 accepted"), notice(m.ConversationID, "N1 accepted"),
			notice(m.ConversationID, ""), notice(m.ConversationID, ""), notice(other.ConversationID, "N1 accepted")}})
		if len(said) != 4 || said[1].Seq != 3 || said[3].Seq != 2 {
			t.Fatalf("said %+v", said)
		}
		if again := apply(t, s, jiban.Batch{Notices: []jiban.Notice{notice(m.ConversationID, "N1 accepted")}}); len(again) != 0 {
			t.Errorf("said again: %+v", again)
		}
		if c := must[jiban.Conversation](t)(s.Conversation(t.Context(), m.ConversationID)); c.LastSeq != 4 {
			t.Errorf("the last sequence is %d, want 4: a dropped notice used one up", c.LastSeq)
		}
		var wg sync.WaitGroup
		var count atomic.Int64
		for range 8 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				a, err := s.Apply(t.Context(), jiban.Batch{Notices: []jiban.Notice{notice(m.ConversationID, "N2 accepted")}})
				if err != nil {
					t.Error(err)
				}
				count.Add(int64(len(a.Messages)))
			}()
		}
		wg.Wait()
		if count.Load() != 1 {
			t.Errorf("%d notices with one key", count.Load())
		}
	})
}

func TestNoticeFindsItsConversation(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		clock := jiban.NewManualClock(time.Date(2026, 11, 2, 1, 0, 0, 0, time.UTC))
		s := p.openAt(t, clock)
		old := receive(t, s, text("wx-1", "a", "你好"))
		contact := turnInput(t, s, old.ConversationID).Contact.ID
		clock.Advance(time.Hour)
		elsewhere := text("wx-2", "a", "你好")
		elsewhere.Channel = "gzh2"
		newer := receive(t, s, elsewhere)
		said := apply(t, s, jiban.Batch{Notices: []jiban.Notice{{ContactID: contact, Kind: jiban.NoticeTicketSigned}}})
		if said[0].ConversationID != newer.ConversationID || said[0].Channel != "gzh2" {
			t.Errorf("told in %+v", said[0])
		}
		_, err := s.Apply(t.Context(), jiban.Batch{Notices: []jiban.Notice{{ContactID: "nobody"}}})
		wantCode(t, err, jiban.CodeInvalid)
		_, err = s.Apply(t.Context(), jiban.Batch{Notices: []jiban.Notice{{ConversationID: "none"}}})
		wantCode(t, err, jiban.CodeInvalid)
	})
}

// Whatever people send, a turn about it can be stored on either database.
func TestBrokenTextIsKept(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := p.open(t)
		broken := "停\x00水\xff了 🚰 '; DROP TABLE messages; --"
		const kept = "停水\uFFFD了 🚰 '; DROP TABLE messages; --"
		m := receive(t, s, text("wx-1", "a", broken))
		in := turnInput(t, s, m.ConversationID)
		b := reply(in, "turn-1", broken)
		in.Contact.Name = broken
		b.Contact = &in.Contact
		b.Intakes = []jiban.Intake{{ID: "i", Question: broken}}
		b.Alerts = []jiban.Alert{{ID: "a", Text: broken}}
		b.Handoffs = []jiban.Handoff{{ID: "h", Summary: broken, Draft: map[string]string{"description": broken}}}
		b.Tickets = []jiban.TicketChange{{Ticket: jiban.Ticket{Number: "1", Title: broken, Fields: map[string]string{"place": broken}},
			Events: []jiban.TicketEvent{{Number: "1", Seq: 1, Data: map[string]string{"text": broken}}}}}
		apply(t, s, b)
		i := must[jiban.Intake](t)(s.Intake(t.Context(), "i"))
		h := must[jiban.Handoff](t)(s.Handoff(t.Context(), "h"))
		k := must[jiban.Ticket](t)(s.Ticket(t.Context(), "1"))
		c := must[jiban.Contact](t)(s.Contact(t.Context(), in.Contact.ID))
		if i.Question != kept || h.Summary != kept || k.Title != kept || c.Name != kept {
			t.Errorf("kept are %q, %q, %q, %q", i.Question, h.Summary, k.Title, c.Name)
		}
	})
}
