package storetest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver by which a test makes its database

	"jiban/store"
)

// makingLock keeps all but one from making the database that is copied.
const makingLock = 5_772_156

// Postgres makes a database with the schema on the server of the tests and returns
// its address; the database goes with the test. The test is skipped without a
// server.
func Postgres(t testing.TB) string {
	t.Helper()
	return database(t, emptyDatabase)
}

// BarePostgres is Postgres without the schema.
func BarePostgres(t testing.TB) string {
	t.Helper()
	return database(t, func(context.Context, *url.URL, *sql.DB) (string, error) { return "template0", nil })
}

// database copies a database for one test.
func database(t testing.TB, template func(context.Context, *url.URL, *sql.DB) (string, error)) string {
	t.Helper()
	ctx := context.Background()
	server, admin := connect(t)
	from, err := template(ctx, server, admin)
	if err != nil {
		t.Fatalf("make an empty database: %v", err)
	}
	name := "t" + strings.ToLower(rand.Text())
	// Copying the files is quicker than writing every page to the log.
	if _, err := admin.ExecContext(ctx, "CREATE DATABASE "+name+" TEMPLATE "+from+" STRATEGY file_copy"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// Whoever was killed in the test may still be connected.
		if _, err := admin.ExecContext(ctx, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	return address(server, name)
}

// connect opens the server of the tests for as long as the test runs.
func connect(t testing.TB) (*url.URL, *sql.DB) {
	t.Helper()
	dsn := os.Getenv("JIBAN_TEST_POSTGRES")
	if dsn == "" {
		t.Skip("no PostgreSQL: run this through scripts/services.sh")
	}
	server, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	admin, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { admin.Close() })
	return server, admin
}

// address is the server's with another database.
func address(server *url.URL, database string) string {
	u := *server
	u.Path = "/" + database
	return u.String()
}

// emptyDatabase is the name of a database with the schema and nothing else. The
// first test of all that needs it makes it, under another name until it is whole.
func emptyDatabase(ctx context.Context, server *url.URL, admin *sql.DB) (string, error) {
	id, err := store.SchemaID()
	if err != nil {
		return "", err
	}
	name := "empty_" + id[:32]
	if there, err := exists(ctx, admin, name); there || err != nil {
		return name, err
	}
	conn, err := admin.Conn(ctx)
	if err != nil {
		return "", err
	}
	_, err = conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", makingLock)
	if err == nil {
		err = makeEmpty(ctx, server, admin, name)
		_, unlock := conn.ExecContext(ctx, "SELECT pg_advisory_unlock($1)", makingLock)
		err = errors.Join(err, unlock)
	}
	return name, errors.Join(err, conn.Close())
}

// makeEmpty makes it, unless another did while this one waited for the lock.
func makeEmpty(ctx context.Context, server *url.URL, admin *sql.DB, name string) error {
	if there, err := exists(ctx, admin, name); there || err != nil {
		return err
	}
	made := "making_" + name
	// What a killed test left half made.
	if _, err := admin.ExecContext(ctx, "DROP DATABASE IF EXISTS "+made+" WITH (FORCE)"); err != nil {
		return err
	}
	if _, err := admin.ExecContext(ctx, "CREATE DATABASE "+made+" TEMPLATE template0"); err != nil {
		return err
	}
	if err := migrate(ctx, address(server, made)); err != nil {
		return fmt.Errorf("migrate %s: %w", made, err)
	}
	_, err := admin.ExecContext(ctx, "ALTER DATABASE "+made+" RENAME TO "+name)
	return err
}

func exists(ctx context.Context, admin *sql.DB, name string) (there bool, err error) {
	err = admin.QueryRowContext(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&there)
	return there, err
}
