package files

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
)

// input is a whole file on its way through a cleaner, which reads it from its
// beginning to its end. Memory stays the same however large the file is.
type input struct {
	src  io.ReaderAt
	size int64
	br   *bufio.Reader
	at   int64 // bytes read so far
}

const bufferSize = 32 << 10

func newInput(src io.ReaderAt, size int64) *input {
	return &input{src: src, size: size, br: bufio.NewReaderSize(io.NewSectionReader(src, 0, size), bufferSize)}
}

// left is what was not read yet.
func (in *input) left() int64 { return in.size - in.at }

// Read reads on.
func (in *input) Read(p []byte) (int, error) {
	n, err := in.br.Read(p)
	in.at += int64(n)
	return n, err
}

// full fills p; a file that ends before is broken.
func (in *input) full(p []byte) error {
	n, err := io.ReadFull(in.br, p)
	in.at += int64(n)
	return short(err)
}

// short turns an end that came too early into a refusal.
func short(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return broken("it ends too early")
	}
	return err
}

func (in *input) byte() (byte, error) {
	b, err := in.br.ReadByte()
	if err == nil {
		in.at++
	}
	return b, short(err)
}

// bytes reads n bytes; callers bound n.
func (in *input) bytes(n int) ([]byte, error) {
	p := make([]byte, n)
	return p, in.full(p)
}

// copy passes n bytes on.
func (in *input) copy(out io.Writer, n int64) error {
	done, err := io.CopyN(out, in.br, n)
	in.at += done
	return short(err)
}

// skip reads n bytes and drops them.
func (in *input) skip(n int64) error { return in.copy(io.Discard, n) }

// peek looks at the next n bytes; fewer at the end.
func (in *input) peek(n int) []byte {
	b, err := in.br.Peek(n)
	if err != nil && len(b) == 0 {
		return nil
	}
	return b
}

func be16(b []byte) int { return int(binary.BigEndian.Uint16(b)) }

// The limits of pictures, whatever their bytes: a small file may unfold to many
// pixels in the memory of who looks at it.
const (
	maxSide   = 20_000
	maxPixels = 120_000_000
	maxFrames = 2_000
)

func checkDimensions(w, h int64) error {
	if w <= 0 || h <= 0 {
		return broken("a picture without width or height")
	}
	if w > maxSide || h > maxSide || w*h > maxPixels {
		return broken("a picture of %d by %d is too large to be shown", w, h)
	}
	return nil
}
