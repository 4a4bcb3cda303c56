// Package tickets is the room of the structured request: the catalogue of
// matters and who owns them, numbers, the life of a ticket as an append-only log
// of events, the notices that go with each step, and the timers. It decides and
// hands back what is to be written; it must not know of channels, of the dialog
// or of how things are stored, and it never sends anything itself.
package tickets
