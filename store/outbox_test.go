package store_test

import (
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"jiban"
	"jiban/store"
)

var monday = time.Date(2026, 11, 2, 1, 0, 0, 0, time.UTC)

// told puts notices into a new conversation with a person and returns their
// messages.
func told(t testing.TB, s *store.Store, person string, ns ...jiban.Notice) []jiban.Message {
	t.Helper()
	m := receive(t, s, text("in-"+person, person, "你好"))
	for i := range ns {
		ns[i].ConversationID = m.ConversationID
		if ns[i].Kind == "" {
			ns[i].Kind = jiban.NoticeReply
		}
	}
	return apply(t, s, jiban.Batch{Notices: ns})
}

func ids(ms []jiban.Message) []string {
	var all []string
	for _, m := range ms {
		all = append(all, m.ID)
	}
	return all
}

func claim(t testing.TB, s *store.Store, by string, now time.Time, limit int) []jiban.Message {
	t.Helper()
	ms, err := s.ClaimOutbox(t.Context(), by, now, now.Add(time.Minute), limit)
	if err != nil {
		t.Fatal(err)
	}
	return ms
}

func wantIDs(t testing.TB, what string, got []jiban.Message, want ...string) {
	t.Helper()
	if !slices.Equal(ids(got), want) {
		t.Fatalf("%s: %v, want %v", what, ids(got), want)
	}
}

func TestClaimTakesWholeConversationsInOrder(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		clock := jiban.NewManualClock(monday)
		s := p.openAt(t, clock)
		a := told(t, s, "a", jiban.Notice{Urgency: jiban.UrgencyNormal}, jiban.Notice{Urgency: jiban.UrgencyNormal})
		clock.Advance(time.Second)
		b := told(t, s, "b", jiban.Notice{Urgency: jiban.UrgencyLow}, jiban.Notice{Urgency: jiban.UrgencyHigh})
		clock.Advance(time.Second)
		c := told(t, s, "c", jiban.Notice{Urgency: jiban.UrgencyNormal})
		wantIDs(t, "the most urgent conversation first, whole", claim(t, s, "n1", clock.Now(), 1), b[0].ID, b[1].ID)
		got := claim(t, s, "n2", clock.Now(), 100)
		wantIDs(t, "then by age", got, a[0].ID, a[1].ID, c[0].ID)
		if d := got[0].Delivery; d.ClaimedBy != "n2" || !d.ClaimedUntil.Equal(clock.Now().Add(time.Minute)) || d.Status != jiban.DeliveryQueued {
			t.Errorf("the claim reads %+v", d)
		}
		wantIDs(t, "all is taken", claim(t, s, "n1", clock.Now(), 100))
	})
}

func TestClaimLeavesAConversationThatSomebodyIsAt(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		clock := jiban.NewManualClock(monday)
		s := p.openAt(t, clock)
		a := told(t, s, "a", jiban.Notice{}, jiban.Notice{Claim: &jiban.Claim{By: "waiter", Path: jiban.PathPassive, Until: monday.Add(5 * time.Second)}})
		wantIDs(t, "a waiting passive reply", claim(t, s, "n1", clock.Now(), 10))
		clock.Advance(6 * time.Second)
		got := claim(t, s, "n1", clock.Now(), 10)
		wantIDs(t, "the waiter died", got, a[0].ID, a[1].ID)
		if got[1].Delivery.Status != jiban.DeliverySending || got[1].Delivery.Path != jiban.PathPassive {
			t.Errorf("it comes back as %+v, want it still recorded as sending", got[1].Delivery)
		}
	})
}

func TestClaimRespectsDatesAndRetries(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		clock := jiban.NewManualClock(monday)
		s := p.openAt(t, clock)
		tomorrow := monday.Add(24 * time.Hour)
		a := told(t, s, "a", jiban.Notice{NotBefore: tomorrow}, jiban.Notice{}, jiban.Notice{}, jiban.Notice{Urgency: jiban.UrgencyHigh})
		got := claim(t, s, "n1", clock.Now(), 10)
		wantIDs(t, "a date that was set holds nothing up", got, a[1].ID, a[2].ID, a[3].ID)
		for i, m := range got { // the first will be tried again, the others are given back
			d := m.Delivery
			d.ClaimedBy, d.ClaimedUntil = "", time.Time{}
			if i == 0 {
				d.Attempts, d.NotBefore = 1, clock.Now().Add(10*time.Second)
			}
			if err := s.SaveDelivery(t.Context(), m.ID, "n1", d, nil); err != nil {
				t.Fatal(err)
			}
		}
		wantIDs(t, "what follows a retry waits, but for the urgent", claim(t, s, "n1", clock.Now(), 10), a[3].ID)
		d := a[3].Delivery
		d.Status = jiban.DeliverySent
		if err := s.SaveDelivery(t.Context(), a[3].ID, "n1", d, nil); err != nil {
			t.Fatal(err)
		}
		clock.Advance(10 * time.Second)
		wantIDs(t, "the retry is due", claim(t, s, "n1", clock.Now(), 10), a[1].ID, a[2].ID)
		clock.Advance(24 * time.Hour)
		wantIDs(t, "the date has come", claim(t, s, "n1", clock.Now(), 10), a[0].ID, a[1].ID, a[2].ID)
	})
}

