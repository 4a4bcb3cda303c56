package wechat

import (
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/silenceper/wechat/v2/util"

	"jiban"
)

// FuzzParse: whatever comes, there is an error of ours or a message that the
// gateway can name.
func FuzzParse(f *testing.F) {
	// Shapes of the documents "Receiving standard messages" and "Receiving event
	// pushes".
	f.Add([]byte("<xml><ToUserName><![CDATA[gh]]></ToUserName><FromUserName><![CDATA[o]]></FromUserName><CreateTime>1348831860</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[停水]]></Content><MsgId>1234567890123456</MsgId></xml>"))
	f.Add([]byte("<xml><ToUserName>gh</ToUserName><FromUserName>o</FromUserName><CreateTime>1</CreateTime><MsgType>event</MsgType><Event>subscribe</Event><EventKey>qrscene_1</EventKey></xml>"))
	f.Add([]byte("<xml><ToUserName>gh</ToUserName><FromUserName>o</FromUserName><CreateTime>1</CreateTime><MsgType>location</MsgType><Location_X>NaN</Location_X><Location_Y>1</Location_Y></xml>"))
	f.Add([]byte(`<!DOCTYPE x [<!ENTITY e "e">]><xml>&e;</xml>`))
	f.Add([]byte("<xml><Encrypt>AAAA</Encrypt></xml>"))
	a := &Adapter{cfg: Config{Name: "gzh"}}
	f.Fuzz(func(t *testing.T, body []byte) {
		if err := checkXML(body); err != nil {
			return
		}
		in, err := parse(body)
		if err != nil {
			return
		}
		r, ok := a.received(in)
		if !ok {
			return
		}
		if r.ExternalID == "" || !strings.HasPrefix(string(r.Address), "wechat:") || r.Content.Kind == "" || !utf8.ValidString(r.Content.Text) {
			t.Errorf("%+v", r)
		}
		if l := r.Content.Location; l != nil && !(l.Lat >= -90 && l.Lat <= 90 && l.Lng >= -180 && l.Lng <= 180) {
			t.Errorf("location %+v", l)
		}
	})
}

// FuzzOpen: no ciphertext, however signed, may do more than be refused.
func FuzzOpen(f *testing.F) {
	f.Add("AAAA")
	f.Add(strings.Repeat("QUFB", 64))
	a := &Adapter{cfg: Config{Token: "t", AppID: "a"}, keys: []string{"abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"}}
	f.Fuzz(func(t *testing.T, sealed string) {
		if strings.ContainsAny(sealed, "<>&]") || sealed == "" {
			return
		}
		q := url.Values{"timestamp": {"1"}, "nonce": {"n"}, "msg_signature": {util.Signature("t", "1", "n", sealed)}}
		if plain, _, err := a.open(q, []byte("<xml><Encrypt>"+sealed+"</Encrypt></xml>")); err == nil && plain != nil {
			t.Errorf("opened %d bytes", len(plain))
		}
	})
}

// FuzzMerge: a passive reply is never too long, never invalid, and holds the
// messages in their order.
func FuzzMerge(f *testing.F) {
	f.Add("停水", "好的]]>", 3)
	f.Add(strings.Repeat("水", 700), "", 1)
	f.Fuzz(func(t *testing.T, one, two string, n int) {
		var ms []jiban.Message
		for i := range max(0, min(n, 5)) {
			ms = append(ms, jiban.Message{ID: string(rune('a' + i)), Content: jiban.Content{Text: []string{one, two}[i%2]}})
		}
		text, ids := merge(ms)
		if len(text) > maxTextBytes || !utf8.ValidString(text) || len(ids) > len(ms) || (text == "") != (len(ids) == 0) {
			t.Errorf("%d bytes of %d messages", len(text), len(ids))
		}
		for i, id := range ids {
			if id != ms[i].ID {
				t.Errorf("order %v", ids)
			}
		}
	})
}
