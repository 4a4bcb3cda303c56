package people

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"jiban"
)

// The encodings of a roster file.
const (
	UTF8    = "utf-8"
	GB18030 = "gb18030"
)

const (
	peekSize = 1 << 20  // bytes looked at to tell the encoding
	maxLine  = 64 << 10 // bytes of one row
)

// table reads the rows of a csv file one by one, each by itself: a broken row
// costs nothing but itself. A field does not go on over a line's end.
type table struct {
	in       *bufio.Reader
	encoding string
	comma    byte
	row      int   // number of the row read last, 1 is the header
	read     int64 // bytes
}

var (
	errTooLong  = errors.New("the row is too long")
	errEncoding = errors.New("the row is not in the encoding of the file")
	errQuotes   = errors.New("a quotation mark is not closed, or stands inside a field")
)

// newTable begins to read. Without an encoding the file itself tells.
func newTable(in io.Reader, encoding string) (*table, error) {
	t := &table{in: bufio.NewReaderSize(in, peekSize), encoding: encoding, comma: ','}
	head, err := t.in.Peek(peekSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, jiban.Errorf(jiban.CodeInvalid, "people.roster", "the file cannot be read: %w", err)
	}
	if bytes.HasPrefix(head, []byte{0xff, 0xfe}) || bytes.HasPrefix(head, []byte{0xfe, 0xff}) || bytes.IndexByte(head, 0) >= 0 {
		return nil, jiban.Errorf(jiban.CodeInvalid, "people.roster", "the file is no csv in UTF-8 or GB18030: save it as one of these (文件应为 UTF-8 或 GB18030 编码的 csv)")
	}
	if bytes.HasPrefix(head, []byte("\xef\xbb\xbf")) {
		t.encoding = UTF8
		if _, err := t.in.Discard(3); err != nil {
			return nil, jiban.Errorf(jiban.CodeInvalid, "people.roster", "the file cannot be read: %w", err)
		}
	}
	if t.encoding == "" {
		t.encoding = guess(head)
	}
	if t.encoding != UTF8 && t.encoding != GB18030 {
		return nil, jiban.Errorf(jiban.CodeInvalid, "people.roster", "encoding %q is unknown: write %s or %s", encoding, UTF8, GB18030)
	}
	line, _, _ := bytes.Cut(head, []byte("\n"))
	if bytes.IndexByte(line, ',') < 0 && bytes.IndexByte(line, '\t') >= 0 {
		t.comma = '\t'
	}
	return t, nil
}

// guess tells the encoding by the beginning of the file, whose last character
// may be cut.
func guess(head []byte) string {
	if len(head) == peekSize {
		for cut := 1; cut < utf8.UTFMax && len(head) > 0; cut++ {
			if r := head[len(head)-cut]; utf8.RuneStart(r) {
				if !utf8.FullRune(head[len(head)-cut:]) {
					head = head[:len(head)-cut]
				}
				break
			}
		}
	}
	if utf8.Valid(head) {
		return UTF8
	}
	return GB18030
}

// next returns the fields of the next row that is not empty, or io.EOF. Other
// errors belong to the row, unless fatal says that the file cannot be read on.
func (t *table) next() (fields []string, fatal bool, err error) {
	for {
		line, err := t.line()
		if err != nil {
			return nil, !errors.Is(err, errTooLong), err
		}
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		text, err := t.decode(line)
		if err != nil {
			return nil, false, err
		}
		fields, err := splitRow(text, t.comma)
		return fields, false, err
	}
}

// line returns the next line without its end, valid until the next call.
func (t *table) line() ([]byte, error) {
	line, err := t.in.ReadSlice('\n')
	t.row++
	t.read += int64(len(line))
	long := len(line) > maxLine || errors.Is(err, bufio.ErrBufferFull)
	for errors.Is(err, bufio.ErrBufferFull) {
		var more []byte
		more, err = t.in.ReadSlice('\n')
		t.read += int64(len(more))
	}
	switch {
	case errors.Is(err, io.EOF) && len(line) == 0:
		return nil, io.EOF
	case err != nil && !errors.Is(err, io.EOF):
		return nil, jiban.Errorf(jiban.CodeInvalid, "people.roster", "the file cannot be read on after row %d: %w", t.row, err)
	case long:
		return nil, errTooLong
	}
	return bytes.TrimRight(line, "\r\n"), nil
}

func (t *table) decode(line []byte) (string, error) {
	if t.encoding == GB18030 && !ascii(line) {
		out, err := simplifiedchinese.GB18030.NewDecoder().Bytes(line)
		if err != nil || bytes.ContainsRune(out, utf8.RuneError) {
			return "", errEncoding
		}
		return string(out), nil
	}
	if !utf8.Valid(line) {
		return "", errEncoding
	}
	return string(line), nil
}

func ascii(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// splitRow takes a csv row apart (RFC 4180).
func splitRow(row string, comma byte) ([]string, error) {
	fields := make([]string, 0, 8)
	for {
		if len(row) == 0 || row[0] != '"' {
			end := len(row)
			for i := 0; i < len(row); i++ {
				if row[i] == '"' {
					return nil, errQuotes
				}
				if row[i] == comma {
					end = i
					break
				}
			}
			fields = append(fields, row[:end])
			if end == len(row) {
				return fields, nil
			}
			row = row[end+1:]
			continue
		}
		field, rest, err := quoted(row[1:])
		if err != nil {
			return nil, err
		}
		fields = append(fields, field)
		if rest == "" {
			return fields, nil
		}
		if rest[0] != comma {
			return nil, errQuotes
		}
		row = rest[1:]
	}
}

// quoted reads a field after its opening mark and returns what follows it.
func quoted(row string) (field, rest string, err error) {
	var out []byte
	for i := 0; i < len(row); i++ {
		if row[i] != '"' {
			out = append(out, row[i])
			continue
		}
		if i+1 < len(row) && row[i+1] == '"' {
			out = append(out, '"')
			i++
			continue
		}
		return string(out), row[i+1:], nil
	}
	return "", "", errQuotes
}
