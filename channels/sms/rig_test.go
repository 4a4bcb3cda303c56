package sms_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"jiban"
	"jiban/channels"
	"jiban/channels/channelstest"
	"jiban/channels/sms"
	"jiban/channels/sms/smssim"
)

const (
	password  = "smpp-password-that-must-not-leak"
	phone     = "8613800001234"
	tel       = jiban.Address("tel:+8613800001234")
	signature = "【12345热线】"
)

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// rig is an adapter bound to a stand-in of an SMSC.
type rig struct {
	*sms.SMPP
	sim   *smssim.Sim
	inbox *channelstest.Inbox
	stop  func()
	log   *safeBuffer
	cfg   sms.Config
}

type option func(*sms.Config, *sms.Deps, *smssim.Config)

func newRig(t *testing.T, options ...option) *rig {
	t.Helper()
	r := &rig{inbox: &channelstest.Inbox{}, log: &safeBuffer{}}
	cfg := sms.Config{Name: "main", Driver: "smpp", SystemID: "jiban", Password: password, Source: "106912345",
		Signature: signature, EnquireLink: 200 * time.Millisecond, Hold: 400 * time.Millisecond, Reassembly: 900 * time.Millisecond}
	deps := sms.Deps{Inbox: r.inbox, Clock: jiban.SystemClock{}, Log: slog.New(slog.NewJSONHandler(r.log, nil))}
	carrier := smssim.Config{Listen: "127.0.0.1:0", SystemID: "jiban", Password: password, Again: 50 * time.Millisecond}
	for _, o := range options {
		o(&cfg, &deps, &carrier)
	}
	r.sim = smssim.New(carrier)
	if err := r.sim.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.sim.Close)
	cfg.Address = r.sim.Addr()
	r.cfg = cfg
	r.start(t, deps)
	t.Cleanup(func() {
		for _, s := range []string{password, phone, "停水"} {
			if strings.Contains(r.log.String(), s) {
				t.Errorf("the log holds %q", s)
			}
		}
	})
	return r
}

// start runs an adapter until the test ends or stop is called.
func (r *rig) start(t *testing.T, deps sms.Deps) {
	t.Helper()
	a, err := sms.New(r.cfg, deps)
	if err != nil {
		t.Fatal(err)
	}
	r.SMPP = a.(*sms.SMPP)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	var once sync.Once
	r.stop = func() {
		once.Do(func() {
			cancel()
			select {
			case err := <-done:
				if err != nil {
					t.Error(err)
				}
			case <-time.After(10 * time.Second):
				t.Error("the adapter does not stop")
			}
		})
	}
	t.Cleanup(r.stop)
}

func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// bound waits until messages go both ways.
func (r *rig) bound(t *testing.T) *rig {
	t.Helper()
	if err := r.sim.WaitBound(soon(t)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "bound", r.Bound)
	return r
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for range 1000 {
		if ok() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("not %s after ten seconds", what)
}

func (r *rig) texts() []string {
	var out []string
	for _, m := range r.inbox.Received() {
		out = append(out, m.Content.Text)
	}
	return out
}

func reach() channels.Reach {
	return channels.Reach{Conversation: jiban.Conversation{ID: "c1", Channel: "main", Address: tel}, Addresses: []jiban.Address{tel}, Now: time.Now()}
}

func (r *rig) way(t *testing.T) channels.Way {
	t.Helper()
	ways, err := r.Ways(context.Background(), reach())
	if err != nil || len(ways) != 1 {
		t.Fatalf("ways %v, %v", ways, err)
	}
	return ways[0]
}

// send composes and submits a whole message.
func (r *rig) send(t *testing.T, text string) ([]string, error) {
	t.Helper()
	w := r.way(t)
	parts, err := r.Compose(w, jiban.Content{Kind: jiban.KindText, Text: text})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, p := range parts {
		p.Key = "m1." + string(rune('0'+p.N))
		id, err := r.Send(context.Background(), w, p)
		if err != nil {
			return ids, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}
