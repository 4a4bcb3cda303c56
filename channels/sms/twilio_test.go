package sms_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"jiban"
	"jiban/channels"
	"jiban/channels/channelstest"
	"jiban/channels/sms"
)

const (
	authToken = "twilio-token-that-must-not-leak"
	publicURL = "https://example.gov.cn"
)

// cloud is a stand-in of Twilio's API and the adapter that calls it.
type cloud struct {
	*sms.Twilio
	inbox  *channelstest.Inbox
	answer func(w http.ResponseWriter, form url.Values)
	posted []url.Values
}

func newCloud(t *testing.T) *cloud {
	t.Helper()
	c := &cloud{inbox: &channelstest.Inbox{}}
	// The shape of the answer: document "Message resource", create a message.
	c.answer = func(w http.ResponseWriter, _ url.Values) {
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"sid":"SM%d","status":"queued"}`, len(c.posted))
	}
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, key, _ := r.BasicAuth()
		if err := r.ParseForm(); err != nil || id != "AC1" || key != authToken || r.URL.Path != "/2010-04-01/Accounts/AC1/Messages.json" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		c.posted = append(c.posted, r.PostForm)
		c.answer(w, r.PostForm)
	}))
	t.Cleanup(api.Close)
	a, err := sms.New(sms.Config{Name: "intl", Driver: "twilio", AccountSID: "AC1", AuthToken: authToken, Source: "+15005550006",
		APIBase: api.URL, PublicURL: publicURL},
		sms.Deps{Inbox: c.inbox, Clock: jiban.SystemClock{}, HTTPClient: &http.Client{Timeout: 500 * time.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	c.Twilio = a.(*sms.Twilio)
	return c
}

// call posts a form as Twilio does, signed for the given address.
func (c *cloud) call(path, signedAddress string, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Twilio-Signature", sms.TwilioSignature(authToken, signedAddress, form))
	w := httptest.NewRecorder()
	c.ServeHTTP(w, r)
	return w
}

// inboundForm has the parameters of the document "Webhook request" and one that
// nobody knows.
func inboundForm(id, text string) url.Values {
	return url.Values{"MessageSid": {id}, "SmsSid": {id}, "AccountSid": {"AC1"}, "From": {"+8613800001234"}, "To": {"+15005550006"},
		"Body": {text}, "NumMedia": {"0"}, "NumSegments": {"1"}, "FromCountry": {"CN"}, "BrandNew": {"x"}}
}

func TestTwilioInbound(t *testing.T) {
	c := newCloud(t)
	w := c.call("/inbound", publicURL+"/channels/sms/intl/inbound", inboundForm("SM9", "停水了"))
	if w.Code != 200 || !strings.Contains(w.Body.String(), "<Response></Response>") {
		t.Errorf("status %d, %q", w.Code, w.Body)
	}
	got := c.inbox.Received()
	if len(got) != 1 || got[0].ExternalID != "SM9" || got[0].Address != tel || got[0].Content.Text != "停水了" || got[0].RepeatWithin != 0 {
		t.Errorf("received %+v", got)
	}
}

func TestTwilioSignatureOfTheDocuments(t *testing.T) {
	// The example of the document "Security", validating requests.
	form := url.Values{"CallSid": {"CA1234567890ABCDE"}, "Caller": {"+14158675310"}, "Digits": {"1234"}, "From": {"+14158675310"}, "To": {"+18005551212"}}
	got := sms.TwilioSignature("12345", "https://example.com/myapp.php?foo=1&bar=2", form)
	if want := "L/OH5YylLD5NRKLltdqwSvS0BnU="; got != want {
		t.Errorf("signature %q, want %q", got, want)
	}
}

func TestTwilioForgeries(t *testing.T) {
	c := newCloud(t)
	address := publicURL + "/channels/sms/intl/inbound"
	form := inboundForm("SM9", "停水了")
	good := sms.TwilioSignature(authToken, address, form)
	changed := inboundForm("SM9", "另一句")
	more := inboundForm("SM9", "停水了")
	more.Set("Extra", "1")
	for name, x := range map[string]struct {
		form      url.Values
		signature string
	}{
		"none":            {form, ""},
		"other text":      {changed, good},
		"one more":        {more, good},
		"another token":   {form, sms.TwilioSignature("x", address, form)},
		"another address": {form, sms.TwilioSignature(authToken, "https://elsewhere.cn/channels/sms/intl/inbound", form)},
		"another path":    {form, sms.TwilioSignature(authToken, publicURL+"/channels/sms/intl/status", form)},
	} {
		r := httptest.NewRequest(http.MethodPost, "/inbound", strings.NewReader(x.form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("X-Twilio-Signature", x.signature)
		w := httptest.NewRecorder()
		c.ServeHTTP(w, r)
		if w.Code != http.StatusForbidden {
			t.Errorf("%s: status %d", name, w.Code)
		}
	}
	if n := len(c.inbox.Received()); n != 0 {
		t.Errorf("%d forged messages were stored", n)
	}
	if w := c.call("/inbound", publicURL+":443/channels/sms/intl/inbound", form); w.Code != 200 {
		t.Errorf("signed with the port: status %d", w.Code)
	}
	if w := c.call("/other", publicURL+"/channels/sms/intl/other", form); w.Code != 404 {
		t.Errorf("another path: status %d", w.Code)
	}
	big := url.Values{"Body": {strings.Repeat("a", 1<<20)}}
	if w := c.call("/inbound", address, big); w.Code != 413 {
		t.Errorf("too large: status %d", w.Code)
	}
	nobody := url.Values{"Body": {"停水"}}
	if w := c.call("/inbound", address, nobody); w.Code != 400 {
		t.Errorf("from nobody: status %d", w.Code)
	}
}

func TestTwilioPictures(t *testing.T) {
	c := newCloud(t)
	form := inboundForm("MM1", "就是这里")
	form.Set("NumMedia", "2")
	form.Set("MediaUrl0", "https://api.twilio.com/m/1")
	form.Set("MediaContentType0", "image/jpeg")
	form.Set("NumMedia", "999999999")
	c.call("/inbound", publicURL+"/channels/sms/intl/inbound", form)
	got := c.inbox.Received()
	if len(got) != 1 || got[0].Content.Kind != jiban.KindImage || len(got[0].Content.Attachments) != 1 || got[0].Content.Text != "就是这里" {
		t.Errorf("received %+v", got)
	}
}

func TestTwilioStatus(t *testing.T) {
	for state, want := range map[string]jiban.DeliveryStatus{"delivered": jiban.DeliveryDelivered, "undelivered": jiban.DeliveryFailed,
		"failed": jiban.DeliveryFailed, "sent": "", "queued": "", "something_new": ""} {
		c := newCloud(t)
		form := url.Values{"MessageSid": {"SM1"}, "MessageStatus": {state}, "ErrorCode": {"30003"}}
		if w := c.call("/status", publicURL+"/channels/sms/intl/status", form); w.Code != 200 {
			t.Errorf("%s: status %d", state, w.Code)
		}
		got := c.inbox.Reports()
		if (want == "") != (len(got) == 0) || (len(got) == 1 && (got[0].Status != want || got[0].ProviderID != "SM1")) {
			t.Errorf("%s: %+v", state, got)
		}
	}
}

func TestTwilioFailures(t *testing.T) {
	for name, x := range map[string]struct {
		status int
		body   string
		want   channels.Action
		code   string
	}{
		"no such number": {400, `{"code":21211,"message":"停水 invalid To"}`, channels.ActNextWay, "21211"},
		"opted out":      {400, `{"code":21610}`, channels.ActNextWay, "21610"},
		"wrong token":    {401, `{"code":20003}`, channels.ActNextWay, "20003"},
		"too often":      {429, `{"code":20429}`, channels.ActRetry, "20429"},
		"closed":         {503, `<html>`, channels.ActRetry, "http_503"},
		"broken":         {500, `{}`, channels.ActUncertain, "http_500"},
	} {
		c := newCloud(t)
		c.answer = func(w http.ResponseWriter, _ url.Values) { w.WriteHeader(x.status); fmt.Fprint(w, x.body) }
		_, err := c.Send(context.Background(), channels.Way{To: tel}, channels.Part{N: 1, Of: 1, Text: "停水"})
		var se *channels.SendError
		if !errors.As(err, &se) || se.Action != x.want || se.Code != x.code {
			t.Errorf("%s: %v, want %s %s", name, err, x.want, x.code)
		}
		if err != nil && (strings.Contains(err.Error(), "停水") || strings.Contains(err.Error(), authToken)) {
			t.Errorf("%s: the error tells too much: %v", name, err)
		}
	}
	c := newCloud(t)
	c.answer = func(w http.ResponseWriter, _ url.Values) { time.Sleep(700 * time.Millisecond); w.WriteHeader(201) }
	if _, err := c.Send(context.Background(), channels.Way{To: tel}, channels.Part{Text: "停水"}); channels.ActionOf(err) != channels.ActUncertain {
		t.Errorf("no answer: %v", err)
	}
}

func TestTwilioTables(t *testing.T) {
	channelstest.Inbound(t, func(t *testing.T) channelstest.Door {
		c := newCloud(t)
		say := func(_ *testing.T, id string, content jiban.Content) bool {
			w := c.call("/inbound", publicURL+"/channels/sms/intl/inbound", inboundForm(id, content.Text))
			return w.Code == 200
		}
		return channelstest.Door{Inbox: c.inbox, Say: say}
	})
	channelstest.Outbound(t, func(t *testing.T) channelstest.Stand {
		c := newCloud(t)
		return channelstest.Stand{Sender: c, Reach: reach(), MaxParts: 1, Secrets: []string{authToken, "13800001234"},
			Takes: func(p channels.Part) error {
				if n := len([]rune(p.Text)); n == 0 || n > 1600 {
					return fmt.Errorf("%d characters", n)
				}
				return nil
			},
			Shown: func(p channels.Part) string { return p.Text },
			Arrived: func() []string {
				var out []string
				for _, f := range c.posted {
					out = append(out, f.Get("Body"))
				}
				return out
			}}
	})
}

func TestTwilioIsTold(t *testing.T) {
	c := newCloud(t)
	id, err := c.Send(context.Background(), channels.Way{To: tel}, channels.Part{N: 1, Of: 1, Text: "您好"})
	if err != nil || id != "SM1" {
		t.Fatalf("%q, %v", id, err)
	}
	f := c.posted[0]
	if f.Get("To") != "+8613800001234" || f.Get("From") != "+15005550006" || f.Get("StatusCallback") != publicURL+"/channels/sms/intl/status" {
		t.Errorf("posted %v", f)
	}
}
