package webchat

import (
	"context"
	"runtime"
	"testing"
	"time"

	"jiban"
	"jiban/store/shared"
)

// idleConn is a page that said hello and is silent since.
type idleConn struct {
	hello  bool
	heard  chan struct{}
	closed chan struct{}
}

func (c *idleConn) Read() ([]byte, error) {
	if !c.hello {
		c.hello = true
		return []byte(`{"type":"hello","after":0}`), nil
	}
	<-c.closed
	return nil, context.Canceled
}

func (c *idleConn) Write(context.Context, []byte) error {
	select {
	case c.heard <- struct{}{}:
	default:
	}
	return nil
}

func (c *idleConn) Close() error { return nil }

// noHistory knows no visitor.
type noHistory struct{}

func (noHistory) FindConversation(context.Context, string, jiban.Address) (jiban.Conversation, error) {
	return jiban.Conversation{}, jiban.Errorf(jiban.CodeNotFound, "test", "none")
}

func (noHistory) Messages(context.Context, string, int64, int) ([]jiban.Message, error) {
	return nil, nil
}

// BenchmarkIdle measures what one idle page costs in this room, without its socket.
func BenchmarkIdle(b *testing.B) {
	const pages = 10_000
	clock := jiban.NewManualClock(time.Unix(0, 0))
	bus := shared.NewMemory(clock)
	defer bus.Close()
	for range b.N {
		chat := New(Config{Name: "c"}, Deps{History: noHistory{}, Bus: bus, Words: codes{}, Clock: clock})
		before := inUse()
		closed := make(chan struct{})
		done := make(chan error, pages)
		conns := make([]*idleConn, pages)
		for i := range pages {
			conns[i] = &idleConn{heard: make(chan struct{}, 1), closed: closed}
			go func() { done <- chat.Serve(context.Background(), jiban.Address("web:"+id(i)), conns[i]) }()
		}
		for _, c := range conns {
			<-c.heard
		}
		b.ReportMetric(float64(inUse()-before)/pages, "B/page")
		close(closed)
		for range pages {
			<-done
		}
	}
}

func inUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}
