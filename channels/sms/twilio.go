package sms

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"jiban"
	"jiban/channels"
)

const (
	twilioCostHome   = 30
	twilioCostAbroad = 20
	maxForm          = 1 << 20
	maxAnswer        = 1 << 16
	maxMedia         = 9
	emptyTwiML       = `<?xml version="1.0" encoding="UTF-8"?><Response></Response>`
)

// Twilio is the adapter of a Twilio number. It is called at /inbound with
// messages and at /status with receipts.
type Twilio struct {
	cfg    Config
	deps   Deps
	client *http.Client
}

var (
	_ channels.Sender   = (*Twilio)(nil)
	_ channels.Endpoint = (*Twilio)(nil)
)

func newTwilio(cfg Config, deps Deps) *Twilio {
	t := &Twilio{cfg: cfg, deps: deps, client: deps.HTTPClient}
	if t.client == nil {
		t.client = &http.Client{Timeout: requestTimeout}
	}
	return t
}

// Name returns the configured name.
func (t *Twilio) Name() string { return t.cfg.Name }

// Kind returns the family, SMS.
func (t *Twilio) Kind() jiban.ChannelKind { return jiban.ChannelSMS }

// Ways offers every mobile number of the person.
func (t *Twilio) Ways(_ context.Context, r channels.Reach) ([]channels.Way, error) {
	return ways(t.cfg.Name, r, twilioCostHome, twilioCostAbroad), nil
}

// Compose words one text message; Twilio splits it itself.
func (t *Twilio) Compose(_ channels.Way, c jiban.Content) ([]channels.Part, error) {
	text, err := compose(t.cfg, c)
	if err != nil {
		return nil, err
	}
	return []channels.Part{{N: 1, Of: 1, Text: text, Content: jiban.Content{Kind: jiban.KindText, Text: text}}}, nil
}

// ServeHTTP takes Twilio's calls. A wrong signature is 403 and nothing is kept.
func (t *Twilio) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	handle, ok := map[string]func(http.ResponseWriter, *http.Request){"/inbound": t.inbound, "/status": t.status}[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", "POST")
		http.Error(w, "POST only", http.StatusMethodNotAllowed)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		status := http.StatusBadRequest
		if tooBig := (*http.MaxBytesError)(nil); errors.As(err, &tooBig) {
			status = http.StatusRequestEntityTooLarge
		}
		t.refuse(w, status, "form")
		return
	}
	if !t.genuine(r) {
		t.refuse(w, http.StatusForbidden, "signature")
		return
	}
	handle(w, r)
}

func (t *Twilio) refuse(w http.ResponseWriter, status int, reason string) {
	t.deps.Metrics.Refused(t.cfg.Name, reason)
	t.deps.Log.Warn("callback refused", "status", status, "reason", reason)
	http.Error(w, http.StatusText(status), status)
}

// path is where the adapter is mounted.
func (t *Twilio) path(rest string) string { return "/channels/sms/" + t.cfg.Name + rest }

// genuine checks X-Twilio-Signature over the public address and every parameter
// received (domain B6). Twilio signs with or without the port.
func (t *Twilio) genuine(r *http.Request) bool {
	got := []byte(r.Header.Get("X-Twilio-Signature"))
	address := t.cfg.PublicURL + t.path(r.URL.Path)
	if r.URL.RawQuery != "" {
		address += "?" + r.URL.RawQuery
	}
	ok := 0
	for _, a := range portForms(address) {
		ok |= subtle.ConstantTimeCompare([]byte(TwilioSignature(t.cfg.AuthToken, a, r.PostForm)), got)
	}
	return ok == 1
}

func (t *Twilio) inbound(w http.ResponseWriter, r *http.Request) {
	from := telAddress(r.PostForm.Get("From"), 0)
	id := r.PostForm.Get("MessageSid")
	if id == "" {
		id = r.PostForm.Get("SmsSid")
	}
	if from == "" || id == "" {
		t.refuse(w, http.StatusBadRequest, "form")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), storeTimeout)
	defer cancel()
	_, err := t.deps.Inbox.Receive(ctx, jiban.Received{
		Channel: t.cfg.Name, ChannelKind: jiban.ChannelSMS, ExternalID: id, Address: from,
		Audience: t.cfg.Audience, Region: t.cfg.Region, Lang: jiban.Chinese,
		Content: twilioContent(r.PostForm), At: t.deps.Clock.Now(),
	})
	if err != nil && jiban.CodeOf(err) != jiban.CodeInvalid {
		t.deps.Log.Error("message not stored", "err", err)
		http.Error(w, "not stored, send again", http.StatusServiceUnavailable)
		return
	}
	if err != nil {
		t.deps.Metrics.Refused(t.cfg.Name, "invalid")
	}
	t.write(w, emptyTwiML)
}

// twilioContent: a message with pictures is a picture message whose words stay
// with it.
func twilioContent(form url.Values) jiban.Content {
	c := jiban.Content{Kind: jiban.KindText, Text: form.Get("Body")}
	n, err := strconv.Atoi(form.Get("NumMedia"))
	if err != nil {
		return c
	}
	for i := range min(n, maxMedia) {
		ref := form.Get(fmt.Sprintf("MediaUrl%d", i))
		if ref == "" {
			continue
		}
		kind := form.Get(fmt.Sprintf("MediaContentType%d", i))
		c.Attachments = append(c.Attachments, jiban.Attachment{Ref: ref, Type: kind})
		c.Kind = jiban.KindFile
		if strings.HasPrefix(kind, "image/") {
			c.Kind = jiban.KindImage
		}
	}
	return c
}

func (t *Twilio) status(w http.ResponseWriter, r *http.Request) {
	rep := channels.Report{Channel: t.cfg.Name, ProviderID: r.PostForm.Get("MessageSid")}
	switch state := r.PostForm.Get("MessageStatus"); state {
	case "delivered", "read":
		rep.Status = jiban.DeliveryDelivered
	case "undelivered", "failed", "canceled":
		rep.Status, rep.Error = jiban.DeliveryFailed, strings.TrimSpace(state+" "+r.PostForm.Get("ErrorCode"))
	}
	if rep.Status != "" && rep.ProviderID != "" {
		ctx, cancel := context.WithTimeout(r.Context(), storeTimeout)
		defer cancel()
		if err := report(ctx, t.deps, rep); err != nil {
			t.deps.Log.Error("receipt not stored", "err", err)
			http.Error(w, "not stored, send again", http.StatusServiceUnavailable)
			return
		}
	}
	t.write(w, emptyTwiML)
}

func (t *Twilio) write(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	if _, err := io.WriteString(w, body); err != nil {
		t.deps.Log.Warn("answer not written", "err", err)
	}
}
