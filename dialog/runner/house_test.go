package runner_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"jiban"
	"jiban/channels"
	"jiban/dialog"
	"jiban/dialog/runner"
	"jiban/people"
	"jiban/prompts"
	"jiban/store"
	"jiban/store/storetest"
)

// faulty is the real store with places to make it fail or to do something at the
// worst moment.
type faulty struct {
	*store.Store
	mu          sync.Mutex
	beforeApply func(b jiban.Batch) error
	receive     func() error
	save        func(d jiban.Delivery) error
}

func (f *faulty) hooks() (func(jiban.Batch) error, func() error, func(jiban.Delivery) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.beforeApply, f.receive, f.save
}

func (f *faulty) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

func (f *faulty) Apply(ctx context.Context, b jiban.Batch) (jiban.Applied, error) {
	if before, _, _ := f.hooks(); before != nil {
		if err := before(b); err != nil {
			return jiban.Applied{}, err
		}
	}
	return f.Store.Apply(ctx, b)
}

func (f *faulty) Receive(ctx context.Context, r jiban.Received) (jiban.Message, bool, error) {
	if _, receive, _ := f.hooks(); receive != nil {
		if err := receive(); err != nil {
			return jiban.Message{}, false, err
		}
	}
	return f.Store.Receive(ctx, r)
}

func (f *faulty) SaveDelivery(ctx context.Context, id, by string, d jiban.Delivery, c *jiban.Content) error {
	if _, _, save := f.hooks(); save != nil {
		if err := save(d); err != nil {
			return err
		}
	}
	return f.Store.SaveDelivery(ctx, id, by, d, c)
}

func (f *faulty) Settle(ctx context.Context, by string, ids []string) error {
	if _, _, save := f.hooks(); save != nil {
		if err := save(jiban.Delivery{Status: jiban.DeliverySent}); err != nil {
			return err
		}
	}
	return f.Store.Settle(ctx, by, ids)
}

// parrot is an engine that repeats what it hears. Its state counts its turns.
type parrot struct {
	mu   sync.Mutex
	step func(in dialog.Input) (dialog.Outcome, *dialog.Need, error)
}

func (p *parrot) Step(in dialog.Input) (dialog.Outcome, *dialog.Need, error) {
	p.mu.Lock()
	step := p.step
	p.mu.Unlock()
	if step != nil {
		return step(in)
	}
	return echo(in), nil, nil
}

func (p *parrot) does(step func(in dialog.Input) (dialog.Outcome, *dialog.Need, error)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.step = step
}

func echo(in dialog.Input) dialog.Outcome {
	var n int
	if len(in.State) > 0 {
		if err := json.Unmarshal(in.State, &n); err != nil {
			panic(err)
		}
	}
	var words []string
	for _, m := range in.Inbox {
		words = append(words, m.Content.Text)
	}
	return dialog.Outcome{
		State: json.RawMessage(fmt.Sprint(n + 1)), Decision: dialog.DecideAnswer,
		Replies: []dialog.Reply{{Text: "听到了：" + strings.Join(words, "｜")}},
	}
}

func (p *parrot) Emergency(text string, _ jiban.Lang, _ jiban.ChannelKind) *dialog.Safety {
	if strings.Contains(text, "燃气味") {
		return &dialog.Safety{Number: "119", Text: "请马上离开并拨打119"}
	}
	return nil
}

// rooms stands for knowledge, tickets and handoff.
type rooms struct {
	mu       sync.Mutex
	searchEr error
	planErr  error
	onDuty   bool
	handoffs int
	decided  int
}

func (r *rooms) Search(context.Context, jiban.SearchQuery) (jiban.SearchResult, error) {
	return jiban.SearchResult{Verdict: jiban.VerdictDecline}, r.searchEr
}

type tickets struct{ *rooms }

func (t tickets) Plan(_ context.Context, d jiban.TicketDraft) (jiban.TicketPlan, error) {
	return jiban.TicketPlan{Number: "2611020000018"}, t.planErr
}

func (t tickets) Recent(context.Context, string) ([]jiban.Ticket, error) { return nil, t.planErr }

func (t tickets) Ticket(_ context.Context, number string) (jiban.Ticket, error) {
	return jiban.Ticket{}, jiban.Errorf(jiban.CodeNotFound, "test", "none")
}

func (t tickets) Known(context.Context, string, string) ([]jiban.Incident, error) {
	return nil, t.planErr
}

