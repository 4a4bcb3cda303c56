package knowledge

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"hash/crc32"
	"io"
	"sync"
	"time"
	"unicode/utf16"

	"jiban"
)

// An article is kept with the index in a packed form: the numbers as varints,
// the texts in UTF-16, which takes a third less than UTF-8 for Chinese. What
// ranking looks at comes first, as it is; the rest is compressed against what
// articles usually say, and unpacked for the few that are handed out only.

// archive packs and unpacks articles. It may be used by many goroutines.
type archive struct {
	usual   []byte // a text like those to come
	writers sync.Pool
	readers sync.Pool
}

// newArchive returns an archive that knows the given usual text.
func newArchive(usual string) *archive {
	var p packer
	p.text(usual)
	return &archive{usual: p.b}
}

// id names the usual text: what was packed against another cannot be unpacked.
func (ar *archive) id() uint32 { return crc32.ChecksumIEEE(ar.usual) }

// pack returns the packed form of an article.
func (ar *archive) pack(a jiban.Article) []byte {
	var p packer
	p.text(a.Title)
	p.texts(a.Similar)
	p.texts(a.Regions)
	p.text(a.Theme)
	rest := packer{make([]byte, 0, 2*len(a.Body)/3+256)}
	rest.rest(a)
	return ar.deflate(p.b, rest.b)
}

// deflate appends the compressed bytes to out. Writing to memory cannot fail.
func (ar *archive) deflate(out, b []byte) []byte {
	buf := bytes.NewBuffer(out)
	w, _ := ar.writers.Get().(*flate.Writer)
	if w == nil {
		w, _ = flate.NewWriterDict(buf, flateLevel, ar.usual)
	} else {
		w.Reset(buf)
	}
	_, _ = w.Write(b)
	_ = w.Close()
	ar.writers.Put(w)
	return buf.Bytes()
}

// flateLevel favours packing over speed: an article is packed once.
const flateLevel = 6

func (ar *archive) inflate(b []byte) ([]byte, error) {
	in := bytes.NewReader(b)
	r, _ := ar.readers.Get().(io.ReadCloser)
	if r == nil {
		r = flate.NewReaderDict(in, ar.usual)
	} else if err := r.(flate.Resetter).Reset(in, ar.usual); err != nil {
		return nil, err
	}
	out, err := io.ReadAll(r)
	ar.readers.Put(r)
	return out, err
}

// unpack returns the article of a packed form.
func (ar *archive) unpack(b []byte) (jiban.Article, error) {
	u := unpacker{b}
	a := jiban.Article{Title: u.text(), Similar: u.texts(), Regions: u.texts(), Theme: u.text()}
	rest, err := ar.inflate(u.b)
	if err != nil {
		return a, jiban.Errorf(jiban.CodeInternal, "knowledge.unpack", "article %q in the index: %w", a.Title, err)
	}
	u = unpacker{rest}
	u.rest(&a)
	return a, nil
}

func (p *packer) rest(a jiban.Article) {
	p.text(a.ID)
	p.number(int64(a.Version))
	p.text(a.Body)
	p.texts(a.Keywords)
	p.text(a.Department)
	p.text(a.Source)
	p.text(string(a.Audience))
	p.text(string(a.Status))
	p.text(a.Author)
	p.time(a.ValidFrom)
	p.time(a.ValidTo)
	p.time(a.UpdatedAt)
}

// head is what ranking and deciding look at.
type head struct {
	title   string
	similar []string
	regions []string
	theme   string
}

func unpackHead(b []byte) head {
	u := unpacker{b}
	return head{title: u.text(), similar: u.texts(), regions: u.texts(), theme: u.text()}
}

func (u *unpacker) rest(a *jiban.Article) {
	a.ID = u.text()
	a.Version = int(u.number())
	a.Body = u.text()
	a.Keywords = u.texts()
	a.Department = u.text()
	a.Source = u.text()
	a.Audience = jiban.Audience(u.text())
	a.Status = jiban.ArticleStatus(u.text())
	a.Author = u.text()
	a.ValidFrom = u.time()
	a.ValidTo = u.time()
	a.UpdatedAt = u.time()
}

type packer struct{ b []byte }

func (p *packer) number(n int64) { p.b = binary.AppendVarint(p.b, n) }

func (p *packer) text(s string) {
	units := 0
	for _, r := range s {
		units += utf16.RuneLen(r)
	}
	p.number(int64(units))
	for _, r := range s {
		if r1, r2 := utf16.EncodeRune(r); r > 0xFFFF {
			p.b = binary.LittleEndian.AppendUint16(p.b, uint16(r1))
			p.b = binary.LittleEndian.AppendUint16(p.b, uint16(r2))
			continue
		}
		p.b = binary.LittleEndian.AppendUint16(p.b, uint16(r))
	}
}

func (p *packer) texts(list []string) {
	p.number(int64(len(list)))
	for _, s := range list {
		p.text(s)
	}
}

// time keeps the zero time as 0; nothing else in the house is of 1970.
func (p *packer) time(t time.Time) {
	if t.IsZero() {
		p.number(0)
		return
	}
	p.number(t.UnixNano())
}

type unpacker struct{ b []byte }

func (u *unpacker) number() int64 {
	n, size := binary.Varint(u.b)
	u.b = u.b[max(size, 0):]
	return n
}

func (u *unpacker) text() string {
	n := int(u.number())
	if n == 0 {
		return ""
	}
	units := make([]uint16, n)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(u.b[2*i:])
	}
	u.b = u.b[2*n:]
	return string(utf16.Decode(units))
}

func (u *unpacker) texts() []string {
	n := int(u.number())
	if n == 0 {
		return nil
	}
	list := make([]string, n)
	for i := range list {
		list[i] = u.text()
	}
	return list
}

func (u *unpacker) time() time.Time {
	n := u.number()
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}
