// Package runner drives the engine: it takes a conversation's lease, loads it, lets
// the engine decide, answers the engine's needs and commits the outcome in one
// transaction. It holds the promises of a turn: one at a time, whole or not at
// all, emergency first, never silence, silent while a person speaks. It must not
// know channels, providers or how anything is stored, and decides nothing about
// what is said beyond the words for its own failures.
package runner
