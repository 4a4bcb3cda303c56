package lang

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"io"
	"math"

	"jiban"
)

// A classifier file is gzip (whose checksum guards it) around: the magic line, a
// line of JSON (classifierHeader), the hashed features in rising order as uint32,
// the rows as float32; both little-endian.
const (
	classifierMagic = "jiban classifier 1\n"
	classifierHead  = 1 << 20 // longest header line, bytes
)

type classifierHeader struct {
	Labels      []string `json:"labels"`
	Stride      int      `json:"stride"`
	Features    int      `json:"features"`
	Temperature float64  `json:"temperature"`
	Threshold   float64  `json:"threshold"`
}

// Save writes the classifier in a form that LoadClassifier reads.
func (c *Classifier) Save(w io.Writer) error {
	const op = "lang.Classifier.Save"
	z := gzip.NewWriter(w)
	features := make([]uint32, 0, len(c.rows)/c.stride)
	for f, row := range c.index {
		if row != 0 {
			features = append(features, uint32(f))
		}
	}
	head, err := json.Marshal(classifierHeader{c.labels, c.stride, len(features), c.temperature, c.threshold})
	if err != nil {
		return jiban.Errorf(jiban.CodeInternal, op, "write the header: %w", err)
	}
	if _, err := z.Write(append([]byte(classifierMagic), append(head, '\n')...)); err != nil {
		return jiban.Errorf(jiban.CodeUnavailable, op, "write the classifier: %w", err)
	}
	for _, part := range []any{features, c.rows} {
		if err := binary.Write(z, binary.LittleEndian, part); err != nil {
			return jiban.Errorf(jiban.CodeUnavailable, op, "write the classifier: %w", err)
		}
	}
	if err := z.Close(); err != nil {
		return jiban.Errorf(jiban.CodeUnavailable, op, "write the classifier: %w", err)
	}
	return nil
}

// LoadClassifier reads what Save wrote. CodeInvalid for anything else, a damaged
// file included.
func LoadClassifier(r io.Reader) (*Classifier, error) {
	const op = "lang.LoadClassifier"
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, jiban.Errorf(jiban.CodeInvalid, op, "not a classifier file: %w", err)
	}
	in := bufio.NewReader(z)
	h, err := readHeader(in)
	if err != nil {
		return nil, jiban.Errorf(jiban.CodeInvalid, op, "read the header of the classifier: %w", err)
	}
	c := &Classifier{
		labels: h.Labels, stride: h.Stride, temperature: h.Temperature, threshold: h.Threshold,
		index: make([]uint32, hashSize), rows: make([]float32, (h.Features+1)*h.Stride),
	}
	features := make([]uint32, h.Features)
	for _, part := range []any{features, c.rows} {
		if err := binary.Read(in, binary.LittleEndian, part); err != nil {
			return nil, jiban.Errorf(jiban.CodeInvalid, op, "the classifier file is cut short or damaged: %w", err)
		}
	}
	if n, err := io.Copy(io.Discard, io.LimitReader(in, 1)); n != 0 || err != nil {
		return nil, jiban.Errorf(jiban.CodeInvalid, op, "the classifier file does not end where it should or its checksum is wrong (%d, %v)", n, err)
	}
	for k, f := range features {
		if f >= hashSize || k > 0 && f <= features[k-1] {
			return nil, jiban.Errorf(jiban.CodeInvalid, op, "feature %d of the classifier is out of order", k)
		}
		c.index[f] = uint32(k + 1)
	}
	if err := finite(c.rows); err != nil {
		return nil, err
	}
	return c, nil
}

func readHeader(in *bufio.Reader) (classifierHeader, error) {
	const op = "lang.readHeader"
	var h classifierHeader
	magic := make([]byte, len(classifierMagic))
	if _, err := io.ReadFull(in, magic); err != nil || string(magic) != classifierMagic {
		return h, jiban.Errorf(jiban.CodeInvalid, op, "no classifier of this version")
	}
	var line bytes.Buffer
	for line.Len() < classifierHead {
		b, err := in.ReadByte()
		if err != nil {
			return h, jiban.Errorf(jiban.CodeInvalid, op, "cut short: %w", err)
		}
		if b == '\n' {
			break
		}
		line.WriteByte(b)
	}
	if err := json.Unmarshal(line.Bytes(), &h); err != nil {
		return h, jiban.Errorf(jiban.CodeInvalid, op, "no JSON: %w", err)
	}
	if n := len(h.Labels); n < 2 || n > maxLabels || h.Stride != strideFor(n) || h.Features < 0 || h.Features >= hashSize || !(h.Temperature > 0) {
		return h, jiban.Errorf(jiban.CodeInvalid, op, "%d labels, rows of %d, %d features: out of range", n, h.Stride, h.Features)
	}
	return h, nil
}

// finite refuses weights that are no numbers.
func finite(rows []float32) error {
	for i, x := range rows {
		if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
			return jiban.Errorf(jiban.CodeInvalid, "lang.LoadClassifier", "weight %d of the classifier is no number", i)
		}
	}
	return nil
}
