// Package app puts the house together: configuration, start and stop, the one
// table of channels, wiring. What the commands do lives here too, so that
// cmd/jiban is flags and nothing else. No other room imports it.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"jiban"
	"jiban/app/config"
	"jiban/channels"
	"jiban/files"
	"jiban/retention"
	"jiban/web"
)

// Version is set when the program is built.
var Version = "dev"

const (
	// stopLimit is how long a graceful stop may take: SIGTERM must end the process
	// within 10 s.
	stopLimit = 8 * time.Second
	// sweepEvery is how often due times, surveys and queues are looked after.
	sweepEvery = 5 * time.Second
)

// Options is what a program is made from. Clock, IDs, Log and Out may be left
// out.
type Options struct {
	Config  config.Config
	Clock   jiban.Clock
	IDs     jiban.IDs
	Log     *slog.Logger
	Out     io.Writer // where addresses and first passwords are printed
	Welcome bool      // load the sample content into an empty store, and greet
}

func (o Options) withDefaults() Options {
	if o.Clock == nil {
		o.Clock = jiban.SystemClock{}
	}
	if o.IDs == nil {
		o.IDs = jiban.RandomIDs{Clock: o.Clock}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Out == nil {
		o.Out = io.Discard
	}
	return o
}

// App is one node of the program.
type App struct {
	opts     Options
	house    *house
	delivery *channels.Delivery
	bell     bell
	services []channels.Service
	files    *files.Service
	media    map[string]files.Media
	server   *web.Server
	letGo    *retention.Service
	listener net.Listener

	cancel  context.CancelFunc // ends the loops
	loops   *errgroup.Group
	serving <-chan error
}

// New opens the store and builds every room. Nothing runs yet; Close or Stop
// must be called.
func New(ctx context.Context, o Options) (*App, error) {
	o = o.withDefaults()
	b, err := open(ctx, o)
	if err != nil {
		return nil, err
	}
	a := &App{opts: o, bell: make(bell, 1)}
	if err := a.build(ctx, b); err != nil {
		return nil, errors.Join(err, b.close())
	}
	return a, nil
}

// build wires the rooms: what decides first, then the door in, the channels, the
// door out, and the edge.
func (a *App) build(ctx context.Context, b *base) error {
	metrics := web.NewMetrics()
	b.looked, b.models = metrics.RosterLooked, metrics
	screens := web.Announcer{Shared: b.shared, Log: a.opts.Log}
	var err error
	if a.files, err = newFiles(ctx, b); err != nil {
		return err
	}
	b.files = a.files
	h, err := newHouse(ctx, b, hub{a.bell, screens, metrics})
	if err != nil {
		return err
	}
	a.house = h
	gateway := channels.NewGateway(channels.GatewayDeps{
		Store: recognising{b.store, b.store, h.roster, b}, Turns: h.runner, Outbox: a.bell, Waiting: h.waiting, Clock: b.clock, Log: b.log, Metrics: metrics,
	})
	t, err := newTable(b, h, a.files, gateway, metrics)
	if err != nil {
		return err
	}
	a.services, a.media = t.services, t.mediaOf()
	a.delivery = channels.NewDelivery(channels.DeliveryDeps{
		Store: b.store, Directory: b.store, Wishes: h.people, Senders: t.senders, Words: h.book, Clock: b.clock, IDs: b.ids,
		Node: b.node, Chance: chance, Log: b.log, Metrics: metrics,
	})
	if a.letGo, err = newRetention(b, h.staff, metrics); err != nil {
		return err
	}
	a.server, err = web.New(web.Deps{
		Config: web.Config{PublicURL: b.cfg.PublicURL, TrustProxy: b.cfg.TrustProxy, Region: b.cfg.Region, Limits: limits(b.cfg)},
		Clock:  b.clock, IDs: b.ids, Log: b.log,
		Staff: h.staff, Tickets: h.tickets, Incidents: h.tickets, Supervision: h.tickets, Figures: b.store, Templates: b.store, Catalogues: newEditor(b, h.lexicon), Handoffs: h.handoff, Knowledge: h.knowledge, People: h.people, Telephones: h.telephones, Words: h.book,
		Persons: b.store, Requests: h.requests, Roster: h.roster,
		Files: a.files, Records: b.store, House: b.store, Shared: b.shared, Retention: a.letGo,
		Providers: t.endpoints, Chats: t.chats, Metrics: metrics,
	})
	return err
}

// Start begins to listen and to work. The address is bound when it returns; the
// index may still be loading, /readyz tells.
func (a *App) Start(ctx context.Context) error {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", a.opts.Config.Listen)
	if err != nil {
		return jiban.Errorf(jiban.CodeUnavailable, "app.Start", "cannot listen on %s, is another program there? %w", a.opts.Config.Listen, err)
	}
	a.listener = ln
	a.serving = a.server.Start(ln)
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	a.cancel = cancel
	a.loops, running = errgroup.WithContext(running)
	if err := a.prepare(ctx); err != nil {
		return errors.Join(err, a.Stop(context.WithoutCancel(ctx)))
	}
	for _, loop := range a.runs() {
		a.loops.Go(func() error { return loop(running) })
	}
	return nil
}

// prepare loads what the house needs before it works, and the sample content
// where it is wanted and the store is empty.
func (a *App) prepare(ctx context.Context) error {
	if a.opts.Welcome || (a.opts.Config.Sample && sqliteFile(a.opts.Config) != "") {
		if err := a.house.loadSample(ctx); err != nil {
			return err
		}
	}
	first, err := a.house.staff.EnsureFirst(ctx)
	if err != nil {
		return err
	}
	// The index comes last: with it the program is ready.
	if err := a.house.load(ctx); err != nil {
		return err
	}
	return welcome(a.opts.Out, a.Addr(), a.opts.Config, first)
}

// runs lists what works until the stop.
func (a *App) runs() []func(context.Context) error {
	loops := []func(context.Context) error{
		a.house.runner.Run, a.delivery.Run, a.house.knowledge.Run, a.house.lexicon.follow, a.house.sweep, a.house.anchorRecord, a.house.sweepCodes, a.letGo.Loop,
		func(ctx context.Context) error { return a.bell.ring(ctx, a.delivery.Wake) },
	}
	loops = append(loops, a.fileLoops(a.media)...)
	for _, s := range a.services {
		loops = append(loops, s.Run)
	}
	return loops
}

// Addr is the address the program listens on.
func (a *App) Addr() string {
	if a.listener == nil {
		return ""
	}
	return a.listener.Addr().String()
}

// Stop takes no more requests, lets turns and sends that are under way finish,
// and closes the store. What waits in the outbox stays there.
func (a *App) Stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, stopLimit)
	defer cancel()
	errs := []error{a.server.Shutdown(ctx)}
	if a.cancel != nil {
		a.cancel()
		errs = append(errs, waitFor(ctx, a.loops.Wait))
	}
	if a.serving != nil {
		errs = append(errs, waitFor(ctx, func() error { return <-a.serving }))
	}
	return errors.Join(append(errs, a.house.close())...)
}

