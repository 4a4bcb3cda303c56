package channels

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"jiban"
)

const (
	firstBackOff = 2 * time.Second
	mostBackOff  = 10 * time.Minute
	// mostAttempts on one way; then the next way is tried.
	mostAttempts = 8
	// waitForWay is how long a message waits for a way to open (the person writes
	// again, a phone is proven) before it counts as failed.
	waitForWay = 48 * time.Hour
	// wayEvery is how often that is looked at.
	wayEvery = 10 * time.Minute
)

// shipment is one message on its way out.
type shipment struct {
	d   *Delivery
	by  string
	who recipient
	m   jiban.Message
	now time.Time

	worded bool // the content is ours and not stored yet
}

// deliver brings the message to its next resting state and writes it. A time is
// returned when it must be tried again then; an error when its state could not be
// written, and nothing more may be done.
func (s *shipment) deliver(ctx context.Context) (time.Time, error) {
	s.now = s.d.d.Clock.Now()
	if s.m.Delivery.Status == jiban.DeliverySending && !s.revive() {
		return time.Time{}, s.finish(ctx, jiban.DeliveryUncertain, "the process ended while the message was being sent")
	}
	if notAfter := s.m.Delivery.NotAfter; !notAfter.IsZero() && s.now.After(notAfter) {
		return time.Time{}, s.finish(ctx, jiban.DeliveryExpired, "its time passed")
	}
	if s.lapsed() {
		return time.Time{}, s.finish(ctx, jiban.DeliveryExpired, "the conversation went on meanwhile")
	}
	wish, err := s.wish(ctx)
	switch {
	case err != nil:
		return s.later(ctx, s.backOff(0), "the wishes of the contact could not be read: "+err.Error())
	case wish.Unwanted:
		return time.Time{}, s.finish(ctx, jiban.DeliveryExpired, "the contact wants no notices of this kind")
	case wish.NotBefore.After(s.now):
		return time.Time{}, s.rest(ctx, wish.NotBefore)
	}
	if err := s.word(); err != nil {
		s.d.d.Log.Error("a notice could not be worded, nobody is told", "message", s.m.ID, "kind", s.m.Delivery.Kind, "error", err)
		return time.Time{}, s.finish(ctx, jiban.DeliveryFailed, err.Error())
	}
	ways, err := s.ways(ctx)
	if err != nil {
		return s.later(ctx, s.backOff(0), err.Error())
	}
	return s.try(ctx, ways)
}

// revive decides what becomes of a message whose sender died between call and
// result: it is repeated once if its kind allows that. The parts that were taken
// are known and not sent again.
func (s *shipment) revive() bool {
	s.d.d.Metrics.Delivered(s.m.Channel, s.m.Delivery.Path, jiban.DeliveryUncertain)
	if s.m.Delivery.Repeated || !s.m.Delivery.Kind.RepeatUncertain() {
		return false
	}
	s.m.Delivery.Status, s.m.Delivery.Repeated = jiban.DeliveryQueued, true
	return true
}

// lapsed says that a notice that waited is no longer true: the conversation went on,
// or people hold it.
func (s *shipment) lapsed() bool {
	c := &s.who.conversation
	return s.m.Delivery.Kind.Lapses() &&
		(c.Holder != jiban.HeldByBot || c.UpdatedAt.After(s.m.CreatedAt) || c.LastInAt.After(s.m.CreatedAt))
}

// wish asks what the contact wants. What was begun is finished: a message of which
// a part was taken is not broken off by the night.
func (s *shipment) wish(ctx context.Context) (jiban.Wish, error) {
	if s.d.d.Wishes == nil || s.m.Delivery.PartsSent > 0 {
		return jiban.Wish{}, nil
	}
	return s.d.d.Wishes.Wish(ctx, s.who.contact.ID, s.m.Delivery.Kind, s.now)
}

// rest lets a message lie until the quiet hours end. It holds up nothing behind
// it: whoever writes at night is answered at night.
func (s *shipment) rest(ctx context.Context, until time.Time) error {
	d := &s.m.Delivery
	d.Status, d.NotBefore, d.Attempts, d.Error = jiban.DeliveryQueued, until, 0, "the contact's quiet hours"
	return s.save(ctx)
}

// word gives a notice its sentence, in the language of the conversation.
func (s *shipment) word() error {
	if s.m.Content.Kind != "" {
		return nil
	}
	text, err := s.d.d.Words.Notice(s.who.conversation.Lang, s.m.Delivery.Kind, s.m.Delivery.Params)
	if err != nil {
		return fmt.Errorf("the notice %s could not be worded: %w", s.m.Delivery.Kind, err)
	}
	s.m.Content, s.worded = jiban.Content{Kind: jiban.KindText, Text: text}, true
	return nil
}

