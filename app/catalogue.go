package app

import (
	"context"
	"sync/atomic"
	"time"

	"jiban"
	"jiban/dialog"
	"jiban/dialog/runner"
	"jiban/prompts"
	"jiban/tickets"
)

const (
	// catalogueTopic is told when another version came into force.
	catalogueTopic = "catalogue"
	// catalogueEvery is how often a node looks by itself: it hears of a new version
	// within two seconds also while the nodes do not hear each other.
	catalogueEvery = time.Second
)

// lexicon is what this node made of the catalogue in force: the engine that makes
// turns. The tickets room has its own snapshot of the same version, and screens
// read that. A turn takes one engine and keeps it to its end.
type lexicon struct {
	*base
	book    *prompts.Book
	tickets *tickets.Service
	now     atomic.Pointer[edition]
	refused atomic.Int64 // a version that could not be taken, so that it is not tried each second
}

type edition struct {
	engine  *dialog.Engine
	version int
}

func newLexicon(b *base, book *prompts.Book, t *tickets.Service) (*lexicon, error) {
	l := &lexicon{base: b, book: book, tickets: t}
	return l, l.read()
}

// read makes the engine of the catalogue that the tickets room has.
func (l *lexicon) read() error {
	c := l.tickets.Catalogue()
	engine, err := newEngine(l.base, l.book, c)
	if err != nil {
		return err
	}
	l.now.Store(&edition{engine, c.Version})
	return nil
}

// engine is the one of the catalogue in force.
func (l *lexicon) engine() *dialog.Engine { return l.now.Load().engine }

// turn gives a new turn its engine.
func (l *lexicon) turn() (runner.Engine, int) {
	e := l.now.Load()
	return e.engine, e.version
}

// load takes the store's catalogue, or puts the program's own into force where
// the store has none.
func (l *lexicon) load(ctx context.Context) error {
	if err := l.tickets.Load(ctx); err != nil {
		return err
	}
	if l.tickets.Catalogue().Version == l.now.Load().version {
		return nil
	}
	return l.read()
}

// look takes the version in force when it is another than this node has.
func (l *lexicon) look(ctx context.Context) error {
	version, err := l.store.CatalogueInForce(ctx)
	if err != nil || version == 0 || version == l.now.Load().version || int64(version) == l.refused.Load() {
		return err
	}
	if err := l.load(ctx); err != nil {
		if jiban.CodeOf(err) == jiban.CodeInvalid {
			l.refused.Store(int64(version))
		}
		return err
	}
	l.log.InfoContext(ctx, "another version of the catalogue is in force", "version", l.now.Load().version)
	return nil
}

// follow keeps this node at the version in force until ctx ends.
func (l *lexicon) follow(ctx context.Context) error {
	told, stop, err := l.shared.Subscribe(ctx, catalogueTopic)
	if err != nil {
		l.log.WarnContext(ctx, "nodes do not hear each other, a new catalogue is looked for each second", "error", err)
		told, stop = nil, func() {}
	}
	defer stop()
	every := time.NewTicker(catalogueEvery)
	defer every.Stop()
	for {
		if err := l.look(ctx); err != nil && ctx.Err() == nil {
			l.log.ErrorContext(ctx, "the catalogue in force could not be taken, the one before stays in use", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case _, open := <-told:
			if !open {
				told = nil
			}
		case <-every.C:
		}
	}
}

// newEditor is how staff change the catalogue; this node takes what it put into
// force itself at once.
func newEditor(b *base, l *lexicon) *tickets.Editor {
	return &tickets.Editor{Store: b.store, Clock: b.clock, Forced: func(ctx context.Context, _ int) {
		if err := b.shared.Publish(ctx, catalogueTopic, nil); err != nil {
			b.log.WarnContext(ctx, "the nodes could not be told of a new catalogue, they look for it themselves", "error", err)
		}
		if err := l.look(ctx); err != nil {
			b.log.ErrorContext(ctx, "the catalogue in force could not be taken, it is tried again", "error", err)
		}
	}}
}
