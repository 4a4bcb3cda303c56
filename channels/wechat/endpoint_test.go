package wechat_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"jiban"
	"jiban/channels/channelstest"
	"jiban/channels/wechat"
	"jiban/channels/wechat/wechatsim"
)

func TestHandshake(t *testing.T) {
	r := newRig(t, encrypted)
	if err := r.sim.Handshake(context.Background()); err != nil {
		t.Fatal(err)
	}
	status, _ := do(t, get(t, r.url+"?signature=0&timestamp=1&nonce=2&echostr=3"))
	if status != http.StatusForbidden {
		t.Errorf("a handshake with a wrong signature got status %d", status)
	}
}

func get(t *testing.T, address string) *http.Request {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

func TestPassiveReply(t *testing.T) {
	for name, options := range map[string][]option{"plain": nil, "encrypted": {encrypted}, "compatible": {encrypted,
		func(c *wechat.Config, _ *wechat.Deps, s *wechatsim.Config) { c.Compatible, s.Compatible = true, true }}} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, options...)
			r.inbox.Say = says("请问停水的是哪个小区？", "也可以回复 ]]> <转人工>")
			reply := r.push(t, wechatsim.Message{Text: "小区停水了"})
			if want := "请问停水的是哪个小区？\n\n也可以回复 ]]> <转人工>"; reply.Text != want || reply.Deliveries != 1 {
				t.Errorf("reply %q after %d deliveries, want %q after 1", reply.Text, reply.Deliveries, want)
			}
			if reply.Encrypted != (name != "plain") {
				t.Errorf("encrypted: %v", reply.Encrypted)
			}
			if got := r.inbox.Settled(); len(got) != 2 {
				t.Errorf("settled %v, want both messages", got)
			}
		})
	}
}

func TestPassiveReplyCarriesWhatFitsAndGivesBackTheRest(t *testing.T) {
	r := newRig(t)
	r.inbox.Say = says(strings.Repeat("水", 400), strings.Repeat("电", 400), "短")
	reply := r.push(t, wechatsim.Message{Text: "停水"})
	if reply.Text != strings.Repeat("水", 400) {
		t.Errorf("got %d bytes, want the first message alone", len(reply.Text))
	}
	if got := r.inbox.Settled(); len(got) != 1 || got[0] != "out1" {
		t.Errorf("settled %v: a later message must not overtake one that did not fit", got)
	}
}

func TestNothingToSayIsSuccess(t *testing.T) {
	for name, options := range map[string][]option{"plain": nil, "encrypted": {encrypted}} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, options...)
			req, err := r.sim.Request(context.Background(), wechatsim.Message{Text: "停水"})
			if err != nil {
				t.Fatal(err)
			}
			if status, body := do(t, req); status != 200 || body != "success" {
				t.Errorf("status %d body %q", status, body)
			}
		})
	}
}

func TestWithoutPassiveReply(t *testing.T) {
	r := newRig(t, func(c *wechat.Config, _ *wechat.Deps, _ *wechatsim.Config) { c.PassiveReply = false })
	r.inbox.Say = says("不该出现")
	if reply := r.push(t, wechatsim.Message{Text: "停水"}); reply.Text != "" || !reply.Acknowledged {
		t.Errorf("reply %+v, want success", reply)
	}
	if len(r.inbox.Received()) != 1 {
		t.Error("the message was not taken in")
	}
}

// tamper changes a signed request.
type tamper func(q url.Values, body string) (url.Values, string)

func TestForgedCallbacksAreRefused(t *testing.T) {
	stamp := func(at time.Time) tamper {
		return func(q url.Values, body string) (url.Values, string) {
			s := strconv.FormatInt(at.Unix(), 10)
			q.Set("timestamp", s)
			q.Set("signature", wechatsim.Sign(token, s, q.Get("nonce")))
			return q, body
		}
	}
	with := func(key, value string) tamper {
		return func(q url.Values, body string) (url.Values, string) { q.Set(key, value); return q, body }
	}
	now := time.Now()
	plain := "<xml><ToUserName>a</ToUserName><FromUserName>b</FromUserName><CreateTime>1</CreateTime><MsgType>text</MsgType><Content>c</Content><MsgId>1</MsgId></xml>"
	cases := []struct {
		name      string
		encrypted bool
		change    tamper
	}{
		{"wrong signature", false, with("signature", strings.Repeat("0", 40))},
		{"no signature", false, with("signature", "")},
		{"another timestamp", false, with("timestamp", strconv.FormatInt(now.Unix()+1, 10))},
		{"another nonce", false, with("nonce", "x")},
		{"old", false, stamp(now.Add(-6 * time.Minute))},
		{"from the future", false, stamp(now.Add(6 * time.Minute))},
		{"timestamp of seconds since long ago", false, stamp(time.Unix(0, 0))},
		{"claims to be encrypted", false, with("encrypt_type", "aes")},
		{"wrong body signature", true, with("msg_signature", strings.Repeat("0", 40))},
		{"no body signature", true, with("msg_signature", "")},
		{"plain body in safe mode", true, func(q url.Values, _ string) (url.Values, string) { return q, plain }},
		{"another body", true, func(q url.Values, body string) (url.Values, string) {
			return q, strings.Replace(body, "<![CDATA[", "<![CDATA[AAAA", 2)
		}},
		{"a body that is signed but not sealed", true, func(q url.Values, _ string) (url.Values, string) {
			q.Set("msg_signature", wechatsim.Sign(token, q.Get("timestamp"), q.Get("nonce"), "AAAA"))
			return q, "<xml><Encrypt>AAAA</Encrypt></xml>"
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			if c.encrypted {
				r = newRig(t, encrypted)
			}
			refused(t, r, c.change, http.StatusForbidden)
		})
	}
}