func (t tickets) Decide(_ context.Context, a jiban.TicketAction) (jiban.TicketChange, []jiban.Notice, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.decided++
	if a.Plan == nil {
		return jiban.TicketChange{}, nil, jiban.Errorf(jiban.CodeInvalid, "test", "no plan")
	}
	change := jiban.TicketChange{Ticket: jiban.Ticket{
		Number: a.Plan.Number, Kind: "request", Type: jiban.Help, ContactID: a.Draft.ContactID, ConversationID: a.Draft.ConversationID, Status: jiban.TicketAccepted,
	}, Events: []jiban.TicketEvent{{ID: a.Plan.Number + ".1", Number: a.Plan.Number, Seq: 1, Kind: jiban.EventOpened, Actor: a.Actor}}}
	return change, nil, nil
}

type desk struct{ *rooms }

func (d desk) Plan(context.Context, jiban.HandoffRequest) (jiban.HandoffPlan, error) {
	return jiban.HandoffPlan{Queue: "general", OnDuty: d.onDuty}, d.planErr
}

func (d desk) Open(_ context.Context, c jiban.Conversation, r jiban.HandoffRequest, p jiban.HandoffPlan, callback bool) (jiban.Handoff, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.handoffs++
	h := jiban.Handoff{ID: fmt.Sprintf("h%d", d.handoffs), ConversationID: c.ID, ContactID: c.ContactID, Reason: r.Reason, Queue: p.Queue, Status: jiban.HandoffWaiting}
	if callback {
		h.Status = jiban.HandoffCallback
	}
	return h, nil
}

func (d desk) Leave(_ context.Context, id string) (jiban.Handoff, error) {
	return jiban.Handoff{ID: id, Status: jiban.HandoffLeft, Version: 1}, nil
}

type words struct{}

func (words) Say(_ jiban.Lang, key string, _ map[string]any) string { return "<" + key + ">" }
func (words) Notice(_ jiban.Lang, k jiban.NoticeKind, _ map[string]string) (string, error) {
	return "<" + string(k) + ">", nil
}

// provider is a channel whose provider is in the test's hands.
type provider struct {
	name string
	kind jiban.ChannelKind
	path jiban.Path

	mu    sync.Mutex
	takes func(p channels.Part) error // nil takes all
	shut  bool                        // no way
	split int
	sent  []string // words and key of what was taken
	count int
}

func (p *provider) Name() string            { return p.name }
func (p *provider) Kind() jiban.ChannelKind { return p.kind }

func (p *provider) Ways(_ context.Context, r channels.Reach) ([]channels.Way, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shut {
		return nil, nil
	}
	return []channels.Way{{Channel: p.name, Path: p.path, To: r.Addresses[0], Left: -1}}, nil
}

func (p *provider) Compose(_ channels.Way, c jiban.Content) ([]channels.Part, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	limit := p.split
	if limit == 0 {
		limit = 1000
	}
	var parts []channels.Part
	pieces := channels.Split(c.Text, limit, channels.Characters)
	for i, s := range pieces {
		parts = append(parts, channels.Part{N: i + 1, Of: len(pieces), Text: s})
	}
	return parts, nil
}

func (p *provider) Send(_ context.Context, _ channels.Way, part channels.Part) (string, error) {
	p.mu.Lock()
	takes := p.takes
	p.mu.Unlock()
	if takes != nil {
		if err := takes(part); err != nil {
			return "", err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count++
	p.sent = append(p.sent, part.Text)
	return fmt.Sprintf("%s-%d", p.name, p.count), nil
}

func (p *provider) set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
}

func (p *provider) got() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.sent...)
}

// house is the whole pipeline over a real SQLite database.
type house struct {
	persons  runner.Persons // nil: nothing is done for people
	model    runner.Model   // nil: there is none
	drafts   runner.Drafts
	join     time.Duration
	t        testing.TB
	clock    *jiban.ManualClock
	ids      jiban.IDs
	store    *faulty
	engine   *parrot
	rooms    *rooms
	provider *provider
	waiting  *channels.Waiting
	runner   *runner.Runner
	gateway  *channels.Gateway
	delivery *channels.Delivery
	wakes    atomic.Int64
}

// woken counts on the way to the runner.
type woken struct{ h *house }

func (w woken) Wake(conversationID string) {
	w.h.wakes.Add(1)
	w.h.runner.Wake(conversationID)
}

var start = time.Date(2026, 11, 2, 1, 0, 0, 0, time.UTC)

// empty is an empty database, made once: migrating takes longer than a test.
var empty struct {
	sync.Once
	data []byte
}

func fresh(t testing.TB) []byte {
	t.Helper()
	empty.Do(func() {
		file := filepath.Join(t.TempDir(), "empty.db")
		st, err := store.Open(context.Background(), "sqlite:"+file, store.Deps{Clock: jiban.SystemClock{}, IDs: &jiban.SerialIDs{}})
		if err != nil {
			t.Fatal(err)
		}
		if err := st.Close(); err != nil {
			t.Fatal(err)
		}
		if empty.data, err = os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
	})
	return empty.data
}

