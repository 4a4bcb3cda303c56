package wechatsim_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"jiban"
	"jiban/channels/channelstest"
	"jiban/channels/wechat"
	"jiban/channels/wechat/wechatsim"
)

const key = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"

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

// alone shares nothing: one node, and no send in this test.
type alone struct{}

func (alone) Get(context.Context, string) (string, bool, error)                    { return "", false, nil }
func (alone) Set(context.Context, string, string, time.Duration) error             { return nil }
func (alone) Acquire(context.Context, string, string, time.Duration) (bool, error) { return true, nil }
func (alone) Release(context.Context, string, string) error                        { return nil }
func (alone) Count(context.Context, string, int64, time.Duration) (int64, error)   { return 1, nil }
func (alone) Say(_ jiban.Lang, key string, _ map[string]any) string                { return key }

func TestTerminal(t *testing.T) {
	inbox := &channelstest.Inbox{Say: func(r jiban.Received) []jiban.Message {
		return []jiban.Message{{ID: "o", Content: jiban.Content{Text: "收到：" + r.Content.Text + r.Content.Event,
			Options: []jiban.Option{{Label: "转人工"}, {Label: "查进度"}}}}}
	}}
	a, err := wechat.New(wechat.Config{Name: "gzh", AppID: "wx", Token: "t", AESKey: key, PassiveReply: true},
		wechat.Deps{Inbox: inbox, Clock: jiban.SystemClock{}, Shared: alone{}, Words: alone{}})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(http.StripPrefix("/gzh", a))
	defer srv.Close()
	in, keyboard := io.Pipe()
	out := &screen{}
	done := make(chan error, 1)
	go func() {
		done <- wechatsim.Run(context.Background(), in, out, wechatsim.Config{Listen: "127.0.0.1:0", Callback: srv.URL + "/gzh",
			AppID: "wx", Token: "t", AESKey: key, Linger: time.Millisecond})
	}()
	for _, step := range []struct{ line, want string }{
		{"小区停水了", "[passive] 收到：小区停水了\n1. 转人工\n2. 查进度"},
		{"/tap 2", "收到：查进度"},
		{"/tap 9", "! 上一条消息有 2 项可选"},
		{"/subscribe", "收到：subscribe"},
		{"/location 45.75,126.65,哈尔滨市道里区", "收到：\n"},
		{"/image", "收到：\n"},
		{"/location x", "! /location LAT,LNG,LABEL"},
		{"/help", "/tap N"},
	} {
		if _, err := io.WriteString(keyboard, step.line+"\n"); err != nil {
			t.Fatal(err)
		}
		out.waitFor(t, step.want)
	}
	if err := keyboard.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	var kinds []jiban.MessageKind
	for _, r := range inbox.Received() {
		kinds = append(kinds, r.Content.Kind)
	}
	if len(kinds) != 5 || kinds[3] != jiban.KindLocation || kinds[4] != jiban.KindImage {
		t.Errorf("received %v", kinds)
	}
}