// waitFor waits for f, but not longer than ctx allows.
func waitFor(ctx context.Context, f func() error) error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		if errors.Is(err, context.Canceled) {
			return nil
		}
		return err
	case <-ctx.Done():
		return jiban.Errorf(jiban.CodeUnavailable, "app.Stop", "something did not end in time: %w", ctx.Err())
	}
}

// Run starts the program and stops it when ctx ends or a part of it fails.
func Run(ctx context.Context, o Options) error {
	a, err := New(ctx, o)
	if err != nil {
		return err
	}
	if err := a.Start(ctx); err != nil {
		return err
	}
	failed := make(chan error, 1)
	go func() { failed <- a.loops.Wait() }()
	select {
	case <-ctx.Done():
	case err = <-failed:
	case err = <-a.serving:
	}
	a.opts.Log.Info("stopping")
	return errors.Join(err, a.Stop(context.WithoutCancel(ctx)))
}

// NewLog writes structured lines to w.
func NewLog(w io.Writer, level string) *slog.Logger {
	levels := map[string]slog.Level{"debug": slog.LevelDebug, "warn": slog.LevelWarn, "error": slog.LevelError}
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: levels[level]}))
}

// node names this process among all that share a store.
func node(ids jiban.IDs) string {
	host, err := os.Hostname()
	if err != nil {
		host = "node"
	}
	return fmt.Sprintf("%s-%s", strings.ToLower(host), ids.NewID())
}