// ways lists the open ways, cheapest first. The conversation's own channel comes
// before SMS, which is the way of last resort for people whose number is proven.
func (s *shipment) ways(ctx context.Context) ([]Way, error) {
	conv := s.who.conversation
	sent, err := s.d.d.Store.SentSince(ctx, conv.ID, jiban.PathCustom, conv.LastInAt)
	if err != nil {
		return nil, err
	}
	reach := Reach{Conversation: conv, Addresses: s.who.addresses, Message: s.m, Now: s.now, SentSince: sent}
	var open []Way
	for _, sender := range s.d.d.Senders {
		if sender.Name() != conv.Channel && (sender.Kind() != jiban.ChannelSMS || conv.ChannelKind == jiban.ChannelSMS) {
			continue
		}
		ways, err := sender.Ways(ctx, reach)
		if err != nil {
			return nil, fmt.Errorf("channel %s: %w", sender.Name(), err)
		}
		for _, w := range ways {
			if s.takes(w) {
				open = append(open, w)
			}
		}
	}
	slices.SortStableFunc(open, func(a, b Way) int { return a.Cost - b.Cost })
	return open, nil
}

// takes reports whether a way is open and takes this kind. Passive answers are
// given by who holds the request, never from here.
func (s *shipment) takes(w Way) bool {
	if w.Path == jiban.PathPassive || w.Left == 0 || !w.Until.IsZero() && !w.Until.After(s.now) {
		return false
	}
	if !w.Template {
		return true
	}
	switch s.m.Delivery.Kind {
	case jiban.NoticeReply, jiban.NoticeAgent, jiban.NoticeSafety, jiban.NoticeCode:
		return false
	default:
		return true
	}
}

// try goes through the ways until one takes the message or says when to come
// again.
func (s *shipment) try(ctx context.Context, ways []Way) (time.Time, error) {
	for i, w := range ways {
		last := i == len(ways)-1
		if until := s.d.breaker.resting(w.Channel, s.now); !until.IsZero() {
			if last || s.patient() {
				return s.later(ctx, until, "the channel rests after failures")
			}
			continue
		}
		err := s.ship(ctx, w)
		var lost *stateError
		if err == nil || errors.As(err, &lost) {
			return time.Time{}, err
		}
		if again, done, err := s.failed(ctx, w, err, last); done {
			return again, err
		}
	}
	return s.noWay(ctx)
}

// patient reports whether the message can wait for its own channel to come back
// rather than go a dearer way.
func (s *shipment) patient() bool {
	return s.m.Delivery.Urgency < jiban.UrgencyHigh && s.now.Sub(s.m.CreatedAt) < restMost
}

// noWay waits for a way to open, but not for ever. It holds up nothing behind it:
// the person may write again, and then the reply comes first.
func (s *shipment) noWay(ctx context.Context) (time.Time, error) {
	if s.now.Sub(s.m.CreatedAt) >= waitForWay {
		return time.Time{}, s.finish(ctx, jiban.DeliveryFailed, "no way to the person was open")
	}
	d := &s.m.Delivery
	d.Status, d.NotBefore, d.Attempts, d.Error = jiban.DeliveryQueued, s.now.Add(wayEvery), 0, "no way to the person is open"
	return time.Time{}, s.save(ctx)
}

// stateError says that the state of a message could not be written: whoever meets
// it must stop.
type stateError struct{ err error }

func (e *stateError) Error() string { return e.err.Error() }
func (e *stateError) Unwrap() error { return e.err }

// save writes the state, renewing the claim while the message is being sent.
func (s *shipment) save(ctx context.Context) error {
	d := &s.m.Delivery
	d.ClaimedBy, d.ClaimedUntil = "", time.Time{}
	if d.Status == jiban.DeliverySending {
		d.ClaimedBy, d.ClaimedUntil = s.by, s.d.d.Clock.Now().Add(claimLease)
	}
	var content *jiban.Content
	if s.worded {
		content = &s.m.Content
	}
	if err := s.d.d.Store.SaveDelivery(ctx, s.m.ID, s.by, *d, content); err != nil {
		return &stateError{err}
	}
	s.worded = false
	return nil
}

// ship sends the parts that are still to be sent on one way.
func (s *shipment) ship(ctx context.Context, w Way) error {
	sender := s.sender(w.Channel)
	if sender == nil {
		return &SendError{Action: ActNextWay, Err: fmt.Errorf("there is no channel %s", w.Channel)}
	}
	parts, err := sender.Compose(w, s.m.Content)
	if err != nil || len(parts) == 0 {
		return &SendError{Action: ActGiveUp, Err: fmt.Errorf("channel %s cannot show the message: %w", w.Channel, errors.Join(err, errNothing))}
	}
	d := &s.m.Delivery
	if d.Path != w.Path || d.PartsSent >= len(parts) {
		d.PartsSent, d.ProviderIDs = 0, nil
	}
	d.Status, d.Path, d.Error = jiban.DeliverySending, w.Path, ""
	d.Attempts++
	for i := d.PartsSent; i < len(parts); i++ {
		if err := s.save(ctx); err != nil {
			return err
		}
		if err := s.send(ctx, sender, w, parts[i]); err != nil {
			return err
		}
	}
	s.d.breaker.worked(w.Channel)
	return s.finish(ctx, jiban.DeliverySent, "")
}

