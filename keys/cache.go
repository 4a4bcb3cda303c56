package keys

import (
	"crypto/cipher"
	"sync"
	"time"
)

// dataKey is a data key in the clear, in memory only.
type dataKey struct {
	id, owner, holder string
	created           time.Time
	loaded            time.Time
	key               secret
	aes, sm           cipher.AEAD
}

func newDataKey(id, owner, holder string, key secret, created, now time.Time) (*dataKey, error) {
	a, err := AES.aead(&key)
	if err != nil {
		return nil, err
	}
	s, err := SM.aead(&key)
	if err != nil {
		return nil, err
	}
	return &dataKey{id: id, owner: owner, holder: holder, created: created, loaded: now, key: key, aes: a, sm: s}, nil
}

func (d *dataKey) aead(s Suite) cipher.AEAD {
	if s == SM {
		return d.sm
	}
	return d.aes
}

// cacheLife is how long a key may be used without asking the database again
// whether it was destroyed or moved.
const cacheLife = 5 * time.Minute

// cache keeps the keys used last: at most so many, in two generations. When the
// young one is full it becomes the old one, and what was old and unused is gone.
type cache struct {
	half int

	mu         sync.Mutex
	young, old map[string]*dataKey
}

func newCache(most int) *cache {
	return &cache{half: max(1, most/2), young: map[string]*dataKey{}, old: map[string]*dataKey{}}
}

func (c *cache) get(name string, now time.Time) *dataKey {
	c.mu.Lock()
	defer c.mu.Unlock()
	d, ok := c.young[name]
	if !ok {
		if d, ok = c.old[name]; ok {
			c.keep(name, d)
		}
	}
	if !ok || now.Sub(d.loaded) > cacheLife {
		return nil
	}
	return d
}

func (c *cache) put(name string, d *dataKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keep(name, d)
}

func (c *cache) keep(name string, d *dataKey) {
	if len(c.young) >= c.half {
		c.young, c.old = make(map[string]*dataKey, c.half), c.young
	}
	c.young[name] = d
}

// drop forgets all keys that serve a holder.
func (c *cache) drop(holder string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range []map[string]*dataKey{c.young, c.old} {
		for name, d := range m {
			if d.holder == holder || d.owner == holder {
				delete(m, name)
			}
		}
	}
}

func (c *cache) len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.young) + len(c.old)
}
