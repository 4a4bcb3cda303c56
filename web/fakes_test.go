package web_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"jiban"
)

func notFound() error { return jiban.Errorf(jiban.CodeNotFound, "fake", "no such row") }

// books is a store in memory: accounts, sessions, records and the house.
type books struct {
	mu            sync.Mutex
	accounts      map[string]jiban.Account
	sessions      map[string]jiban.Session
	tokens        map[string]jiban.APIToken
	entries       []jiban.AuditEntry
	broken        bool // the chain of the record
	unrecorded    bool // changes cannot be recorded
	conversations map[string]jiban.Conversation
	contacts      map[string]jiban.Contact
	said          []jiban.Message
	pingErr       error
	pings         int
}

func newBooks() *books {
	return &books{accounts: map[string]jiban.Account{}, sessions: map[string]jiban.Session{}, tokens: map[string]jiban.APIToken{},
		conversations: map[string]jiban.Conversation{}, contacts: map[string]jiban.Contact{}}
}

func row[T any](b *books, m map[string]T, key string) (T, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	v, ok := m[key]
	if !ok {
		return v, notFound()
	}
	return v, nil
}

func (b *books) Account(_ context.Context, id string) (jiban.Account, error) {
	return row(b, b.accounts, id)
}
func (b *books) AccountByLogin(_ context.Context, login string) (jiban.Account, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, a := range b.accounts {
		if a.Login == login {
			return a, nil
		}
	}
	return jiban.Account{}, notFound()
}
func (b *books) Accounts(context.Context) ([]jiban.Account, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Collect(maps.Values(b.accounts)), nil
}
func (b *books) AccountsByID(ctx context.Context, ids []string) ([]jiban.Account, error) {
	all, err := b.Accounts(ctx)
	return slices.DeleteFunc(all, func(a jiban.Account) bool { return !slices.Contains(ids, a.ID) }), err
}
func (b *books) Token(_ context.Context, id string) (jiban.APIToken, error) {
	return row(b, b.tokens, id)
}
func (b *books) TokenByHash(_ context.Context, hash string) (jiban.APIToken, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, t := range b.tokens {
		if t.Hash == hash {
			return t, nil
		}
	}
	return jiban.APIToken{}, notFound()
}
func (b *books) Tokens(context.Context) ([]jiban.APIToken, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Collect(maps.Values(b.tokens)), nil
}
func (b *books) StaffSession(_ context.Context, hash string) (jiban.Session, error) {
	return row(b, b.sessions, hash)
}
func (b *books) DeleteSession(_ context.Context, hash string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.sessions, hash)
	return nil
}
func (b *books) AppendAudit(_ context.Context, es []jiban.AuditEntry) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.entries = append(b.entries, es...)
	return nil
}
func (b *books) SearchAudit(_ context.Context, f jiban.AuditFilter) ([]jiban.ChainedEntry, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var es []jiban.ChainedEntry
	for i, e := range b.entries {
		if int64(i) >= f.After && len(es) < f.Limit && (f.Action == "" || f.Action == e.Action) && (f.Actor == "" || f.Actor == e.Actor) {
			es = append(es, jiban.ChainedEntry{AuditEntry: e, Seq: int64(i + 1), Hash: "h"})
		}
	}
	return es, nil
}
func (b *books) VerifyAudit(context.Context) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.broken {
		return 1, jiban.Errorf(jiban.CodeConflict, "fake", "broken")
	}
	return len(b.entries), nil
}

// results lists the objects of an action in the record.
func (b *books) results(action string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var objects []string
	for _, e := range b.entries {
		if e.Action == action {
			objects = append(objects, e.Object)
		}
	}
	return objects
}
func (b *books) recorded(actor, action, object string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.ContainsFunc(b.entries, func(e jiban.AuditEntry) bool {
		return e.Actor == actor && e.Action == action && e.Object == object
	})
}
func (b *books) Conversation(_ context.Context, id string) (jiban.Conversation, error) {
	return row(b, b.conversations, id)
}
func (b *books) Contact(_ context.Context, id string) (jiban.Contact, error) {
	return row(b, b.contacts, id)
}
func (b *books) Addresses(_ context.Context, id string) ([]jiban.Address, error) {
	if id == "c-sms" {
		return []jiban.Address{"tel:+8613800005678"}, nil
	}
	return nil, nil
}
func (b *books) Messages(_ context.Context, id string, after int64, limit int) ([]jiban.Message, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var ms []jiban.Message
	for _, m := range b.said {
		if m.ConversationID == id && m.Seq > after && len(ms) < limit {
			ms = append(ms, m)
		}
	}
	return ms, nil
}
func (b *books) TicketsOf(_ context.Context, contactID string, _ int) ([]jiban.Ticket, error) {
	return nil, nil
}
func (b *books) Ping(context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pings++
	return b.pingErr
}
func (b *books) OutboxCounts(context.Context) (map[jiban.DeliveryStatus]int, error) {
	return map[jiban.DeliveryStatus]int{jiban.DeliveryQueued: 3}, nil
}

