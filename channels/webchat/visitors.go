package webchat

import (
	"sync"
	"time"

	"jiban"
)

const (
	// mostTabs bounds the connections of one visitor.
	mostTabs = 8
	// mostConnections bounds those of this node.
	mostConnections = 20_000
	// A visitor may say sayBurst messages at once and then one a second.
	sayBurst = 20
	sayEvery = time.Second
)

// visitors are the open connections by visitor, and how fast each visitor speaks.
type visitors struct {
	mu    sync.Mutex
	open  map[jiban.Address]*visitor
	count int
}

type visitor struct {
	tabs  []*session
	spent float64   // of sayBurst
	at    time.Time // when spent was right
}

func newVisitors() *visitors { return &visitors{open: map[jiban.Address]*visitor{}} }

func (v *visitors) add(a jiban.Address, s *session) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	who := v.open[a]
	if v.count >= mostConnections || who != nil && len(who.tabs) >= mostTabs {
		return jiban.Errorf(jiban.CodeLimited, "webchat.Serve", "too many connections are open: close some and try again")
	}
	if who == nil {
		who = &visitor{}
		v.open[a] = who
	}
	who.tabs = append(who.tabs, s)
	v.count++
	return nil
}

// remove keeps the visitor until sweep finds that the burst is paid back: who
// reconnects gets no new one.
func (v *visitors) remove(a jiban.Address, s *session) {
	v.mu.Lock()
	defer v.mu.Unlock()
	who := v.open[a]
	for i, tab := range who.tabs {
		if tab == s {
			who.tabs = append(who.tabs[:i:i], who.tabs[i+1:]...)
			v.count--
			break
		}
	}
	if len(who.tabs) == 0 && who.spent == 0 {
		delete(v.open, a)
	}
}

// maySay counts one message and reports whether the visitor may say it.
func (v *visitors) maySay(a jiban.Address, now time.Time) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	who := v.open[a]
	if who == nil { // files come beside the connection, and may come without one
		who = &visitor{}
		v.open[a] = who
	}
	who.settle(now)
	if who.spent+1 > sayBurst {
		return false
	}
	who.spent++
	return true
}

func (who *visitor) settle(now time.Time) {
	if d := now.Sub(who.at); d > 0 {
		who.spent = max(0, who.spent-d.Seconds()/sayEvery.Seconds())
		who.at = now
	}
}

// poke tells a visitor's tabs that there is news.
func (v *visitors) poke(a jiban.Address) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if who := v.open[a]; who != nil {
		for _, s := range who.tabs {
			s.poke()
		}
	}
}

// of lists a visitor's tabs.
func (v *visitors) of(a jiban.Address) []*session {
	v.mu.Lock()
	defer v.mu.Unlock()
	if who := v.open[a]; who != nil {
		return append([]*session(nil), who.tabs...)
	}
	return nil
}

func (v *visitors) pokeAll() {
	for _, s := range v.all() {
		s.poke()
	}
}

func (v *visitors) all() []*session {
	v.mu.Lock()
	defer v.mu.Unlock()
	list := make([]*session, 0, v.count)
	for _, who := range v.open {
		list = append(list, who.tabs...)
	}
	return list
}

// sweep ends silent connections and forgets visitors that left long ago.
func (v *visitors) sweep(now time.Time) {
	for _, s := range v.all() {
		if s.silentSince(now) > idleLimit {
			s.close()
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	for a, who := range v.open {
		if who.settle(now); len(who.tabs) == 0 && who.spent == 0 {
			delete(v.open, a)
		}
	}
}

func (v *visitors) closeAll() {
	for _, s := range v.all() {
		s.close()
	}
}
