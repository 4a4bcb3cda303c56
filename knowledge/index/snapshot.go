package index

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"math"
	"slices"
)

// A snapshot is the sections of a segment, each a length and that many bytes in
// little endian, between a line that names the format and a SHA-256 of all
// before it. Raise the number with every change to the format, the terms or the
// impacts.
const snapshotFormat = "jiban knowledge index 1\n"

// Save writes the index, which must have come from a Builder unchanged, with a
// note of the caller's.
func (ix *Index) Save(out io.Writer, note []byte) error {
	if ix.Changed() > 0 {
		return errors.New("index: only an unchanged index can be saved")
	}
	s := ix.base
	sum := sha256.New()
	w := sectionWriter{w: bufio.NewWriterSize(io.MultiWriter(out, sum), 1<<20)}
	w.raw([]byte(snapshotFormat))
	w.section(note)
	w.strings(s.ids)
	w.strings(s.classes)
	w.section(s.data)
	w.section(s.posts)
	w.section(s.max)
	w.section(binary.LittleEndian.AppendUint64(nil, math.Float64bits(s.mean)))
	w.values(s.class, s.from, s.to, s.dataEnd, s.terms, s.end, s.df, s.skipEnd, s.skips)
	if w.err == nil {
		w.err = w.w.Flush()
	}
	if w.err != nil {
		return w.err
	}
	_, err := out.Write(sum.Sum(nil))
	return err
}

// Read reads what Save wrote, size bytes in all. A file that is cut, damaged or of
// another format is an error, and costs no more memory than it is long.
func Read(in io.Reader, size int64) (ix *Index, note []byte, err error) {
	sum := sha256.New()
	buffered := bufio.NewReaderSize(in, 1<<20)
	r := sectionReader{r: io.TeeReader(buffered, sum), left: size}
	format := make([]byte, len(snapshotFormat))
	if r.raw(format); r.err == nil && string(format) != snapshotFormat {
		return nil, nil, errors.New("index: not a snapshot of this format")
	}
	s := &segment{}
	note = r.section()
	s.ids, s.classes = r.strings(), r.strings()
	s.data, s.posts, s.max = r.section(), r.section(), r.section()
	if mean := r.section(); len(mean) == 8 {
		s.mean = math.Float64frombits(binary.LittleEndian.Uint64(mean))
	}
	readValues(&r, &s.class, 4)
	readValues(&r, &s.from, 8)
	readValues(&r, &s.to, 8)
	readValues(&r, &s.dataEnd, 8)
	readValues(&r, &s.terms, 8)
	readValues(&r, &s.end, 4)
	readValues(&r, &s.df, 4)
	readValues(&r, &s.skipEnd, 4)
	readValues(&r, &s.skips, 8)
	if r.err == nil {
		r.err = checkSum(buffered, sum)
	}
	if r.err != nil {
		return nil, nil, fmt.Errorf("index: the snapshot cannot be read: %w", r.err)
	}
	some := func(at int64) bool { return at != 0 }
	s.bounded = slices.ContainsFunc(s.from, some) || slices.ContainsFunc(s.to, some)
	s.scratch = newScratch(len(s.ids))
	return &Index{base: s}, note, nil
}

func checkSum(in io.Reader, sum hash.Hash) error {
	want := make([]byte, sha256.Size)
	if _, err := io.ReadFull(in, want); err != nil {
		return err
	}
	if string(want) != string(sum.Sum(nil)) {
		return errors.New("its checksum is wrong")
	}
	return nil
}

type sectionWriter struct {
	w   *bufio.Writer
	err error
}

func (w *sectionWriter) raw(b []byte) {
	if w.err == nil {
		_, w.err = w.w.Write(b)
	}
}

func (w *sectionWriter) section(b []byte) {
	w.raw(binary.LittleEndian.AppendUint64(nil, uint64(len(b))))
	w.raw(b)
}

func (w *sectionWriter) strings(list []string) {
	var b []byte
	for _, s := range list {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	w.section(b)
}

// values writes slices of numbers or of structs of numbers.
func (w *sectionWriter) values(all ...any) {
	for _, v := range all {
		size := binary.Size(v)
		w.raw(binary.LittleEndian.AppendUint64(nil, uint64(size)))
		if w.err == nil {
			w.err = binary.Write(w.w, binary.LittleEndian, v)
		}
	}
}

type sectionReader struct {
	r    io.Reader
	left int64 // bytes not yet read
	err  error
}

func (r *sectionReader) raw(b []byte) {
	if r.err == nil {
		_, r.err = io.ReadFull(r.r, b)
		r.left -= int64(len(b))
	}
}

func (r *sectionReader) length() uint64 {
	var b [8]byte
	r.raw(b[:])
	n := binary.LittleEndian.Uint64(b[:])
	if r.err == nil && (r.left < 0 || n > uint64(r.left)) {
		r.err = errors.New("a section is longer than the file")
	}
	if r.err != nil {
		return 0
	}
	return n
}

func (r *sectionReader) section() []byte {
	b := make([]byte, r.length())
	r.raw(b)
	return b
}

func (r *sectionReader) strings() []string {
	b := r.section()
	var list []string
	for len(b) > 0 {
		n, size := binary.Uvarint(b)
		if size <= 0 || n > uint64(len(b)-size) {
			r.err = errors.New("a text is longer than its section")
			return nil
		}
		list = append(list, string(b[size:size+int(n)]))
		b = b[size+int(n):]
	}
	return list
}

// readValues reads a slice of values of the given size in bytes.
func readValues[T any](r *sectionReader, into *[]T, size int) {
	b := r.section()
	if r.err != nil {
		return
	}
	*into = make([]T, len(b)/size)
	_, r.err = binary.Decode(b, binary.LittleEndian, *into)
}
