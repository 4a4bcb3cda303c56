package store

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"jiban"
)

// fault gives an error of a database its code: what the caller should do. An
// error that has one already keeps it.
func fault(op string, err error) error {
	if err == nil {
		return nil
	}
	var known *jiban.Error
	if errors.As(err, &known) {
		return err
	}
	switch code := codeOf(err); code {
	case jiban.CodeNotFound:
		return jiban.Errorf(code, op, "there is no such record: %w", err)
	case jiban.CodeConflict:
		return jiban.Errorf(code, op, "somebody else wrote the same at the same time: %w", err)
	case jiban.CodeUnavailable:
		return jiban.Errorf(code, op, "the database cannot do it now, nothing was written: %w", err)
	case jiban.CodeInvalid:
		return jiban.Errorf(code, op, "a value cannot be stored: %w", err)
	default:
		return jiban.Errorf(code, op, "database: %w", err)
	}
}

func codeOf(err error) jiban.Code {
	var lite *sqlite.Error
	var pg *pgconn.PgError
	var connect *pgconn.ConnectError
	var network net.Error
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return jiban.CodeNotFound
	case errors.As(err, &lite):
		return codeOfSQLite(lite.Code())
	case errors.As(err, &pg):
		return codeOfPostgres(pg.Code)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded),
		errors.Is(err, sql.ErrConnDone), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		errors.As(err, &connect), errors.As(err, &network), pgconn.SafeToRetry(err):
		return jiban.CodeUnavailable
	default:
		return jiban.CodeInternal
	}
}

func codeOfSQLite(code int) jiban.Code {
	switch code {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return jiban.CodeConflict
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return jiban.CodeInvalid
	}
	switch code & 0xff { // the extended codes of one kind share their low byte
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED,
		sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB,
		sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PROTOCOL:
		return jiban.CodeUnavailable
	}
	return jiban.CodeInternal
}

// codeOfPostgres reads the SQLSTATE (appendix A of PostgreSQL's manual).
func codeOfPostgres(state string) jiban.Code {
	switch {
	case state == "23505", state == "40001", state == "40P01", state == "55P03":
		return jiban.CodeConflict // unique, serialization, deadlock, lock not available
	case state == "23503", strings.HasPrefix(state, "22"):
		return jiban.CodeInvalid // foreign key; data exceptions
	case strings.HasPrefix(state, "08"), strings.HasPrefix(state, "53"), strings.HasPrefix(state, "57"),
		strings.HasPrefix(state, "58"), strings.HasPrefix(state, "28"), state == "25006":
		return jiban.CodeUnavailable // connection, resources, intervention, system, login, read-only
	default:
		return jiban.CodeInternal
	}
}

// isNoTransaction reports whether a rollback found nothing to roll back: SQLite
// had done it by itself.
func isNoTransaction(err error) bool {
	var lite *sqlite.Error
	return errors.As(err, &lite) && strings.Contains(lite.Error(), "no transaction is active")
}
