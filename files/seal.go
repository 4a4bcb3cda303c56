package files

import (
	"context"
	"crypto/cipher"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"

	"jiban"
)

// Keys are the keys of the house.
type Keys interface {
	// SealFor seals for a contact; the same aad must be given to OpenFor.
	// CodeNotFound when the contact's key was destroyed.
	SealFor(ctx context.Context, contactID, aad string, plain []byte) ([]byte, error)
	OpenFor(ctx context.Context, contactID, aad string, sealed []byte) ([]byte, error)
	// Suite is what new files are sealed with, Cipher makes the cipher of a suite.
	Suite() string
	Cipher(suite string, key [keySize]byte) (cipher.AEAD, error)
	// Hash is a keyed hash, the same on every node.
	Hash(domain, value string) string
}

const (
	keySize   = 32
	chunkSize = 64 << 10 // bytes of a file in one sealed chunk
	overhead  = 16       // bytes that sealing adds to a chunk
)

// envelope is what is sealed under the contact's key.
type envelope struct {
	Name  string `json:"name"`
	Suite string `json:"suite"`
	Key   []byte `json:"key"`
}

func aadOf(id string) string { return "files.sealed:" + id }

func (s *Service) seal(ctx context.Context, f *jiban.File, e envelope) error {
	plain, err := json.Marshal(e)
	if err != nil {
		return jiban.Errorf(jiban.CodeInternal, "files.seal", "%w", err)
	}
	f.Sealed, err = s.d.Keys.SealFor(ctx, f.ContactID, aadOf(f.ID), plain)
	return err
}

func (s *Service) unseal(ctx context.Context, f jiban.File) (envelope, error) {
	var e envelope
	plain, err := s.d.Keys.OpenFor(ctx, f.ContactID, aadOf(f.ID), f.Sealed)
	if err != nil {
		return e, err
	}
	if err := json.Unmarshal(plain, &e); err != nil {
		return e, jiban.Errorf(jiban.CodeInternal, "files.unseal", "what is sealed of a file has another shape: %w", err)
	}
	return e, nil
}

func (s *Service) cipher(e envelope) (cipher.AEAD, error) {
	if len(e.Key) != keySize {
		return nil, jiban.Errorf(jiban.CodeInternal, "files.cipher", "the key of a file has %d bytes", len(e.Key))
	}
	return s.d.Keys.Cipher(e.Suite, [keySize]byte(e.Key))
}

// sealedSize is how many bytes a file of n bytes has when it is sealed.
func sealedSize(n int64) int64 {
	chunks := max(1, (n+chunkSize-1)/chunkSize)
	return n + chunks*overhead
}

// nonce numbers the chunks of a file and marks the last one, so that none can be
// left out, moved or added. The key serves this file alone: no nonce comes twice.
func nonce(n uint64, last bool) []byte {
	b := make([]byte, 12)
	binary.BigEndian.PutUint64(b[3:], n)
	if last {
		b[11] = 1
	}
	return b
}

// sealing gives the sealed chunks of what it reads.
type sealing struct {
	aead cipher.AEAD
	id   []byte
	src  io.Reader
	left int64
	n    uint64
	buf  []byte // what is ready
	room []byte
	done bool
}

func newSealing(aead cipher.AEAD, id string, src io.Reader, size int64) *sealing {
	return &sealing{aead: aead, id: []byte(id), src: src, left: size, room: make([]byte, 0, chunkSize+overhead)}
}

// Read gives the next bytes.
func (s *sealing) Read(p []byte) (int, error) {
	if len(s.buf) == 0 {
		if s.done {
			return 0, io.EOF
		}
		if err := s.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, s.buf)
	s.buf = s.buf[n:]
	return n, nil
}

func (s *sealing) next() error {
	chunk := s.room[:min(s.left, chunkSize)]
	if _, err := io.ReadFull(s.src, chunk); err != nil {
		return err
	}
	s.left -= int64(len(chunk))
	s.done = s.left == 0
	s.buf = s.aead.Seal(s.room[:0], nonce(s.n, s.done), chunk, s.id)
	s.n++
	return nil
}

// opening gives what was sealed, chunk by chunk; one that was altered, or is
// missing, is an error.
type opening struct {
	aead cipher.AEAD
	id   []byte
	src  io.Reader
	left int64 // of the plain bytes
	n    uint64
	buf  []byte
	room []byte
	done bool
}

func newOpening(aead cipher.AEAD, id string, src io.Reader, size int64) *opening {
	return &opening{aead: aead, id: []byte(id), src: src, left: size, room: make([]byte, chunkSize+overhead)}
}

// Read gives the next bytes.
func (o *opening) Read(p []byte) (int, error) {
	if len(o.buf) == 0 {
		if o.done {
			return 0, io.EOF
		}
		if err := o.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, o.buf)
	o.buf = o.buf[n:]
	return n, nil
}

func (o *opening) next() error {
	size := min(o.left, chunkSize)
	chunk := o.room[:size+overhead]
	if _, err := io.ReadFull(o.src, chunk); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = altered(err)
		}
		return err
	}
	o.left -= size
	o.done = o.left == 0
	plain, err := o.aead.Open(chunk[:0], nonce(o.n, o.done), chunk, o.id)
	if err != nil {
		return altered(err)
	}
	o.buf = plain
	o.n++
	return nil
}

func altered(err error) error {
	return jiban.Errorf(jiban.CodeInternal, "files.open", "the bytes of a file were altered or are not whole, restore them from a backup: %w", err)
}
