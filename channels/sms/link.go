package sms

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/linxGnu/gosmpp/data"
	"github.com/linxGnu/gosmpp/pdu"

	"jiban"
)

const (
	windowSize  = 10 // requests of ours without an answer (domain B5)
	dialTimeout = 10 * time.Second
	// workers is how many messages are stored at a time; those of one sender go to
	// the same worker, so that they keep their order.
	workers = 16
	// receiptWorkers settle receipts apart from messages: a receipt may have to wait
	// for the send that it belongs to.
	receiptWorkers = 16
	queueLength    = 64
)

// link is one bound connection to the SMSC.
type link struct {
	conn   net.Conn
	in     *bufio.Reader
	window chan struct{}
	gone   chan struct{} // closed when the connection is over

	write sync.Mutex

	mu      sync.Mutex
	seq     int32
	pending map[int32]chan frame
	over    bool
}

// bindError is a bind that the SMSC refused.
type bindError struct{ Status data.CommandStatusType }

func (e *bindError) Error() string {
	return fmt.Sprintf("the SMSC refused the bind with %s: check system_id and password", e.Status)
}

// errGone says that the connection ended while an answer was waited for.
var errGone = errors.New("the connection to the SMSC ended")

// in is a deadline of a connection, which the operating system keeps in its own
// time, whatever clock the house goes by.
func in(d time.Duration) time.Time { return jiban.SystemClock{}.Now().Add(d) }

// dial connects and binds as a transceiver.
func dial(ctx context.Context, cfg Config) (*link, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", cfg.Address)
	if err != nil {
		return nil, fmt.Errorf("connect to the SMSC: %w", err)
	}
	l := &link{conn: conn, in: bufio.NewReader(conn), window: make(chan struct{}, windowSize),
		gone: make(chan struct{}), pending: map[int32]chan frame{}}
	// The bind must not outlive ctx either.
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(in(0)) })
	err = l.bind(cfg)
	if !stop() || err != nil {
		conn.Close()
		return nil, errors.Join(err, ctx.Err())
	}
	return l, nil
}

func (l *link) bind(cfg Config) error {
	if err := l.conn.SetReadDeadline(in(requestTimeout)); err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	req := pdu.NewBindRequest(pdu.Transceiver)
	req.SystemID, req.Password = cfg.SystemID, cfg.Password
	req.SetSequenceNumber(l.next())
	if _, err := l.send(req); err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	for {
		f, err := readFrame(l.in)
		if err != nil {
			return fmt.Errorf("bind: %w", err)
		}
		switch {
		case f.ID == data.BIND_TRANSCEIVER_RESP && f.Status == data.ESME_ROK:
			return nil
		case f.ID == data.BIND_TRANSCEIVER_RESP || f.ID == data.GENERIC_NACK:
			return &bindError{f.Status}
		}
	}
}

func (l *link) next() int32 {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seq++
	if l.seq <= 0 {
		l.seq = 1
	}
	return l.seq
}

// send writes a PDU and returns how many bytes of it left.
func (l *link) send(p pdu.PDU) (int, error) {
	buf := pdu.NewBuffer(nil)
	p.Marshal(buf)
	l.write.Lock()
	defer l.write.Unlock()
	if l.ended() {
		return 0, errGone
	}
	if err := l.conn.SetWriteDeadline(in(requestTimeout)); err != nil {
		return 0, fmt.Errorf("write to the SMSC: %w", err)
	}
	n, err := l.conn.Write(buf.Bytes())
	if err != nil {
		l.close()
		return n, fmt.Errorf("write to the SMSC: %w", err)
	}
	return n, nil
}

func (l *link) ended() bool {
	select {
	case <-l.gone:
		return true
	default:
		return false
	}
}

// close ends the connection; requests that wait for an answer hear of it.
func (l *link) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return
	}
	l.over = true
	close(l.gone)
	l.conn.Close()
}

// request sends a request and waits for the answer. Written says whether the
// SMSC may have got it.
func (l *link) request(ctx context.Context, p pdu.PDU) (answer frame, written bool, err error) {
	select {
	case l.window <- struct{}{}:
		defer func() { <-l.window }()
	case <-l.gone:
		return frame{}, false, errGone
	case <-ctx.Done():
		return frame{}, false, fmt.Errorf("wait for the window of the SMSC: %w", ctx.Err())
	}
	seq, got := l.next(), make(chan frame, 1)
	p.SetSequenceNumber(seq)
	l.expect(seq, got)
	defer l.expect(seq, nil)
	n, err := l.send(p)
	if err != nil {
		return frame{}, n > 0, err
	}
	select {
	case f := <-got:
		return f, true, nil
	case <-l.gone:
		return frame{}, true, errGone
	case <-ctx.Done():
		return frame{}, true, fmt.Errorf("wait for the answer of the SMSC: %w", ctx.Err())
	}
}

func (l *link) expect(seq int32, got chan frame) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if got == nil {
		delete(l.pending, seq)
		return
	}
	l.pending[seq] = got
}

// answered hands an answer to the request that waits for it; one that nobody
// waits for any more is dropped, its message is uncertain already.
func (l *link) answered(f frame) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if got, ok := l.pending[f.Seq]; ok {
		got <- f
		delete(l.pending, f.Seq)
	}
}

// respond answers a request of the SMSC and reports whether the answer was
// written.
func (l *link) respond(p pdu.PDU, seq int32) bool {
	p.SetSequenceNumber(seq)
	_, err := l.send(p)
	return err == nil
}

// readAll reads until the connection or ctx ends, and hands each deliver_sm on.
func (l *link) readAll(ctx context.Context, idle time.Duration, onDeliver func(frame)) error {
	stop := context.AfterFunc(ctx, func() { _ = l.conn.SetReadDeadline(in(0)) })
	defer stop()
	for {
		if err := l.conn.SetReadDeadline(in(idle)); err != nil {
			return fmt.Errorf("read from the SMSC: %w", err)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		f, err := readFrame(l.in)
		if err != nil {
			return err
		}
		switch {
		case uint32(f.ID)&0x80000000 != 0:
			l.answered(f)
		case f.ID == data.DELIVER_SM:
			onDeliver(f)
		case f.ID == data.ENQUIRE_LINK:
			l.respond(pdu.NewEnquireLinkResp(), f.Seq)
		case f.ID == data.UNBIND:
			l.respond(pdu.NewUnbindResp(), f.Seq)
			return errors.New("the SMSC unbound")
		default:
			nack := pdu.NewGenericNack()
			if n, ok := nack.(*pdu.GenericNack); ok {
				n.CommandStatus = data.ESME_RINVCMDID
			}
			l.respond(nack, f.Seq)
		}
	}
}
