// Package handoff is the room where a conversation goes from the bot to people
// and back: queues and their order, who is at work, accepting, speaking,
// returning and closing, and the promise of a call-back when nobody is there. It
// must not know of channels, of the dialog's own state or of how things are
// stored. Every change of holder is one batch that compares the version of the
// conversation, so that two agents never hold one conversation and none is lost.
package handoff
