package files

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
)

// clean checks a file of at most the allowed size and writes what is kept of it.
// It returns the kind that the content really is.
func clean(src io.ReaderAt, size int64, allowed func(Kind) bool, out io.Writer) (Kind, error) {
	kind, known := sniff(src)
	if !known {
		return "", refused(BadKind, "the content is of no type that is taken")
	}
	in, tail := newInput(src, size), &tailWriter{}
	sinks := []io.Writer{out, tail}
	if foreign(kind) {
		sinks = append(sinks, &watch{})
	}
	// Cleaners write small pieces.
	gathered := bufio.NewWriterSize(io.MultiWriter(sinks...), 2*bufferSize)
	kind, err := cleanAs(kind, in, gathered)
	if err == nil {
		err = gathered.Flush()
	}
	if err != nil {
		return kind, err
	}
	if !allowed(kind) {
		return kind, refused(BadKind, "files of type %s are not taken", kind)
	}
	if kind != DOCX && kind != XLSX && tail.container() {
		return kind, broken("a container is hidden in it")
	}
	return kind, nil
}

func cleanAs(kind Kind, in *input, out io.Writer) (Kind, error) {
	switch kind {
	case JPEG:
		return kind, cleanJPEG(in, out)
	case PNG:
		return kind, cleanPNG(in, out)
	case GIF:
		return kind, cleanGIF(in, out)
	case WebP:
		return kind, cleanWebP(in, out)
	case PDF:
		return kind, cleanPDF(in, out)
	case DOCX, XLSX:
		return cleanOffice(in, out)
	case MP4, M4A, MOV:
		return cleanFilm(in, out)
	case AMR, AMRWB:
		return kind, cleanAMR(in, out, kind == AMRWB)
	case SILK:
		return kind, cleanSILK(in, out)
	default:
		return kind, cleanMP3(in, out)
	}
}

// foreign reports whether text of pages and scripts has no place in a kind.
func foreign(k Kind) bool { return k != PDF && k != DOCX && k != XLSX }

// watch refuses what browsers, mail programs or PDF readers could take for
// something else: the marks are long enough not to come about by chance.
type watch struct {
	tail []byte
	seen int64
}

const pdfHeader = 1024 // readers look for %PDF- in the first bytes

func (w *watch) marks() [][]byte {
	return [][]byte{[]byte("<script"), []byte("<!doctype html"), []byte("</html>"), []byte("<?php "), []byte("<svg xmlns")}
}

// Write looks at a piece.
func (w *watch) Write(p []byte) (int, error) {
	const longest = 16
	w.tail = append(w.tail, p...)
	if w.seen < pdfHeader && bytes.Contains(w.tail[:min(len(w.tail), pdfHeader+longest)], []byte("%PDF-")) {
		return 0, broken("a PDF is hidden in it")
	}
	w.seen += int64(len(p))
	if bytes.IndexByte(w.tail, '<') >= 0 {
		low := bytes.ToLower(w.tail)
		for _, m := range w.marks() {
			if bytes.Contains(low, m) {
				return 0, broken("text of a page or script is hidden in it")
			}
		}
	}
	if n := len(w.tail); n > longest {
		w.tail = append(w.tail[:0], w.tail[n-longest:]...)
	}
	return len(p), nil
}

// tailWriter remembers the end of what is written to it.
type tailWriter struct {
	b []byte
}

// zipTail is how far from the end of a file a container's directory may end.
const zipTail = 22 + 65535

// Write remembers a piece.
func (t *tailWriter) Write(p []byte) (int, error) {
	t.b = append(t.b, p[max(0, len(p)-zipTail):]...)
	if n := len(t.b); n > 4*zipTail {
		t.b = append(t.b[:0], t.b[n-zipTail:]...)
	}
	return len(p), nil
}

// container reports whether an unpacker would take the file for a container: the
// end of a directory whose comment reaches to the end of the file.
func (t *tailWriter) container() bool {
	b := t.b[max(0, len(t.b)-zipTail):]
	for {
		i := bytes.LastIndex(b, []byte("PK\x05\x06"))
		if i < 0 {
			return false
		}
		if end := t.b[len(t.b)-min(len(t.b), zipTail)+i:]; len(end) >= 22 && int(binary.LittleEndian.Uint16(end[20:]))+22 >= len(end) {
			return true
		}
		b = b[:i]
	}
}
