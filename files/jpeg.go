package files

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"

	"bufio"
)

// Markers of JPEG (ITU-T T.81, table B.1).
const (
	markSOI   = 0xd8
	markEOI   = 0xd9
	markSOS   = 0xda
	markDQT   = 0xdb
	markDRI   = 0xdd
	markDHT   = 0xc4
	markJPG   = 0xc8
	markDAC   = 0xcc
	markAPP0  = 0xe0
	markAPP1  = 0xe1
	markAPP2  = 0xe2
	markAPP14 = 0xee
	markAPP15 = 0xef
	markCOM   = 0xfe
)

// jpegCleaner copies a JPEG segment by segment. Kept are what is needed to show
// it, the colour profile and the orientation; all other application segments
// (EXIF, XMP, IPTC, thumbnails) and comments are dropped. Nothing is encoded anew.
type jpegCleaner struct {
	in      *input
	out     io.Writer
	frame   bool
	scan    bool
	several bool // says that more pictures follow the first (CIPA DC-007)
}

func cleanJPEG(in *input, out io.Writer) error {
	c := &jpegCleaner{in: in, out: out}
	start, err := in.bytes(2)
	if err != nil {
		return err
	}
	if start[0] != 0xff || start[1] != markSOI {
		return broken("no start of a JPEG")
	}
	if err := c.put(start); err != nil {
		return err
	}
	m, err := c.marker()
	for err == nil && m != markEOI {
		m, err = c.segment(m)
	}
	if err != nil {
		return err
	}
	if !c.frame || !c.scan {
		return broken("a JPEG without a picture")
	}
	if err := c.put([]byte{0xff, markEOI}); err != nil {
		return err
	}
	return c.trailer()
}

func (c *jpegCleaner) put(b []byte) error {
	_, err := c.out.Write(b)
	return err
}

// marker reads the next marker, with fill bytes before it.
func (c *jpegCleaner) marker() (byte, error) {
	b, err := c.in.byte()
	if err != nil {
		return 0, err
	}
	if b != 0xff {
		return 0, broken("something between the segments of a JPEG")
	}
	for b == 0xff && err == nil {
		b, err = c.in.byte()
	}
	return b, err
}

// segment deals with one segment, a scan with its data, and returns the marker
// that follows.
func (c *jpegCleaner) segment(m byte) (byte, error) {
	head, err := c.in.bytes(2)
	if err != nil {
		return 0, err
	}
	n := be16(head) - 2
	if n < 0 {
		return 0, broken("a segment of negative length")
	}
	body, err := c.in.bytes(n)
	if err != nil {
		return 0, err
	}
	if err := c.take(m, body); err != nil {
		return 0, err
	}
	if m == markSOS {
		return c.entropy()
	}
	return c.marker()
}

// take keeps a segment, drops it, or refuses the file.
func (c *jpegCleaner) take(m byte, body []byte) error {
	switch {
	case m == markAPP1:
		return c.orientation(body)
	case m == markAPP0:
		return c.jfif(body)
	case m == markAPP2:
		c.several = c.several || bytes.HasPrefix(body, []byte("MPF\x00"))
		if !bytes.HasPrefix(body, []byte("ICC_PROFILE\x00")) {
			return nil
		}
	case m == markAPP14:
		// How the colours are transformed; longer ones are not Adobe's.
		if !bytes.HasPrefix(body, []byte("Adobe")) || len(body) != 12 {
			return nil
		}
	case m > markAPP0 && m <= markAPP15, m == markCOM:
		return nil
	case m == markSOS:
		if !c.frame {
			return broken("a scan before its frame")
		}
		c.scan = true
	case m == markDQT, m == markDHT, m == markDRI, m == markDAC:
	case m >= 0xc0 && m <= 0xcf && m != markJPG:
		if err := c.startFrame(body); err != nil {
			return err
		}
	default:
		return broken("a segment %#x that no JPEG of a camera has", m)
	}
	return c.write(m, body)
}

func (c *jpegCleaner) write(m byte, body []byte) error {
	n := len(body) + 2
	if err := c.put([]byte{0xff, m, byte(n >> 8), byte(n)}); err != nil {
		return err
	}
	return c.put(body)
}

