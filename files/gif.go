package files

import (
	"encoding/binary"
	"io"
)

// gifCleaner copies the blocks of a GIF (GIF89a, appendix A). Comments, texts and
// what applications put in are dropped, but for how often a film repeats.
type gifCleaner struct {
	in     *input
	out    io.Writer
	frames int
}

func cleanGIF(in *input, out io.Writer) error {
	c := &gifCleaner{in: in, out: out}
	if err := c.header(); err != nil {
		return err
	}
	for {
		b, err := in.byte()
		if err != nil {
			return err
		}
		switch b {
		case 0x2c:
			err = c.image()
		case 0x21:
			err = c.extension()
		case 0x3b:
			return c.end()
		default:
			err = broken("a block that no GIF has")
		}
		if err != nil {
			return err
		}
	}
}

func (c *gifCleaner) header() error {
	h, err := c.in.bytes(13)
	if err != nil {
		return err
	}
	w, height := int64(binary.LittleEndian.Uint16(h[6:])), int64(binary.LittleEndian.Uint16(h[8:]))
	if err := checkDimensions(w, height); err != nil {
		return err
	}
	if _, err := c.out.Write(h); err != nil {
		return err
	}
	return c.table(h[10])
}

// table copies a colour table where the flags say that there is one.
func (c *gifCleaner) table(flags byte) error {
	if flags&0x80 == 0 {
		return nil
	}
	return c.in.copy(c.out, 3<<(flags&7+1))
}

func (c *gifCleaner) image() error {
	if c.frames++; c.frames > maxFrames {
		return broken("too many frames")
	}
	d, err := c.in.bytes(9)
	if err != nil {
		return err
	}
	if err := checkDimensions(int64(binary.LittleEndian.Uint16(d[4:])), int64(binary.LittleEndian.Uint16(d[6:]))); err != nil {
		return err
	}
	if _, err := c.out.Write(append([]byte{0x2c}, d...)); err != nil {
		return err
	}
	if err := c.table(d[8]); err != nil {
		return err
	}
	width, err := c.in.byte() // of the codes
	if err != nil {
		return err
	}
	if width < 2 || width > 8 {
		return broken("codes of a width that no GIF has")
	}
	if _, err := c.out.Write([]byte{width}); err != nil {
		return err
	}
	return c.blocks(c.out)
}

// blocks copies sub-blocks up to and with the empty one.
func (c *gifCleaner) blocks(out io.Writer) error {
	for {
		n, err := c.in.byte()
		if err != nil {
			return err
		}
		if _, err := out.Write([]byte{n}); err != nil {
			return err
		}
		if n == 0 {
			return nil
		}
		if err := c.in.copy(out, int64(n)); err != nil {
			return err
		}
	}
}

func (c *gifCleaner) extension() error {
	label, err := c.in.byte()
	if err != nil {
		return err
	}
	switch label {
	case 0xf9: // how long a frame is shown
		if _, err := c.out.Write([]byte{0x21, label}); err != nil {
			return err
		}
		return c.blocks(c.out)
	case 0xff:
		return c.application()
	case 0xfe, 0x01: // comment, plain text
		return c.blocks(io.Discard)
	}
	return broken("an extension that no GIF has")
}

func (c *gifCleaner) application() error {
	n, err := c.in.byte()
	if err != nil {
		return err
	}
	name, err := c.in.bytes(int(n))
	if err != nil {
		return err
	}
	out := io.Discard
	if s := string(name); s == "NETSCAPE2.0" || s == "ANIMEXTS1.0" {
		out = c.out
	}
	if _, err := out.Write(append([]byte{0x21, 0xff, n}, name...)); err != nil {
		return err
	}
	return c.blocks(out)
}

func (c *gifCleaner) end() error {
	if c.frames == 0 {
		return broken("a GIF without a picture")
	}
	if c.in.left() != 0 {
		return broken("%d bytes follow the picture", c.in.left())
	}
	_, err := c.out.Write([]byte{0x3b})
	return err
}
