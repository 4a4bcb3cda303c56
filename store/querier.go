package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
)

// preparer is a connection, or a pool of them, that prepares statements.
type preparer interface {
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
}

// prepared runs statements that are parsed once and kept. The texts are constants
// of this package, so their number is bounded.
type prepared struct {
	db preparer

	mu    sync.RWMutex
	stmts map[string]*sql.Stmt
}

func newPrepared(db preparer) *prepared {
	return &prepared{db: db, stmts: map[string]*sql.Stmt{}}
}

func (p *prepared) exec(ctx context.Context, query string, args ...any) (int64, error) {
	stmt, err := p.stmt(ctx, query) //nolint:sqlclosecheck // kept for the next time, closed with the store
	if err != nil {
		return 0, err
	}
	res, err := stmt.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// query is not interrupted when ctx ends: watching it costs two goroutines with
// each statement, more than most statements. What SQLite reads comes from memory
// or a local disk, and its locks are waited for no longer than busy_timeout.
func (p *prepared) query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ctx = context.WithoutCancel(ctx)
	stmt, err := p.stmt(ctx, query) //nolint:sqlclosecheck // kept for the next time, closed with the store
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(ctx, args...)
}

func (p *prepared) stmt(ctx context.Context, query string) (*sql.Stmt, error) {
	p.mu.RLock()
	stmt := p.stmts[query]
	p.mu.RUnlock()
	if stmt != nil {
		return stmt, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if stmt := p.stmts[query]; stmt != nil {
		return stmt, nil
	}
	stmt, err := p.db.PrepareContext(ctx, query) //nolint:sqlclosecheck // kept for the next time, closed with the store
	if err != nil {
		return nil, fmt.Errorf("prepare a statement: %w", err)
	}
	p.stmts[query] = stmt
	return stmt, nil
}

func (p *prepared) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []error
	for _, stmt := range p.stmts {
		all = append(all, stmt.Close())
	}
	p.stmts = map[string]*sql.Stmt{}
	return errors.Join(all...)
}

// runner is a pool or a transaction of database/sql.
type runner interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// direct runs statements as they come: pgx keeps prepared statements by itself.
type direct struct{ db runner }

func (d direct) exec(ctx context.Context, query string, args ...any) (int64, error) {
	res, err := d.db.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (d direct) query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return d.db.QueryContext(ctx, query, args...)
}
