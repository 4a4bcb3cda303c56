package store

import (
	"context"
	"strings"
)

// scrubTries is how often the log is tried to be emptied: who reads at that moment
// is in the way, and reads are short.
const scrubTries = 5

// scrub empties SQLite's log, in which older states of a page stand until they are
// written over: what was destroyed must not be found there. The deletion itself is
// committed, so that a log that cannot be emptied now is no failure; the next one
// who deletes, and whoever closes the database last, does it. PostgreSQL keeps old
// rows until its next VACUUM: what destroyed keys had sealed is not readable there
// after the next rotation of the root key.
func (s *Store) scrub(ctx context.Context) error {
	if s.writer == nil {
		return nil
	}
	f := &liteFile{path: strings.TrimPrefix(s.dsn, sqlitePrefix)}
	db, err := f.open("busy_timeout(1000)")
	if err != nil {
		return err
	}
	// busy is 1 where a reader or a writer was in the way.
	busy, frames, moved := 1, 0, 0
	for range scrubTries {
		if err = db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &frames, &moved); err != nil || busy == 0 {
			break
		}
	}
	if err != nil || busy != 0 {
		s.log.WarnContext(ctx, "the database's log could not be emptied after a deletion; it is emptied with the next one, or when the program ends",
			"frames", frames, "error", err)
	}
	return db.Close()
}
