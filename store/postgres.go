package store

import (
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"jiban"
)

// How many connections a node holds; more transactions wait for one.
const postgresConns = 24

// openPostgres returns a pool; nothing is connected yet. A commit is always
// waited for, whatever the server's default.
func openPostgres(dsn string) (*sql.DB, error) {
	if !strings.HasPrefix(dsn, "postgres://") && !strings.HasPrefix(dsn, "postgresql://") {
		return nil, jiban.Errorf(jiban.CodeInvalid, "store.Open", "the database is neither SQLite nor PostgreSQL: %s", hintDSN)
	}
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		// The parser's own words may repeat the password.
		return nil, jiban.Errorf(jiban.CodeInvalid, "store.Open", "the PostgreSQL address cannot be read: %w", errors.New(hintDSN))
	}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = 5 * time.Second
	}
	if cfg.RuntimeParams["synchronous_commit"] == "" {
		cfg.RuntimeParams["synchronous_commit"] = "on"
	}
	if cfg.RuntimeParams["application_name"] == "" {
		cfg.RuntimeParams["application_name"] = "jiban"
	}
	// Our statements are short: to compile one takes longer than to run it.
	if cfg.RuntimeParams["jit"] == "" {
		cfg.RuntimeParams["jit"] = "off"
	}
	db := stdlib.OpenDB(*cfg)
	db.SetMaxOpenConns(postgresConns)
	db.SetMaxIdleConns(postgresConns)
	db.SetConnMaxIdleTime(5 * time.Minute)
	return db, nil
}
