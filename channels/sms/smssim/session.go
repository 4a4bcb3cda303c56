package smssim

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/linxGnu/gosmpp/data"
	"github.com/linxGnu/gosmpp/pdu"

	"jiban"
)

// receiptDelay lets the answer to a submit reach the gateway before its receipt.
const receiptDelay = 20 * time.Millisecond

// session is one connection of a gateway.
type session struct {
	sim  *Sim
	conn net.Conn
	gone chan struct{}
	work sync.WaitGroup

	write sync.Mutex

	mu      sync.Mutex
	seq     int32
	pending map[int32]chan uint32
	bound   bool
}

func newSession(s *Sim, conn net.Conn) *session {
	return &session{sim: s, conn: conn, gone: make(chan struct{}), pending: map[int32]chan uint32{}}
}

// serve reads until the connection ends.
func (ss *session) serve() {
	defer ss.work.Wait()
	defer close(ss.gone)
	defer ss.conn.Close()
	for {
		head := make([]byte, 16)
		if _, err := io.ReadFull(ss.conn, head); err != nil {
			return
		}
		size := binary.BigEndian.Uint32(head)
		if size < 16 || size > 1<<17 {
			return
		}
		raw := make([]byte, size)
		copy(raw, head)
		if _, err := io.ReadFull(ss.conn, raw[16:]); err != nil {
			return
		}
		if !ss.handle(pdu.ParseHeader([16]byte(head)), raw) {
			return
		}
	}
}

// handle answers one PDU; false ends the session.
func (ss *session) handle(h pdu.Header, raw []byte) bool {
	if h.CommandID == data.DELIVER_SM_RESP || h.CommandID == data.GENERIC_NACK {
		ss.answered(h.SequenceNumber, uint32(h.CommandStatus))
		return true
	}
	p, err := pdu.Parse(bytes.NewReader(raw))
	if err != nil {
		return false
	}
	switch p := p.(type) {
	case *pdu.BindRequest:
		return ss.bind(p)
	case *pdu.SubmitSM:
		ss.submit(p)
	case *pdu.EnquireLink:
		ss.send(p.GetResponse())
	case *pdu.Unbind:
		ss.send(p.GetResponse())
		return false
	}
	return true
}

func (ss *session) bind(p *pdu.BindRequest) bool {
	resp := pdu.NewBindResp(*p)
	cfg := ss.sim.cfg
	switch {
	case cfg.SystemID != "" && p.SystemID != cfg.SystemID:
		resp.CommandStatus = data.ESME_RINVSYSID
	case cfg.SystemID != "" && p.Password != cfg.Password:
		resp.CommandStatus = data.ESME_RINVPASWD
	default:
		resp.SystemID = "smssim"
		ss.bound = true
	}
	ss.send(resp)
	if ss.bound {
		ss.sim.enter(ss)
	}
	return ss.bound
}

func (ss *session) submit(p *pdu.SubmitSM) {
	resp, ok := p.GetResponse().(*pdu.SubmitSMResp)
	if !ok {
		return
	}
	if !ss.bound {
		resp.CommandStatus = data.ESME_RINVBNDSTS
		ss.send(resp)
		return
	}
	id, status, silent := ss.sim.take(submitOf(p))
	if silent {
		return
	}
	resp.CommandStatus = data.CommandStatusType(int32(status))
	if status == 0 {
		resp.MessageID = strconv.FormatUint(id, 16)
	}
	ss.send(resp)
	if status == 0 && p.RegisteredDelivery&1 == 1 && !ss.sim.cfg.NoReceipts {
		ss.work.Go(func() { ss.receipt(p, id) })
	}
}

func submitOf(p *pdu.SubmitSM) Submit {
	raw, err := p.Message.GetMessageData()
	if err != nil {
		raw = nil
	}
	m := Submit{From: p.SourceAddr.Address(), To: p.DestAddr.Address(), Class: p.EsmClass, Registered: p.RegisteredDelivery,
		Data: raw, N: 1, Of: 1, TLVs: len(p.OptionalParameters)}
	if enc := p.Message.Encoding(); enc != nil {
		m.Coding = enc.DataCoding()
	}
	if of, n, ref, found := p.Message.UDH().GetConcatInfo(); found {
		m.Ref, m.N, m.Of = int(ref), int(n), int(of)
	}
	return m
}

