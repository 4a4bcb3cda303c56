package wechat_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"jiban"
	"jiban/channels"
	"jiban/channels/channelstest"
	"jiban/channels/wechat"
	"jiban/channels/wechat/wechatsim"
)

// reach is the person of the rig, who wrote a moment ago.
func reach() channels.Reach {
	now := time.Now()
	c := jiban.Conversation{ID: "c1", Channel: "gzh", ChannelKind: jiban.ChannelWeChat, Address: "wechat:" + person, LastInAt: now.Add(-time.Minute)}
	return channels.Reach{Conversation: c, Addresses: []jiban.Address{c.Address, "tel:+8613800001234"}, Now: now}
}

// open lets the person write, so that the platform allows answers.
func (r *rig) open(t *testing.T) channels.Way {
	t.Helper()
	r.push(t, wechatsim.Message{Text: "停水"})
	ways, err := r.Ways(context.Background(), reach())
	if err != nil || len(ways) != 1 {
		t.Fatalf("ways %v, %v", ways, err)
	}
	return ways[0]
}

func customOf(sent []wechatsim.Sent) []wechatsim.Sent {
	var out []wechatsim.Sent
	for _, s := range sent {
		if s.Path == "custom" {
			out = append(out, s)
		}
	}
	return out
}

func textPart(s string) channels.Part {
	return channels.Part{N: 1, Of: 1, Text: s, Content: jiban.Content{Kind: jiban.KindText, Text: s}, Key: "m1.1"}
}

func TestWaysFollowWindowAndBudget(t *testing.T) {
	r := newRig(t)
	change := func(f func(*channels.Reach)) channels.Reach { x := reach(); f(&x); return x }
	cases := map[string]struct {
		reach channels.Reach
		left  int
	}{
		"just wrote":       {reach(), 5},
		"three sent":       {change(func(x *channels.Reach) { x.SentSince = 3 }), 2},
		"budget used up":   {change(func(x *channels.Reach) { x.SentSince = 5 }), 0},
		"two days ago":     {change(func(x *channels.Reach) { x.Conversation.LastInAt = x.Now.Add(-48 * time.Hour) }), 0},
		"almost two days":  {change(func(x *channels.Reach) { x.Conversation.LastInAt = x.Now.Add(-48*time.Hour + time.Second) }), 5},
		"never wrote":      {change(func(x *channels.Reach) { x.Conversation.LastInAt = time.Time{} }), 0},
		"another channel":  {change(func(x *channels.Reach) { x.Conversation.Channel = "main" }), 0},
		"a telephone only": {change(func(x *channels.Reach) { x.Conversation.Address = "tel:+8613800001234" }), 0},
	}
	for name, c := range cases {
		ways, err := r.Ways(context.Background(), c.reach)
		left := 0
		if len(ways) == 1 {
			left = ways[0].Left
		}
		if err != nil || left != c.left {
			t.Errorf("%s: %v, %v; want %d left", name, ways, err, c.left)
		}
	}
}

func TestErrcodes(t *testing.T) {
	cases := map[int64]channels.Action{
		-1: channels.ActRetry, 45011: channels.ActRetry, 45009: channels.ActRetry,
		45015: channels.ActNextWay, 45047: channels.ActNextWay, 43004: channels.ActNextWay, 48001: channels.ActNextWay,
		48002: channels.ActNextWay, 40003: channels.ActNextWay, 50005: channels.ActNextWay, 45002: channels.ActNextWay,
		43019: channels.ActGiveUp, 50002: channels.ActGiveUp, 99999: channels.ActNextWay,
	}
	r := newRig(t)
	w := r.open(t)
	for code, want := range cases {
		r.sim.FailNext(code)
		_, err := r.Send(context.Background(), w, textPart("停水的事已经转办"))
		var se *channels.SendError
		if !errors.As(err, &se) || se.Action != want || se.Code != fmt.Sprint(code) {
			t.Errorf("errcode %d: %v, want %s", code, err, want)
		}
	}
	r.sim.FailNext(45009)
	_, err := r.Send(context.Background(), w, textPart("x"))
	var se *channels.SendError
	if !errors.As(err, &se) || se.After < time.Minute {
		t.Errorf("the day's quota is used up, and the next try comes after %v", se.After)
	}
}

