package app

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"jiban"
	"jiban/app/config"
	"jiban/calendar"
	"jiban/channels"
	"jiban/dialog"
	"jiban/dialog/runner"
	"jiban/files"
	"jiban/handoff"
	"jiban/keys"
	"jiban/knowledge"
	"jiban/llm"
	"jiban/people"
	"jiban/prompts"
	"jiban/staff"
	"jiban/staff/anchor"
	"jiban/store"
	"jiban/store/shared"
	"jiban/tickets"
)

// nodesShare is what the nodes of an installation share; in one process or by
// way of Redis.
type nodesShare interface {
	Publish(ctx context.Context, topic string, data []byte) error
	Subscribe(ctx context.Context, topic string) (<-chan []byte, func(), error)
	Acquire(ctx context.Context, key, owner string, ttl time.Duration) (bool, error)
	Release(ctx context.Context, key, owner string) error
	Count(ctx context.Context, key string, n int64, ttl time.Duration) (int64, error)
	Touch(ctx context.Context, set, member string, ttl time.Duration) error
	Remove(ctx context.Context, set, member string) error
	Members(ctx context.Context, set string) ([]string, error)
	Get(ctx context.Context, key string) (string, bool, error)
	Set(ctx context.Context, key, value string, ttl time.Duration) error
	Healthy(ctx context.Context) error
	Close() error
}

// base is what every room stands on.
type base struct {
	cfg    config.Config
	clock  jiban.Clock
	ids    jiban.IDs
	log    *slog.Logger
	node   string
	store  *store.Store
	keys   *keys.Keys
	shared nodesShare
	// files are what people sent; nil where none are kept.
	files *files.Service
	// looked hears of every look-up in the special-service list; may be nil.
	looked func(ctx context.Context, r people.RosterResult)
	// models count what a language model does and costs; may be nil.
	models llm.Metrics
}

// open opens the store and what the nodes share.
func open(ctx context.Context, o Options) (*base, error) {
	b := &base{cfg: o.Config, clock: o.Clock, ids: o.IDs, log: o.Log, node: node(o.IDs)}
	if err := makeFolder(o.Config); err != nil {
		return nil, err
	}
	s, err := store.Open(ctx, o.Config.Database, storeDeps(o))
	if err != nil {
		return nil, err
	}
	if err = b.unlock(ctx, o, s); err == nil {
		_, err = b.store.SealOld(ctx)
	}
	if err == nil {
		b.shared, err = openShared(o)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return b, nil
}

// storeDeps are what the store is handed everywhere.
func storeDeps(o Options) store.Deps {
	return store.Deps{Clock: o.Clock, IDs: o.IDs, Log: o.Log, PlainText: !o.Config.Keys.FreeText}
}

// unlock opens the keys and gives them to the store.
func (b *base) unlock(ctx context.Context, o Options, s *store.Store) (err error) {
	if b.keys, err = openKeys(ctx, o, s); err != nil {
		return err
	}
	b.store = s.With(b.keys)
	return nil
}

func openShared(o Options) (nodesShare, error) {
	if o.Config.Redis == "" {
		return shared.NewMemory(o.Clock), nil
	}
	return shared.NewRedis(o.Config.Redis, o.Clock, o.Log)
}

func (b *base) close() error { return errors.Join(b.shared.Close(), b.store.Close()) }

// house is every room that decides, without channels and pages: what a
// conversation in the terminal needs too.
type house struct {
	*base
	book       *prompts.Book
	knowledge  *knowledge.Service
	tickets    *tickets.Service
	handoff    *handoff.Service
	staff      *staff.Service
	anchors    *anchor.Keeper
	lexicon    *lexicon
	people     *people.Service
	requests   *people.Requests
	roster     *people.Roster
	telephones telephones
	waiting    *channels.Waiting
	runner     *runner.Runner
}

// listener hears of every commit.
type listener interface {
	Committed(ctx context.Context, b jiban.Batch, a jiban.Applied)
}

// catalogueOf is the catalogue that staff keep in the store, the sample one until
// there is one.
func catalogueOf(ctx context.Context, s *store.Store) (jiban.Catalogue, error) {
	c, err := s.Catalogue(ctx)
	if jiban.CodeOf(err) == jiban.CodeNotFound {
		return tickets.Sample()
	}
	return c, err
}

func newHouse(ctx context.Context, b *base, heard listener) (*house, error) {
	h := &house{base: b, waiting: channels.NewWaiting(b.ids), roster: newRoster(b)}
	catalogue, err := catalogueOf(ctx, b.store)
	if err != nil {
		return nil, err
	}
	steps := []func() error{
		func() (err error) { h.book, err = newBook(b.cfg.Retention); return err },
		func() (err error) { h.knowledge, err = newKnowledge(b, catalogue); return err },
		func() (err error) { h.tickets, err = newTickets(b, catalogue, heard); return err },
		func() (err error) { h.handoff, err = newHandoff(b, h.tickets, heard); return err },
		func() (err error) { h.staff, err = newStaff(ctx, b, catalogue); return err },
		func() (err error) { h.anchors, err = newAnchors(b); return err },
		func() (err error) { h.lexicon, err = newLexicon(b, h.book, h.tickets); return err },
		func() (err error) { h.people, err = newPeople(b); return err },
		func() (err error) { h.requests, err = newRequests(b, h.people, heard); return err },
		func() (err error) { h.telephones, err = newTelephones(b, h.people, h.roster); return err },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return nil, err
		}
	}
	turns := runner.Deps{
		Store: b.store, Engines: h.lexicon.turn, Knowledge: h.knowledge, Tickets: h.tickets, Handoff: h.handoff, Persons: oneself{h.telephones, h.requests},
		Leases: b.shared, Standby: h.waiting, Listeners: []runner.Listeners{heard}, Words: h.book,
		JoinWait: b.cfg.JoinWait, Clock: b.clock, IDs: b.ids, Node: b.node, Log: b.log,
	}
	if err := newModel(b, &turns); err != nil {
		return nil, err
	}
	h.runner = runner.New(turns)
	return h, nil
}

