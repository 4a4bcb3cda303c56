package files

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"jiban"
)

func TestAFileComesBackAsItWasCleaned(t *testing.T) {
	h := newHouse(t, Limits{}, nil)
	k := h.mustTake("../漏水\u202e.png", photo(6))
	_, want, err := cleaned(photo(6))
	if err != nil {
		t.Fatal(err)
	}
	got, err := h.read(k.ID)
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%d bytes, want %d: %v", len(got), len(want), err)
	}
	if k.Name != "漏水.jpg" || k.Type != "image/jpeg" || k.Size != int64(len(want)) || len(k.SHA256) != 64 {
		t.Errorf("%+v", k)
	}
	for _, sealed := range h.blobs.bytes {
		if bytes.Contains(sealed, want[:64]) {
			t.Error("the bytes lie open")
		}
	}
	if f := h.shelf.rows[k.ID]; strings.Contains(string(f.Sealed), "漏水") || f.Place == "" || strings.Contains(f.Place, k.ID) {
		t.Errorf("the record tells too much: %+v", f)
	}
}

func TestLargeFilesInManyChunks(t *testing.T) {
	for _, frames := range []int{630, 631, 6301, 20000} {
		h := newHouse(t, Limits{}, nil)
		k := h.mustTake("a.mp3", sound(frames))
		got, err := h.read(k.ID)
		if err != nil || !bytes.Equal(got, sound(frames)) {
			t.Errorf("%d frames: %d bytes, %v", frames, len(got), err)
		}
	}
}

// Bytes that were altered, cut, swapped or belong to another file are never given
// out.
func TestAlteredBytesAreNotGivenOut(t *testing.T) {
	content := sound(2000)
	for name, harm := range map[string]func(b []byte) []byte{
		"a bit":          func(b []byte) []byte { b[100000] ^= 1; return b },
		"cut":            func(b []byte) []byte { return b[:len(b)-1] },
		"cut by a chunk": func(b []byte) []byte { return b[:2*(chunkSize+overhead)] },
		"chunks swapped": func(b []byte) []byte {
			const n = chunkSize + overhead
			return slicesOf(b[n:2*n], b[:n], b[2*n:])
		},
		"empty": func([]byte) []byte { return nil },
	} {
		h := newHouse(t, Limits{}, nil)
		k := h.mustTake("a.mp3", content)
		h.blobs.bytes[k.Place] = harm(h.blobs.bytes[k.Place])
		if got, err := h.read(k.ID); err == nil || len(got) == len(content) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
	h := newHouse(t, Limits{}, nil)
	a, b := h.mustTake("a.mp3", content), h.mustTake("b.mp3", content)
	h.blobs.bytes[a.Place] = h.blobs.bytes[b.Place]
	if _, err := h.read(a.ID); err == nil {
		t.Error("another file's bytes were given out")
	}
	f := h.shelf.rows[b.ID]
	f.SHA256 = strings.Repeat("0", 64)
	h.shelf.put(f)
	if got, err := h.read(b.ID); err == nil || len(got) == len(content) {
		t.Errorf("the checksum is not looked at: %d bytes, %v", len(got), err)
	}
}

// endless is an upload that never stops; it counts what was taken of it.
type endless struct{ n int64 }

func (e *endless) Read(p []byte) (int, error) {
	if e.n == 0 {
		p[0], p[1], p[2] = 0xff, 0xd8, 0xff
	}
	e.n += int64(len(p))
	return len(p), nil
}

func TestTwoGigabytesCostNothing(t *testing.T) {
	h := newHouse(t, Limits{MaxBytes: 4 << 20}, nil)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	e := &endless{}
	_, err := h.Take(t.Context(), Upload{ContactID: "c1", Body: io.LimitReader(e, 2<<30)})
	runtime.ReadMemStats(&after)
	if ReasonOf(err) != TooLarge || jiban.CodeOf(err) != jiban.CodeInvalid {
		t.Errorf("taken: %v", err)
	}
	if e.n > 5<<20 {
		t.Errorf("%d bytes were read of it", e.n)
	}
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 2<<20 {
		t.Errorf("%d bytes of memory for it", grown)
	}
	h.empty()
}

// empty checks that nothing is left of what was refused.
func (h *house) empty() {
	h.t.Helper()
	left, err := os.ReadDir(h.d.Temp)
	if err != nil || len(left) > 0 {
		h.t.Errorf("left behind: %v %v", left, err)
	}
	if len(h.shelf.rows) > 0 || h.blobs.count() > 0 {
		h.t.Errorf("%d records, %d bytes stay", len(h.shelf.rows), h.blobs.count())
	}
}

func TestNothingStaysOfWhatFailed(t *testing.T) {
	for name, fail := range map[string]func(*house) []byte{
		"broken":         func(*house) []byte { return plainJPEG()[:100] },
		"empty":          func(*house) []byte { return nil },
		"bytes cannot":   func(h *house) []byte { h.blobs.fail = errDown; return plainJPEG() },
		"record cannot":  func(h *house) []byte { h.shelf.fail = errDown; return plainJPEG() },
		"owner is gone":  func(h *house) []byte { h.keys.destroy("c1"); return plainJPEG() },
		"too many a day": func(h *house) []byte { h.limits.MaxPerDay = 0; return plainJPEG() },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, Limits{}, nil)
			if _, err := h.take("x", fail(h)); err == nil {
				t.Error("it was taken")
			}
			h.blobs.fail = nil
			h.empty()
		})
	}
}

