package web

import (
	"context"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/fasthttp/websocket"
	contrib "github.com/gofiber/contrib/websocket"
	"github.com/gofiber/fiber/v2"

	"jiban"
)

// The limits of a socket. Small buffers keep an idle one cheap.
const (
	maxFrame     = 16 << 10 // bytes
	socketBuffer = 1 << 10
	frameTime    = 10 * time.Second // for one frame to leave
)

// socket is one WebSocket connection, of a visitor or of a member of staff.
type socket struct {
	conn    *websocket.Conn
	silence time.Duration // after so long without a word it is dead
	write   sync.Mutex
}

// Read returns the next text frame.
func (k *socket) Read() ([]byte, error) {
	kind, frame, err := k.conn.ReadMessage()
	if err != nil {
		return nil, jiban.Errorf(jiban.CodeUnavailable, "web.socket", "read a frame: %w", err)
	}
	if kind != websocket.TextMessage {
		k.bye(websocket.CloseUnsupportedData)
		return nil, jiban.Errorf(jiban.CodeInvalid, "web.socket", "a frame is not text")
	}
	if !utf8.Valid(frame) {
		k.bye(websocket.CloseInvalidFramePayloadData)
		return nil, jiban.Errorf(jiban.CodeInvalid, "web.socket", "a frame is not valid UTF-8")
	}
	return frame, k.heard()
}

// heard puts off the time at which the connection counts as dead.
func (k *socket) heard() error {
	//nolint:forbidigo // a deadline of the operating system is in its own time
	if err := k.conn.SetReadDeadline(time.Now().Add(k.silence)); err != nil {
		return jiban.Errorf(jiban.CodeUnavailable, "web.socket", "set a deadline: %w", err)
	}
	return nil
}

// Write sends one text frame, until ctx ends or for ten seconds at most.
func (k *socket) Write(ctx context.Context, frame []byte) error {
	k.write.Lock()
	defer k.write.Unlock()
	ctx, cancel := context.WithTimeout(ctx, frameTime)
	defer cancel()
	until, _ := ctx.Deadline()
	if err := k.conn.SetWriteDeadline(until); err != nil {
		return jiban.Errorf(jiban.CodeUnavailable, "web.socket", "set a deadline: %w", err)
	}
	if err := k.conn.WriteMessage(websocket.TextMessage, frame); err != nil {
		return jiban.Errorf(jiban.CodeUnavailable, "web.socket", "write a frame: %w", err)
	}
	return nil
}

// Close ends the connection; whoever reads from it gets an error.
func (k *socket) Close() error {
	if err := k.conn.Close(); err != nil {
		return jiban.Errorf(jiban.CodeUnavailable, "web.socket", "close: %w", err)
	}
	return nil
}

// bye tells the other side why the connection ends. It may be gone already, so
// there is nothing to do about an error.
func (k *socket) bye(code int) {
	_ = k.control(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""))
}

// control sends a control frame; it may be called beside Write.
func (k *socket) control(kind int, data []byte) error {
	//nolint:forbidigo // a deadline of the operating system is in its own time
	return k.conn.WriteControl(kind, data, time.Now().Add(time.Second))
}

// sockets are the open connections of this node.
type sockets struct {
	mu     sync.Mutex
	open   map[*socket]struct{}
	closed bool
	served sync.WaitGroup
	pool   sync.Pool // write buffers, shared by the idle
}

func newSockets() *sockets { return &sockets{open: map[*socket]struct{}{}} }

// add takes a connection in; false when the server is about to stop.
func (p *sockets) add(k *socket) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.open[k] = struct{}{}
	p.served.Add(1)
	return true
}

func (p *sockets) remove(k *socket) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, k)
	p.served.Done()
}

func (p *sockets) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.open)
}

func (p *sockets) list() []*socket {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make([]*socket, 0, len(p.open))
	for k := range p.open {
		all = append(all, k)
	}
	return all
}

// keepAlive asks all sockets from time to time whether they live, until ctx
// ends. Those that do not answer run into their read deadline.
func (p *sockets) keepAlive(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			for _, k := range p.list() {
				if err := k.control(websocket.PingMessage, nil); err != nil {
					_ = k.conn.Close() // its reader notices and cleans up
				}
			}
		}
	}
}

// close takes no more sockets and tells the open ones to come back elsewhere.
func (p *sockets) close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	for _, k := range p.list() {
		k.bye(websocket.CloseServiceRestart)
		_ = k.conn.Close() // its reader notices and cleans up
	}
}

// wait returns when all sockets are served to their end, or ctx ends.
func (p *sockets) wait(ctx context.Context) error {
	done := make(chan struct{})
	go func() { p.served.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// upgrade makes a handler that turns a request into a socket and serves it. The
// context of serve ends with the server. What serve needs to know of the request
// is in the locals: the request itself is gone by then.
func (s *Server) upgrade(serve func(ctx context.Context, k *socket, local func(string) any)) fiber.Handler {
	return contrib.New(func(c *contrib.Conn) {
		k := &socket{conn: c.Conn, silence: s.limits.SocketReadDeadline}
		k.conn.SetReadLimit(maxFrame)
		k.conn.SetPongHandler(func(string) error { return k.heard() })
		if !s.sockets.add(k) {
			k.bye(websocket.CloseServiceRestart)
			return
		}
		defer s.sockets.remove(k)
		if err := k.heard(); err != nil {
			return
		}
		ctx, cancel := context.WithCancel(s.ctx)
		defer cancel()
		serve(ctx, k, func(name string) any { return c.Locals(name) })
	}, contrib.Config{
		HandshakeTimeout: frameTime, ReadBufferSize: socketBuffer, WriteBufferSize: socketBuffer,
		WriteBufferPool: &s.sockets.pool, RecoverHandler: s.recoverSocket,
	})
}

// recoverSocket keeps a panic in the service of one socket from ending the
// program.
func (s *Server) recoverSocket(*contrib.Conn) {
	if r := recover(); r != nil {
		s.Log.Error("panic while serving a socket", "panic", r)
	}
}

// wantsSocket refuses what is no WebSocket handshake or comes from a foreign
// page.
func (s *Server) wantsSocket(c *fiber.Ctx, allowed []string) error {
	if !contrib.IsWebSocketUpgrade(c) {
		return fiber.ErrUpgradeRequired
	}
	if !s.sameOrigin(c, allowed) {
		return jiban.Errorf(jiban.CodeForbidden, "web.socket", "the page that opens the socket is not an allowed origin")
	}
	return nil
}
