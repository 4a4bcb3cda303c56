// Package store keeps the records of the house: on SQLite, embedded, or on
// PostgreSQL, with one repository code for both. It fulfils the interfaces that
// the other rooms declare, keeps promises 1 and 2 (on disk before it says so;
// effects once) and must know nothing of channels, wording or policy: it stores
// what was decided elsewhere, whole or not at all.
//
// On SQLite all writes pass through one goroutine that groups waiting
// transactions into one commit; reads use a pool of connections of their own
// and never wait for it. On PostgreSQL every write is a transaction of its own.
//
// Names, numbers, addresses and words of people are sealed on their way into the
// database and opened on their way out, by the table they belong to (sealing.go);
// docs/sealing.md lists every column. Open gives a store that refuses them, With
// the one that has the keys.
//
// Times are stored as microseconds of UTC since 1970, 0 for none; nested things
// as JSON text.
package store