// jfif writes the header without the thumbnail that may follow it.
func (c *jpegCleaner) jfif(body []byte) error {
	const short = 14
	if len(body) < short || !bytes.HasPrefix(body, []byte("JFIF\x00")) {
		return nil
	}
	plain := bytes.Clone(body[:short])
	plain[12], plain[13] = 0, 0
	return c.write(markAPP0, plain)
}

func (c *jpegCleaner) startFrame(body []byte) error {
	if c.frame {
		return broken("two frames in one JPEG")
	}
	if len(body) < 6 || len(body) != 6+3*int(body[5]) {
		return broken("a frame header of the wrong length")
	}
	c.frame = true
	return checkDimensions(int64(be16(body[3:])), int64(be16(body[1:])))
}

// orientation keeps of EXIF how the picture is turned, and nothing else.
func (c *jpegCleaner) orientation(body []byte) error {
	tiff, ok := bytes.CutPrefix(body, []byte("Exif\x00\x00"))
	if !ok {
		return nil
	}
	turned := orientationOf(tiff)
	if turned <= 1 {
		return nil
	}
	return c.write(markAPP1, append([]byte("Exif\x00\x00"), orientationOnly(turned)...))
}

// orientationOf reads the orientation of a TIFF structure, 0 where it says none
// that makes sense (TIFF 6.0, tag 274).
func orientationOf(tiff []byte) uint16 {
	if len(tiff) < 8 {
		return 0
	}
	var order binary.ByteOrder
	switch string(tiff[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 0
	}
	at := int64(order.Uint32(tiff[4:]))
	if at+2 > int64(len(tiff)) {
		return 0
	}
	entries := int64(order.Uint16(tiff[at:]))
	for i := range entries {
		e := at + 2 + 12*i
		if e+12 > int64(len(tiff)) {
			return 0
		}
		if order.Uint16(tiff[e:]) == 274 {
			if v := order.Uint16(tiff[e+8:]); v <= 8 {
				return v
			}
			return 0
		}
	}
	return 0
}

// orientationOnly is a TIFF structure with that one entry.
func orientationOnly(v uint16) []byte {
	return []byte{'M', 'M', 0, '*', 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, byte(v >> 8), byte(v), 0, 0, 0, 0, 0, 0}
}

// entropy copies the data of a scan up to the marker that ends it.
func (c *jpegCleaner) entropy() (byte, error) {
	for {
		run, err := c.in.br.ReadSlice(0xff)
		c.in.at += int64(len(run))
		if errors.Is(err, bufio.ErrBufferFull) {
			if err := c.put(run); err != nil {
				return 0, err
			}
			continue
		}
		if err != nil {
			return 0, short(err)
		}
		if err := c.put(run[:len(run)-1]); err != nil {
			return 0, err
		}
		b := byte(0xff)
		for b == 0xff && err == nil { // fill bytes
			b, err = c.in.byte()
		}
		if err != nil {
			return 0, err
		}
		if b != 0 && (b < 0xd0 || b > 0xd7) {
			return b, nil
		}
		if err := c.put([]byte{0xff, b}); err != nil {
			return 0, err
		}
	}
}

// trailer looks at what follows the picture. Telephones append a second picture
// (depth, brightness), a short film or notes of their own: these are cut off.
// Anything else does not belong to a picture, and the file is refused.
func (c *jpegCleaner) trailer() error {
	if c.in.left() == 0 {
		return nil
	}
	next := c.in.peek(12)
	switch {
	case c.several && bytes.HasPrefix(next, []byte{0xff, markSOI}):
	case len(next) == 12 && string(next[4:8]) == "ftyp":
	case c.samsung(), c.padding():
	default:
		return broken("%d bytes follow the picture", c.in.left())
	}
	return nil
}

// samsung reports whether the file ends with the notes of Samsung's cameras.
func (c *jpegCleaner) samsung() bool {
	var end [4]byte
	_, err := c.in.src.ReadAt(end[:], c.in.size-4)
	return err == nil && string(end[:]) == "SEFT"
}

// padding reports whether nothing but zeros or line ends follow, as some cameras
// write.
func (c *jpegCleaner) padding() bool {
	const most = 64 << 10
	if c.in.left() > most {
		return false
	}
	rest, err := c.in.bytes(int(c.in.left()))
	return err == nil && len(bytes.Trim(rest, "\x00\xff\r\n")) == 0
}
