// Package webchat is the web chat as a channel: the frames of its socket, what a
// visitor missed, and live messages to all of a visitor's tabs. It must not know
// HTTP or any socket library: a connection is handed to it.
//
// What is shown is always read from the store, in order; between nodes only the
// news travels that there is something to read. So a lost signal delays a
// message and never loses it.
package webchat