// Many conversations that wait for a new try, or are being served, do not keep the
// others from their turn.
func TestHeldConversationsStarveNobody(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		clock := jiban.NewManualClock(monday)
		s := p.openAt(t, clock)
		for i := range 8 {
			ms := told(t, s, fmt.Sprint("held", i), jiban.Notice{}, jiban.Notice{}, jiban.Notice{})
			d := ms[0].Delivery
			if i%2 == 0 {
				d.Attempts, d.NotBefore = 1, monday.Add(time.Hour)
			} else {
				d.Status, d.ClaimedBy, d.ClaimedUntil = jiban.DeliverySending, "n9", monday.Add(time.Hour)
			}
			if err := s.SaveDelivery(t.Context(), ms[0].ID, "", d, nil); err != nil {
				t.Fatal(err)
			}
		}
		clock.Advance(time.Minute)
		free := told(t, s, "free", jiban.Notice{})
		wantIDs(t, "the one that is free", claim(t, s, "n1", clock.Now(), 2), free[0].ID)
	})
}

func TestTwoNodesNeverClaimTheSame(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		nodes := []*store.Store{p.open(t), p.open(t)}
		const people, each = 12, 3
		for person := range people {
			told(t, nodes[0], fmt.Sprint("p", person), make([]jiban.Notice, each)...)
		}
		now := time.Now().Add(time.Second)
		var mu sync.Mutex
		owner := map[string]string{} // conversation → who claimed it
		seen := map[string]bool{}
		var wg sync.WaitGroup
		for w := range 8 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				by := fmt.Sprint("worker", w)
				for range 6 {
					ms, err := nodes[w%2].ClaimOutbox(t.Context(), by, now, now.Add(time.Hour), 5)
					if err != nil && jiban.CodeOf(err) != jiban.CodeConflict {
						t.Error(err)
					}
					mu.Lock()
					for _, m := range ms {
						if seen[m.ID] || owner[m.ConversationID] != "" && owner[m.ConversationID] != by {
							t.Errorf("message %s is claimed twice or its conversation by two", m.ID)
						}
						seen[m.ID], owner[m.ConversationID] = true, by
					}
					mu.Unlock()
				}
			}()
		}
		wg.Wait()
		if len(seen) != people*each {
			t.Errorf("%d claimed, want %d", len(seen), people*each)
		}
	})
}

func TestSaveDelivery(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		clock := jiban.NewManualClock(monday)
		s := p.openAt(t, clock)
		m := told(t, s, "a", jiban.Notice{Kind: jiban.NoticeTicketAccepted, Params: map[string]string{"number": "2611020000017"}})[0]
		claim(t, s, "n1", clock.Now(), 10)
		d := jiban.Delivery{Status: jiban.DeliverySending, Path: jiban.PathSMS, Kind: m.Delivery.Kind, Urgency: 1, Params: m.Delivery.Params,
			DedupeKey: "k", NotBefore: monday, NotAfter: monday.Add(time.Hour), Attempts: 2, Repeated: true, ClaimedBy: "n1",
			ClaimedUntil: monday.Add(time.Minute), ProviderIDs: []string{"7", "8"}, PartsSent: 2, Error: "45015"}
		worded := jiban.Content{Kind: jiban.KindText, Text: "您的工单编号2611020000017"}
		if err := s.SaveDelivery(t.Context(), m.ID, "n1", d, &worded); err != nil {
			t.Fatal(err)
		}
		m.Delivery, m.Content = d, worded
		same(t, "message", m)(s.Message(t.Context(), m.ID))

		d.Status = jiban.DeliverySent
		wantCode(t, s.SaveDelivery(t.Context(), m.ID, "n2", d, nil), jiban.CodeConflict)
		wantCode(t, s.SaveDelivery(t.Context(), "none", "n2", d, nil), jiban.CodeNotFound)
		in := must[[]jiban.Message](t)(s.Messages(t.Context(), m.ConversationID, 0, 1))[0]
		wantCode(t, s.SaveDelivery(t.Context(), in.ID, "", d, nil), jiban.CodeNotFound)
		if err := s.SaveDelivery(t.Context(), m.ID, "n1", d, nil); err != nil {
			t.Fatal(err)
		}
		after := must[jiban.Message](t)(s.Message(t.Context(), m.ID))
		if after.Delivery.ClaimedBy != "" || after.Content.Text != worded.Text {
			t.Errorf("a settled message is %+v", after)
		}
		d.Status = jiban.DeliveryDelivered
		if err := s.SaveDelivery(t.Context(), m.ID, "", d, nil); err != nil {
			t.Errorf("a receipt: %v", err)
		}
		clock.Advance(time.Hour)
		wantIDs(t, "nothing is left to send", claim(t, s, "n1", clock.Now(), 10))
	})
}