func TestOnlySoManyADay(t *testing.T) {
	h := newHouse(t, Limits{MaxPerDay: 3}, nil)
	for range 3 {
		h.mustTake("a.png", plainPNG())
	}
	_, err := h.take("a.png", plainPNG())
	if ReasonOf(err) != TooOften || jiban.CodeOf(err) != jiban.CodeLimited {
		t.Errorf("the fourth: %v", err)
	}
	h.clock.Advance(25 * time.Hour)
	h.mustTake("a.png", plainPNG())
}

func TestLinksAreForOneViewerAndAWhile(t *testing.T) {
	h := newHouse(t, Limits{LinkLife: 5 * time.Minute}, nil)
	p := h.Link("f1", "web:aa")
	check := func(id, viewer string, p Pass) jiban.Code { return jiban.CodeOf(h.Check(id, viewer, p)) }
	if code := check("f1", "web:aa", p); code != "" {
		t.Fatal(code)
	}
	later := p
	later.Expires += 60
	for name, code := range map[string]jiban.Code{
		"another file": check("f2", "web:aa", p), "another viewer": check("f1", "web:bb", p), "longer": check("f1", "web:aa", later),
		"moved border": check("f1w", "eb:aa", p), "none": check("f1", "web:aa", Pass{}), "no signature": check("f1", "web:aa", Pass{Expires: p.Expires}),
	} {
		if code != jiban.CodeForbidden {
			t.Errorf("%s: %q", name, code)
		}
	}
	h.clock.Advance(5*time.Minute + time.Second)
	if code := check("f1", "web:aa", p); code != jiban.CodeForbidden {
		t.Errorf("too late: %q", code)
	}
}

func TestDestroyedKeyDeletesTheFile(t *testing.T) {
	h := newHouse(t, Limits{}, nil)
	k := h.mustTake("a.jpg", plainJPEG())
	h.keys.destroy("c1")
	if _, err := h.read(k.ID); jiban.CodeOf(err) != jiban.CodeNotFound {
		t.Errorf("read: %v", err)
	}
	if list, err := h.List(t.Context(), jiban.FileFilter{Contact: "c1"}); err != nil || len(list) != 0 {
		t.Errorf("listed: %v %v", list, err)
	}
}