// receipt tells the gateway that a part arrived (SMPP 3.4, appendix B).
func (ss *session) receipt(p *pdu.SubmitSM, id uint64) {
	timer := time.NewTimer(receiptDelay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ss.gone:
		return
	}
	name := strconv.FormatUint(id, 16)
	if ss.sim.cfg.HexReceipts {
		name = fmt.Sprintf("%010d", id)
	}
	text := "id:" + name + " sub:001 dlvrd:001 submit date:2611020900 done date:2611020901 stat:DELIVRD err:000 text:"
	ctx, cancel := context.WithTimeout(context.Background(), ss.sim.cfg.Timeout)
	defer cancel()
	d := Deliver{From: p.DestAddr.Address(), To: p.SourceAddr.Address(), Class: 0x04, Data: []byte(text)}
	// Whether the gateway took it is for its own tests to see.
	_, _ = ss.deliver(ctx, d)
}

// Deliver is one deliver_sm as it goes out.
type Deliver struct {
	From, To string
	Class    byte // esm_class; 0x40 when Data begins with a header
	Coding   byte
	Data     []byte
	TLVs     map[uint16][]byte
}

// pdu writes the message by hand: the library would put a header of its own.
func (d Deliver) pdu(seq int32) []byte {
	var b bytes.Buffer
	b.WriteByte(0) // service_type
	ton := byte(0)
	if len(d.From) > 11 {
		ton = 1 // with the country in front
	}
	b.Write([]byte{ton, 1})
	b.WriteString(d.From + "\x00")
	b.Write([]byte{0, 1})
	b.WriteString(d.To + "\x00")
	b.Write([]byte{d.Class, 0, 0, 0, 0, 0, 0, d.Coding, 0, byte(len(d.Data))})
	b.Write(d.Data)
	for tag, v := range d.TLVs {
		b.Write(binary.BigEndian.AppendUint16(nil, tag))
		b.Write(binary.BigEndian.AppendUint16(nil, uint16(len(v))))
		b.Write(v)
	}
	return packet(uint32(data.DELIVER_SM), seq, b.Bytes())
}

func packet(id uint32, seq int32, body []byte) []byte {
	head := binary.BigEndian.AppendUint32(nil, uint32(16+len(body)))
	head = binary.BigEndian.AppendUint32(head, id)
	head = binary.BigEndian.AppendUint32(head, 0)
	head = binary.BigEndian.AppendUint32(head, uint32(seq))
	return append(head, body...)
}

// deliver sends one message and waits for the answer's status.
func (ss *session) deliver(ctx context.Context, d Deliver) (uint32, error) {
	got := make(chan uint32, 1)
	ss.mu.Lock()
	ss.seq++
	seq := ss.seq
	ss.pending[seq] = got
	ss.mu.Unlock()
	defer func() {
		ss.mu.Lock()
		delete(ss.pending, seq)
		ss.mu.Unlock()
	}()
	if err := ss.raw(d.pdu(seq)); err != nil {
		return 0, err
	}
	select {
	case status := <-got:
		return status, nil
	case <-ss.gone:
		return 0, errClosed
	case <-ctx.Done():
		return 0, fmt.Errorf("smssim: no answer to the delivery: %w", ctx.Err())
	}
}

func (ss *session) answered(seq int32, status uint32) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	if got, ok := ss.pending[seq]; ok {
		got <- status
		delete(ss.pending, seq)
	}
}

func (ss *session) send(p pdu.PDU) {
	buf := pdu.NewBuffer(nil)
	p.Marshal(buf)
	if err := ss.raw(buf.Bytes()); err != nil {
		ss.conn.Close()
	}
}

func (ss *session) raw(b []byte) error {
	ss.write.Lock()
	defer ss.write.Unlock()
	// A deadline of a connection is in the operating system's own time.
	if err := ss.conn.SetWriteDeadline(jiban.SystemClock{}.Now().Add(5 * time.Second)); err != nil {
		return fmt.Errorf("smssim: write: %w", err)
	}
	if _, err := ss.conn.Write(b); err != nil {
		return fmt.Errorf("smssim: write: %w", err)
	}
	return nil
}