func TestFindProviderID(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		clock := jiban.NewManualClock(monday)
		s := p.openAt(t, clock)
		sent := func(person string, path jiban.Path, ids ...string) string {
			clock.Advance(time.Second)
			m := told(t, s, person, jiban.Notice{})[0]
			d := m.Delivery
			d.Status, d.Path, d.ProviderIDs = jiban.DeliverySent, path, ids
			for range 2 { // saving twice adds nothing
				if err := s.SaveDelivery(t.Context(), m.ID, "", d, nil); err != nil {
					t.Fatal(err)
				}
			}
			return m.ID
		}
		sent("a", jiban.PathTemplate, "1", "2")
		newer := sent("b", jiban.PathTemplate, "2")
		bySMS := sent("c", jiban.PathSMS, "9")
		sent("d", jiban.PathTemplate, "10")
		for _, c := range []struct{ channel, id, want string }{{"gzh", "2", newer}, {"main", "9", bySMS}, {"main", "10", ""}, {"gzh", "11", ""}} {
			m, err := s.FindProviderID(t.Context(), c.channel, c.id)
			if m.ID != c.want || (err == nil) != (c.want != "") {
				t.Errorf("%s %s is %q, %v, want %q", c.channel, c.id, m.ID, err, c.want)
			}
		}
	})
}

// The provider's numbering of what it took never shadows an inbound message.
func TestOutboundIDsDoNotHideInboundOnes(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := p.open(t)
		m := told(t, s, "a", jiban.Notice{})[0]
		d := m.Delivery
		d.Status, d.ProviderIDs = jiban.DeliverySent, []string{"1000"}
		if err := s.SaveDelivery(t.Context(), m.ID, "", d, nil); err != nil {
			t.Fatal(err)
		}
		receive(t, s, text("1000", "a", "在吗"))
	})
}

func TestClaimMessagesGivesAPassiveAnswerAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		clock := jiban.NewManualClock(monday)
		s := p.openAt(t, clock)
		ms := told(t, s, "a", make([]jiban.Notice, 6)...)
		for i, status := range []jiban.DeliveryStatus{jiban.DeliverySent, jiban.DeliveryUncertain, jiban.DeliveryQueued,
			jiban.DeliveryDelivered, jiban.DeliverySending, jiban.DeliveryFailed} {
			d := ms[i].Delivery
			d.Status, d.Path = status, jiban.PathPassive
			if status == jiban.DeliverySending {
				d.ClaimedBy, d.ClaimedUntil = "other", monday.Add(5*time.Second)
			}
			if err := s.SaveDelivery(t.Context(), ms[i].ID, "", d, nil); err != nil {
				t.Fatal(err)
			}
		}
		again := func(by string) []jiban.Message {
			return must[[]jiban.Message](t)(s.ClaimMessages(t.Context(), append(ids(ms), "none"), by, clock.Now().Add(4*time.Second)))
		}
		got := again("me")
		wantIDs(t, "what may not have arrived", got, ms[0].ID, ms[1].ID, ms[2].ID)
		for _, m := range got {
			if m.Delivery.Status != jiban.DeliverySending || m.Delivery.ClaimedBy != "me" {
				t.Errorf("claimed as %+v", m.Delivery)
			}
		}
		wantIDs(t, "another gets none of it", again("you"))
		clock.Advance(6 * time.Second)
		wantIDs(t, "the claims have run out", again("you"), ms[0].ID, ms[1].ID, ms[2].ID, ms[4].ID)
	})
}

