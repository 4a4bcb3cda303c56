package shared

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"jiban"
)

const (
	prefix      = "jiban:"               // of every key and topic
	dialTime    = time.Second            // to connect
	callTime    = time.Second            // of one call, whatever the caller's context allows
	restTime    = 500 * time.Millisecond // no call is tried that long after one that failed
	confirmTime = time.Second            // to wait for a subscription to stand
)

// Redis shares between nodes. Every call ends within two seconds; after one that
// found Redis gone the next ones fail at once for half a second, so that turns
// which can do without it are not kept waiting. Errors are of CodeUnavailable. It
// connects again by itself, subscriptions too; what was published meanwhile is
// lost.
type Redis struct {
	client *redis.Client
	pubsub *redis.PubSub
	clock  jiban.Clock
	log    *slog.Logger
	hub    *hub
	rest   atomic.Int64 // microseconds of the time before which no call is tried
	done   chan struct{}

	order   sync.Mutex // held while a subscription begins or ends, so that Redis hears of both in order
	mu      sync.Mutex
	waiting map[string][]chan struct{} // by topic, until Redis confirms
}

// NewRedis returns a client of the Redis at a URL (redis://[USER:PASSWORD@]HOST:PORT/DB).
// It connects when it is first used.
func NewRedis(url string, clock jiban.Clock, log *slog.Logger) (*Redis, error) {
	opt, err := redis.ParseURL(url)
	if err != nil {
		// The parser's own words may repeat the password.
		return nil, jiban.Errorf(jiban.CodeInvalid, "shared.NewRedis", "the Redis address cannot be read: write redis://HOST:PORT/DB")
	}
	opt.ContextTimeoutEnabled = true
	opt.DialTimeout, opt.ReadTimeout, opt.WriteTimeout, opt.PoolTimeout = dialTime, callTime, callTime, callTime
	opt.MaxRetries = 1
	opt.PoolSize = 64
	opt.DisableIdentity = true
	opt.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	client := redis.NewClient(opt)
	r := &Redis{client: client, pubsub: client.Subscribe(context.Background()), clock: clock, log: log,
		hub: newHub(), done: make(chan struct{}), waiting: map[string][]chan struct{}{}}
	go r.listen()
	return r, nil
}

// Publish hands data to all subscribers of a topic, on all nodes.
func (r *Redis) Publish(ctx context.Context, topic string, data []byte) error {
	return r.call(ctx, "shared.Publish", func(ctx context.Context) error {
		return r.client.Publish(ctx, prefix+topic, data).Err()
	})
}

// Acquire takes a lease for ttl, or extends the owner's own; false when somebody
// else has it.
func (r *Redis) Acquire(ctx context.Context, key, owner string, ttl time.Duration) (bool, error) {
	var got bool
	err := r.call(ctx, "shared.Acquire", func(ctx context.Context) (err error) {
		got, err = acquireScript.Run(ctx, r.client, []string{prefix + "lease:" + key}, owner, ttl.Milliseconds()).Bool()
		return err
	})
	return got, err
}

// Release gives a lease back; one that is not the owner's stays.
func (r *Redis) Release(ctx context.Context, key, owner string) error {
	return r.call(ctx, "shared.Release", func(ctx context.Context) error {
		return releaseScript.Run(ctx, r.client, []string{prefix + "lease:" + key}, owner).Err()
	})
}

// Count adds n to a counter and returns it; the counter ends ttl after its first
// count.
func (r *Redis) Count(ctx context.Context, key string, n int64, ttl time.Duration) (int64, error) {
	var sum int64
	err := r.call(ctx, "shared.Count", func(ctx context.Context) (err error) {
		sum, err = countScript.Run(ctx, r.client, []string{prefix + "count:" + key}, n, ttl.Milliseconds()).Int64()
		return err
	})
	return sum, err
}

// Touch makes member one of the set for ttl.
func (r *Redis) Touch(ctx context.Context, set, member string, ttl time.Duration) error {
	return r.call(ctx, "shared.Touch", func(ctx context.Context) error {
		return touchScript.Run(ctx, r.client, []string{prefix + "set:" + set}, member, ttl.Milliseconds()).Err()
	})
}

// Remove takes member out of the set.
func (r *Redis) Remove(ctx context.Context, set, member string) error {
	return r.call(ctx, "shared.Remove", func(ctx context.Context) error {
		return r.client.ZRem(ctx, prefix+"set:"+set, member).Err()
	})
}

// Members lists the members of a set, sorted.
func (r *Redis) Members(ctx context.Context, set string) ([]string, error) {
	var members []string
	err := r.call(ctx, "shared.Members", func(ctx context.Context) (err error) {
		members, err = membersScript.Run(ctx, r.client, []string{prefix + "set:" + set}).StringSlice()
		return err
	})
	if len(members) == 0 {
		return nil, err
	}
	return members, err
}

// Get returns a value that was set and has not ended.
func (r *Redis) Get(ctx context.Context, key string) (string, bool, error) {
	var value string
	found := true
	err := r.call(ctx, "shared.Get", func(ctx context.Context) (err error) {
		value, err = r.client.Get(ctx, prefix+"value:"+key).Result()
		if errors.Is(err, redis.Nil) {
			found, err = false, nil
		}
		return err
	})
	return value, found && err == nil, err
}

// Set keeps a value for ttl.
func (r *Redis) Set(ctx context.Context, key, value string, ttl time.Duration) error {
	return r.call(ctx, "shared.Set", func(ctx context.Context) error {
		return r.client.Set(ctx, prefix+"value:"+key, value, ttl).Err()
	})
}

// Healthy asks Redis for a sign of life.
func (r *Redis) Healthy(ctx context.Context) error {
	return r.call(ctx, "shared.Healthy", func(ctx context.Context) error { return r.client.Ping(ctx).Err() })
}

// Close ends all subscriptions and the connections.
func (r *Redis) Close() error {
	err := errors.Join(r.pubsub.Close(), r.client.Close())
	<-r.done
	r.hub.close()
	if err != nil {
		return jiban.Errorf(jiban.CodeUnavailable, "shared.Close", "close the connections to Redis: %w", err)
	}
	return nil
}

// call runs one call with a limit; where Redis was gone a moment ago it is not
// tried.
func (r *Redis) call(ctx context.Context, op string, run func(context.Context) error) error {
	if r.clock.Now().UnixMicro() < r.rest.Load() {
		return jiban.Errorf(jiban.CodeUnavailable, op, "Redis did not answer a moment ago: trying again soon")
	}
	limited, cancel := context.WithTimeout(ctx, dialTime+callTime)
	defer cancel()
	err := run(limited)
	if err == nil {
		return nil
	}
	if ctx.Err() == nil { // not the caller's own giving up
		r.rest.Store(r.clock.Now().Add(restTime).UnixMicro())
	}
	return jiban.Errorf(jiban.CodeUnavailable, op, "Redis: %w", err)
}
