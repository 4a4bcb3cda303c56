package shared

import "sync"

// How many messages a subscriber may be behind before it loses some.
const backlog = 256

// hub hands messages of a topic to the subscribers within this process.
type hub struct {
	mu     sync.Mutex
	topics map[string]map[chan []byte]struct{}
	closed bool
}

func newHub() *hub { return &hub{topics: map[string]map[chan []byte]struct{}{}} }

// publish hands data to every subscriber; who is too far behind loses it.
func (h *hub) publish(topic string, data []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for ch := range h.topics[topic] {
		select {
		case ch <- data:
		default:
		}
	}
}

// subscribe returns a channel and the function that ends it; first tells that
// nobody was subscribed to the topic before.
func (h *hub) subscribe(topic string) (ch chan []byte, first bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	ch = make(chan []byte, backlog)
	if h.closed {
		close(ch)
		return ch, false
	}
	first = len(h.topics[topic]) == 0
	if first {
		h.topics[topic] = map[chan []byte]struct{}{}
	}
	h.topics[topic][ch] = struct{}{}
	return ch, first
}

// leave closes a subscriber's channel, once; last tells that nobody is left.
func (h *hub) leave(topic string, ch chan []byte) (last bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.topics[topic][ch]; !ok {
		return false
	}
	delete(h.topics[topic], ch)
	close(ch)
	if len(h.topics[topic]) > 0 {
		return false
	}
	delete(h.topics, topic)
	return true
}

// close ends all subscriptions.
func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for _, subscribers := range h.topics {
		for ch := range subscribers {
			close(ch)
		}
	}
	h.topics = map[string]map[chan []byte]struct{}{}
}