func TestDeletedWithTheirOwner(t *testing.T) {
	h := newHouse(t, Limits{}, nil)
	h.mustTake("a.jpg", plainJPEG())
	h.mustTake("b.jpg", plainJPEG())
	other, err := h.Take(t.Context(), Upload{ContactID: "c2", Name: "c.jpg", Body: bytes.NewReader(plainJPEG())})
	if err != nil {
		t.Fatal(err)
	}
	h.blobs.fail = errDown
	if n, err := h.DeleteOf(t.Context(), "c1"); n != 2 || !errors.Is(err, errDown) {
		t.Errorf("%d, %v", n, err)
	}
	if _, err := h.Sweep(t.Context()); !errors.Is(err, errDown) {
		t.Errorf("the sweep says nothing of what it could not remove: %v", err)
	}
	h.blobs.fail = nil
	if n, err := h.Sweep(t.Context()); n != 2 || err != nil || h.blobs.count() != 1 {
		t.Errorf("%d removed, %d left, %v", n, h.blobs.count(), err)
	}
	if _, err := h.read(other.ID); err != nil {
		t.Errorf("another's file: %v", err)
	}
}

func TestSweepFindsWhatNobodyOwns(t *testing.T) {
	h := newHouse(t, Limits{}, nil)
	ctx := t.Context()
	loose, kept := h.mustTake("a.jpg", plainJPEG()), h.mustTake("b.jpg", plainJPEG())
	f := h.shelf.rows[kept.ID]
	f.MessageID = "m1"
	h.shelf.put(f)
	if err := h.blobs.Write(ctx, strings.Repeat("a", 32), strings.NewReader("x"), 1); err != nil {
		t.Fatal(err)
	}
	h.clock.Advance(30 * time.Minute)
	if n, err := h.Sweep(ctx); n != 0 || err != nil {
		t.Errorf("young ones: %d %v", n, err)
	}
	if n, err := h.SweepOrphans(ctx); n != 0 || err != nil {
		t.Errorf("young orphans: %d %v", n, err)
	}
	h.clock.Advance(6 * time.Hour)
	if n, err := h.Sweep(ctx); n != 1 || err != nil {
		t.Errorf("loose: %d %v", n, err)
	}
	if n, err := h.SweepOrphans(ctx); n != 1 || err != nil {
		t.Errorf("orphans: %d %v", n, err)
	}
	if _, err := h.read(loose.ID); jiban.CodeOf(err) != jiban.CodeNotFound {
		t.Errorf("loose: %v", err)
	}
	if _, err := h.read(kept.ID); err != nil || h.blobs.count() != 1 {
		t.Errorf("kept: %v, %d", err, h.blobs.count())
	}
}

func TestUnknownKindIsRefusedAtTheStart(t *testing.T) {
	if _, err := New(Limits{Allow: []Kind{"exe"}}, Deps{}); jiban.CodeOf(err) != jiban.CodeInvalid {
		t.Error(err)
	}
}

// provider keeps what people sent.
type provider struct {
	content map[string][]byte
	err     error
	asked   int
}

func (p *provider) Media(_ context.Context, id string) (io.ReadCloser, error) {
	p.asked++
	if p.err != nil {
		return nil, p.err
	}
	c, ok := p.content[id]
	if !ok {
		return nil, jiban.Errorf(jiban.CodeNotFound, "provider", "none")
	}
	return io.NopCloser(bytes.NewReader(c)), nil
}

func (h *house) want(id, source string) {
	h.shelf.put(jiban.File{ID: id, ContactID: "c1", ConversationID: "v1", MessageID: "m-" + id, State: jiban.FileWanted, Channel: "gzh",
		Source: source, NextAt: h.clock.Now(), CreatedAt: h.clock.Now()})
}

func (h *house) work(p *provider) {
	h.t.Helper()
	for more := true; more; {
		var err error
		if more, err = h.Work(h.t.Context(), map[string]Media{"gzh": p}); err != nil {
			h.t.Fatal(err)
		}
	}
}

