package sms

import (
	"context"
	"errors"
	"hash/fnv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/linxGnu/gosmpp/data"
	"github.com/linxGnu/gosmpp/pdu"

	"jiban"
	"jiban/channels"
)

const (
	firstBackoff = 500 * time.Millisecond
	lastBackoff  = 30 * time.Second
	sweepEvery   = 200 * time.Millisecond
	costHome     = 10 // beside WeChat's 1
	costAbroad   = 40
)

// SMPP is the adapter of an SMSC.
type SMPP struct {
	cfg     Config
	deps    Deps
	parts   *assembler
	repeats *repeats
	form    atomic.Int32 // in which form receipts name messages, as learnt

	mu   sync.Mutex
	link *link // nil while not bound
}

var (
	_ channels.Sender  = (*SMPP)(nil)
	_ channels.Service = (*SMPP)(nil)
)

func newSMPP(cfg Config, deps Deps) *SMPP {
	return &SMPP{cfg: cfg, deps: deps, parts: newAssembler(cfg.Hold, cfg.Reassembly), repeats: newRepeats()}
}

// Name returns the configured name.
func (s *SMPP) Name() string { return s.cfg.Name }

// Kind returns the family, SMS.
func (s *SMPP) Kind() jiban.ChannelKind { return jiban.ChannelSMS }

// Bound reports whether the connection to the SMSC stands.
func (s *SMPP) Bound() bool { return s.current() != nil }

// Run keeps the connection to the SMSC until ctx ends: bind, serve, and bind
// again with growing pauses when it breaks.
func (s *SMPP) Run(ctx context.Context) error {
	var sweeper sync.WaitGroup
	sweeper.Go(func() { s.sweep(ctx) })
	defer sweeper.Wait()
	backoff := firstBackoff
	for ctx.Err() == nil {
		l, err := dial(ctx, s.cfg)
		if err == nil {
			s.deps.Log.Info("bound to the SMSC")
			began := s.deps.Clock.Now()
			err = s.serve(ctx, l)
			if s.deps.Clock.Now().Sub(began) > lastBackoff {
				// One that binds us and hangs up at once is not called back faster.
				backoff = firstBackoff
			}
		}
		if ctx.Err() != nil {
			break
		}
		var refused *bindError
		s.deps.Log.Warn("no connection to the SMSC", "err", err, "bind_refused", errors.As(err, &refused), "again_in", backoff)
		if pause(ctx, backoff) != nil {
			break
		}
		backoff = min(backoff*2, lastBackoff)
	}
	return nil
}

// serve works on one connection until it or ctx ends. What is being stored is
// finished and answered first.
func (s *SMPP) serve(ctx context.Context, l *link) error {
	s.use(l)
	defer s.use(nil)
	defer l.close()
	var probing sync.WaitGroup
	probe, stopProbe := context.WithCancel(ctx)
	probing.Go(func() { s.probe(probe, l) })
	jobs, work := s.work(ctx, l)
	err := l.readAll(ctx, 2*s.cfg.EnquireLink+requestTimeout, func(f frame) { s.dispatch(l, jobs, f) })
	if ctx.Err() == nil {
		// Nobody is there any more: answers need not be tried.
		l.close()
	}
	stopProbe()
	for _, j := range jobs {
		close(j)
	}
	work.Wait()
	probing.Wait()
	if ctx.Err() != nil {
		l.respond(pdu.NewUnbind(), l.next())
	}
	return err
}

func (s *SMPP) use(l *link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.link = l
}

func (s *SMPP) current() *link {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.link
}

// probe asks the SMSC whether it is there; without an answer the connection is
// given up.
func (s *SMPP) probe(ctx context.Context, l *link) {
	for pause(ctx, s.cfg.EnquireLink) == nil {
		ask, cancel := context.WithTimeout(ctx, requestTimeout)
		_, _, err := l.request(ask, pdu.NewEnquireLink())
		cancel()
		if err != nil && ctx.Err() == nil {
			s.deps.Log.Warn("the SMSC does not answer", "err", err)
			l.close()
			return
		}
	}
}

// job is one delivery on its way to a worker.
type job struct {
	d     deliver
	reply answer
}

// work starts the workers of a connection; each ends when its queue is closed.
func (s *SMPP) work(ctx context.Context, l *link) ([]chan job, *sync.WaitGroup) {
	// What has been read is finished even while stopping; each commit has a limit
	// of its own.
	ctx = context.WithoutCancel(ctx)
	jobs, done := make([]chan job, workers+receiptWorkers), &sync.WaitGroup{}
	for i := range jobs {
		jobs[i] = make(chan job, queueLength)
		done.Go(func() {
			for j := range jobs[i] {
				s.take(ctx, j)
			}
		})
	}
	return jobs, done
}

