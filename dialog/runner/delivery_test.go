package runner_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"jiban"
	"jiban/channels"
	"jiban/dialog"
)

// tell puts notices into the outbox of a conversation, as any room would.
func (h *house) tell(conv string, ns ...jiban.Notice) {
	h.t.Helper()
	c := h.conversation(conv)
	for i := range ns {
		ns[i].ConversationID, ns[i].ContactID = conv, c.ContactID
	}
	if _, err := h.store.Store.Apply(context.Background(), jiban.Batch{Notices: ns}); err != nil {
		h.t.Fatal(err)
	}
}

func reply(text string) jiban.Notice {
	return jiban.Notice{Kind: jiban.NoticeReply, Urgency: jiban.UrgencyNormal, Content: jiban.Content{Kind: jiban.KindText, Text: text}}
}

// quiet is a conversation in which nothing is left to say.
func (h *house) quiet() string {
	conv := h.hear("0", "你好")
	h.turn(conv)
	h.flush()
	h.provider.set(func() { h.provider.sent = nil })
	return conv
}

func (h *house) status(conv string, back int) jiban.Delivery {
	out := h.outbound(conv)
	return out[len(out)-1-back].Delivery
}

func TestLaterMessagesDoNotOvertake(t *testing.T) {
	h := open(t)
	conv := h.quiet()
	fails := 2
	h.provider.takes = func(p channels.Part) error {
		if p.Text != "一" {
			return nil
		}
		if fails--; fails >= 0 {
			return &channels.SendError{Action: channels.ActRetry, Code: "-1", Err: errors.New("busy")}
		}
		return nil
	}
	h.tell(conv, reply("一"), reply("二"))
	h.flush()
	h.tell(conv, reply("三"))
	h.flush()
	wantTexts(t, h.provider.got())
	for range 4 {
		h.clock.Advance(10 * time.Second)
		h.flush()
	}
	wantTexts(t, h.provider.got(), "一", "二", "三")
}

func TestGivingUpLetsTheNextPass(t *testing.T) {
	h := open(t)
	conv := h.quiet()
	h.provider.takes = func(p channels.Part) error {
		if p.Text == "一" {
			return &channels.SendError{Action: channels.ActGiveUp, Code: "50002", Err: errors.New("limited")}
		}
		return nil
	}
	h.tell(conv, reply("一"), reply("二"))
	h.flush()
	wantTexts(t, h.provider.got(), "二")
	if d := h.status(conv, 1); d.Status != jiban.DeliveryFailed || d.Error == "" {
		t.Errorf("delivery %+v", d)
	}
}

func TestUncertainSendsAreRepeatedOnceOrNever(t *testing.T) {
	cases := []struct {
		kind     jiban.NoticeKind
		attempts int
	}{{jiban.NoticeReply, 2}, {jiban.NoticeTicketAccepted, 2}, {jiban.NoticeCode, 1}, {jiban.NoticeTicketSurvey, 1}, {jiban.NoticeTicketSigned, 1}}
	for _, c := range cases {
		t.Run(string(c.kind), func(t *testing.T) {
			h := open(t)
			conv := h.quiet()
			tries := 0
			h.provider.takes = func(channels.Part) error { tries++; return context.DeadlineExceeded }
			n := reply("一")
			n.Kind = c.kind
			h.tell(conv, n)
			for range 5 {
				h.flush()
				h.clock.Advance(time.Minute)
			}
			if tries != c.attempts {
				t.Errorf("%d tries, want %d", tries, c.attempts)
			}
			if d := h.status(conv, 0); d.Status != jiban.DeliveryUncertain {
				t.Errorf("delivery %+v", d)
			}
		})
	}
}

// The process dies while a part is at the provider. Parts that were taken are not
// sent again; the one under way is, once, because nobody knows.
func TestPartsAreResumedAfterACrash(t *testing.T) {
	h := open(t)
	conv := h.quiet()
	h.provider.split = 2
	h.provider.takes = func(p channels.Part) error {
		if p.N == 2 {
			h.store.set(func() { h.store.save = func(jiban.Delivery) error { return errors.New("killed") } })
		}
		return nil
	}
	h.tell(conv, reply("一二三四五六"))
	h.flush()
	wantTexts(t, h.provider.got(), "一二", "三四")
	h.provider.set(func() { h.provider.takes = nil })
	h.store.set(func() { h.store.save = nil })
	h.node("n2")
	h.flush()
	wantTexts(t, h.provider.got(), "一二", "三四") // still claimed by the dead
	h.clock.Advance(2 * time.Minute)
	h.flush()
	wantTexts(t, h.provider.got(), "一二", "三四", "三四", "五六")
	if d := h.status(conv, 0); d.Status != jiban.DeliverySent || !d.Repeated || d.PartsSent != 3 {
		t.Errorf("delivery %+v", d)
	}
}

