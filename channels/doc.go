// Package channels is the door of the house: the contract of an adapter, the
// gateway in (commit once, acknowledge, wake the conversation) and the delivery
// out (plan, split, send, retry, status). It knows neither providers nor what
// is said; it must not know dialog, knowledge, tickets or handoff.
package channels