// dispatch reads a delivery and gives it to the worker of its sender. A broken one
// is refused for good: delivered again it would be as broken.
func (s *SMPP) dispatch(l *link, jobs []chan job, f frame) {
	reply := func(status data.CommandStatusType) bool {
		resp := pdu.NewDeliverSMResp()
		if r, ok := resp.(*pdu.DeliverSMResp); ok {
			r.CommandStatus = status
		}
		return l.respond(resp, f.Seq)
	}
	d, err := parseDeliver(f.body())
	if err == nil && telAddress(d.From, d.FromTON) == "" && !d.isReceipt() {
		err = errDeliver
	}
	if err != nil {
		s.deps.Metrics.Refused(s.cfg.Name, "deliver")
		s.deps.Log.Warn("a broken message was refused", "err", err)
		reply(data.ESME_RX_P_APPN)
		return
	}
	queue := jobs[hash(d.From)%workers]
	if d.isReceipt() {
		queue = jobs[workers+hash(d.From)%receiptWorkers]
	}
	select {
	case queue <- job{d, reply}:
	default:
		// The reader must not wait: answers to our own requests come this way too.
		reply(data.ESME_RMSGQFUL)
	}
}

func hash(s string) uint32 {
	h := fnv.New32a()
	// A hash never fails to be written to.
	_, _ = h.Write([]byte(s))
	return h.Sum32()
}

func (s *SMPP) take(ctx context.Context, j job) {
	now := s.deps.Clock.Now()
	switch {
	case j.d.isReceipt():
		s.receipt(ctx, j)
	case j.d.Part.Of > 1:
		s.store(ctx, s.parts.add(j.d, j.reply, now))
	default:
		s.single(ctx, j)
	}
}

// single stores a message that came in one part.
func (s *SMPP) single(ctx context.Context, j job) {
	text, ok := decode(j.d.Coding, j.d.Text)
	content := jiban.Content{Kind: jiban.KindText, Text: text}
	if !ok {
		content = jiban.Content{Kind: jiban.KindUnknown}
	}
	print := fingerprint(j.d, string(j.d.Text))
	status := s.receive(ctx, j.d, print, content)
	if j.reply(status) && status == data.ESME_ROK {
		s.repeats.answered(print)
	}
}

// store stores what the assembler gave, and what becomes ready by that.
func (s *SMPP) store(ctx context.Context, ready []batch) {
	for len(ready) > 0 {
		b := ready[0]
		print := fingerprint(b.joint.first, b.text)
		status := s.receive(ctx, b.joint.first, print, jiban.Content{Kind: jiban.KindText, Text: b.text})
		written, next := s.parts.settle(b, status, s.deps.Clock.Now())
		if written {
			s.repeats.answered(print)
		}
		ready = append(ready[1:], next...)
	}
}

// receive commits one message and returns what the SMSC may be told.
func (s *SMPP) receive(ctx context.Context, d deliver, print string, c jiban.Content) data.CommandStatusType {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	now := s.deps.Clock.Now()
	_, err := s.deps.Inbox.Receive(ctx, jiban.Received{
		Channel: s.cfg.Name, ChannelKind: jiban.ChannelSMS, ExternalID: s.repeats.id(print, now),
		Address: telAddress(d.From, d.FromTON), Audience: s.cfg.Audience, Region: s.cfg.Region,
		Lang: jiban.Chinese, Content: c, At: now, RepeatWithin: repeatWithin,
	})
	switch {
	case err == nil:
		return data.ESME_ROK
	case jiban.CodeOf(err) == jiban.CodeInvalid:
		// An empty message, say: there is nothing to keep, and no use in another try.
		s.deps.Metrics.Refused(s.cfg.Name, "invalid")
		return data.ESME_ROK
	default:
		s.deps.Log.Error("message not stored", "err", err)
		return data.ESME_RX_T_APPN
	}
}

// receipt passes a delivery receipt on, under the form of the id that fits.
func (s *SMPP) receipt(ctx context.Context, j job) {
	r, ok := parseReceipt(j.d)
	status, final := r.status()
	if !ok {
		s.deps.Metrics.Refused(s.cfg.Name, "receipt")
	}
	if !ok || !final {
		j.reply(data.ESME_ROK)
		return
	}
	rep := channels.Report{Channel: s.cfg.Name, Status: status}
	if status == jiban.DeliveryFailed {
		rep.Error = strings.TrimSpace(r.Stat + " " + r.Err)
	}
	ctx, cancel := context.WithTimeout(ctx, 2*storeTimeout)
	defer cancel()
	if err := s.report(ctx, r.idForms(), rep); err != nil {
		s.deps.Log.Error("receipt not stored", "err", err)
		j.reply(data.ESME_RX_T_APPN)
		return
	}
	j.reply(data.ESME_ROK)
}

// report tries the form that fitted last time first: the gateway waits a while for
// an id that it does not know.
func (s *SMPP) report(ctx context.Context, forms [5]string, r channels.Report) error {
	learnt := int(s.form.Load())
	tried := map[string]bool{"": true}
	for _, i := range append([]int{learnt}, 0, 1, 2, 3, 4) {
		if tried[forms[i]] {
			continue
		}
		tried[forms[i]] = true
		r.ProviderID = forms[i]
		err := s.deps.Inbox.Report(ctx, r)
		if jiban.CodeOf(err) == jiban.CodeNotFound {
			continue
		}
		if err == nil {
			s.form.Store(int32(i))
		}
		return err
	}
	s.deps.Metrics.Refused(s.cfg.Name, "receipt")
	return nil
}

// sweep looks after what waits for time to pass.
func (s *SMPP) sweep(ctx context.Context) {
	for pause(ctx, sweepEvery) == nil {
		now := s.deps.Clock.Now()
		s.repeats.forget(now)
		s.store(context.WithoutCancel(ctx), s.parts.due(now))
	}
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
