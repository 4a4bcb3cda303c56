package files

import (
	"bytes"
	"cmp"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"jiban"
)

// house is the room over records, bytes and keys in memory.
type house struct {
	*Service
	t     testing.TB
	shelf *shelf
	blobs *heap
	keys  *ring
	clock *jiban.ManualClock
}

func newHouse(t testing.TB, l Limits, scanner Scanner) *house {
	t.Helper()
	clock := jiban.NewManualClock(time.Date(2026, 11, 2, 1, 0, 0, 0, time.UTC))
	h := &house{t: t, shelf: &shelf{rows: map[string]jiban.File{}, clock: clock}, blobs: &heap{bytes: map[string][]byte{}, clock: clock},
		keys: &ring{gone: map[string]bool{}}, clock: clock}
	var err error
	h.Service, err = New(l, Deps{Records: h.shelf, Blobs: h.blobs, Keys: h.keys, Scanner: scanner, Clock: clock, IDs: &jiban.SerialIDs{Prefix: "f"}, Temp: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *house) take(name string, content []byte) (Kept, error) {
	h.t.Helper()
	return h.Take(h.t.Context(), Upload{ContactID: "c1", Name: name, Body: bytes.NewReader(content)})
}

func (h *house) mustTake(name string, content []byte) Kept {
	h.t.Helper()
	k, err := h.take(name, content)
	if err != nil {
		h.t.Fatal(err)
	}
	return k
}

func (h *house) read(id string) ([]byte, error) {
	h.t.Helper()
	r, err := h.Open(h.t.Context(), id)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// ring seals with one key, but for contacts whose key is gone.
type ring struct {
	mu   sync.Mutex
	gone map[string]bool
}

func (r *ring) destroy(contact string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.gone[contact] = true
}

func (r *ring) aead(contact string) (cipher.AEAD, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.gone[contact] {
		return nil, jiban.Errorf(jiban.CodeNotFound, "ring", "destroyed")
	}
	return r.Cipher("aes", sha256.Sum256([]byte(contact)))
}

func (r *ring) SealFor(_ context.Context, contact, aad string, plain []byte) ([]byte, error) {
	a, err := r.aead(contact)
	if err != nil {
		return nil, err
	}
	return a.Seal(nil, make([]byte, 12), plain, []byte(aad)), nil
}

func (r *ring) OpenFor(_ context.Context, contact, aad string, sealed []byte) ([]byte, error) {
	a, err := r.aead(contact)
	if err != nil {
		return nil, err
	}
	return a.Open(nil, make([]byte, 12), sealed, []byte(aad))
}

func (r *ring) Suite() string { return "aes" }

func (r *ring) Cipher(_ string, key [32]byte) (cipher.AEAD, error) {
	b, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(b)
}

func (r *ring) Hash(domain, value string) string {
	m := hmac.New(sha256.New, []byte("key"))
	fmt.Fprintf(m, "%d:%s%s", len(domain), domain, value)
	return hex.EncodeToString(m.Sum(nil))
}

// shelf keeps records in memory.
type shelf struct {
	mu    sync.Mutex
	rows  map[string]jiban.File
	clock jiban.Clock
	fail  error
}

func (s *shelf) all(which func(jiban.File) bool) []jiban.File {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []jiban.File
	for _, f := range s.rows {
		if which(f) {
			found = append(found, f)
		}
	}
	slices.SortFunc(found, func(a, b jiban.File) int { return cmp.Compare(a.ID, b.ID) })
	return found
}

func selects(w jiban.FileFilter) func(jiban.File) bool {
	return func(f jiban.File) bool {
		switch {
		case !f.DeletedAt.IsZero():
			return false
		case w.Conversation != "":
			return f.ConversationID == w.Conversation
		case w.Ticket != "":
			return f.Ticket == w.Ticket
		}
		return f.ContactID == w.Contact
	}
}

func (s *shelf) AddFile(_ context.Context, f jiban.File, most int, since time.Time) error {
	if s.fail != nil {
		return s.fail
	}
	n := len(s.all(func(o jiban.File) bool { return o.ContactID == f.ContactID && o.CreatedAt.After(since) }))
	if n >= most {
		return jiban.Errorf(jiban.CodeLimited, "shelf", "too many")
	}
	s.put(f)
	return nil
}

func (s *shelf) put(f jiban.File) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows[f.ID] = f
}

func (s *shelf) File(_ context.Context, id string) (jiban.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.rows[id]
	if !ok {
		return f, jiban.Errorf(jiban.CodeNotFound, "shelf", "none")
	}
	return f, nil
}

func (s *shelf) Files(_ context.Context, w jiban.FileFilter) ([]jiban.File, error) {
	return s.all(selects(w)), nil
}

func (s *shelf) SaveFile(ctx context.Context, f jiban.File, from jiban.FileState) error {
	have, err := s.File(ctx, f.ID)
	if err != nil || have.State != from || !have.DeletedAt.IsZero() {
		return jiban.Errorf(jiban.CodeConflict, "shelf", "changed")
	}
	s.put(f)
	return nil
}

func (s *shelf) DueFiles(_ context.Context, now, until time.Time, limit int) ([]jiban.File, error) {
	due := s.all(func(f jiban.File) bool {
		return (f.State == jiban.FileWanted || f.State == jiban.FileWaiting) && !f.NextAt.After(now) && f.DeletedAt.IsZero()
	})
	due = due[:min(len(due), limit)]
	for i := range due {
		due[i].Tries++
		due[i].NextAt = until
		s.put(due[i])
	}
	return due, nil
}

func (s *shelf) DeleteFiles(_ context.Context, w jiban.FileFilter) (int, error) {
	return s.delete(selects(w)), nil
}

func (s *shelf) delete(which func(jiban.File) bool) int {
	found := s.all(func(f jiban.File) bool { return f.DeletedAt.IsZero() && which(f) })
	for _, f := range found {
		f.State, f.Why, f.Sealed, f.DeletedAt = jiban.FileGone, string(Deleted), nil, s.clock.Now()
		s.put(f)
	}
	return len(found)
}

func (s *shelf) DeleteFile(_ context.Context, id string) error {
	s.delete(func(f jiban.File) bool { return f.ID == id })
	return nil
}

func (s *shelf) LooseFiles(_ context.Context, before time.Time) (int, error) {
	return s.delete(func(f jiban.File) bool { return f.MessageID == "" && f.AttachedBy == "" && f.CreatedAt.Before(before) }), nil
}

func (s *shelf) LeftFiles(_ context.Context, limit int) ([]jiban.File, error) {
	left := s.all(func(f jiban.File) bool { return !f.DeletedAt.IsZero() && f.Place != "" })
	return left[:min(len(left), limit)], nil
}

func (s *shelf) BytesGone(ctx context.Context, id string) error {
	f, err := s.File(ctx, id)
	f.Place = ""
	s.put(f)
	return err
}

func (s *shelf) KnownPlaces(_ context.Context, places []string) ([]string, error) {
	var known []string
	for _, f := range s.all(func(f jiban.File) bool { return slices.Contains(places, f.Place) }) {
		known = append(known, f.Place)
	}
	return known, nil
}

// heap keeps bytes in memory.
type heap struct {
	mu    sync.Mutex
	bytes map[string][]byte
	at    map[string]time.Time
	clock jiban.Clock
	fail  error
}

func (b *heap) Write(_ context.Context, name string, r io.Reader, size int64) error {
	if b.fail != nil {
		return b.fail
	}
	data, err := io.ReadAll(r)
	if err == nil && int64(len(data)) != size {
		err = fmt.Errorf("%d bytes, told %d", len(data), size)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.at == nil {
		b.at = map[string]time.Time{}
	}
	b.bytes[name], b.at[name] = data, b.clock.Now()
	return err
}

func (b *heap) Open(_ context.Context, name string) (io.ReadCloser, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	data, ok := b.bytes[name]
	if !ok {
		return nil, jiban.Errorf(jiban.CodeNotFound, "heap", "none")
	}
	return io.NopCloser(bytes.NewReader(data)), nil
}

func (b *heap) Remove(_ context.Context, name string) error {
	if b.fail != nil {
		return b.fail
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.bytes, name)
	return nil
}

func (b *heap) List(_ context.Context, after string, limit int) ([]Blob, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var found []Blob
	for _, name := range slices.Sorted(maps.Keys(b.bytes)) {
		if name > after && len(found) < limit {
			found = append(found, Blob{Name: name, At: b.at[name]})
		}
	}
	return found, nil
}

func (b *heap) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.bytes)
}

var errDown = errors.New("down")
