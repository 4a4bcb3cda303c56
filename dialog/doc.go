// Package dialog is the engine: it understands what a person wrote, asks for what
// is missing and decides what to do. Step is a function without I/O: state, new
// messages and facts in, an Outcome or a Need out, so that any turn can be
// replayed and explained. It must not know stores, providers, sockets, clocks
// or anything third-party.
package dialog