var errNothing = errors.New("nothing to send")

// send hands one part over and notes that it was taken.
func (s *shipment) send(ctx context.Context, sender Sender, w Way, p Part) error {
	p.Key = fmt.Sprintf("%s.%d", s.m.ID, p.N)
	ctx, cancel := context.WithTimeout(ctx, sendLimit)
	defer cancel()
	id, err := sender.Send(ctx, w, p)
	if err != nil {
		return err
	}
	s.m.Delivery.PartsSent++
	if id != "" {
		s.m.Delivery.ProviderIDs = append(s.m.Delivery.ProviderIDs, id)
	}
	return nil
}

func (s *shipment) sender(name string) Sender {
	for _, sender := range s.d.d.Senders {
		if sender.Name() == name {
			return sender
		}
	}
	return nil
}

// failed settles a send that failed. Done is false when the next way is to be
// tried; last says that there is none.
func (s *shipment) failed(ctx context.Context, w Way, cause error, last bool) (again time.Time, done bool, err error) {
	s.d.d.Log.Warn("a send failed", "message", s.m.ID, "channel", w.Channel, "path", w.Path, "error", cause)
	action := ActionOf(cause)
	s.judge(w, action)
	if action == ActRetry && s.m.Delivery.Attempts >= mostAttempts {
		action = ActNextWay
	}
	switch action {
	case ActRetry:
		again, err = s.later(ctx, s.backOff(after(cause)), cause.Error())
		return again, true, err
	case ActUncertain:
		again, err = s.uncertain(ctx, cause.Error())
		return again, true, err
	case ActGiveUp:
		return time.Time{}, true, s.finish(ctx, jiban.DeliveryFailed, cause.Error())
	}
	if last {
		return time.Time{}, true, s.finish(ctx, jiban.DeliveryFailed, cause.Error())
	}
	s.d.d.Metrics.Delivered(w.Channel, w.Path, jiban.DeliveryFallback)
	return time.Time{}, false, nil
}

// judge tells the breaker whether the provider itself is in trouble.
func (s *shipment) judge(w Way, a Action) {
	if a != ActRetry && a != ActUncertain {
		s.d.breaker.worked(w.Channel)
		return
	}
	if s.d.breaker.failed(w.Channel, s.now) {
		s.d.d.Log.Error("a channel rests after failures", "channel", w.Channel)
	}
}

func after(err error) time.Duration {
	var e *SendError
	if errors.As(err, &e) {
		return e.After
	}
	return 0
}

// backOff is when to try again: doubling from two seconds, spread by up to a
// quarter, and not before the provider allows.
func (s *shipment) backOff(atLeast time.Duration) time.Time {
	d := mostBackOff
	if n := s.m.Delivery.Attempts; n < 10 {
		d = min(firstBackOff<<max(n-1, 0), mostBackOff)
	}
	d += time.Duration(float64(d) * s.d.d.Chance() / 4)
	return s.now.Add(max(d, atLeast))
}

// uncertain settles a send of which nobody knows whether it arrived: repeated
// once where the kind allows, else left so for people to see.
func (s *shipment) uncertain(ctx context.Context, cause string) (time.Time, error) {
	if s.m.Delivery.Repeated || !s.m.Delivery.Kind.RepeatUncertain() {
		return time.Time{}, s.finish(ctx, jiban.DeliveryUncertain, cause)
	}
	s.d.d.Metrics.Delivered(s.m.Channel, s.m.Delivery.Path, jiban.DeliveryUncertain)
	s.m.Delivery.Repeated = true
	return s.later(ctx, s.backOff(0), cause)
}

// later puts the message back until the given time. An attempt is on record from
// then on: that is how the outbox knows to hold back what follows.
func (s *shipment) later(ctx context.Context, at time.Time, why string) (time.Time, error) {
	d := &s.m.Delivery
	d.Status, d.NotBefore, d.Attempts, d.Error = jiban.DeliveryQueued, at, max(d.Attempts, 1), why
	return at, s.save(ctx)
}

// finish writes the state in which the message rests.
func (s *shipment) finish(ctx context.Context, status jiban.DeliveryStatus, why string) error {
	s.m.Delivery.Status, s.m.Delivery.Error = status, why
	if err := s.save(ctx); err != nil {
		return err
	}
	s.d.d.Metrics.Delivered(s.m.Channel, s.m.Delivery.Path, status)
	return nil
}
