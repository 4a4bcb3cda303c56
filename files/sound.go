package files

import (
	"bytes"
	"encoding/binary"
	"io"
)

// How the formats of voice messages begin (RFC 4867; SILK as WeChat writes it,
// domain A10).
const (
	amrStart     = "#!AMR\n"
	amrWideStart = "#!AMR-WB\n"
	silkStart    = "#!SILK_V3"
)

// amrFrame is the length of a frame of AMR by its type, its first byte with it
// (RFC 4867, 3GPP TS 26.101); 0 for a type that does not exist.
func amrFrame(kind byte, wide bool) int64 {
	narrow := [16]int64{13, 14, 16, 18, 20, 21, 27, 32, 6, 0, 0, 0, 0, 0, 0, 1}
	broad := [16]int64{18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 0, 0, 0, 0, 1, 1}
	if wide {
		return broad[kind]
	}
	return narrow[kind]
}

// cleanAMR checks that the file is frames to its end.
func cleanAMR(in *input, out io.Writer, wide bool) error {
	start := amrStart
	if wide {
		start = amrWideStart
	}
	if err := in.copy(out, int64(len(start))); err != nil {
		return err
	}
	frames := 0
	for in.left() > 0 {
		head := in.peek(1)
		if len(head) == 0 || head[0]&0x83 != 0 {
			return broken("a frame that no speech has")
		}
		n := amrFrame(head[0]>>3&0xf, wide)
		if n == 0 {
			return broken("a frame of a type that does not exist")
		}
		if err := in.copy(out, n); err != nil {
			return err
		}
		frames++
	}
	if frames == 0 {
		return broken("speech without a frame")
	}
	return nil
}

// cleanSILK checks that the file is blocks to its end.
func cleanSILK(in *input, out io.Writer) error {
	start := int64(len(silkStart))
	if head := in.peek(1); len(head) > 0 && head[0] == 2 {
		start++
	}
	if err := in.copy(out, start); err != nil {
		return err
	}
	blocks := 0
	for in.left() > 0 {
		head, err := in.bytes(2)
		if err != nil {
			return err
		}
		if _, err := out.Write(head); err != nil {
			return err
		}
		n := int64(binary.LittleEndian.Uint16(head))
		if n == 0xffff && in.left() == 0 {
			break
		}
		if n == 0 || n > 1250 {
			return broken("a block of a length that no speech has")
		}
		if err := in.copy(out, n); err != nil {
			return err
		}
		blocks++
	}
	if blocks == 0 {
		return broken("speech without a block")
	}
	return nil
}

// cleanMP3 copies the frames of MPEG audio. What stands before and after them
// (ID3: titles, comments, pictures) is dropped; a last frame that was cut short
// too.
func cleanMP3(in *input, out io.Writer) error {
	if err := skipID3(in); err != nil {
		return err
	}
	frames := 0
	for in.left() > 0 {
		n := mp3Frame(in.peek(4))
		if n == 0 || n > in.left() {
			break
		}
		if err := in.copy(out, n); err != nil {
			return err
		}
		frames++
	}
	const enough = 3 // fewer may be chance
	if frames < enough {
		return broken("no sound")
	}
	return mp3Trailer(in)
}

func skipID3(in *input) error {
	head := in.peek(10)
	if len(head) < 10 || !bytes.HasPrefix(head, []byte("ID3")) {
		return nil
	}
	n := int64(10)
	for i, b := range head[6:10] {
		if b > 0x7f {
			return broken("a title of a length that cannot be")
		}
		n += int64(b) << (7 * (3 - i))
	}
	if n > in.left() {
		return broken("a title longer than the file")
	}
	return in.skip(n)
}

// mp3Frame is the length of the frame that begins with a header, 0 for none
// (ISO/IEC 11172-3, layer III; 13818-3 for the lower rates).
func mp3Frame(h []byte) int64 {
	if len(h) < 4 || h[0] != 0xff || h[1]&0xe0 != 0xe0 || h[1]>>1&3 != 1 {
		return 0
	}
	version, rate, sample := h[1]>>3&3, h[2]>>4, h[2]>>2&3
	if version == 1 || rate == 0 || rate == 15 || sample == 3 {
		return 0
	}
	kbit := [2][15]int64{{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320}, {0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160}}
	hertz := [3]int64{44100, 48000, 32000}[sample]
	table, factor := 0, int64(144_000)
	switch version {
	case 2:
		table, factor, hertz = 1, 72_000, hertz/2
	case 0:
		table, factor, hertz = 1, 72_000, hertz/4
	}
	return factor*kbit[table][rate]/hertz + int64(h[2]>>1&1)
}

// mp3Trailer looks at what follows the frames: an ID3v1 title, padding, or the
// beginning of one more frame.
func mp3Trailer(in *input) error {
	const title, longestFrame = 128, 1441
	rest := in.left()
	if rest == 0 {
		return nil
	}
	if rest > longestFrame {
		return broken("%d bytes follow the sound", rest)
	}
	b, err := in.bytes(int(rest))
	if err != nil {
		return err
	}
	if n := len(b); n >= title && bytes.HasPrefix(b[n-title:], []byte("TAG")) {
		b = b[:n-title]
	}
	if len(bytes.Trim(b, "\x00")) == 0 || mp3Frame(b) > int64(len(b)) {
		return nil
	}
	return broken("something follows the sound")
}