// desk is a tickets room and a handoff room that remember what they were asked.
type desk struct {
	mu       sync.Mutex
	tickets  map[string]jiban.Ticket
	handoffs map[string]jiban.Handoff
	filter   jiban.TicketFilter
	actions  []jiban.TicketAction
	drafts   []jiban.TicketDraft
	said     []string
	status   map[string]string
	err      error
	books    *books // where entries of the record go
}

func (d *desk) lock() func() { d.mu.Lock(); return d.mu.Unlock }

func (d *desk) Catalogue() jiban.Catalogue {
	return jiban.Catalogue{
		Regions:     []jiban.Region{{Code: "230000", Name: "黑龙江省"}, {Code: "230100", Name: "哈尔滨市", Parent: "230000"}, {Code: "230600", Name: "大庆市", Parent: "230000"}},
		Departments: []jiban.Department{{ID: "water", Name: "供水集团", Region: "230100"}, {ID: "city", Name: "城管局", Region: "230600"}},
		Matters:     []jiban.Matter{{Code: "010101", Name: "停水", Types: []jiban.RequestType{jiban.Help}, Owner: "供水"}},
	}
}
func (d *desk) Ticket(_ context.Context, number string) (jiban.Ticket, error) {
	defer d.lock()()
	t, ok := d.tickets[number]
	if !ok {
		return t, notFound()
	}
	return t, d.err
}
func (d *desk) Events(_ context.Context, number string) ([]jiban.TicketEvent, error) {
	return []jiban.TicketEvent{{Number: number, Seq: 1, Kind: jiban.EventOpened, Actor: "bot",
		Data: map[string]string{"phone": "13800001234", "text": "请打13800001234", "number": number, "name": "供水集团有限公司", "contact": "c1"}}}, nil
}
func (d *desk) List(_ context.Context, f jiban.TicketFilter) ([]jiban.Ticket, error) {
	defer d.lock()()
	d.filter = f
	return slices.Collect(maps.Values(d.tickets)), d.err
}
func (d *desk) Open(_ context.Context, draft jiban.TicketDraft, actor string, entries ...jiban.AuditEntry) (jiban.Ticket, error) {
	defer d.lock()()
	d.books.record("2611020000010", entries)
	d.drafts = append(d.drafts, draft)
	return jiban.Ticket{Number: "2611020000010", Region: draft.Region, Fields: draft.Fields}, d.err
}
func (d *desk) Act(_ context.Context, a jiban.TicketAction, entries ...jiban.AuditEntry) (jiban.Ticket, error) {
	defer d.lock()()
	d.books.record(a.Number, entries)
	d.actions = append(d.actions, a)
	return d.tickets[a.Number], d.err
}
func (d *desk) Waiting(context.Context, string) ([]jiban.Handoff, error) { return d.ofAgent("") }
func (d *desk) Mine(_ context.Context, agentID string) ([]jiban.Handoff, error) {
	return d.ofAgent(agentID)
}
func (d *desk) ofAgent(id string) ([]jiban.Handoff, error) {
	defer d.lock()()
	var hs []jiban.Handoff
	for _, h := range d.handoffs {
		if h.AgentID == id {
			hs = append(hs, h)
		}
	}
	return hs, d.err
}
func (d *desk) Handoff(_ context.Context, id string) (jiban.Handoff, error) {
	defer d.lock()()
	h, ok := d.handoffs[id]
	if !ok {
		return h, notFound()
	}
	return h, nil
}
func (d *desk) move(a jiban.Account, id string, to jiban.HandoffStatus) (jiban.Handoff, error) {
	defer d.lock()()
	h := d.handoffs[id]
	h.Status, h.AgentID = to, a.ID
	d.handoffs[id] = h
	return h, d.err
}
func (d *desk) Accept(_ context.Context, a jiban.Account, id string) (jiban.Handoff, error) {
	return d.move(a, id, jiban.HandoffAccepted)
}
func (d *desk) Return(_ context.Context, a jiban.Account, id string) (jiban.Handoff, error) {
	return d.move(a, id, jiban.HandoffReturned)
}
func (d *desk) Close(_ context.Context, a jiban.Account, id string) (jiban.Handoff, error) {
	return d.move(a, id, jiban.HandoffClosed)
}
func (d *desk) Say(_ context.Context, a jiban.Account, conversationID, clientID, text string) (jiban.Message, error) {
	defer d.lock()()
	d.said = append(d.said, text)
	return jiban.Message{ID: clientID, ConversationID: conversationID, Seq: 9, Direction: jiban.Outbound, Author: jiban.ByAgent,
		Content: jiban.Content{Kind: jiban.KindText, Text: text}, Delivery: jiban.Delivery{Status: jiban.DeliveryQueued}}, d.err
}
func (d *desk) SetPresence(_ context.Context, agentID, status string) error {
	defer d.lock()()
	d.status[agentID] = status
	return nil
}
func (d *desk) Presence(_ context.Context, agentID string) (string, error) {
	defer d.lock()()
	return d.status[agentID], nil
}
func (d *desk) OnDuty(context.Context) (int, error) { return 2, nil }
func (d *desk) Alerts(context.Context, bool, int) ([]jiban.Alert, error) {
	return []jiban.Alert{{ID: "al1", Kind: "119"}}, nil
}
func (d *desk) SeeAlert(context.Context, string, string) error { return nil }