func TestWantedFilesAreFetched(t *testing.T) {
	h := newHouse(t, Limits{}, nil)
	p := &provider{content: map[string][]byte{"photo": photo(6), "evil": []byte("<html>"), "voice": amr(9)}}
	for id, source := range map[string]string{"w1": "photo", "w2": "evil", "w3": "voice", "w4": "gone"} {
		h.want(id, source)
	}
	h.shelf.put(jiban.File{ID: "w5", State: jiban.FileWanted, Channel: "sms", Source: "x", NextAt: h.clock.Now()})
	h.work(p)
	for id, want := range map[string]struct {
		state jiban.FileState
		why   Reason
	}{"w1": {jiban.FileKept, ""}, "w2": {jiban.FileRefused, BadKind}, "w3": {jiban.FileKept, ""}, "w4": {jiban.FileGone, Lost}, "w5": {jiban.FileGone, Lost}} {
		f := h.shelf.rows[id]
		if f.State != want.state || f.Why != string(want.why) || f.Source != "" {
			t.Errorf("%s: %+v", id, f)
		}
	}
	if got, err := h.read("w3"); err != nil || !bytes.Equal(got, amr(9)) {
		t.Errorf("%v", err)
	}
}

func TestAProviderThatIsDownIsAskedAgain(t *testing.T) {
	h := newHouse(t, Limits{}, nil)
	p := &provider{content: map[string][]byte{"photo": photo(1)}, err: errDown}
	h.want("w1", "photo")
	h.work(p)
	h.work(p)
	if p.asked != 1 {
		t.Errorf("asked %d times at once", p.asked)
	}
	h.clock.Advance(firstPause * 2)
	p.err = nil
	h.work(p)
	if f := h.shelf.rows["w1"]; f.State != jiban.FileKept || f.Tries != 2 {
		t.Errorf("%+v", f)
	}
	h.want("w2", "photo")
	p.err = errDown
	for range maxTries + 5 {
		h.work(p)
		h.clock.Advance(pauseLimit)
	}
	if f := h.shelf.rows["w2"]; f.State != jiban.FileGone || f.Tries != maxTries {
		t.Errorf("never given up: %+v", f)
	}
}

func TestFetchedFilesAreCountedToo(t *testing.T) {
	h := newHouse(t, Limits{MaxPerDay: 2}, nil)
	p := &provider{content: map[string][]byte{"photo": photo(1)}}
	for _, id := range []string{"w1", "w2", "w3"} {
		h.want(id, "photo")
		h.clock.Advance(time.Second)
	}
	h.work(p)
	if f := h.shelf.rows["w3"]; f.State != jiban.FileRefused || f.Why != string(TooOften) {
		t.Errorf("%+v", f)
	}
}

// A file that is deleted while it is fetched leaves nothing.
func TestDeletedWhileFetched(t *testing.T) {
	h := newHouse(t, Limits{}, nil)
	h.want("w1", "photo")
	p := &deleting{h: h}
	if _, err := h.Work(t.Context(), map[string]Media{"gzh": p}); err != nil {
		t.Fatal(err)
	}
	if h.blobs.count() != 0 || h.shelf.rows["w1"].State != jiban.FileGone {
		t.Errorf("%d bytes, %+v", h.blobs.count(), h.shelf.rows["w1"])
	}
}

type deleting struct{ h *house }

func (d *deleting) Media(ctx context.Context, _ string) (io.ReadCloser, error) {
	_, err := d.h.DeleteOf(ctx, "c1")
	return io.NopCloser(bytes.NewReader(plainJPEG())), err
}

// A file whose record is somebody else's to write: let go, nothing stays; written,
// its bytes stay whatever is said.
func TestHeldFilesAreReleased(t *testing.T) {
	h := newHouse(t, Limits{}, nil)
	hold := func() Kept {
		k, err := h.Hold(t.Context(), Upload{ContactID: "c1", Name: "a.png", Body: bytes.NewReader(plainPNG())})
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	k := hold()
	if _, err := h.read(k.ID); jiban.CodeOf(err) != jiban.CodeNotFound {
		t.Errorf("it can be read before it is anybody's: %v", err)
	}
	h.Release(t.Context(), k)
	if len(h.blobs.bytes) != 0 {
		t.Errorf("%d heaps of bytes stay", len(h.blobs.bytes))
	}
	k = hold()
	k.Ticket, k.AttachedBy = "2611020000018", "staff-1"
	h.shelf.put(k.File)
	h.Release(t.Context(), k)
	if _, err := h.read(k.ID); err != nil {
		t.Errorf("a file that is on record lost its bytes: %v", err)
	}
}
