package sms_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"jiban"
	"jiban/channels"
	"jiban/channels/channelstest"
	"jiban/channels/sms"
	"jiban/channels/sms/smssim"
)

var long = strings.Repeat("小区门前的建筑垃圾一直没人处理，", 8) + "𠮷😀"

func TestLongMessagesBothWays(t *testing.T) {
	r := newRig(t).bound(t)
	if err := r.sim.Push(soon(t), phone, long); err != nil {
		t.Fatal(err)
	}
	if got := r.texts(); len(got) != 1 || got[0] != long {
		t.Errorf("received %q", got)
	}
	if a := r.inbox.Received()[0].Address; a != tel {
		t.Errorf("address %s", a)
	}
	ids, err := r.send(t, long)
	if err != nil {
		t.Fatal(err)
	}
	sent := r.sim.Sent()
	if len(sent) != 1 || sent[0].Text != signature+long || sent[0].Parts != len(ids) || sent[0].To != phone {
		t.Errorf("sent %+v", sent)
	}
	for _, s := range r.sim.Submits() {
		if s.Registered != 1 || s.Coding != 8 || s.Class != 0x40 || len(s.Data)+6 > 140 || s.TLVs != 0 {
			t.Errorf("submit registered %d coding %d class %x, %d bytes, %d parameters", s.Registered, s.Coding, s.Class, len(s.Data), s.TLVs)
		}
	}
}

func TestReceiptsSettleEachPart(t *testing.T) {
	for _, hex := range []bool{false, true} {
		r := newRig(t, func(_ *sms.Config, _ *sms.Deps, c *smssim.Config) { c.HexReceipts = hex })
		known := &knowing{Inbox: r.inbox}
		r.stop()
		r.start(t, sms.Deps{Inbox: known, Clock: jiban.SystemClock{}})
		r.bound(t)
		ids, err := r.send(t, long)
		if err != nil {
			t.Fatal(err)
		}
		known.set(ids)
		eventually(t, "receipted", func() bool { return len(r.inbox.Reports()) == len(ids) })
		for _, rep := range r.inbox.Reports() {
			if rep.Status != jiban.DeliveryDelivered || !slices.Contains(ids, rep.ProviderID) || rep.Channel != "main" {
				t.Errorf("report %+v for %v", rep, ids)
			}
		}
	}
}

// knowing is an inbox that knows some parts only, and waits for the test to say
// which, as the gateway waits for the send to be recorded.
type knowing struct {
	*channelstest.Inbox
	mu  sync.Mutex
	ids []string
}

func (k *knowing) set(ids []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ids = ids
}