// library is a knowledge room of one article.
type library struct {
	mu    sync.Mutex
	ready bool
	asked jiban.SearchQuery
}

func (l *library) Ready() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ready
}
func (l *library) set(ready bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ready = ready
}
func (l *library) Search(_ context.Context, q jiban.SearchQuery) (jiban.SearchResult, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked = q
	a, _ := l.Article(context.Background(), "a1")
	return jiban.SearchResult{Found: []jiban.Found{{Article: a, Score: 1}}, Verdict: jiban.VerdictAnswer, Confidence: .9}, nil
}
func (l *library) Article(_ context.Context, id string) (jiban.Article, error) {
	if id != "a1" {
		return jiban.Article{}, notFound()
	}
	return jiban.Article{ID: "a1", Title: "停水怎么办", Status: jiban.ArticlePublished}, nil
}
func (l *library) List(context.Context, jiban.ArticleStatus, string, string, int) ([]jiban.Article, error) {
	return nil, nil
}
func (l *library) Publish(ctx context.Context, id, _ string) (jiban.Article, error) {
	return l.Article(ctx, id)
}
func (l *library) Withdraw(ctx context.Context, id, _ string) (jiban.Article, error) {
	return l.Article(ctx, id)
}

// common is what nodes share, within the test.
type common struct {
	mu     sync.Mutex
	counts map[string]int64
	subs   map[chan []byte]bool
	heard  chan struct{} // one for each subscription
	down   bool
}

func newCommon() *common {
	return &common{counts: map[string]int64{}, subs: map[chan []byte]bool{}, heard: make(chan struct{}, 100)}
}
func (m *common) Count(_ context.Context, key string, n int64, _ time.Duration) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.down {
		return 0, jiban.Errorf(jiban.CodeUnavailable, "fake", "away")
	}
	m.counts[key] += n
	return m.counts[key], nil
}
func (m *common) Publish(_ context.Context, _ string, data []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for ch := range m.subs {
		select {
		case ch <- data:
		default:
		}
	}
	return nil
}
func (m *common) Subscribe(context.Context, string) (<-chan []byte, func(), error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	ch := make(chan []byte, 256)
	m.subs[ch] = true
	m.heard <- struct{}{}
	return ch, func() { m.mu.Lock(); defer m.mu.Unlock(); delete(m.subs, ch) }, nil
}
func (m *common) Healthy(context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.down {
		return jiban.Errorf(jiban.CodeUnavailable, "fake", "away")
	}
	return nil
}

// lines is a log that tests can read.
type lines struct {
	mu  sync.Mutex
	out strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.out.Write(p)
}
func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.out.String()
}

// ChangeStaff writes all of it or nothing, as the store does.
func (b *books) ChangeStaff(_ context.Context, c jiban.StaffChange) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.refuses(c); err != nil {
		return err
	}
	if c.Account != nil {
		a := *c.Account
		a.Version++
		b.accounts[a.ID] = a
	}
	maps.DeleteFunc(b.sessions, func(hash string, s jiban.Session) bool {
		return s.AccountID == c.EndSessions || hash == c.EndSession
	})
	if c.Session != nil {
		b.sessions[c.Session.Hash] = *c.Session
	}
	if s, ok := b.sessions[c.Proven]; ok {
		s.ProvenAt = c.At
		b.sessions[c.Proven] = s
	}
	if c.Token != nil {
		b.tokens[c.Token.ID] = *c.Token
	}
	b.entries = append(b.entries, c.Entries...)
	return nil
}

// refuses says why a change cannot be.
func (b *books) refuses(c jiban.StaffChange) error {
	if b.unrecorded && len(c.Entries) > 0 {
		return jiban.Errorf(jiban.CodeUnavailable, "fake", "the record cannot be written")
	}
	if c.Account != nil && b.accounts[c.Account.ID].Version != c.Account.Version {
		return jiban.Errorf(jiban.CodeConflict, "fake", "written meanwhile")
	}
	for _, r := range c.Needed {
		if !slices.ContainsFunc(slices.Collect(maps.Values(b.accounts)), func(a jiban.Account) bool {
			return a.ID != c.Account.ID && a.Has(r) && !a.Disabled
		}) {
			return jiban.Errorf(jiban.CodeForbidden, "fake", "nobody left as %s", r)
		}
	}
	return nil
}

func (b *books) SeenSession(_ context.Context, hash string, at time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if s, ok := b.sessions[hash]; ok {
		s.SeenAt = at
		b.sessions[hash] = s
	}
	return nil
}

func (b *books) UsedToken(ctx context.Context, id string, at time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	t, ok := b.tokens[id]
	if !ok {
		return notFound()
	}
	t.LastUsedAt = at
	b.tokens[id] = t
	return nil
}
