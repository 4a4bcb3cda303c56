package files

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"hash"
	"hash/crc32"
	"io"
)

const pngSignature = "\x89PNG\r\n\x1a\n"

// pngKept are the chunks that are needed to show a PNG. Texts, times, EXIF,
// profiles and what nobody knows are dropped (PNG, third edition, chapter 11).
func pngKept(kind string) bool {
	switch kind {
	case "IHDR", "PLTE", "IDAT", "IEND", "tRNS", "gAMA", "cHRM", "sRGB", "sBIT", "bKGD", "pHYs", "acTL", "fcTL", "fdAT":
		return true
	}
	return false
}

// pngCleaner copies the chunks of a PNG, each with its checksum proven, and
// unpacks the picture on the way to see that it is all there and nothing more.
type pngCleaner struct {
	in     *input
	out    io.Writer
	header []byte
	frames int
	pixels *inflating
	done   bool // the data of the picture are over
}

func cleanPNG(in *input, out io.Writer) error {
	c := &pngCleaner{in: in, out: out}
	start, err := in.bytes(len(pngSignature))
	if err != nil {
		return err
	}
	if string(start) != pngSignature {
		return broken("no start of a PNG")
	}
	if _, err := out.Write(start); err != nil {
		return err
	}
	defer c.stop()
	for {
		end, err := c.chunk()
		if err != nil {
			return err
		}
		if end {
			break
		}
	}
	if in.left() != 0 {
		return broken("%d bytes follow the picture", in.left())
	}
	return nil
}

func (c *pngCleaner) stop() {
	if c.pixels != nil {
		c.pixels.stop()
	}
}

// chunk deals with one chunk; true after the last.
func (c *pngCleaner) chunk() (bool, error) {
	head, err := c.in.bytes(8)
	if err != nil {
		return false, err
	}
	n, kind := int64(binary.BigEndian.Uint32(head)), string(head[4:])
	if n > c.in.left()-4 {
		return false, broken("a chunk is longer than the file")
	}
	if (c.header == nil) != (kind == "IHDR") {
		return false, broken("the header of a PNG is missing or not the first")
	}
	if err := c.order(kind, n); err != nil {
		return false, err
	}
	keep := pngKept(kind)
	if !keep && kind[0]&0x20 == 0 {
		return false, broken("a part that nobody knows and nobody may leave out")
	}
	return kind == "IEND", c.pass(head, n, kind, keep)
}

// order checks that the parts come where they must.
func (c *pngCleaner) order(kind string, n int64) error {
	if kind != "IDAT" && c.pixels != nil && !c.done {
		c.done = true
		if err := c.pixels.finish(); err != nil {
			return err
		}
	}
	switch kind {
	case "IHDR":
		if n != 13 {
			return broken("a header of the wrong length")
		}
	case "IDAT":
		if c.done {
			return broken("the picture is in two pieces")
		}
	case "PLTE":
		if n > 768 || n%3 != 0 {
			return broken("a palette of the wrong length")
		}
	case "IEND":
		if n != 0 || c.pixels == nil {
			return broken("a PNG without a picture")
		}
	case "fcTL":
		if c.frames++; c.frames > maxFrames || n != 26 {
			return broken("too many frames")
		}
	}
	return nil
}

// pass reads a chunk, proves its checksum and writes it when it is kept.
func (c *pngCleaner) pass(head []byte, n int64, kind string, keep bool) error {
	out := io.Discard
	if keep {
		out = c.out
	}
	if _, err := out.Write(head); err != nil {
		return err
	}
	sum := crc32.NewIEEE()
	_, _ = sum.Write(head[4:]) // never fails
	if err := c.body(out, sum, n, kind); err != nil {
		return err
	}
	tail, err := c.in.bytes(4)
	if err != nil {
		return err
	}
	if binary.BigEndian.Uint32(tail) != sum.Sum32() {
		return broken("a part of the picture was altered or damaged")
	}
	_, err = out.Write(tail)
	return err
}

func (c *pngCleaner) body(out io.Writer, sum hash.Hash32, n int64, kind string) error {
	if kind == "IDAT" {
		if c.pixels == nil {
			c.pixels = newInflating(pngSize(c.header))
		}
		return c.in.copy(io.MultiWriter(out, sum, c.pixels), n)
	}
	if kind != "IHDR" {
		return c.in.copy(io.MultiWriter(out, sum), n)
	}
	var keep bytes.Buffer
	if err := c.in.copy(io.MultiWriter(out, sum, &keep), n); err != nil {
		return err
	}
	c.header = keep.Bytes()
	return checkHeader(c.header)
}

func checkHeader(h []byte) error {
	depth, colour := h[8], h[9]
	var good bool
	switch colour {
	case 0:
		good = depth == 1 || depth == 2 || depth == 4 || depth == 8 || depth == 16
	case 3:
		good = depth == 1 || depth == 2 || depth == 4 || depth == 8
	case 2, 4, 6:
		good = depth == 8 || depth == 16
	}
	if !good || h[10] != 0 || h[11] != 0 || h[12] > 1 {
		return broken("a header that no PNG has")
	}
	return checkDimensions(int64(binary.BigEndian.Uint32(h)), int64(binary.BigEndian.Uint32(h[4:])))
}

// pngSize is how many bytes the picture has unpacked: each line its pixels and one
// byte that names the filter; seven times that for an interlaced one.
func pngSize(h []byte) int64 {
	w, height := int64(binary.BigEndian.Uint32(h)), int64(binary.BigEndian.Uint32(h[4:]))
	channels := map[byte]int64{0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[h[9]]
	bits := channels * int64(h[8])
	lines := func(w, h int64) int64 {
		if w == 0 || h == 0 {
			return 0
		}
		return h * (1 + (w*bits+7)/8)
	}
	if h[12] == 0 {
		return lines(w, height)
	}
	var total int64
	for _, p := range [][4]int64{{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}} {
		total += lines((w-p[0]+p[2]-1)/p[2], (height-p[1]+p[3]-1)/p[3])
	}
	return total
}

// inflating unpacks what is written to it, beside, and compares how much comes
// out with what should.
type inflating struct {
	*io.PipeWriter
	want   int64
	result chan error
}

func newInflating(want int64) *inflating {
	r, w := io.Pipe()
	f := &inflating{PipeWriter: w, want: want, result: make(chan error, 1)}
	go func() {
		err := inflate(r, want)
		r.CloseWithError(err)
		f.result <- err
	}()
	return f
}

func inflate(r io.Reader, want int64) error {
	// The reader gives single bytes, so that nothing is read ahead of the end.
	br := bufio.NewReader(r)
	z, err := zlib.NewReader(br)
	if err != nil {
		return broken("the picture cannot be unpacked")
	}
	n, err := io.Copy(io.Discard, io.LimitReader(z, want+1))
	switch {
	case err != nil, n < want:
		return broken("the picture is not whole")
	case n > want:
		return broken("more comes out of the picture than it should hold")
	}
	if extra, err := io.Copy(io.Discard, br); err != nil || extra > 0 {
		return broken("something follows the data of the picture")
	}
	return nil
}

// finish tells how the unpacking ended.
func (f *inflating) finish() error {
	_ = f.Close() // of a pipe: never fails
	err := <-f.result
	f.result <- err
	return err
}

// stop ends the unpacking wherever it is.
func (f *inflating) stop() {
	f.CloseWithError(errStopped)
	_ = f.finish() // why it ended is known: it was stopped
}

var errStopped = errors.New("stopped")
