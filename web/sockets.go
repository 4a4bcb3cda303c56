package web

import (
	"context"
	"errors"
	"net"
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
	line    net.Conn      // beneath it: the HTTP server's wrapper does not close when told to
	silence time.Duration // after so long without a word it is dead
	write   sync.Mutex
	// The HTTP server uses its part of a connection again for another one. Whoever
	// touches the connection from outside holds use for reading and looks at ended.
	use   sync.RWMutex
	ended bool
}

// newSocket prepares a connection that was just opened.
func newSocket(conn *websocket.Conn, silence time.Duration) *socket {
	k := &socket{conn: conn, line: conn.NetConn(), silence: silence}
	if w, wrapped := k.line.(interface{ UnsafeConn() net.Conn }); wrapped {
		k.line = w.UnsafeConn()
	}
	conn.SetReadLimit(maxFrame)
	conn.SetPongHandler(func(string) error { return k.heard() })
	return k
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

// Write sends one text frame, until ctx ends or for ten seconds at most. After
// the end of the connection it is an error.
func (k *socket) Write(ctx context.Context, frame []byte) error {
	k.write.Lock()
	defer k.write.Unlock()
	k.use.RLock()
	defer k.use.RUnlock()
	if k.ended {
		return over()
	}
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

// Close ends the connection; whoever reads from it or writes to it gets an error.
// It may be called at any time and more than once.
func (k *socket) Close() error {
	if err := k.line.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
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
	k.use.RLock()
	defer k.use.RUnlock()
	if k.ended {
		return over()
	}
	//nolint:forbidigo // a deadline of the operating system is in its own time
	return k.conn.WriteControl(kind, data, time.Now().Add(time.Second))
}

// end makes sure that nobody touches the connection any more: it is closed, so
// those who are at it come back, and the others find that it is over.
func (k *socket) end() {
	_ = k.Close() // it may be closed already
	k.use.Lock()
	defer k.use.Unlock()
	k.ended = true
}

func over() error {
	return jiban.Errorf(jiban.CodeUnavailable, "web.socket", "the connection is over")
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
					_ = k.Close() // its reader notices and cleans up
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
		_ = k.Close() // its reader notices and cleans up
	}
}

// upgrade makes a handler that turns a request into a socket and serves it. The
// context of serve ends with the server. What serve needs to know of the request
// is in the locals: the request itself is gone by then.
func (s *Server) upgrade(serve func(ctx context.Context, k *socket, local func(string) any)) fiber.Handler {
	return contrib.New(func(c *contrib.Conn) {
		k := newSocket(c.Conn, s.limits.SocketReadDeadline)
		defer k.end()
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
