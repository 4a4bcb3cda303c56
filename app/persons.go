package app

import (
	"context"
	"errors"
	"time"

	"jiban"
	"jiban/app/config"
	"jiban/people"
	"jiban/web"
)

// codeSweep is how often what is left of codes that are over is wiped.
const codeSweep = time.Minute

// newPeople returns the room of people.
func newPeople(b *base) (*people.Service, error) {
	hours, err := people.ParseQuiet(b.cfg.People.QuietHours)
	if err != nil {
		return nil, jiban.Errorf(jiban.CodeInvalid, "config", "people.quiet_hours: %w", err)
	}
	return people.New(people.Deps{Store: b.store, Keys: b.keys, Clock: b.clock, IDs: b.ids, Quiet: hours}), nil
}

// newTelephones returns what proves telephones, without codes where no SMS
// channel could carry them.
func newTelephones(b *base, s *people.Service, roster *people.Roster) (telephones, error) {
	t := telephones{b: b, people: s}
	cfg := codeConfig(b.cfg)
	if cfg.Channel == "" {
		return t, nil
	}
	var err error
	t.codes, err = people.NewCodes(cfg, people.CodeDeps{Store: b.store, Hash: b.keys, Roster: roster, Keys: b.keys, Clock: b.clock, IDs: b.ids, Log: b.log})
	return t, err
}

func codeConfig(c config.Config) people.CodeConfig {
	k := c.People.Codes
	if k.Channel == "" && len(c.Channels.SMS) > 0 {
		k.Channel = c.Channels.SMS[0].Name
	}
	rates := func(minute, hour, day int) []jiban.CodeRate {
		return []jiban.CodeRate{{Within: time.Minute, Most: minute}, {Within: time.Hour, Most: hour}, {Within: 24 * time.Hour, Most: day}}
	}
	return people.CodeConfig{
		Channel: k.Channel, Region: c.Region, Life: k.Life, Tries: k.Tries, Quarantine: time.Duration(k.QuarantineDays) * 24 * time.Hour,
		Rates: jiban.CodeRates{
			Phone: rates(k.PhoneMinute, k.PhoneHour, k.PhoneDay), Asker: rates(k.VisitorMinute, k.VisitorHour, k.VisitorDay),
			House: []jiban.CodeRate{{Within: 24 * time.Hour, Most: k.HouseDay}},
		},
	}
}

// limits are the rates of the edge that the configuration sets.
func limits(c config.Config) web.Limits {
	return web.Limits{CodesPerMinute: int64(c.People.Codes.NetworkMinute), CodesPerDay: int64(c.People.Codes.NetworkDay)}
}

// telephones proves telephone numbers for whoever asks: the dialogue and the chat
// page. Without an SMS channel it says so, as CodeNotFound.
type telephones struct {
	codes  *people.Codes // nil: no SMS channel
	people *people.Service
	b      *base
}

// CanProve reports whether an SMS channel could carry a code.
func (t telephones) CanProve() bool { return t.codes != nil }

// Send has a code sent to a telephone and returns how long it is good for.
func (t telephones) Send(ctx context.Context, contactID, phone, from string, l jiban.Lang) (time.Duration, error) {
	if t.codes == nil {
		return 0, jiban.Errorf(jiban.CodeNotFound, "people.Send", "no SMS channel is configured that could carry a code: add one below channels.sms")
	}
	sent, err := t.codes.Send(ctx, people.Ask{ContactID: contactID, Phone: phone, From: from, Lang: l})
	return sent.ExpiresAt.Sub(t.b.clock.Now()), err
}

// Prove checks a code and gives the telephone to the contact. A number that the
// contact has proven already is proven: whoever comes back after a crash between
// the proof and the answer is not told that the code was wrong.
func (t telephones) Prove(ctx context.Context, contactID, phone, digits string) error {
	if t.codes == nil {
		return jiban.Errorf(jiban.CodeNotFound, "people.Check", "no SMS channel is configured that could carry a code")
	}
	_, err := t.codes.Check(ctx, contactID, phone, digits)
	if jiban.CodeOf(err) != jiban.CodeNotFound {
		return err
	}
	number, _ := people.Phone(phone)
	kept, lookup := t.b.store.Kept(ctx, contactID)
	if lookup != nil {
		return errors.Join(err, lookup)
	}
	proven, lookup := t.b.store.Proven(ctx, kept, people.PhoneAddress(number))
	if lookup != nil {
		return lookup
	}
	if proven {
		return nil
	}
	return err
}

// Visitor returns the contact behind an address, made where there is none.
func (t telephones) Visitor(ctx context.Context, a jiban.Address) (string, error) {
	c, err := t.b.store.EnsureContact(ctx, a)
	return c.ID, err
}

// Consent records that a visitor agreed to what the notice of that version says
// about the telephone.
func (t telephones) Consent(ctx context.Context, contactID, channel, wording string) error {
	return t.people.Consent(ctx, jiban.Consent{ContactID: contactID, Purpose: jiban.ConsentBind, Wording: wording, Given: true, Channel: channel})
}

// oneself is what people order about themselves in the dialogue.
type oneself struct {
	telephones
	requests *people.Requests
}

// Unbind takes back what codes proved.
func (o oneself) Unbind(ctx context.Context, contactID string) (bool, error) {
	return o.people.Unbind(ctx, contactID)
}

// Ask makes a request about a person's data.
func (o oneself) Ask(ctx context.Context, contactID string, kind jiban.DataRequestKind, channel string) error {
	_, err := o.requests.Request(ctx, contactID, kind, channel, "")
	return err
}

// sweepCodes wipes codes that are over until ctx ends.
func (h *house) sweepCodes(ctx context.Context) error {
	if h.telephones.codes == nil {
		<-ctx.Done()
		return nil
	}
	return tick(ctx, codeSweep, func(ctx context.Context) {
		if err := h.telephones.codes.Sweep(ctx); err != nil && ctx.Err() == nil {
			h.log.ErrorContext(ctx, "codes that are over could not be wiped, it is tried again", "error", err)
		}
	})
}