func open(t testing.TB) *house {
	t.Helper()
	h := &house{
		t: t, clock: jiban.NewManualClock(start), ids: &jiban.SerialIDs{Prefix: "t"}, engine: &parrot{}, rooms: &rooms{},
		provider: &provider{name: "gzh", kind: jiban.ChannelWeChat, path: jiban.PathCustom},
	}
	file := filepath.Join(t.TempDir(), "jiban.db")
	if err := os.WriteFile(file, fresh(t), 0o600); err != nil {
		t.Fatal(err)
	}
	st, err := storetest.New(context.Background(), "sqlite:"+file, store.Deps{Clock: h.clock, IDs: h.ids})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	h.store = &faulty{Store: st}
	h.node("n1")
	return h
}

// node makes the moving parts anew over the same store: a restart.
func (h *house) node(name string) {
	log := quietLog()
	h.waiting = channels.NewWaiting(h.ids)
	h.delivery = channels.NewDelivery(channels.DeliveryDeps{
		Store: h.store, Directory: h.store, Wishes: people.New(people.Deps{Store: h.store, Clock: h.clock, IDs: h.ids}),
		Senders: []channels.Sender{h.provider}, Words: words{}, Clock: h.clock, IDs: h.ids,
		Node: name, Log: log, Metrics: channels.Uncounted{},
	})
	h.runner = h.another(name)
	h.gateway = channels.NewGateway(channels.GatewayDeps{
		Store: h.store, Turns: woken{h}, Outbox: h.delivery, Waiting: h.waiting, Clock: h.clock, Log: log, Metrics: channels.Uncounted{},
	})
}

// another is one more runner on the same store.
func (h *house) another(name string) *runner.Runner {
	return runner.New(runner.Deps{
		Store: h.store, Engine: h.engine, Knowledge: h.rooms, Tickets: tickets{h.rooms}, Handoff: desk{h.rooms}, Persons: h.persons, Standby: h.waiting,
		Listeners: []runner.Listeners{h.delivery}, Words: words{}, Clock: h.clock, IDs: h.ids, Node: name,
		Model: h.model, Prompts: h.prompts(), ModelTime: time.Second, Drafts: h.drafts, JoinWait: h.join, Log: quietLog(),
	})
}

func (h *house) prompts() *prompts.Models {
	m, err := prompts.NewModels()
	if err != nil {
		h.t.Fatal(err)
	}
	return m
}

// run lets runner and delivery work until the test ends.
func (h *house) run() {
	h.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() { _ = h.runner.Run(ctx) })
	all.Go(func() { _ = h.delivery.Run(ctx) })
	h.t.Cleanup(func() { cancel(); all.Wait() })
}

const openid = "wechat:oABC"

func says(id, text string) jiban.Received {
	return jiban.Received{
		Channel: "gzh", ChannelKind: jiban.ChannelWeChat, ExternalID: id, Address: openid, Audience: jiban.Citizen,
		Content: jiban.Content{Kind: jiban.KindText, Text: text}, At: start,
	}
}

// hear takes a message in without a turn.
func (h *house) hear(id, text string) string {
	h.t.Helper()
	r, err := h.gateway.Receive(context.Background(), says(id, text))
	if err != nil {
		h.t.Fatal(err)
	}
	return r.ConversationID
}

func (h *house) turn(conversation string) *dialog.Outcome {
	h.t.Helper()
	out, err := h.runner.Turn(context.Background(), conversation)
	if err != nil {
		h.t.Fatal(err)
	}
	return out
}

func (h *house) flush() {
	h.t.Helper()
	if _, err := h.delivery.Flush(context.Background()); err != nil {
		h.t.Fatal(err)
	}
}

// outbound lists what the house said, oldest first.
func (h *house) outbound(conversation string) []jiban.Message {
	h.t.Helper()
	all, err := h.store.Messages(context.Background(), conversation, 0, 1000)
	if err != nil {
		h.t.Fatal(err)
	}
	var out []jiban.Message
	for _, m := range all {
		if m.Direction == jiban.Outbound {
			out = append(out, m)
		}
	}
	return out
}

func (h *house) conversation(id string) jiban.Conversation {
	h.t.Helper()
	c, err := h.store.Conversation(context.Background(), id)
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

// until waits for a condition with a limit.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func wantTexts(t *testing.T, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got %q, want %q", got, want)
	}
}

func quietLog() *slog.Logger { return slog.New(slog.DiscardHandler) }

// dearer is a provider at another price.
type dearer struct {
	*provider
	cost int
}

func (d dearer) Ways(ctx context.Context, r channels.Reach) ([]channels.Way, error) {
	ways, err := d.provider.Ways(ctx, r)
	for i := range ways {
		ways[i].Cost = d.cost
	}
	return ways, err
}