func (k *knowing) Report(ctx context.Context, r channels.Report) error {
	for range 100 {
		k.mu.Lock()
		ids := k.ids
		k.mu.Unlock()
		if slices.Contains(ids, r.ProviderID) {
			return k.Inbox.Report(ctx, r)
		}
		if ids != nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	return jiban.Errorf(jiban.CodeNotFound, "test", "no such part")
}

func TestPartsOutOfOrderAndTwice(t *testing.T) {
	r := newRig(t).bound(t)
	parts := r.sim.Split(phone, long)
	slices.Reverse(parts)
	var all sync.WaitGroup
	for _, p := range append(parts, parts[0]) {
		all.Go(func() {
			if status, err := r.sim.Deliver(soon(t), p); err != nil || status != 0 {
				t.Errorf("status %d, %v", status, err)
			}
		})
	}
	all.Wait()
	time.Sleep(1500 * time.Millisecond) // past the reassembly time: no piece of it may come up again
	if got := r.texts(); len(got) != 1 || got[0] != long {
		t.Errorf("received %q", got)
	}
}

func TestNoPartIsAnsweredBeforeAllAreOnDisk(t *testing.T) {
	r := newRig(t).bound(t)
	parts := r.sim.Split(phone, long)
	status, err := r.sim.Deliver(soon(t), parts[0])
	if err != nil || status != 0x64 {
		t.Fatalf("a part alone was answered with %#x, %v; want a temporary refusal", status, err)
	}
	if len(r.texts()) != 0 {
		t.Error("half a message was taken in")
	}
	// The others come, the whole is stored; then the first is delivered again.
	for _, p := range parts[1:] {
		status, err = r.sim.Deliver(soon(t), p)
	}
	if err != nil || status != 0 {
		t.Errorf("the last part got %#x, %v", status, err)
	}
	for _, p := range parts[:len(parts)-1] {
		if status, err := r.sim.Deliver(soon(t), p); err != nil || status != 0 {
			t.Errorf("a part of a stored message got %#x, %v", status, err)
		}
	}
	if got := r.texts(); len(got) != 1 || got[0] != long {
		t.Errorf("received %q", got)
	}
}

func TestMissingPartIsMarkedAfterTheTime(t *testing.T) {
	r := newRig(t).bound(t)
	parts := r.sim.Split(phone, long)
	if len(parts) < 2 {
		t.Fatal("not long")
	}
	if status, _ := r.sim.Deliver(soon(t), parts[1]); status != 0x64 {
		t.Errorf("status %#x", status)
	}
	eventually(t, "stored", func() bool { return len(r.texts()) == 1 })
	got := r.texts()[0]
	if !strings.HasPrefix(got, "［…］") || !strings.Contains(got, "建筑垃圾") {
		t.Errorf("received %q", got)
	}
	if status, err := r.sim.Deliver(soon(t), parts[1]); err != nil || status != 0 {
		t.Errorf("delivered again it got %#x, %v", status, err)
	}
	// What comes later is not lost either.
	if status, err := r.sim.Deliver(soon(t), parts[0]); err != nil || status != 0 {
		t.Errorf("the late part got %#x, %v", status, err)
	}
	if got := r.texts(); len(got) != 2 || !strings.HasPrefix(got[1], "小区门前") || !strings.HasSuffix(got[1], "［…］") {
		t.Errorf("received %q", got)
	}
}

func TestAReferenceThatComesRound(t *testing.T) {
	r := newRig(t).bound(t)
	one, two := strings.Repeat("水", 100), strings.Repeat("电", 100)
	for _, text := range []string{one, two, two} {
		units := utf16.Encode([]rune(text))
		var all sync.WaitGroup
		for n, from := range []int{0, 67} {
			all.Go(func() {
				status, err := r.sim.Deliver(soon(t), r.sim.Part(phone, 7, n+1, 2, units[from:min(from+67, 100)]))
				if err != nil || status != 0 {
					t.Errorf("status %d, %v", status, err)
				}
			})
		}
		all.Wait()
	}
	if got := r.texts(); !slices.Equal(got, []string{one, two, two}) {
		t.Errorf("received %d messages", len(got))
	}
	ids := map[string]bool{}
	for _, m := range r.inbox.Received() {
		ids[m.ExternalID] = true
	}
	if len(ids) != 3 {
		t.Errorf("ids %v", ids)
	}
}

func TestCodings(t *testing.T) {
	r := newRig(t).bound(t)
	payload := utf16Bytes("停水了，很久了")
	cases := map[string]struct {
		d    smssim.Deliver
		want string
	}{
		"GSM-7":            {smssim.Deliver{Coding: 0, Data: []byte{0x1B, 0x65, 0x00, 'a'}}, "€@a"},
		"Latin-1":          {smssim.Deliver{Coding: 3, Data: []byte{0xE9, 't', 0xE9}}, "été"},
		"UTF-8 under 0":    {smssim.Deliver{Coding: 0, Data: []byte("停水")}, "停水"},
		"UCS-2 class 0":    {smssim.Deliver{Coding: 0x18, Data: utf16Bytes("停水")}, "停水"},
		"emoji":            {smssim.Deliver{Coding: 8, Data: utf16Bytes("😀𠮷")}, "😀𠮷"},
		"message_payload":  {smssim.Deliver{Coding: 8, TLVs: map[uint16][]byte{0x0424: payload}}, "停水了，很久了"},
		"port header only": {smssim.Deliver{Coding: 8, Class: 0x40, Data: append([]byte{6, 5, 4, 0, 1, 0, 1}, utf16Bytes("停水")...)}, "停水"},
	}
	for name, c := range cases {
		c.d.From, c.d.To = phone, "106912345"
		if status, err := r.sim.Deliver(soon(t), c.d); err != nil || status != 0 {
			t.Errorf("%s: status %#x, %v", name, status, err)
		}
		got := r.texts()
		if got[len(got)-1] != c.want {
			t.Errorf("%s: %q, want %q", name, got[len(got)-1], c.want)
		}
	}
	if status, err := r.sim.Deliver(soon(t), smssim.Deliver{From: phone, Coding: 4, Data: []byte{1, 2}}); err != nil || status != 0 {
		t.Errorf("binary: status %#x, %v", status, err)
	}
	all := r.inbox.Received()
	if k := all[len(all)-1].Content.Kind; k != jiban.KindUnknown {
		t.Errorf("a binary message is %q", k)
	}
}

func utf16Bytes(s string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(s)) {
		out = append(out, byte(u>>8), byte(u))
	}
	return out
}

