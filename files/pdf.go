package files

import (
	"bytes"
	"io"
)

// pdfActive are names of what a PDF does by itself or carries with it. Names may
// stand in packed parts too, where they are not found: a PDF is only ever given
// out to be saved, never shown within a page of ours.
func pdfActive() [][]byte {
	return [][]byte{[]byte("/JavaScript"), []byte("/JS"), []byte("/Launch"), []byte("/EmbeddedFile"), []byte("/RichMedia"), []byte("/XFA")}
}

// cleanPDF checks that a PDF begins and ends as one (ISO 32000-1, 7.5) and that
// no part of it acts. It is copied as it is.
func cleanPDF(in *input, out io.Writer) error {
	head := in.peek(8)
	if len(head) < 8 || head[5] != '1' && head[5] != '2' || head[6] != '.' || head[7] < '0' || head[7] > '9' {
		return broken("a PDF of no version")
	}
	if err := pdfEnd(in); err != nil {
		return err
	}
	w := &pdfWatch{}
	if err := in.copy(io.MultiWriter(out, w), in.size); err != nil {
		return err
	}
	return w.end()
}

func pdfEnd(in *input) error {
	const most = 1024
	n := min(in.size, most)
	b := make([]byte, n)
	if _, err := in.src.ReadAt(b, in.size-n); err != nil {
		return short(err)
	}
	_, rest, found := cutLast(b, []byte("%%EOF"))
	if !found || len(bytes.Trim(rest, " \r\n\t\x00")) > 0 {
		return broken("a PDF that does not end as one")
	}
	return nil
}

func cutLast(b, sep []byte) (before, after []byte, found bool) {
	i := bytes.LastIndex(b, sep)
	if i < 0 {
		return b, nil, false
	}
	return b[:i], b[i+len(sep):], true
}

// pdfWatch looks for active names in what is written to it. Letters of a name may
// be written as #xx.
type pdfWatch struct {
	tail []byte
	err  error
}

// longestName bounds what is kept of one write for the next: a name with every
// letter written as #xx.
const longestName = 48

// Write looks at a piece.
func (w *pdfWatch) Write(p []byte) (int, error) {
	w.tail = append(w.tail, p...)
	w.look(false)
	if n := len(w.tail); n > longestName {
		w.tail = append(w.tail[:0], w.tail[n-longestName:]...)
	}
	return len(p), w.err
}

func (w *pdfWatch) end() error {
	w.look(true)
	return w.err
}

func (w *pdfWatch) look(last bool) {
	plain := unescapeNames(w.tail)
	for _, name := range pdfActive() {
		for at := plain; w.err == nil; {
			_, rest, found := bytes.Cut(at, name)
			if !found {
				break
			}
			// The name must end here: /JS is one, /JSomething is another.
			if len(rest) == 0 && last || len(rest) > 0 && !letter(rest[0]) {
				w.err = broken("a PDF with %s", name[1:])
			}
			at = rest
		}
	}
}

func letter(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9'
}

// unescapeNames reads #xx as the character it stands for.
func unescapeNames(b []byte) []byte {
	if bytes.IndexByte(b, '#') < 0 {
		return b
	}
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] == '#' && i+2 < len(b) {
			hi, ok1 := hexDigit(b[i+1])
			lo, ok2 := hexDigit(b[i+2])
			if ok1 && ok2 {
				out = append(out, hi<<4|lo)
				i += 2
				continue
			}
		}
		out = append(out, b[i])
	}
	return out
}

func hexDigit(b byte) (byte, bool) {
	switch {
	case b >= '0' && b <= '9':
		return b - '0', true
	case b >= 'a' && b <= 'f':
		return b - 'a' + 10, true
	case b >= 'A' && b <= 'F':
		return b - 'A' + 10, true
	}
	return 0, false
}
