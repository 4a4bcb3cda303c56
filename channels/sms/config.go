package sms

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"jiban"
	"jiban/channels"
)

// The limits that the adapter keeps by itself.
const (
	defaultEnquireLink = 30 * time.Second
	defaultMaxParts    = 5
	defaultReassembly  = 120 * time.Second
	// hold is how long a part waits for the others before it is refused: the SMSC's
	// own patience is usually ten seconds.
	defaultHold = 5 * time.Second
	// repeatWithin is how long the same words may be a repeat.
	repeatWithin   = 120 * time.Second
	requestTimeout = 10 * time.Second // for the answer to one request of ours
	storeTimeout   = 4 * time.Second  // for one commit; the SMSC waits ten
)

// Config is one SMS gateway. Driver is "smpp" or "twilio".
type Config struct {
	Name       string
	Driver     string
	Source     string // the number that people write to
	Signature  string // 【…】, "" for none
	MaxParts   int
	Audience   jiban.Audience
	Region     string
	Address    string // smpp: host:port of the SMSC
	SystemID   string
	Password   string
	Reassembly time.Duration // how long parts of a long message are waited for
	Hold       time.Duration // how long a part's answer is held back; 5 s when zero
	// EnquireLink is how often the connection is probed.
	EnquireLink time.Duration

	AccountSID string // twilio
	AuthToken  string
	APIBase    string
	PublicURL  string // of the installation, without the path
}

// Deps is what the adapter stands on. Log, Metrics and HTTPClient may be left out.
type Deps struct {
	Inbox      channels.Inbox
	Clock      jiban.Clock
	Metrics    Metrics
	Log        *slog.Logger
	HTTPClient *http.Client
}

// Metrics counts. Reason is one of a few fixed words.
type Metrics interface {
	Refused(channel, reason string)
}

// New returns the adapter of a gateway: an *SMPP, which is also a
// channels.Service, or a *Twilio, which is also a channels.Endpoint. An error of
// CodeInvalid names the wrong value.
func New(cfg Config, deps Deps) (channels.Sender, error) {
	cfg = withDefaults(cfg)
	if err := validate(cfg, deps); err != nil {
		return nil, err
	}
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	deps.Log = deps.Log.With("channel", cfg.Name)
	if deps.Metrics == nil {
		deps.Metrics = noMetrics{}
	}
	if cfg.Driver == "twilio" {
		return newTwilio(cfg, deps), nil
	}
	return newSMPP(cfg, deps), nil
}

func withDefaults(c Config) Config {
	if c.Driver == "" {
		c.Driver = "smpp"
	}
	if c.EnquireLink == 0 {
		c.EnquireLink = defaultEnquireLink
	}
	if c.MaxParts == 0 {
		c.MaxParts = defaultMaxParts
	}
	if c.Reassembly == 0 {
		c.Reassembly = defaultReassembly
	}
	if c.Hold == 0 {
		c.Hold = defaultHold
	}
	if c.Audience == "" {
		c.Audience = jiban.Citizen
	}
	if c.APIBase == "" {
		c.APIBase = "https://api.twilio.com"
	}
	c.APIBase = strings.TrimRight(c.APIBase, "/")
	c.PublicURL = strings.TrimRight(c.PublicURL, "/")
	return c
}

func validate(c Config, d Deps) error {
	bad := func(format string, args ...any) error {
		return jiban.Errorf(jiban.CodeInvalid, "sms.New", "channel %q: "+format, append([]any{c.Name}, args...)...)
	}
	switch {
	case c.Name == "":
		return bad("name must be set")
	case d.Inbox == nil || d.Clock == nil:
		return bad("an inbox and a clock are needed")
	case c.MaxParts < 1 || c.MaxParts > 255:
		return bad("max_parts must be between 1 and 255")
	case units(c.Signature) >= singleUnits:
		return bad("signature must be shorter than one message")
	case c.Driver == "smpp" && c.Address == "":
		return bad("address must be host:port of the SMSC")
	case c.Driver == "twilio" && (c.AccountSID == "" || c.AuthToken == "" || c.PublicURL == ""):
		return bad("account_sid, auth_token and the public_url of the installation must be set for driver twilio")
	case c.Driver != "smpp" && c.Driver != "twilio":
		return bad("driver must be smpp or twilio")
	}
	return nil
}

// report passes a receipt on. A receipt for a part that nobody knows is dropped
// after the gateway has waited for it: delivering it again would change nothing.
func report(ctx context.Context, d Deps, r channels.Report) error {
	err := d.Inbox.Report(ctx, r)
	if code := jiban.CodeOf(err); code == jiban.CodeNotFound || code == jiban.CodeInvalid {
		d.Metrics.Refused(r.Channel, "receipt")
		return nil
	}
	return err
}

type noMetrics struct{}

func (noMetrics) Refused(string, string) {}