func TestACodeWhoseSendDiedIsLeftUncertain(t *testing.T) {
	h := open(t)
	conv := h.quiet()
	h.provider.takes = func(channels.Part) error {
		h.store.set(func() { h.store.save = func(jiban.Delivery) error { return errors.New("killed") } })
		return nil
	}
	h.tell(conv, jiban.Notice{Kind: jiban.NoticeCode, Urgency: jiban.UrgencyHigh, Params: map[string]string{"code": "123456"}})
	h.flush()
	h.store.set(func() { h.store.save = nil })
	h.node("n2")
	h.clock.Advance(2 * time.Minute)
	h.flush()
	if d := h.status(conv, 0); len(h.provider.got()) != 1 || d.Status != jiban.DeliveryUncertain {
		t.Errorf("sent %v, delivery %+v", h.provider.got(), d)
	}
}

func TestNoticesAreWordedExpireAndRespectOptOut(t *testing.T) {
	h := open(t)
	conv := h.quiet()
	h.tell(conv, jiban.Notice{Kind: jiban.NoticeTicketSigned})
	h.tell(conv, jiban.Notice{Kind: jiban.NoticeTicketSigned, NotAfter: h.clock.Now().Add(time.Minute), NotBefore: h.clock.Now().Add(time.Hour)})
	h.flush()
	wantTexts(t, h.provider.got(), "<ticket.signed>")
	if out := h.outbound(conv); out[len(out)-2].Content.Text != "<ticket.signed>" {
		t.Errorf("the wording is not kept: %+v", out[len(out)-2])
	}
	h.clock.Advance(2 * time.Hour)
	h.flush()
	if d := h.status(conv, 0); d.Status != jiban.DeliveryExpired {
		t.Errorf("delivery %+v", d)
	}
	contact, err := h.store.Contact(context.Background(), h.conversation(conv).ContactID)
	if err != nil {
		t.Fatal(err)
	}
	contact.OptedOut = true
	if err := h.store.SaveContact(context.Background(), contact); err != nil {
		t.Fatal(err)
	}
	h.tell(conv, jiban.Notice{Kind: jiban.NoticeTicketSurvey}, jiban.Notice{Kind: jiban.NoticeTicketAnswered})
	h.flush()
	wantTexts(t, h.provider.got(), "<ticket.signed>", "<ticket.answered>")
}

// TestAnUnfinishedFormIsRemindedOf sends the reminder to who stays silent, not to who
// went on, and not to who wants none.
func TestAnUnfinishedFormIsRemindedOf(t *testing.T) {
	for _, c := range []struct {
		name       string
		goOn, opts bool
		want       []string
	}{
		{"silent", false, false, []string{"<form.reminder>"}},
		{"went on", true, false, nil},
		{"wants none", false, true, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := open(t)
			conv := h.quiet()
			now := h.clock.Now()
			h.engine.does(func(in dialog.Input) (dialog.Outcome, *dialog.Need, error) {
				out := echo(in)
				out.Replies = nil
				if in.Inbox[0].Content.Text == "停水" {
					out.Reminder = &dialog.Reminder{At: now.Add(24 * time.Hour), Until: now.Add(72 * time.Hour)}
				}
				return out, nil, nil
			})
			h.hear("f1", "停水")
			h.turn(conv)
			if c.opts {
				contact := h.conversation(conv).ContactID
				if err := h.store.SetOptOut(context.Background(), jiban.OptOut{ContactID: contact, Group: jiban.GroupProgress, At: now}, true); err != nil {
					t.Fatal(err)
				}
			}
			h.clock.Advance(time.Hour)
			h.flush()
			wantTexts(t, h.provider.got())
			if c.goOn {
				h.hear("f2", "确认")
				h.turn(conv)
			}
			h.clock.Advance(24 * time.Hour)
			h.flush()
			wantTexts(t, h.provider.got(), c.want...)
		})
	}
}

