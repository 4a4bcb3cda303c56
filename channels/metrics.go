package channels

import "jiban"

// Metrics counts what goes in and out. Its methods are called from many goroutines.
type Metrics interface {
	// Received counts a message that was committed; repeats are not counted.
	Received(channel string)
	// Delivered counts each state that an outbound message comes to: sent,
	// delivered, failed, expired, fallback (to the next way), uncertain.
	Delivered(channel string, path jiban.Path, status jiban.DeliveryStatus)
}

// Uncounted is for those who want no figures.
type Uncounted struct{}

// Received does nothing.
func (Uncounted) Received(string) {}

// Delivered does nothing.
func (Uncounted) Delivered(string, jiban.Path, jiban.DeliveryStatus) {}
