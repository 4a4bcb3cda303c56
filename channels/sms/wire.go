package sms

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/linxGnu/gosmpp/data"
	"github.com/linxGnu/gosmpp/pdu"
)

const (
	headerSize = 16
	maxPDU     = 70_000 // a message_payload of 64 kB and its frame
)

// frame is one PDU as it came: the header read, the body not yet. Reading the
// frame by itself keeps one broken message from breaking the connection.
type frame struct {
	ID     data.CommandIDType
	Status data.CommandStatusType
	Seq    int32
	raw    []byte
}

var errFrame = errors.New("the length of a PDU is impossible, the stream is lost")

func readFrame(r io.Reader) (frame, error) {
	var head [headerSize]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return frame{}, fmt.Errorf("read from the SMSC: %w", err)
	}
	size := binary.BigEndian.Uint32(head[:])
	if size < headerSize || size > maxPDU {
		return frame{}, errFrame
	}
	raw := make([]byte, size)
	copy(raw, head[:])
	if _, err := io.ReadFull(r, raw[headerSize:]); err != nil {
		return frame{}, fmt.Errorf("read from the SMSC: %w", err)
	}
	h := pdu.ParseHeader(head)
	return frame{ID: h.CommandID, Status: h.CommandStatus, Seq: h.SequenceNumber, raw: raw}, nil
}

func (f frame) body() []byte { return f.raw[headerSize:] }

// decode reads the whole PDU with the library; for answers, whose shape is plain.
func (f frame) decode() (pdu.PDU, error) { return pdu.Parse(bytes.NewReader(f.raw)) }

// deliver is what of a deliver_sm counts here.
type deliver struct {
	From, To  string
	FromTON   byte
	Class     byte // esm_class
	Coding    byte
	Text      []byte // without the header of a long message
	Part      concat
	Reference uint16 // user_message_reference, 0 for none
	ReceiptID string // receipted_message_id
	State     byte   // message_state, 0 for none
}

var errDeliver = errors.New("the deliver_sm is broken")

// fields reads the fields of a body one after the other; after the first that is
// missing ok is false.
type fields struct {
	rest []byte
	ok   bool
}

func (f *fields) take(n int) []byte {
	if !f.ok || n > len(f.rest) {
		f.ok = false
		return make([]byte, min(n, 2))
	}
	out := f.rest[:n]
	f.rest = f.rest[n:]
	return out
}

func (f *fields) byte() byte { return f.take(1)[0] }

func (f *fields) text(most int) string {
	end := bytes.IndexByte(f.rest, 0)
	if !f.ok || end < 0 || end > most {
		f.ok = false
		return ""
	}
	s := string(f.rest[:end])
	f.rest = f.rest[end+1:]
	return s
}

// parseDeliver reads the body of a deliver_sm (SMPP 3.4, 4.6.1).
func parseDeliver(body []byte) (deliver, error) {
	f := &fields{rest: body, ok: true}
	var d deliver
	f.text(6) // service_type
	d.FromTON = f.byte()
	f.byte()
	d.From = f.text(64)
	f.take(2) // dest_addr_ton, dest_addr_npi
	d.To = f.text(64)
	d.Class = f.byte()
	f.take(2)  // protocol_id, priority_flag
	f.text(17) // schedule_delivery_time
	f.text(17) // validity_period
	f.take(2)  // registered_delivery, replace_if_present_flag
	d.Coding = f.byte()
	f.byte() // sm_default_msg_id
	size := int(f.byte())
	if !f.ok || size > len(f.rest) {
		return d, errDeliver
	}
	text := f.take(size)
	tlvs, err := parseTLVs(f.rest)
	if err != nil {
		return d, err
	}
	return d, d.fill(text, tlvs)
}

// fill sets the text, from message_payload where there is one, and which part it
// is, from the header or the SAR parameters.
func (d *deliver) fill(text []byte, tlvs map[pdu.Tag][]byte) error {
	if payload, ok := tlvs[pdu.TagMessagePayload]; ok && len(text) == 0 {
		text = payload
	}
	d.Part = concat{N: 1, Of: 1}
	d.Text = text
	if d.Class&data.SM_UDH_GSM != 0 {
		part, rest, err := cutUDH(text)
		if err != nil {
			return err
		}
		d.Part, d.Text = part, rest
	}
	if part, ok := sar(tlvs); ok && !d.Part.Reffed {
		d.Part = part
	}
	if v := tlvs[pdu.TagUserMessageReference]; len(v) == 2 {
		d.Reference = binary.BigEndian.Uint16(v)
	}
	d.ReceiptID = string(bytes.TrimRight(tlvs[pdu.TagReceiptedMessageID], "\x00"))
	if v := tlvs[pdu.TagMessageStateOption]; len(v) == 1 {
		d.State = v[0]
	}
	return nil
}

func sar(tlvs map[pdu.Tag][]byte) (concat, bool) {
	ref, of, n := tlvs[pdu.TagSarMsgRefNum], tlvs[pdu.TagSarTotalSegments], tlvs[pdu.TagSarSegmentSeqnum]
	if len(ref) != 2 || len(of) != 1 || len(n) != 1 || of[0] == 0 || n[0] == 0 || n[0] > of[0] {
		return concat{}, false
	}
	return concat{Ref: binary.BigEndian.Uint16(ref), Of: int(of[0]), N: int(n[0]), Reffed: true}, true
}

func parseTLVs(b []byte) (map[pdu.Tag][]byte, error) {
	tlvs := map[pdu.Tag][]byte{}
	for len(b) > 0 {
		if len(b) < 4 {
			return nil, errDeliver
		}
		tag, size := pdu.Tag(binary.BigEndian.Uint16(b)), int(binary.BigEndian.Uint16(b[2:]))
		if size > len(b)-4 {
			return nil, errDeliver
		}
		tlvs[tag] = b[4 : 4+size]
		b = b[4+size:]
	}
	return tlvs, nil
}

// isReceipt: bits 2 to 5 of esm_class name the type of a delivered message.
func (d deliver) isReceipt() bool { return d.Class&0x3C == data.SM_SMSC_DLV_RCPT_TYPE }
