package shared

import (
	"context"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Subscribe returns what is published to a topic from now on, on any node. The
// function ends it and closes the channel. All subscriptions of a process share
// one connection. With Redis gone the subscription begins when it is back.
func (r *Redis) Subscribe(ctx context.Context, topic string) (<-chan []byte, func(), error) {
	limited, cancel := context.WithTimeout(ctx, confirmTime)
	defer cancel()
	ch, confirmed := r.begin(limited, topic)
	select {
	case <-confirmed:
	case <-limited.Done():
	}
	return ch, func() { r.leave(topic, ch) }, nil
}

// begin subscribes within the process and, where it is the first to do so, at
// Redis; confirmed closes when that stands.
func (r *Redis) begin(ctx context.Context, topic string) (ch chan []byte, confirmed <-chan struct{}) {
	r.order.Lock()
	defer r.order.Unlock()
	ch, first := r.hub.subscribe(topic)
	confirmed = r.expect(topic, first)
	if !first {
		return ch, confirmed
	}
	if err := r.pubsub.Subscribe(ctx, prefix+topic); err != nil {
		// The client keeps the topic and subscribes when it has connected again.
		r.log.Warn("Redis is gone, a subscription waits for it", "error", err)
		r.confirm(topic) // nobody shall wait for that
	}
	return ch, confirmed
}

func (r *Redis) leave(topic string, ch chan []byte) {
	r.order.Lock()
	defer r.order.Unlock()
	if !r.hub.leave(topic, ch) {
		return
	}
	r.confirm(topic) // nobody waits for it any more
	ctx, cancel := context.WithTimeout(context.Background(), callTime)
	defer cancel()
	if err := r.pubsub.Unsubscribe(ctx, prefix+topic); err != nil {
		r.log.Debug("an unsubscription was not told to Redis", "error", err)
	}
}

// expect returns a channel that closes when Redis confirms the subscription; for
// one that stands already, at once.
func (r *Redis) expect(topic string, first bool) <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	confirmed := make(chan struct{})
	if !first && len(r.waiting[topic]) == 0 {
		close(confirmed)
		return confirmed
	}
	r.waiting[topic] = append(r.waiting[topic], confirmed)
	return confirmed
}

func (r *Redis) confirm(topic string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, confirmed := range r.waiting[topic] {
		close(confirmed)
	}
	delete(r.waiting, topic)
}

// listen hands on what comes from Redis until the client is closed. The client
// connects and subscribes again by itself.
func (r *Redis) listen() {
	defer close(r.done)
	options := []redis.ChannelOption{redis.WithChannelSize(1024), redis.WithChannelHealthCheckInterval(time.Second)}
	for event := range r.pubsub.ChannelWithSubscriptions(options...) {
		switch e := event.(type) {
		case *redis.Subscription:
			if e.Kind == "subscribe" {
				r.confirm(strings.TrimPrefix(e.Channel, prefix))
			}
		case *redis.Message:
			r.hub.publish(strings.TrimPrefix(e.Channel, prefix), []byte(e.Payload))
		}
	}
}