func refused(t *testing.T, r *rig, change tamper, want int) {
	t.Helper()
	req, err := r.sim.Request(context.Background(), wechatsim.Message{Text: "停水"})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(req.Body)
	if err != nil {
		t.Fatal(err)
	}
	q, body := change(req.URL.Query(), string(raw))
	again, err := http.NewRequest(http.MethodPost, r.url+"?"+q.Encode(), strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if status, _ := do(t, again); status != want {
		t.Errorf("status %d, want %d", status, want)
	}
	if n := len(r.inbox.Received()); n != 0 {
		t.Errorf("%d messages were stored", n)
	}
}

func TestForeignAccountAndForeignKeyAreRefused(t *testing.T) {
	foreignApp := newRig(t, encrypted, func(c *wechat.Config, _ *wechat.Deps, _ *wechatsim.Config) { c.AppID = "another" })
	foreignKey := newRig(t, encrypted, func(_ *wechat.Config, _ *wechat.Deps, s *wechatsim.Config) { s.AESKey = otherAESKey })
	for _, r := range []*rig{foreignApp, foreignKey} {
		if reply := r.push(t, wechatsim.Message{Text: "停水"}); reply.Status != http.StatusForbidden || len(r.inbox.Received()) != 0 {
			t.Errorf("status %d, %d stored", reply.Status, len(r.inbox.Received()))
		}
	}
}

func TestCompatibleTakesPlainBodiesToo(t *testing.T) {
	r := newRig(t, func(c *wechat.Config, _ *wechat.Deps, _ *wechatsim.Config) { c.AESKey, c.Compatible = aesKey, true })
	r.inbox.Say = says("好的")
	if reply := r.push(t, wechatsim.Message{Text: "停水"}); reply.Text != "好的" || reply.Encrypted {
		t.Errorf("reply %+v", reply)
	}
}

func TestEncryptedBodyWithoutAKeyIsRefused(t *testing.T) {
	r := newRig(t, func(_ *wechat.Config, _ *wechat.Deps, s *wechatsim.Config) { s.AESKey = aesKey })
	if reply := r.push(t, wechatsim.Message{Text: "停水"}); reply.Status != http.StatusForbidden || len(r.inbox.Received()) != 0 {
		t.Errorf("status %d, %d stored", reply.Status, len(r.inbox.Received()))
	}
}

func TestPreviousKeyStillOpens(t *testing.T) {
	r := newRig(t, encrypted, func(c *wechat.Config, _ *wechat.Deps, _ *wechatsim.Config) {
		c.AESKey, c.PreviousAESKey = otherAESKey, aesKey
	})
	if reply := r.push(t, wechatsim.Message{Text: "停水"}); !reply.Acknowledged {
		t.Errorf("status %d", reply.Status)
	}
}

func TestBrokenBodies(t *testing.T) {
	xxe := `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>`
	message := "<ToUserName>a</ToUserName><FromUserName>b</FromUserName><CreateTime>1</CreateTime><MsgType>text</MsgType><Content>%s</Content><MsgId>1</MsgId>"
	cases := map[string]struct {
		body string
		want int
	}{
		"no xml":            {"hello", 400},
		"empty":             {"", 400},
		"json":              {`{"MsgType":"text"}`, 400},
		"cut off":           {"<xml><ToUserName>a", 400},
		"another root":      {"<html></html>", 400},
		"dtd":               {xxe + "<xml>" + fmt.Sprintf(message, "&e;") + "</xml>", 400},
		"entity":            {"<xml>" + fmt.Sprintf(message, "&e;") + "</xml>", 400},
		"stylesheet":        {`<?xml-stylesheet href="x"?><xml>` + fmt.Sprintf(message, "c") + "</xml>", 400},
		"another encoding":  {`<?xml version="1.0" encoding="gbk"?><xml>` + fmt.Sprintf(message, "c") + "</xml>", 400},
		"invalid UTF-8":     {"<xml>" + fmt.Sprintf(message, "\xff\xfe") + "</xml>", 400},
		"nobody":            {"<xml><MsgType>text</MsgType></xml>", 400},
		"no time":           {strings.Replace("<xml>"+fmt.Sprintf(message, "c")+"</xml>", "<CreateTime>1<", "<CreateTime>x<", 1), 400},
		"too deep":          {"<xml>" + strings.Repeat("<a>", 50) + strings.Repeat("</a>", 50) + "</xml>", 400},
		"too many elements": {"<xml>" + strings.Repeat("<a></a>", 1000) + "</xml>", 400},
		"too large":         {"<xml>" + strings.Repeat(" ", 1<<20) + "</xml>", 413},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			refused(t, newRig(t), func(q url.Values, _ string) (url.Values, string) { return q, c.body }, c.want)
		})
	}
}