func TestSixteenBitReferencesAndSAR(t *testing.T) {
	r := newRig(t).bound(t)
	header := func(n byte) []byte { return []byte{6, 8, 4, 1, 2, 2, n} }
	sar := func(n byte) map[uint16][]byte {
		return map[uint16][]byte{0x020C: {0, 9}, 0x020E: {2}, 0x020F: {n}}
	}
	pairs := [][2]smssim.Deliver{
		{{Class: 0x40, Coding: 8, Data: append(header(2), utf16Bytes("乙")...)}, {Class: 0x40, Coding: 8, Data: append(header(1), utf16Bytes("甲")...)}},
		{{Coding: 8, Data: utf16Bytes("丁"), TLVs: sar(2)}, {Coding: 8, Data: utf16Bytes("丙"), TLVs: sar(1)}},
	}
	for _, pair := range pairs {
		var all sync.WaitGroup
		for _, d := range pair {
			d.From, d.To = phone, "106912345"
			all.Go(func() {
				if status, err := r.sim.Deliver(soon(t), d); err != nil || status != 0 {
					t.Errorf("status %#x, %v", status, err)
				}
			})
		}
		all.Wait()
	}
	if got := r.texts(); !slices.Equal(got, []string{"甲乙", "丙丁"}) {
		t.Errorf("received %q", got)
	}
}

func TestBrokenMessagesAreRefusedForGoodAndTheConnectionStays(t *testing.T) {
	r := newRig(t).bound(t)
	for name, d := range map[string]smssim.Deliver{
		"header longer than the text": {Class: 0x40, Coding: 8, Data: []byte{9, 0, 3, 1}},
		"no header":                   {Class: 0x40, Coding: 8},
		"part zero":                   {Class: 0x40, Coding: 8, Data: []byte{5, 0, 3, 1, 2, 0, 'a'}},
		"part 3 of 2":                 {Class: 0x40, Coding: 8, Data: []byte{5, 0, 3, 1, 2, 3, 'a'}},
	} {
		d.From = phone
		if status, err := r.sim.Deliver(soon(t), d); err != nil || status != 0x65 {
			t.Errorf("%s: status %#x, %v", name, status, err)
		}
	}
	if err := r.sim.Push(soon(t), phone, "停水"); err != nil || len(r.texts()) != 1 {
		t.Errorf("afterwards: %v, %q", err, r.texts())
	}
}

func TestNothingIsAnsweredThatIsNotStored(t *testing.T) {
	r := newRig(t).bound(t)
	var down sync.Map
	down.Store("down", true)
	r.inbox.Fail = func() error {
		if _, ok := down.Load("down"); ok {
			return errors.New("disk full")
		}
		return nil
	}
	short := r.sim.Split(phone, "停水")[0]
	if status, err := r.sim.Deliver(soon(t), short); err != nil || status != 0x64 {
		t.Errorf("status %#x, %v", status, err)
	}
	done := make(chan error, 1)
	go func() { done <- r.sim.Push(soon(t), phone, long) }()
	time.Sleep(100 * time.Millisecond)
	if len(r.texts()) != 0 {
		t.Error("stored although the store is down")
	}
	down.Delete("down")
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got := r.texts(); len(got) != 1 || got[0] != long {
		t.Errorf("received %q", got)
	}
}

func TestTheSameWordsTwiceAndTheSameMessageTwice(t *testing.T) {
	r := newRig(t).bound(t)
	d := r.sim.Split(phone, "1")[0]
	for range 2 {
		if status, err := r.sim.Deliver(soon(t), d); err != nil || status != 0 {
			t.Fatalf("status %#x, %v", status, err)
		}
	}
	got := r.inbox.Received()
	if got[0].ExternalID == got[1].ExternalID {
		t.Error("the same words said twice are two messages")
	}
	// The next delivery is stored, but the connection ends before the answer.
	r.inbox.Fail = func() error {
		r.sim.Drop()
		eventually(t, "unbound", func() bool { return !r.linkStands() })
		return nil
	}
	_, err := r.sim.Deliver(soon(t), d)
	if err == nil {
		t.Fatal("answered over a broken connection")
	}
	eventually(t, "stored", func() bool { return len(r.inbox.Received()) == 3 })
	r.inbox.Fail = nil
	eventually(t, "bound again", func() bool { return r.sim.WaitBound(soon(t)) == nil && r.Bound() })
	if status, err := r.sim.Deliver(soon(t), d); err != nil || status != 0 {
		t.Fatalf("status %#x, %v", status, err)
	}
	got = r.inbox.Received()
	if got[2].ExternalID != got[3].ExternalID || got[2].ExternalID == got[1].ExternalID {
		t.Errorf("ids %q %q %q: a delivery whose answer was lost is a repeat", got[1].ExternalID, got[2].ExternalID, got[3].ExternalID)
	}
	if got[3].RepeatWithin != 120*time.Second {
		t.Errorf("repeat within %v", got[3].RepeatWithin)
	}
}