func TestSentSinceAndCounts(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		clock := jiban.NewManualClock(monday)
		s := p.openAt(t, clock)
		ms := told(t, s, "a", make([]jiban.Notice, 5)...)
		for i, status := range []jiban.DeliveryStatus{jiban.DeliverySent, jiban.DeliveryUncertain, jiban.DeliveryFailed, jiban.DeliverySent} {
			clock.Advance(time.Minute)
			d := ms[i].Delivery
			d.Status, d.Path, d.PartsSent = jiban.DeliverySending, jiban.PathCustom, i
			d.ClaimedUntil, d.ClaimedBy = clock.Now().Add(time.Minute), "n"
			if err := s.SaveDelivery(t.Context(), ms[i].ID, "", d, nil); err != nil {
				t.Fatal(err)
			}
			d.Status = status
			if err := s.SaveDelivery(t.Context(), ms[i].ID, "n", d, nil); err != nil {
				t.Fatal(err)
			}
		}
		count := func(path jiban.Path, since time.Time, want int) {
			t.Helper()
			if n := must[int](t)(s.SentSince(t.Context(), ms[0].ConversationID, path, since)); n != want {
				t.Errorf("%d sent since %v, want %d", n, since, want)
			}
		}
		count(jiban.PathCustom, monday, 1+1+3)
		count(jiban.PathCustom, monday.Add(3*time.Minute), 3)
		count(jiban.PathSMS, monday, 0)
		count(jiban.PathCustom, monday.Add(time.Hour), 0)
		want := map[jiban.DeliveryStatus]int{jiban.DeliveryQueued: 1, jiban.DeliveryUncertain: 1, jiban.DeliveryFailed: 1}
		if got := must[map[jiban.DeliveryStatus]int](t)(s.OutboxCounts(t.Context())); !reflect.DeepEqual(got, want) {
			t.Errorf("counts %v, want %v", got, want)
		}
	})
}

// outboxModel is what the outbox ought to do: nodes claim, send, fail, die; no
// message is ever in two hands, none overtakes an earlier one of its
// conversation, and in the end all is sent.
type outboxModel struct {
	t     *testing.T
	s     *store.Store
	clock *jiban.ManualClock
	run   int
	hands map[string]map[string]jiban.Message // node → message id → as claimed
	until map[string]time.Time                // message id → end of its claim
	sent  map[string]map[int64]bool           // conversation → sequences sent
	said  map[string][]int64                  // conversation → sequences of outbound messages
	n     int
}

func (m *outboxModel) say(rt *rapid.T) {
	person := fmt.Sprint("p", rapid.IntRange(0, 2).Draw(rt, "person"), "/", m.run)
	m.n++
	in := receive(m.t, m.s, text(fmt.Sprint(m.run, "/", m.n), person, "你好"))
	out := apply(m.t, m.s, jiban.Batch{Notices: []jiban.Notice{{ConversationID: in.ConversationID, Kind: jiban.NoticeReply,
		Urgency: jiban.UrgencyNormal}}})
	m.said[in.ConversationID] = append(m.said[in.ConversationID], out[0].Seq)
}

func (m *outboxModel) claim(rt *rapid.T) {
	node := fmt.Sprint("n", rapid.IntRange(0, 2).Draw(rt, "node"))
	limit := rapid.IntRange(1, 4).Draw(rt, "limit")
	got, err := m.s.ClaimOutbox(m.t.Context(), node, m.clock.Now(), m.clock.Now().Add(time.Minute), limit)
	if err != nil {
		rt.Fatal(err)
	}
	last := map[string]int64{}
	for _, msg := range got {
		if m.until[msg.ID].After(m.clock.Now()) {
			rt.Fatalf("message %s is in two hands", msg.ID)
		}
		if msg.Seq <= last[msg.ConversationID] {
			rt.Fatalf("conversation %s comes out of order", msg.ConversationID)
		}
		last[msg.ConversationID] = msg.Seq
		for _, seq := range m.said[msg.ConversationID] {
			if seq < msg.Seq && !m.sent[msg.ConversationID][seq] && !slices.ContainsFunc(got, func(o jiban.Message) bool {
				return o.ConversationID == msg.ConversationID && o.Seq == seq
			}) {
				rt.Fatalf("message %d overtakes %d, which is not sent", msg.Seq, seq)
			}
		}
		for _, hand := range m.hands {
			delete(hand, msg.ID) // whoever had it let the claim run out
		}
		if m.hands[node] == nil {
			m.hands[node] = map[string]jiban.Message{}
		}
		m.hands[node][msg.ID] = msg
		m.until[msg.ID] = m.clock.Now().Add(time.Minute)
	}
}

