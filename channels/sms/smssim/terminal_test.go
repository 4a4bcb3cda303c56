package smssim_test

import (
	"bytes"
	"context"
	"io"
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

// screen is an output that two goroutines write and the test reads.
type screen struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func (s *screen) waitFor(t *testing.T, what string) {
	t.Helper()
	for range 1000 {
		if strings.Contains(s.String(), what) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%q does not appear in %q", what, s)
}

// echo answers each message with its own words.
type echo struct {
	channelstest.Inbox
	sender channels.Sender
}

func (e *echo) Receive(ctx context.Context, r jiban.Received) (channels.Receipt, error) {
	receipt, err := e.Inbox.Receive(ctx, r)
	if err == nil {
		go e.answer(r)
	}
	return receipt, err
}

func (e *echo) answer(r jiban.Received) {
	w := channels.Way{To: r.Address, Path: jiban.PathSMS}
	parts, err := e.sender.Compose(w, jiban.Content{Text: "收到：" + r.Content.Text})
	for _, p := range parts {
		if err == nil {
			_, err = e.sender.Send(context.Background(), w, p)
		}
	}
}

func TestTerminal(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	in, keyboard := io.Pipe()
	out := &screen{}
	done := make(chan error, 1)
	go func() {
		done <- smssim.Run(ctx, in, out, smssim.Config{Listen: "127.0.0.1:0", Linger: time.Millisecond})
	}()
	out.waitFor(t, "stand-in: ")
	_, rest, _ := strings.Cut(out.String(), "stand-in: ")
	address, _, _ := strings.Cut(rest, "\n")
	inbox := &echo{}
	a, err := sms.New(sms.Config{Name: "main", Address: address, Source: "106912345", Signature: "【12345热线】"},
		sms.Deps{Inbox: inbox, Clock: jiban.SystemClock{}})
	if err != nil {
		t.Fatal(err)
	}
	inbox.sender = a
	ended := make(chan error, 1)
	go func() { ended <- a.(channels.Service).Run(ctx) }()
	out.waitFor(t, "bound")
	long := strings.Repeat("小区门前的建筑垃圾一直没人处理，", 6)
	if _, err := io.WriteString(keyboard, long+"\n"); err != nil {
		t.Fatal(err)
	}
	out.waitFor(t, "【12345热线】收到："+long)
	if err := keyboard.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
