// Package channelstest is the table of cases that every adapter must pass: texts
// of all lengths, emoji, options, citations, locations, images, repeats and the
// provider's errors. An adapter's test opens its stand-in and calls Outbound and
// Inbound. It must not know any provider.
package channelstest