func TestMessageKinds(t *testing.T) {
	at := time.Unix(1760000000, 0)
	cases := map[string]struct {
		m    wechatsim.Message
		want jiban.Content
		id   string
	}{
		"text":       {wechatsim.Message{Text: "停水", MsgID: "1"}, jiban.Content{Kind: jiban.KindText, Text: "停水"}, "1"},
		"menu item":  {wechatsim.Message{Text: "满意", MenuID: "101", MsgID: "2"}, jiban.Content{Kind: jiban.KindTap, Text: "满意"}, "2"},
		"subscribe":  {wechatsim.Message{Type: "event", Event: "subscribe", At: at}, jiban.Content{Kind: jiban.KindEvent, Event: "subscribe"}, person + ":1760000000:subscribe:"},
		"by QR code": {wechatsim.Message{Type: "event", Event: "subscribe", EventKey: "qrscene_7", At: at}, jiban.Content{Kind: jiban.KindEvent, Event: "subscribe", Text: "7"}, person + ":1760000000:subscribe:qrscene_7"},
		"SCAN":       {wechatsim.Message{Type: "event", Event: "SCAN", EventKey: "7", At: at}, jiban.Content{Kind: jiban.KindEvent, Event: "scan", Text: "7"}, person + ":1760000000:SCAN:7"},
		"CLICK":      {wechatsim.Message{Type: "event", Event: "CLICK", EventKey: "查进度", At: at}, jiban.Content{Kind: jiban.KindTap, Text: "查进度"}, person + ":1760000000:CLICK:查进度"},
		"voice":      {wechatsim.Message{Type: "voice", MediaID: "m", MsgID: "3", Extra: "<Format>amr</Format><MediaId16K>m16</MediaId16K><Recognition><![CDATA[停水]]></Recognition>"}, jiban.Content{Kind: jiban.KindVoice, Text: "停水", Attachments: []jiban.Attachment{{Ref: "m16", Type: "audio/amr"}}}, "3"},
		"video":      {wechatsim.Message{Type: "shortvideo", MediaID: "m", MsgID: "4"}, jiban.Content{Kind: jiban.KindFile, Attachments: []jiban.Attachment{{Ref: "m", Type: "video/mp4"}}}, "4"},
		"link":       {wechatsim.Message{Type: "link", MsgID: "5", Extra: "<Title>题</Title><Description>文</Description><Url>https://example.cn</Url>"}, jiban.Content{Kind: jiban.KindText, Text: "题\n文\nhttps://example.cn"}, "5"},
		"unknown":    {wechatsim.Message{Type: "file", MsgID: "6"}, jiban.Content{Kind: jiban.KindUnknown, Text: "file"}, "6"},
		"bad place":  {wechatsim.Message{Type: "location", MsgID: "7", Lat: 1e9}, jiban.Content{Kind: jiban.KindUnknown, Text: "location"}, "7"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.push(t, c.m)
			got := r.inbox.Received()
			if len(got) != 1 {
				t.Fatalf("%d messages", len(got))
			}
			if fmt.Sprintf("%+v", got[0].Content) != fmt.Sprintf("%+v", c.want) || got[0].ExternalID != c.id {
				t.Errorf("got %q %+v, want %q %+v", got[0].ExternalID, got[0].Content, c.id, c.want)
			}
		})
	}
}