func TestRefusedTokenIsFetchedOnceAndTheMessageSentOnce(t *testing.T) {
	r := newRig(t)
	w := r.open(t)
	if _, err := r.Send(context.Background(), w, textPart("一")); err != nil {
		t.Fatal(err)
	}
	r.sim.ExpireToken()
	if _, err := r.Send(context.Background(), w, textPart("二")); err != nil {
		t.Fatal(err)
	}
	if sent := customOf(r.sim.Sent()); len(sent) != 2 || r.sim.TokenFetches() != 2 || r.counts.fetched != 2 {
		t.Errorf("%d sent, %d fetches, %d counted", len(sent), r.sim.TokenFetches(), r.counts.fetched)
	}
}

func TestATokenThatStaysRefusedIsRetriedLater(t *testing.T) {
	r := newRig(t)
	w := r.open(t)
	r.sim.FailNext(40001, 42001)
	if _, err := r.Send(context.Background(), w, textPart("一")); channels.ActionOf(err) != channels.ActRetry {
		t.Errorf("%v, want a retry", err)
	}
	// The platform gave the same token out again, so it was forced once.
	if n := r.sim.TokenFetches(); n != 3 {
		t.Errorf("%d fetches, want 3", n)
	}
}

func TestManySendersFetchOneToken(t *testing.T) {
	r := newRig(t, func(_ *wechat.Config, _ *wechat.Deps, s *wechatsim.Config) { s.Budget = 1000 })
	w := r.open(t)
	var all sync.WaitGroup
	for range 60 {
		all.Go(func() {
			if _, err := r.Send(context.Background(), w, textPart("一")); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := r.sim.TokenFetches(); n != 1 {
		t.Errorf("%d fetches for 60 sends, want 1", n)
	}
	r.sim.ExpireToken()
	for range 60 {
		all.Go(func() {
			if _, err := r.Send(context.Background(), w, textPart("二")); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := r.sim.TokenFetches(); n != 2 {
		t.Errorf("%d fetches after one refusal, want 2", n)
	}
}

func TestTwoNodesFetchOneToken(t *testing.T) {
	one := newRig(t)
	two := newRig(t, func(c *wechat.Config, d *wechat.Deps, _ *wechatsim.Config) {
		c.APIBase, d.Shared = one.cfg.APIBase, one.shared
	})
	w := one.open(t)
	var all sync.WaitGroup
	for _, a := range []*rig{one, two} {
		for range 2 {
			all.Go(func() {
				if _, err := a.Send(context.Background(), w, textPart("一")); err != nil {
					t.Error(err)
				}
			})
		}
	}
	all.Wait()
	if n := one.sim.TokenFetches(); n != 1 {
		t.Errorf("%d fetches by two nodes, want 1", n)
	}
}

func TestSendsGoOnWithoutSharing(t *testing.T) {
	r := newRig(t)
	w := r.open(t)
	r.shared.down = errors.New("redis is down")
	for range 3 {
		if _, err := r.Send(context.Background(), w, textPart("一")); err != nil {
			t.Fatal(err)
		}
	}
	if n := r.sim.TokenFetches(); n != 1 {
		t.Errorf("%d fetches, want 1", n)
	}
}

func TestMenuAndItsTap(t *testing.T) {
	r := newRig(t)
	w := r.open(t)
	parts, err := r.Compose(w, jiban.Content{Kind: jiban.KindText, Text: "满意吗？", Generated: true,
		Options: []jiban.Option{{Label: "满意", Value: "survey:yes"}, {Label: "不满意", Value: "survey:no"}}})
	if err != nil || len(parts) != 1 {
		t.Fatalf("%d parts, %v", len(parts), err)
	}
	if _, err := r.Send(context.Background(), w, parts[0]); err != nil {
		t.Fatal(err)
	}
	sent := customOf(r.sim.Sent())
	if len(sent) != 1 || sent[0].Text != "满意吗？" || len(sent[0].Menu) != 2 || !sent[0].AI {
		t.Fatalf("sent %+v", sent)
	}
	item := sent[0].Menu[1]
	r.push(t, wechatsim.Message{Text: item.Content, MenuID: item.ID})
	got := r.inbox.Received()
	if last := got[len(got)-1]; last.Content.Kind != jiban.KindTap || last.Content.Text != "survey:no" {
		t.Errorf("the tap came as %+v", last.Content)
	}
}

func TestAnAccountWithoutMenusGetsNumberedLines(t *testing.T) {
	r := newRig(t)
	w := r.open(t)
	parts, err := r.Compose(w, jiban.Content{Kind: jiban.KindText, Text: "满意吗？", Options: []jiban.Option{{Label: "满意"}, {Label: "不满意"}}})
	if err != nil {
		t.Fatal(err)
	}
	r.sim.FailNext(40008)
	if _, err := r.Send(context.Background(), w, parts[0]); err != nil {
		t.Fatal(err)
	}
	if sent := customOf(r.sim.Sent()); len(sent) != 1 || sent[0].Text != "满意吗？\n1. 满意\n2. 不满意" || len(sent[0].Menu) != 0 {
		t.Errorf("sent %+v", sent)
	}
}

// broken is a platform that fails in the given way.
func broken(t *testing.T, h http.HandlerFunc) option {
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return func(c *wechat.Config, d *wechat.Deps, _ *wechatsim.Config) {
		c.APIBase = srv.URL
		d.HTTPClient = &http.Client{Timeout: 300 * time.Millisecond}
	}
}

// hang never answers. It reads the body, or the end of the connection would not
// be seen.
func hang(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

func TestWhatCannotBeKnownIsUncertain(t *testing.T) {
	token := func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "stable_token") {
			fmt.Fprint(w, `{"access_token":"t0ken-in-the-address","expires_in":7200}`)
			return true
		}
		return false
	}
	cases := map[string]struct {
		answer func(w http.ResponseWriter, r *http.Request)
		want   channels.Action
	}{
		"no answer":   {hang, channels.ActUncertain},
		"cut off":     {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, channels.ActUncertain},
		"html":        {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") }, channels.ActUncertain},
		"bad gateway": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(502) }, channels.ActUncertain},
		"busy":        {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }, channels.ActRetry},
		"too often":   {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(429) }, channels.ActRetry},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, broken(t, func(w http.ResponseWriter, q *http.Request) {
				if !token(w, q) {
					c.answer(w, q)
				}
			}))
			_, err := r.Send(context.Background(), channels.Way{Path: jiban.PathCustom, To: "wechat:" + person}, textPart("停水的事"))
			if channels.ActionOf(err) != c.want {
				t.Errorf("%v, want %s", err, c.want)
			}
			for _, s := range []string{"t0ken-in-the-address", secret, "停水", person} {
				if strings.Contains(err.Error(), s) {
					t.Errorf("the error holds %q", s)
				}
			}
		})
	}
}