func TestNextWay(t *testing.T) {
	h := open(t)
	conv := h.quiet()
	sms := &provider{name: "main", kind: jiban.ChannelSMS, path: jiban.PathSMS}
	foreign := &provider{name: "other", kind: jiban.ChannelWebChat, path: jiban.PathWeb}
	d := channels.NewDelivery(channels.DeliveryDeps{
		Store: h.store, Directory: h.store, Senders: []channels.Sender{sms, foreign, dearer{h.provider, -1}}, Words: words{},
		Clock: h.clock, IDs: h.ids, Node: "n", Log: quietLog(), Metrics: channels.Uncounted{},
	})
	h.provider.takes = func(channels.Part) error {
		return &channels.SendError{Action: channels.ActNextWay, Code: "45015", Err: errors.New("outside the window")}
	}
	h.tell(conv, reply("一"))
	if _, err := d.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	wantTexts(t, sms.got(), "一")
	wantTexts(t, foreign.got())
	if got := h.status(conv, 0); got.Status != jiban.DeliverySent || got.Path != jiban.PathSMS {
		t.Errorf("delivery %+v", got)
	}
}

func TestNoWayWaitsAndThenFails(t *testing.T) {
	h := open(t)
	conv := h.quiet()
	h.provider.shut = true
	h.tell(conv, reply("一"))
	h.flush()
	if d := h.status(conv, 0); d.Status != jiban.DeliveryQueued {
		t.Fatalf("delivery %+v", d)
	}
	h.clock.Advance(time.Hour)
	h.provider.set(func() { h.provider.shut = false })
	h.flush()
	wantTexts(t, h.provider.got(), "一")
	h.provider.set(func() { h.provider.shut = true })
	h.tell(conv, reply("二"))
	h.flush()
	h.clock.Advance(49 * time.Hour)
	h.flush()
	if d := h.status(conv, 0); d.Status != jiban.DeliveryFailed {
		t.Errorf("delivery %+v", d)
	}
}

func TestAChannelThatIsDownRests(t *testing.T) {
	h := open(t)
	tries := 0
	h.provider.takes = func(channels.Part) error {
		tries++
		return &channels.SendError{Action: channels.ActRetry, Code: "-1", Err: errors.New("busy")}
	}
	for i := range 20 {
		r := says(fmt.Sprint(i+1), "x")
		r.Address = jiban.Address(fmt.Sprintf("wechat:p%d", i))
		receipt, err := h.gateway.Receive(context.Background(), r)
		if err != nil {
			t.Fatal(err)
		}
		h.tell(receipt.ConversationID, reply("一"))
	}
	h.flush()
	if tries != 5 {
		t.Errorf("%d tries of a provider that is down, want 5", tries)
	}
	h.provider.set(func() { h.provider.takes = nil })
	for range 12 {
		h.clock.Advance(20 * time.Second)
		h.flush()
	}
	if n := len(h.provider.got()); n != 20 {
		t.Errorf("%d of 20 were sent after the provider came back", n)
	}
}

func TestReceipts(t *testing.T) {
	h := open(t)
	conv := h.quiet()
	h.tell(conv, reply("一"))
	h.flush()
	id := h.status(conv, 0).ProviderIDs[0]
	ctx := context.Background()
	report := func(s jiban.DeliveryStatus) {
		t.Helper()
		if err := h.gateway.Report(ctx, channels.Report{Channel: "gzh", ProviderID: id, Status: s, Error: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	report(jiban.DeliveryDelivered)
	report(jiban.DeliveryDelivered)
	if d := h.status(conv, 0); d.Status != jiban.DeliveryDelivered {
		t.Errorf("delivery %+v", d)
	}
	report(jiban.DeliveryFailed)
	report(jiban.DeliveryDelivered)
	if d := h.status(conv, 0); d.Status != jiban.DeliveryFailed || d.Error != "x" {
		t.Errorf("delivery %+v", d)
	}
	err := h.gateway.Report(ctx, channels.Report{Channel: "gzh", ProviderID: "unknown", Status: jiban.DeliveryDelivered})
	if jiban.CodeOf(err) != jiban.CodeNotFound {
		t.Errorf("error %v, want not found", err)
	}
}
