package webchat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"jiban"
	"jiban/channels"
	"jiban/channels/channelstest"
	"jiban/store"
	"jiban/store/shared"
	"jiban/store/storetest"
)

// page is a browser's tab at the other end of a connection.
type page struct {
	t      *testing.T
	up     chan []byte
	down   chan []byte
	closed chan struct{}
	once   sync.Once
	done   chan error
	stuck  chan struct{} // set: writes hang until it is closed
}

func (p *page) Read() ([]byte, error) {
	select {
	case f := <-p.up:
		return f, nil
	case <-p.closed:
		return nil, io.EOF
	}
}

func (p *page) Write(ctx context.Context, frame []byte) error {
	if p.stuck != nil {
		select {
		case <-p.stuck:
		case <-p.closed:
			return io.ErrClosedPipe
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	select {
	case p.down <- frame:
		return nil
	case <-p.closed:
		return io.ErrClosedPipe
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *page) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *page) send(format string, args ...any) {
	p.t.Helper()
	select {
	case p.up <- fmt.Appendf(nil, format, args...):
	case <-time.After(5 * time.Second):
		p.t.Fatal("nobody reads what the page sends")
	}
}

type anyFrame struct {
	Type, ID, Text, Author, Kind, Holder, Code string
	Seq, Last                                  int64
	Options                                    []jiban.Option
	Citations                                  []jiban.Citation
	Files                                      []ShownFile
}

func (p *page) next() anyFrame {
	p.t.Helper()
	select {
	case data := <-p.down:
		var f anyFrame
		if err := json.Unmarshal(data, &f); err != nil {
			p.t.Fatal(err)
		}
		return f
	case <-time.After(5 * time.Second):
		p.t.Fatal("nothing came")
		return anyFrame{}
	}
}

func (p *page) want(kind string) anyFrame {
	p.t.Helper()
	f := p.next()
	if f.Type != kind {
		p.t.Fatalf("got %+v, want a frame %s", f, kind)
	}
	return f
}

func (p *page) silent(d time.Duration) {
	p.t.Helper()
	select {
	case data := <-p.down:
		p.t.Errorf("unexpected %s", data)
	case <-time.After(d):
	}
}

type codes struct{}

func (codes) Error(_ jiban.Lang, c jiban.Code) string { return "<" + string(c) + ">" }

// desk is a chat over a real database.
type desk struct {
	t     *testing.T
	store *store.Store
	clock *jiban.ManualClock
	bus   *shared.Memory
	chat  *Chat
	fail  func() error

	gateway *channels.Gateway
}

func (d *desk) Receive(ctx context.Context, r jiban.Received) (channels.Receipt, error) {
	if d.fail != nil {
		if err := d.fail(); err != nil {
			return channels.Receipt{}, err
		}
	}
	return d.gateway.Receive(ctx, r)
}

type noTurns struct{}

func (noTurns) Wake(string) {}

// tee hands a message to the table's inbox and, when that takes it, to the desk.
type tee struct {
	inbox *channelstest.Inbox
	desk  *desk
}

func (b tee) Receive(ctx context.Context, r jiban.Received) (channels.Receipt, error) {
	if _, err := b.inbox.Receive(ctx, r); err != nil {
		return channels.Receipt{}, err
	}
	return b.desk.Receive(ctx, r)
}

// empty is an empty database, made once: migrating takes longer than a test.
var empty struct {
	sync.Once
	data []byte
}

func fresh(t *testing.T) []byte {
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

func open(t *testing.T) *desk {
	t.Helper()
	file := filepath.Join(t.TempDir(), "jiban.db")
	if err := os.WriteFile(file, fresh(t), 0o600); err != nil {
		t.Fatal(err)
	}
	clock := jiban.NewManualClock(time.Date(2026, 11, 2, 1, 0, 0, 0, time.UTC))
	st, err := storetest.New(context.Background(), "sqlite:"+file, store.Deps{Clock: clock, IDs: &jiban.SerialIDs{Prefix: "w"}})
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, store: st, clock: clock, bus: shared.NewMemory(clock)}
	d.gateway = channels.NewGateway(channels.GatewayDeps{
		Store: st, Turns: noTurns{}, Clock: clock, Log: slog.New(slog.DiscardHandler), Metrics: channels.Uncounted{},
	})
	d.chat = d.node(d.bus)
	t.Cleanup(func() { d.bus.Close(); st.Close() })
	return d
}

func (d *desk) node(bus Bus) *Chat {
	c := New(Config{Name: "citizen", Audience: jiban.Citizen, Region: "230000"}, Deps{
		Inbox: d, History: d.store, Bus: bus, Words: codes{}, Clock: d.clock, Log: slog.New(slog.DiscardHandler),
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	d.t.Cleanup(func() { cancel(); <-done })
	return c
}

const visitorA = jiban.Address("web:aaaa")

func (d *desk) page(c *Chat, who jiban.Address) *page {
	d.t.Helper()
	p := &page{t: d.t, up: make(chan []byte), down: make(chan []byte, 400), closed: make(chan struct{}), done: make(chan error, 1)}
	go func() { p.done <- c.Serve(context.Background(), who, p) }()
	d.t.Cleanup(func() { p.Close(); <-p.done })
	return p
}

func (d *desk) hello(c *Chat, who jiban.Address, after int64) (*page, anyFrame) {
	d.t.Helper()
	p := d.page(c, who)
	p.send(`{"type":"hello","after":%d,"lang":"zh"}`, after)
	return p, p.want("welcome")
}

func id(n int) string { return fmt.Sprintf("client-id-%04d", n) }

func (d *desk) conversation() jiban.Conversation {
	d.t.Helper()
	c, err := d.store.FindConversation(context.Background(), "citizen", visitorA)
	if err != nil {
		d.t.Fatal(err)
	}
	return c
}

// say lets the house say something, as Delivery does.
func (d *desk) say(n jiban.Notice) jiban.Message {
	d.t.Helper()
	m := d.queue(n)
	d.deliver(m)
	return m
}

func (d *desk) queue(n jiban.Notice) jiban.Message {
	d.t.Helper()
	n.ConversationID = d.conversation().ID
	a, err := d.store.Apply(context.Background(), jiban.Batch{Notices: []jiban.Notice{n}})
	if err != nil {
		d.t.Fatal(err)
	}
	return a.Messages[0]
}

func (d *desk) deliver(m jiban.Message) {
	d.t.Helper()
	m.Delivery.Status = jiban.DeliverySent
	if err := d.store.SaveDelivery(context.Background(), m.ID, "", m.Delivery, nil); err != nil {
		d.t.Fatal(err)
	}
	ways, err := d.chat.Ways(context.Background(), channels.Reach{Conversation: d.conversation()})
	if err != nil || len(ways) != 1 {
		d.t.Fatal(ways, err)
	}
	if _, err := d.chat.Send(context.Background(), ways[0], channels.Part{}); err != nil {
		d.t.Fatal(err)
	}
}

func botSays(text string) jiban.Notice {
	return jiban.Notice{Kind: jiban.NoticeReply, Author: jiban.ByBot, Content: jiban.Content{Kind: jiban.KindText, Text: text}}
}

func TestSayAckAndLiveReply(t *testing.T) {
	d := open(t)
	p, w := d.hello(d.chat, visitorA, 0)
	if w.Holder != "bot" || w.Last != 0 {
		t.Errorf("welcome %+v", w)
	}
	p.send(`{"type":"say","id":"%s","text":"停水了"}`, id(1))
	if a := p.want("ack"); a.ID != id(1) || a.Seq != 1 {
		t.Errorf("ack %+v", a)
	}
	n := botSays("收到")
	n.Content.Options = []jiban.Option{{Label: "转人工", Value: "human"}}
	n.Content.Citations = []jiban.Citation{{ArticleID: "kb1", Title: "停水"}}
	d.say(n)
	if m := p.want("message"); m.Seq != 2 || m.Author != "bot" || m.Text != "收到" || len(m.Options) != 1 || len(m.Citations) != 1 {
		t.Errorf("message %+v", m)
	}
	p.silent(30 * time.Millisecond)
}

func TestNothingIsAcknowledgedWhenTheStoreFails(t *testing.T) {
	d := open(t)
	p, _ := d.hello(d.chat, visitorA, 0)
	d.fail = func() error { return jiban.Errorf(jiban.CodeUnavailable, "test", "disk full") }
	p.send(`{"type":"say","id":"%s","text":"停水了"}`, id(1))
	if n := p.want("nack"); n.ID != id(1) || n.Code != "unavailable" || n.Text != "<unavailable>" {
		t.Errorf("nack %+v", n)
	}
	d.fail = nil
	p.send(`{"type":"say","id":"%s","text":"停水了"}`, id(1))
	p.want("ack")
}

func TestResumeAfterReconnect(t *testing.T) {
	d := open(t)
	p, _ := d.hello(d.chat, visitorA, 0)
	p.send(`{"type":"say","id":"%s","text":"一"}`, id(1))
	p.want("ack")
	p.Close()
	d.say(botSays("二"))
	d.say(botSays("三"))
	p, w := d.hello(d.chat, visitorA, 1)
	if w.Last != 3 {
		t.Errorf("welcome %+v", w)
	}
	if a, b := p.want("message"), p.want("message"); a.Text != "二" || b.Text != "三" {
		t.Errorf("missed %+v %+v", a, b)
	}
	p.send(`{"type":"say","id":"%s","text":"一"}`, id(1)) // the ack may have been lost
	if a := p.want("ack"); a.Seq != 1 {
		t.Errorf("ack of the repeat %+v", a)
	}
	p.silent(30 * time.Millisecond)
	fresh, _ := d.hello(d.chat, visitorA, 0)
	if m := fresh.want("message"); m.ID != id(1) || m.Author != "contact" {
		t.Errorf("own message %+v", m)
	}
}

func TestBacklogIsBounded(t *testing.T) {
	d := open(t)
	p, _ := d.hello(d.chat, visitorA, 0)
	p.send(`{"type":"say","id":"%s","text":"x"}`, id(1))
	p.want("ack")
	p.Close()
	for i := range maxBacklog + 10 {
		d.say(botSays(fmt.Sprint(i)))
	}
	p, w := d.hello(d.chat, visitorA, 0)
	for seq := w.Last - maxBacklog + 1; seq <= w.Last; seq++ {
		if m := p.want("message"); m.Seq != seq {
			t.Fatalf("seq %d, want %d", m.Seq, seq)
		}
	}
	p.silent(30 * time.Millisecond)
}

func TestOtherTabsAndNodesSeeEverythingInOrder(t *testing.T) {
	d := open(t)
	other := d.node(d.bus)
	first, _ := d.hello(d.chat, visitorA, 0)
	second, _ := d.hello(other, visitorA, 0)
	stranger, _ := d.hello(d.chat, "web:bbbb", 0)
	first.send(`{"type":"say","id":"%s","text":"一"}`, id(1))
	first.want("ack")
	if m := second.want("message"); m.Text != "一" || m.Author != "contact" || m.ID != id(1) {
		t.Errorf("echo %+v", m)
	}
	queued := d.queue(botSays("二"))
	first.send(`{"type":"tap","id":"%s","value":"yes","label":"是"}`, id(2))
	first.want("ack")
	second.silent(50 * time.Millisecond) // 二 comes before it and is on its way
	d.deliver(queued)
	if a, b := second.want("message"), second.want("message"); a.Text != "二" || b.Text != "是" || b.Kind != "tap" {
		t.Errorf("order %+v %+v", a, b)
	}
	if m := first.want("message"); m.Text != "二" {
		t.Errorf("first tab %+v", m)
	}
	stranger.silent(30 * time.Millisecond)
}

func TestALateNoticeIsShownWhenItsTimeComes(t *testing.T) {
	d := open(t)
	p, _ := d.hello(d.chat, visitorA, 0)
	p.send(`{"type":"say","id":"%s","text":"一"}`, id(1))
	p.want("ack")
	n := botSays("明天再说")
	n.NotBefore = d.clock.Now().Add(time.Hour)
	late := d.queue(n)
	d.say(botSays("现在就说"))
	if m := p.want("message"); m.Text != "现在就说" {
		t.Errorf("%+v", m)
	}
	d.clock.Advance(time.Minute)
	d.deliver(late)
	if m := p.want("message"); m.Text != "明天再说" {
		t.Errorf("%+v", m)
	}
}

func TestHolderChanges(t *testing.T) {
	d := open(t)
	p, _ := d.hello(d.chat, visitorA, 0)
	p.send(`{"type":"say","id":"%s","text":"一"}`, id(1))
	p.want("ack")
	c := d.conversation()
	c.Holder = jiban.HeldByAgent
	if _, err := d.store.Apply(context.Background(), jiban.Batch{Conversation: &c}); err != nil {
		t.Fatal(err)
	}
	n := botSays("您好，我是小王")
	n.Kind, n.Author = jiban.NoticeAgent, jiban.ByAgent
	d.say(n)
	if m := p.want("message"); m.Author != "agent" {
		t.Errorf("%+v", m)
	}
	if h := p.want("holder"); h.Holder != "agent" {
		t.Errorf("%+v", h)
	}
}

func TestBadFramesAreRefusedAndManyEndTheConnection(t *testing.T) {
	d := open(t)
	p, _ := d.hello(d.chat, visitorA, 0)
	for _, f := range []string{`{`, `[]`, `{"type":"nonsense"}`, `{"type":"say","id":"short","text":"x"}`,
		`{"type":"say","id":"has space in it","text":"x"}`, `{"type":"location","id":"client-id-0009","lat":95,"lng":1}`,
		`{"type":"location","id":"client-id-0010"}`, `{"type":"say","id":"client-id-0011","text":" "}`, strings.Repeat("x", maxFrame+1)} {
		p.send("%s", f)
		if n := p.want("nack"); n.Code != "invalid" && n.Code != "unavailable" {
			t.Errorf("%s: %+v", f, n)
		}
	}
	for range maxBad {
		select {
		case p.up <- []byte(`{`):
		case <-p.closed:
		}
	}
	select {
	case <-p.closed:
	case <-time.After(5 * time.Second):
		t.Error("the connection lives on")
	}
}

func TestAnothersIdIsNoWayIn(t *testing.T) {
	d := open(t)
	p, _ := d.hello(d.chat, visitorA, 0)
	p.send(`{"type":"say","id":"%s","text":"一"}`, id(1))
	p.want("ack")
	thief, _ := d.hello(d.chat, "web:bbbb", 0)
	thief.send(`{"type":"say","id":"%s","text":"一"}`, id(1))
	if n := thief.want("nack"); n.Code != "invalid" {
		t.Errorf("%+v", n)
	}
}

func TestRateLimitOutlivesAReconnect(t *testing.T) {
	d := open(t)
	p, _ := d.hello(d.chat, visitorA, 0)
	for i := range sayBurst {
		p.send(`{"type":"say","id":"%s","text":"x"}`, id(i))
		p.want("ack")
	}
	p.Close()
	p, _ = d.hello(d.chat, visitorA, 1000)
	p.send(`{"type":"say","id":"%s","text":"x"}`, id(100))
	if n := p.want("nack"); n.Code != "limited" {
		t.Errorf("%+v", n)
	}
	d.clock.Advance(2 * time.Second)
	p.send(`{"type":"say","id":"%s","text":"x"}`, id(100))
	p.want("ack")
}

func TestASlowPageHoldsUpNobody(t *testing.T) {
	d := open(t)
	slow := &page{t: t, up: make(chan []byte), down: make(chan []byte), closed: make(chan struct{}), done: make(chan error, 1), stuck: make(chan struct{})}
	go func() { slow.done <- d.chat.Serve(context.Background(), visitorA, slow) }()
	t.Cleanup(func() { slow.Close(); <-slow.done })
	slow.send(`{"type":"hello","after":0}`)
	quick, _ := d.hello(d.chat, visitorA, 0)
	for i := range 5 {
		quick.send(`{"type":"say","id":"%s","text":"x"}`, id(i))
		quick.want("ack")
	}
	for range maxQueued + 2 {
		select {
		case slow.up <- []byte(`{"type":"ping"}`):
		case <-slow.closed:
		}
	}
	select {
	case <-slow.closed:
	case <-time.After(5 * time.Second):
		t.Error("a page that reads nothing keeps its connection")
	}
}

func TestSilentConnectionsEnd(t *testing.T) {
	d := open(t)
	p, _ := d.hello(d.chat, visitorA, 0)
	d.clock.Advance(idleLimit + time.Second)
	select {
	case <-p.closed:
	case <-time.After(2*pollEvery + time.Second):
		t.Error("a silent connection was kept")
	}
}

// deafBus is a bus that is down: nothing is carried.
type deafBus struct{ *shared.Memory }

func (deafBus) Publish(context.Context, string, []byte) error { return errors.New("down") }
func (deafBus) Subscribe(context.Context, string) (<-chan []byte, func(), error) {
	return nil, nil, errors.New("down")
}
func (deafBus) Healthy(context.Context) error { return errors.New("down") }

func TestWithoutTheBusMessagesComeByPolling(t *testing.T) {
	d := open(t)
	lonely := d.node(deafBus{d.bus})
	p, _ := d.hello(lonely, visitorA, 0)
	p.send(`{"type":"say","id":"%s","text":"一"}`, id(1))
	p.want("ack")
	d.say(botSays("二")) // announced on another node's bus only
	if m := p.want("message"); m.Text != "二" {
		t.Errorf("%+v", m)
	}
}

func TestAdapterTable(t *testing.T) {
	channelstest.Outbound(t, func(t *testing.T) channelstest.Stand {
		d := open(t)
		conv := jiban.Conversation{ID: "c1", Channel: "citizen", Address: visitorA}
		foreign := conv
		foreign.Channel = "enterprise"
		return channelstest.Stand{
			Sender: d.chat, Reach: channels.Reach{Conversation: conv, Addresses: []jiban.Address{visitorA}},
			Closed: []channels.Reach{{Conversation: foreign}},
			Takes:  func(channels.Part) error { return nil },
			Shown:  shown,
		}
	})
	channelstest.Inbound(t, func(t *testing.T) channelstest.Door {
		inbox := &channelstest.Inbox{}
		d := open(t)
		d.chat.d.Inbox = tee{inbox, d}
		var p *page
		return channelstest.Door{Inbox: inbox, Kinds: []jiban.MessageKind{jiban.KindTap, jiban.KindLocation}, Say: func(t *testing.T, n string, c jiban.Content) bool {
			if p == nil {
				p, _ = d.hello(d.chat, visitorA, 0)
			}
			frame := map[string]any{"type": "say", "id": "client-id-" + n, "text": c.Text}
			switch c.Kind {
			case jiban.KindTap:
				frame["type"], frame["value"] = "tap", c.Text
			case jiban.KindLocation:
				frame["type"], frame["lat"], frame["lng"], frame["label"] = "location", c.Location.Lat, c.Location.Lng, c.Location.Label
			}
			data, err := json.Marshal(frame)
			if err != nil {
				t.Fatal(err)
			}
			p.send("%s", data)
			for {
				switch f := p.next(); f.Type {
				case "ack":
					return true
				case "nack":
					return false
				}
			}
		}}
	})
}

// shown is what a page shows of a part.
func shown(p channels.Part) string {
	s := p.Text
	for _, o := range p.Content.Options {
		s += "\n" + o.Label
	}
	for _, c := range p.Content.Citations {
		s += "\n" + c.Title + c.Source + c.Date
	}
	return s
}

func FuzzFrames(f *testing.F) {
	for _, s := range []string{`{"type":"hello","after":-1}`, `{"type":"say","id":"client-id-1","text":"x"}`, `{"type":"location","lat":1e400}`, `{"after":1e30}`, `null`, `""`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var frame inFrame
		if json.Unmarshal(data, &frame) != nil {
			t.Skip()
		}
		if c, said := frame.content(); said && c.Kind == "" {
			t.Error("a frame that says something has no kind")
		}
		if goodID(frame.ID) && len(frame.ID) > 64 {
			t.Errorf("an id of %d bytes passes", len(frame.ID))
		}
	})
}
