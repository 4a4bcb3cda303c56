// Package jiban holds the nouns of the house and its error codes: what a
// channel, a contact, a conversation, a message, an article, a matter, a
// ticket, a handoff and a notice are. It imports the standard library only and
// knows nothing of storage, transport, wording or policy: every other room
// stands on it.
package jiban