func TestNothingLeavesWithoutAToken(t *testing.T) {
	cases := map[string]http.HandlerFunc{
		"wrong secret": func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, `{"errcode":40125,"errmsg":"invalid appsecret %s"}`, secret)
		},
		"empty":     func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{}`) },
		"no answer": hang,
	}
	for name, h := range cases {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, broken(t, h))
			_, err := r.Send(context.Background(), channels.Way{Path: jiban.PathCustom, To: "wechat:" + person}, textPart("停水"))
			if channels.ActionOf(err) != channels.ActRetry || strings.Contains(err.Error(), secret) {
				t.Errorf("%v, want a retry without the secret", err)
			}
		})
	}
	r := newRig(t, func(c *wechat.Config, _ *wechat.Deps, _ *wechatsim.Config) { c.APIBase = "http://127.0.0.1:1" })
	_, err := r.Send(context.Background(), channels.Way{Path: jiban.PathCustom, To: "wechat:" + person}, textPart("停水"))
	if channels.ActionOf(err) != channels.ActRetry {
		t.Errorf("nobody listens: %v, want a retry", err)
	}
}

func TestAFailedFetchIsNotRepeatedByAllWhoWait(t *testing.T) {
	r := newRig(t, func(c *wechat.Config, _ *wechat.Deps, _ *wechatsim.Config) { c.AppSecret = "another" })
	var all sync.WaitGroup
	for range 30 {
		all.Go(func() {
			_, err := r.Send(context.Background(), channels.Way{Path: jiban.PathCustom, To: "wechat:" + person}, textPart("一"))
			if channels.ActionOf(err) != channels.ActRetry {
				t.Errorf("%v, want a retry", err)
			}
		})
	}
	all.Wait()
	r.counts.mu.Lock()
	defer r.counts.mu.Unlock()
	if r.counts.fetched != 1 {
		t.Errorf("%d fetches", r.counts.fetched)
	}
}

func TestConfigurationIsChecked(t *testing.T) {
	good := wechat.Config{Name: "gzh", AppID: "a", Token: "t"}
	deps := wechat.Deps{Inbox: &channelstest.Inbox{}, Clock: jiban.SystemClock{}, Shared: newShared(), Words: words{}}
	if _, err := wechat.New(good, deps); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*wechat.Config, *wechat.Deps){
		"name":             func(c *wechat.Config, _ *wechat.Deps) { c.Name = "" },
		"app_id":           func(c *wechat.Config, _ *wechat.Deps) { c.AppID = "" },
		"token":            func(c *wechat.Config, _ *wechat.Deps) { c.Token = "" },
		"aes_key":          func(c *wechat.Config, _ *wechat.Deps) { c.AESKey = "short" },
		"previous_aes_key": func(c *wechat.Config, _ *wechat.Deps) { c.PreviousAESKey = "short" },
		"api_base":         func(c *wechat.Config, _ *wechat.Deps) { c.APIBase = "weixin" },
		"words":            func(_ *wechat.Config, d *wechat.Deps) { d.Words = nil },
	} {
		c, d := good, deps
		change(&c, &d)
		_, err := wechat.New(c, d)
		if jiban.CodeOf(err) != jiban.CodeInvalid || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v, want an error that names it", name, err)
		}
	}
}

func TestOutboundTable(t *testing.T) {
	channelstest.Outbound(t, func(t *testing.T) channelstest.Stand {
		r := newRig(t, func(_ *wechat.Config, _ *wechat.Deps, s *wechatsim.Config) { s.Budget = 100 })
		r.open(t)
		later := reach()
		later.Now = later.Now.Add(72 * time.Hour)
		fails := func(code int64) func(*testing.T) { return func(*testing.T) { r.sim.FailNext(code) } }
		return channelstest.Stand{
			Sender: r, Reach: reach(), Closed: []channels.Reach{later, {Now: time.Now()}},
			Takes: func(p channels.Part) error {
				if len(p.Text) == 0 || len(p.Text) > 2048 {
					return fmt.Errorf("%d bytes", len(p.Text))
				}
				return nil
			},
			Shown: func(p channels.Part) string { return p.Text },
			Arrived: func() []string {
				var texts []string
				for _, s := range customOf(r.sim.Sent()) {
					texts = append(texts, s.Text)
				}
				return texts
			},
			Failures: []channelstest.Failure{
				{Name: "busy", Break: fails(-1), Want: channels.ActRetry, Code: "-1"},
				{Name: "outside the window", Break: fails(45015), Want: channels.ActNextWay, Code: "45015"},
				{Name: "budget used up", Break: fails(45047), Want: channels.ActNextWay, Code: "45047"},
				{Name: "blacklist", Break: fails(43019), Want: channels.ActGiveUp, Code: "43019"},
			},
			Secrets: []string{secret, token, person},
		}
	})
}