func newKnowledge(b *base, c jiban.Catalogue) (*knowledge.Service, error) {
	return knowledge.New(knowledge.Deps{Store: b.store, Clock: b.clock, IDs: b.ids, Log: b.log, Regions: c.Regions, Bus: b.shared, Snapshot: snapshotFile(b.cfg)})
}

// snapshotFile is where the built index is kept for the next start.
func snapshotFile(c config.Config) string { return filepath.Join(c.DataDir, "knowledge.index") }

func newTickets(b *base, c jiban.Catalogue, heard listener) (*tickets.Service, error) {
	departments, desk, err := calendars(b.cfg)
	if err != nil {
		return nil, err
	}
	return tickets.New(tickets.Deps{
		Store: b.store, Calendar: departments, Desk: desk, Clock: b.clock, IDs: b.ids, Log: b.log, Listeners: heard, Catalogue: c,
	})
}

func newHandoff(b *base, t *tickets.Service, heard listener) (*handoff.Service, error) {
	_, desk, err := calendars(b.cfg)
	if err != nil {
		return nil, err
	}
	return handoff.New(handoff.Deps{
		Store: b.store, Alerts: b.store, Presence: b.shared, Tickets: t, Desk: desk, Clock: b.clock, IDs: b.ids, Log: b.log, Listeners: heard,
	}), nil
}

func newStaff(ctx context.Context, b *base, c jiban.Catalogue) (*staff.Service, error) {
	d := staff.Deps{
		Store: b.store, Sealer: b.keys, Clock: b.clock, IDs: b.ids, Region: b.cfg.Region, Handlers: firstHandlers(c),
		PasswordAge: b.cfg.Staff.PasswordAge, OneSession: b.cfg.Staff.OneSession,
	}
	if d.PasswordAge == 0 {
		d.PasswordAge = -1 // never; zero is the room's own default
	}
	if roles := b.cfg.Staff.SecondFactor; len(roles) > 0 {
		d.SecondFactor = func(a jiban.Account) bool {
			return slices.ContainsFunc(roles, func(r string) bool { return a.Has(jiban.Role(r)) })
		}
	}
	if o := b.cfg.OIDC; o.Issuer != "" {
		d.OIDC = &staff.OIDCConfig{
			Issuer: o.Issuer, ClientID: o.ClientID, ClientSecret: o.ClientSecret, Claim: o.Claim, TrustSecondFactor: o.TrustSecondFactor,
			RedirectURL: strings.TrimRight(b.cfg.PublicURL, "/") + "/api/v1/login/oidc/callback",
		}
	}
	return staff.New(ctx, d)
}

// Whose department gets the first handler's account.
const (
	waterDuty = "供水"
	capital   = "230100" // 哈尔滨市
)

// firstHandlers are the departments that get an account at the first start: the
// one of the capital that answers for water, so that the first journey can be
// played to its end.
func firstHandlers(c jiban.Catalogue) []jiban.Department {
	for _, o := range c.Owners {
		if o.Kind != waterDuty || o.Region != capital {
			continue
		}
		for _, d := range c.Departments {
			if d.ID == o.Department {
				return []jiban.Department{d}
			}
		}
	}
	return nil
}

func newEngine(b *base, book *prompts.Book, c jiban.Catalogue) (*dialog.Engine, error) {
	return dialog.New(dialog.Config{Catalogue: c, Book: book, Region: b.cfg.Region, SMSText: b.cfg.SMSText})
}

// calendars are the working time of departments, and of the people behind the
// desk.
func calendars(c config.Config) (departments, desk *calendar.Calendar, err error) {
	if departments, err = calendar.Default(); err != nil {
		return nil, nil, err
	}
	hours, err := calendar.ParseHours(c.Hours.From, c.Hours.To, true)
	if err != nil {
		return nil, nil, err
	}
	desk, err = departments.With(hours)
	return departments, desk, err
}

// load brings what is stored into the rooms' memory.
func (h *house) load(ctx context.Context) error {
	if err := h.lexicon.load(ctx); err != nil {
		return err
	}
	return h.knowledge.Load(ctx)
}

// sweep does what falls due until ctx ends.
func (h *house) sweep(ctx context.Context) error {
	return tick(ctx, sweepEvery, func(ctx context.Context) {
		if err := h.sweepOnce(ctx); err != nil && ctx.Err() == nil {
			h.log.ErrorContext(ctx, "what fell due could not all be done, it is tried again", "error", err)
		}
	})
}

func (h *house) sweepOnce(ctx context.Context) error {
	return errors.Join(h.tickets.Sweep(ctx), h.handoff.Sweep(ctx))
}

// sqliteFile is the path of an embedded database, "" for another.
func sqliteFile(c config.Config) string {
	path, ok := strings.CutPrefix(c.Database, "sqlite:")
	if !ok {
		return ""
	}
	return filepath.Clean(path)
}