// linkStands asks by trying: a send over an ended connection is refused at once.
func (r *rig) linkStands() bool {
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	_, err := r.Send(ctx, channels.Way{To: tel}, channels.Part{N: 1, Of: 1, Text: "x", Content: jiban.Content{Text: "x"}})
	return err == nil
}

func TestSubmitFailures(t *testing.T) {
	r := newRig(t).bound(t)
	for status, want := range map[uint32]channels.Action{
		0x58: channels.ActRetry, 0x14: channels.ActRetry, 0x08: channels.ActRetry,
		0x0B: channels.ActNextWay, 0x01: channels.ActNextWay, 0x400: channels.ActNextWay,
	} {
		r.sim.RefuseNext(status)
		_, err := r.send(t, "停水的事已经转办")
		var se *channels.SendError
		if !errors.As(err, &se) || se.Action != want || se.Code != fmt.Sprintf("0x%02X", status) {
			t.Errorf("status %#x: %v, want %s", status, err, want)
		}
		if strings.Contains(err.Error(), "停水") || strings.Contains(err.Error(), phone) {
			t.Errorf("the error tells too much: %v", err)
		}
	}
}

func TestNoAnswerIsUncertain(t *testing.T) {
	r := newRig(t).bound(t)
	w := r.way(t)
	parts, err := r.Compose(w, jiban.Content{Text: "停水"})
	if err != nil {
		t.Fatal(err)
	}
	r.sim.SilenceNext(1)
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	if _, err := r.Send(ctx, w, parts[0]); channels.ActionOf(err) != channels.ActUncertain {
		t.Errorf("no answer: %v", err)
	}
	r.sim.SilenceNext(1)
	go func() {
		for len(r.sim.Submits()) < 2 {
			time.Sleep(5 * time.Millisecond)
		}
		r.sim.Drop()
	}()
	if _, err := r.Send(soon(t), w, parts[0]); channels.ActionOf(err) != channels.ActUncertain {
		t.Errorf("connection lost: %v", err)
	}
}

func TestReconnect(t *testing.T) {
	r := newRig(t).bound(t)
	for range 2 {
		r.sim.Drop()
		eventually(t, "seen as lost", func() bool { return !r.Bound() })
		r.bound(t)
		if _, err := r.send(t, "好"); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAnSMSCThatFallsSilentIsLeft(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	a, err := sms.New(sms.Config{Name: "main", Address: l.Addr().String()}, sms.Deps{Inbox: &channelstest.Inbox{}, Clock: jiban.SystemClock{}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = a.(*sms.SMPP).Run(ctx) }()
	// It accepts and never answers the bind: stopping must not wait for it.
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	cancel()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		t.Error("the adapter hangs in the bind")
	}
}

func TestRefusedBindIsNamed(t *testing.T) {
	r := newRig(t, func(c *sms.Config, _ *sms.Deps, _ *smssim.Config) { c.Password = "wrong-password" })
	eventually(t, "logged", func() bool { return strings.Contains(r.log.String(), "ESME_RINVPASWD") })
	if strings.Contains(r.log.String(), "wrong-password") {
		t.Error("the log holds the password")
	}
	_, err := r.Send(context.Background(), channels.Way{To: tel}, channels.Part{N: 1, Of: 1, Text: "x"})
	if channels.ActionOf(err) != channels.ActRetry {
		t.Errorf("unbound: %v, want a retry", err)
	}
}

func TestStoppingFinishesWhatIsBeingStored(t *testing.T) {
	r := newRig(t).bound(t)
	inside, proceed := make(chan struct{}), make(chan struct{})
	r.inbox.Fail = func() error { close(inside); <-proceed; return nil }
	got := make(chan uint32, 1)
	go func() {
		status, err := r.sim.Deliver(soon(t), r.sim.Split(phone, "停水")[0])
		if err != nil {
			status = 999
		}
		got <- status
	}()
	<-inside
	stopped := make(chan struct{})
	go func() { defer close(stopped); r.stop() }()
	time.Sleep(50 * time.Millisecond)
	close(proceed)
	if status := <-got; status != 0 {
		t.Errorf("status %d", status)
	}
	<-stopped
}