func TestEventsThatAreOnlyAcknowledged(t *testing.T) {
	for _, event := range []string{"unsubscribe", "LOCATION", "VIEW", "view_miniprogram", "TEMPLATESENDJOBFINISH", "MASSSENDJOBFINISH", "kf_create_session", "something_new", ""} {
		r := newRig(t)
		if reply := r.push(t, wechatsim.Message{Type: "event", Event: event}); !reply.Acknowledged || reply.Text != "" || len(r.inbox.Received()) != 0 {
			t.Errorf("%s: %+v, %d stored", event, reply, len(r.inbox.Received()))
		}
	}
}

func TestRedeliveryIsTheSameMessageAndGetsTheSameAnswer(t *testing.T) {
	r := newRig(t)
	r.inbox.Say = says("请问是哪个小区？")
	for range 3 {
		if reply := r.push(t, wechatsim.Message{Text: "停水", MsgID: "42"}); reply.Text != "请问是哪个小区？" {
			t.Errorf("reply %q", reply.Text)
		}
	}
	for _, m := range r.inbox.Received() {
		if m.ExternalID != "42" {
			t.Errorf("id %q", m.ExternalID)
		}
	}
}

func TestWhenNothingCanBeStored(t *testing.T) {
	r := newRig(t)
	r.inbox.Fail = func() error { return jiban.Errorf(jiban.CodeUnavailable, "test", "%w", errors.New("disk full")) }
	reply := r.push(t, wechatsim.Message{Text: "停水"})
	if reply.Deliveries != 3 || reply.Text != sorry {
		t.Errorf("%d deliveries, reply %q: the first two must ask for another, the last must say the truth", reply.Deliveries, reply.Text)
	}
}

func TestTheTruthIsToldAtOnceWhenNotEvenCountingWorks(t *testing.T) {
	r := newRig(t)
	r.inbox.Fail = func() error { return errors.New("disk full") }
	r.shared.down = errors.New("redis is down")
	if reply := r.push(t, wechatsim.Message{Text: "停水"}); reply.Deliveries != 1 || reply.Text != sorry {
		t.Errorf("%d deliveries, reply %q", reply.Deliveries, reply.Text)
	}
}

func TestDangerIsAnsweredWithoutAStore(t *testing.T) {
	r := newRig(t, encrypted, func(_ *wechat.Config, d *wechat.Deps, _ *wechatsim.Config) {
		d.Safety = func(s string) string {
			if strings.Contains(s, "燃气") {
				return "请立即离开并拨打119。"
			}
			return ""
		}
	})
	r.inbox.Fail = func() error { return jiban.Errorf(jiban.CodeUnavailable, "test", "%w", errors.New("disk full")) }
	if reply := r.push(t, wechatsim.Message{Text: "燃气味道很大"}); reply.Deliveries != 1 || reply.Text != "请立即离开并拨打119。\n"+sorry {
		t.Errorf("%d deliveries, reply %q", reply.Deliveries, reply.Text)
	}
}

func TestAMessageThatCanNeverBeStoredIsNotAskedForAgain(t *testing.T) {
	r := newRig(t)
	r.inbox.Fail = func() error { return jiban.Errorf(jiban.CodeInvalid, "test", "empty") }
	if reply := r.push(t, wechatsim.Message{Text: " "}); reply.Deliveries != 1 || !reply.Acknowledged || r.counts.of("invalid") != 1 {
		t.Errorf("%+v", reply)
	}
}

func TestInboundTable(t *testing.T) {
	channelstest.Inbound(t, func(t *testing.T) channelstest.Door {
		r := newRig(t, encrypted)
		say := func(t *testing.T, id string, c jiban.Content) bool {
			req, err := r.sim.Request(context.Background(), messageOf(id, c))
			if err != nil {
				t.Fatal(err)
			}
			status, _ := do(t, req)
			return status == 200
		}
		return channelstest.Door{Inbox: r.inbox, Say: say, Kinds: []jiban.MessageKind{jiban.KindTap, jiban.KindLocation,
			jiban.KindImage, jiban.KindVoice, jiban.KindFile, jiban.KindEvent}}
	})
}

func messageOf(id string, c jiban.Content) wechatsim.Message {
	m := wechatsim.Message{MsgID: id, Text: c.Text}
	if len(c.Attachments) > 0 {
		m.MediaID = c.Attachments[0].Ref
	}
	switch c.Kind {
	case jiban.KindTap:
		m.MenuID = "101"
	case jiban.KindLocation:
		m.Type, m.Lat, m.Lng, m.Label = "location", c.Location.Lat, c.Location.Lng, c.Location.Label
	case jiban.KindImage, jiban.KindVoice:
		m.Type = string(c.Kind)
	case jiban.KindFile:
		m.Type = "video"
	case jiban.KindEvent:
		m.Type, m.Event, m.MsgID = "event", c.Event, ""
	}
	return m
}
