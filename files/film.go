package files

import (
	"encoding/binary"
	"io"
)

// box is one box of a film or of sound (ISO/IEC 14496-12).
type box struct {
	kind string
	at   int64 // of the box
	body int64 // of its content
	end  int64
}

// blank is a stretch of the file that is written as zeros; kind is where the
// box's name stands, which becomes "free".
type blank struct {
	kind, from, to int64
}

// filmCleaner walks the boxes of a film. What tells where, when and with what it
// was made (udta, meta, uuid: GPS among it) is blanked in place, so that no offset
// in the file changes. Tracks of their own that hold positions are not looked into.
type filmCleaner struct {
	in     *input
	boxes  int
	blanks []blank
	video  bool
	sound  bool
	movie  bool
	data   bool
	brand  string
}

const (
	maxBoxes = 20_000
	maxDepth = 4
)

// cleanFilm writes the cleaned film and tells which kind it is.
func cleanFilm(in *input, out io.Writer) (Kind, error) {
	c := &filmCleaner{in: in}
	if err := c.walk(0, in.size, 0); err != nil {
		return "", err
	}
	if !c.movie || !c.data || !c.video && !c.sound {
		return "", broken("neither film nor sound is in it")
	}
	kind := MP4
	switch {
	case c.brand == "qt  ":
		kind = MOV
	case !c.video:
		kind = M4A
	}
	return kind, c.write(out)
}

// walk goes through the boxes of a stretch, which they must fill.
func (c *filmCleaner) walk(from, to int64, depth int) error {
	for at := from; at < to; {
		b, err := c.box(at, to, depth)
		if err != nil {
			return err
		}
		if err := c.take(b, depth); err != nil {
			return err
		}
		at = b.end
	}
	return nil
}

func (c *filmCleaner) box(at, to int64, depth int) (box, error) {
	if c.boxes++; c.boxes > maxBoxes {
		return box{}, broken("too many parts")
	}
	var h [16]byte
	n, err := c.in.src.ReadAt(h[:min(16, to-at)], at)
	if n < 8 {
		if err == nil {
			err = io.EOF
		}
		return box{}, short(err)
	}
	b := box{kind: string(h[4:8]), at: at, body: at + 8, end: at + int64(binary.BigEndian.Uint32(h[:]))}
	switch b.end - at {
	case 0: // up to the end, allowed for the last of the file
		if depth > 0 {
			return b, broken("a part without an end")
		}
		b.end = to
	case 1:
		size := binary.BigEndian.Uint64(h[8:])
		if n < 16 || size < 16 || size > uint64(to-at) {
			return b, broken("a part of a length that cannot be")
		}
		b.body, b.end = at+16, at+int64(size)
	}
	if b.end < b.body || b.end > to {
		return b, broken("a part is longer than what it is in")
	}
	return b, nil
}

func (c *filmCleaner) take(b box, depth int) error {
	if depth == 0 {
		if err := c.top(b); err != nil {
			return err
		}
	}
	switch b.kind {
	case "udta", "meta", "uuid", "free", "skip", "wide", "pnot":
		c.blanks = append(c.blanks, blank{b.at + 4, b.body, b.end})
	case "moov", "trak", "mdia":
		if depth >= maxDepth {
			return broken("parts in parts in parts")
		}
		return c.walk(b.body, b.end, depth+1)
	case "hdlr":
		return c.handler(b)
	}
	return nil
}

// top looks at the boxes of the file itself: only those that a film has.
func (c *filmCleaner) top(b box) error {
	switch b.kind {
	case "ftyp":
		var brand [4]byte
		if _, err := c.in.src.ReadAt(brand[:], b.body); err != nil || b.at != 0 {
			return broken("the type of the film stands in the wrong place")
		}
		c.brand = string(brand[:])
	case "moov":
		if c.movie {
			return broken("two films in one")
		}
		c.movie = true
	case "mdat":
		c.data = true
	case "moof", "styp", "sidx", "mfra", "free", "skip", "wide", "udta", "meta", "uuid", "pdin", "pnot":
	default:
		return broken("a part that no film has")
	}
	if b.at == 0 && b.kind != "ftyp" {
		return broken("no type at the beginning")
	}
	return nil
}

// handler learns what a track holds.
func (c *filmCleaner) handler(b box) error {
	var h [12]byte
	if b.end-b.body < int64(len(h)) {
		return broken("a track does not say what it holds")
	}
	if _, err := c.in.src.ReadAt(h[:], b.body); err != nil {
		return short(err)
	}
	switch string(h[8:]) {
	case "vide":
		c.video = true
	case "soun":
		c.sound = true
	}
	return nil
}

// write copies the file with its blanks.
func (c *filmCleaner) write(out io.Writer) error {
	at := int64(0)
	plain := func(to int64) error {
		_, err := io.Copy(out, io.NewSectionReader(c.in.src, at, to-at))
		at = to
		return err
	}
	for _, b := range c.blanks {
		if err := plain(b.kind); err != nil {
			return err
		}
		if _, err := io.WriteString(out, "free"); err != nil {
			return err
		}
		at += 4
		if err := plain(b.from); err != nil {
			return err
		}
		if _, err := io.CopyN(out, zeros{}, b.to-b.from); err != nil {
			return err
		}
		at = b.to
	}
	return plain(c.in.size)
}

// zeros is an endless reader of zeros.
type zeros struct{}

// Read fills p with zeros.
func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