// work lets a node go on with one conversation it holds, in order.
func (m *outboxModel) work(rt *rapid.T) {
	node := fmt.Sprint("n", rapid.IntRange(0, 2).Draw(rt, "node"))
	var held []jiban.Message
	for _, msg := range m.hands[node] {
		held = append(held, msg)
	}
	if len(held) == 0 {
		return
	}
	slices.SortFunc(held, func(a, b jiban.Message) int { return int(a.Seq - b.Seq) })
	msg := held[0]
	d := msg.Delivery
	again := rapid.IntRange(0, 3).Draw(rt, "fails") == 0
	d.Status, d.ClaimedBy, d.ClaimedUntil = jiban.DeliverySent, "", time.Time{}
	if again {
		d.Status, d.Attempts, d.NotBefore = jiban.DeliveryQueued, d.Attempts+1, m.clock.Now().Add(30*time.Second)
	}
	if err := m.s.SaveDelivery(m.t.Context(), msg.ID, node, d, nil); err != nil {
		rt.Fatalf("the holder cannot save: %v", err)
	}
	delete(m.hands[node], msg.ID)
	delete(m.until, msg.ID)
	if !again {
		if m.sent[msg.ConversationID] == nil {
			m.sent[msg.ConversationID] = map[int64]bool{}
		}
		m.sent[msg.ConversationID][msg.Seq] = true
		return
	}
	for _, later := range held[1:] { // as Delivery does: the rest waits with it
		if later.ConversationID == msg.ConversationID {
			d := later.Delivery
			d.ClaimedBy, d.ClaimedUntil = "", time.Time{}
			if err := m.s.SaveDelivery(m.t.Context(), later.ID, node, d, nil); err != nil {
				rt.Fatal(err)
			}
			delete(m.hands[node], later.ID)
			delete(m.until, later.ID)
		}
	}
}

// die makes a node forget what it held: the claims run out by themselves.
func (m *outboxModel) die(rt *rapid.T) {
	delete(m.hands, fmt.Sprint("n", rapid.IntRange(0, 2).Draw(rt, "node")))
}

func (m *outboxModel) wait(rt *rapid.T) {
	m.clock.Advance(time.Duration(rapid.IntRange(1, 90).Draw(rt, "seconds")) * time.Second)
}

// On PostgreSQL each step is a commit of its own: a quarter of the runs will do
// there, the code is the same.
const fewRuns = 25

func TestOutboxModel(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		clock := jiban.NewManualClock(monday)
		s := p.openAt(t, clock)
		run := 0
		rapid.Check(t, func(rt *rapid.T) {
			if run++; p.postgres && run > fewRuns {
				return
			}
			// Each run leaves an empty outbox behind and has people of its own.
			m := &outboxModel{t: t, s: s, clock: clock, run: run, hands: map[string]map[string]jiban.Message{},
				until: map[string]time.Time{}, sent: map[string]map[int64]bool{}, said: map[string][]int64{}}
			defer m.drain(rt)
			rt.Repeat(map[string]func(*rapid.T){"say": m.say, "claim": m.claim, "work": m.work, "work more": m.work, "die": m.die, "wait": m.wait})
		})
	})
}

// drain lets one node finish: nothing is lost.
func (m *outboxModel) drain(rt *rapid.T) {
	m.hands = map[string]map[string]jiban.Message{}
	for range 200 {
		m.clock.Advance(2 * time.Minute)
		got := claim(m.t, m.s, "last", m.clock.Now(), 100)
		if len(got) == 0 {
			break
		}
		for _, msg := range got {
			d := msg.Delivery
			d.Status = jiban.DeliverySent
			if err := m.s.SaveDelivery(m.t.Context(), msg.ID, "last", d, nil); err != nil {
				rt.Fatal(err)
			}
		}
	}
	if counts := must[map[jiban.DeliveryStatus]int](m.t)(m.s.OutboxCounts(m.t.Context())); len(counts) != 0 {
		rt.Fatalf("left behind: %v", counts)
	}
}
