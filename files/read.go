package files

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"

	"jiban"
)

// Reading is a file that is given out. Each chunk is proven before it is given;
// the last one comes only when the checksum of the whole fits, too.
type Reading struct {
	Kept
	blob io.Closer
	src  io.Reader
	sum  hash.Hash
	left int64
}

// Open begins to read a file. CodeNotFound: there is none, it was deleted, its
// owner's key is gone, or nobody may see it yet.
func (s *Service) Open(ctx context.Context, id string) (*Reading, error) {
	f, err := s.visible(ctx, id)
	if err != nil {
		return nil, err
	}
	return s.open(ctx, f)
}

func (s *Service) visible(ctx context.Context, id string) (jiban.File, error) {
	f, err := s.d.Records.File(ctx, id)
	if err == nil && (f.State != jiban.FileKept || !f.DeletedAt.IsZero()) {
		err = jiban.Errorf(jiban.CodeNotFound, "files.Open", "file %s is %s", id, f.State)
	}
	return f, err
}

func (s *Service) open(ctx context.Context, f jiban.File) (*Reading, error) {
	e, err := s.unseal(ctx, f)
	if err != nil {
		return nil, err
	}
	aead, err := s.cipher(e)
	if err != nil {
		return nil, err
	}
	blob, err := s.d.Blobs.Open(ctx, f.Place)
	if err != nil {
		return nil, err
	}
	return &Reading{Kept: Kept{File: f, Name: e.Name}, blob: blob, src: newOpening(aead, f.ID, blob, f.Size), sum: sha256.New(), left: f.Size}, nil
}

// Named returns the record of a file with its name. CodeNotFound as with Open.
func (s *Service) Named(ctx context.Context, id string) (Kept, error) {
	f, err := s.visible(ctx, id)
	if err != nil {
		return Kept{}, err
	}
	e, err := s.unseal(ctx, f)
	return Kept{File: f, Name: e.Name}, err
}

// Read gives the next bytes.
func (r *Reading) Read(p []byte) (int, error) {
	n, err := r.src.Read(p)
	r.sum.Write(p[:n]) // never fails
	r.left -= int64(n)
	if n > 0 && r.left <= 0 && hex.EncodeToString(r.sum.Sum(nil)) != r.SHA256 {
		return 0, jiban.Errorf(jiban.CodeInternal, "files.Read", "the checksum of file %s does not fit its content", r.ID)
	}
	return n, err
}

// Close ends the reading.
func (r *Reading) Close() error { return r.blob.Close() }

// List gives the files of a conversation, a ticket or a contact, oldest first,
// with their names. One whose key is gone is not among them.
func (s *Service) List(ctx context.Context, f jiban.FileFilter) ([]Kept, error) {
	found, err := s.d.Records.Files(ctx, f)
	if err != nil {
		return nil, err
	}
	kept := make([]Kept, 0, len(found))
	for _, f := range found {
		k := Kept{File: f}
		if len(f.Sealed) > 0 {
			e, err := s.unseal(ctx, f)
			if jiban.CodeOf(err) == jiban.CodeNotFound {
				continue
			}
			if err != nil {
				return nil, err
			}
			k.Name = e.Name
		}
		kept = append(kept, k)
	}
	return kept, nil
}
