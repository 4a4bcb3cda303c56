package people

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"jiban"
)

// The limits of one person's copy. What does not fit in is for the operator, not
// for a browser.
const (
	longestData = 64 << 20 // bytes of records
	longestCopy = 1 << 30  // bytes of the archive
)

// SentFile is a file that a person sent, as it is given out. Without content it is
// only named, with why there is none.
type SentFile struct {
	ID     string    `json:"id"`
	Path   string    `json:"path"` // in the archive, "" without content
	Name   string    `json:"name"`
	Type   string    `json:"type"`
	Size   int64     `json:"size"`
	SHA256 string    `json:"sha256"`
	SentAt time.Time `json:"sent_at"`
	Why    string    `json:"why"` // no content: wanted, waiting, refused, gone
}

// Attached gives out the files that a person sent (room files).
type Attached interface {
	SentBy(ctx context.Context, contactID string) ([]SentFile, error)
	// Content opens one. CodeNotFound when it went meanwhile.
	Content(ctx context.Context, fileID string) (io.ReadCloser, error)
}

// Copy is a copy of all that is held about a person: a zip archive with data.jsonl
// (one record a line), files.jsonl (the files, one a line) and the files. It lies
// in a file without a name: whatever happens, nothing of it stays.
type Copy struct {
	f    *os.File
	Size int64 // bytes
}

// Read reads on.
func (c *Copy) Read(p []byte) (int, error) { return c.f.Read(p) }

// Close drops the copy.
func (c *Copy) Close() error { return c.f.Close() }

// pack makes the copy.
func (r *Requests) pack(ctx context.Context, contactID, by string) (*Copy, error) {
	f, err := os.CreateTemp(r.d.Temp, "jiban-copy-*")
	if err != nil {
		return nil, unpacked(err)
	}
	c := &Copy{f: f}
	if err = os.Remove(f.Name()); err == nil {
		err = r.fill(ctx, f, contactID, by)
	}
	if err == nil {
		c.Size, err = f.Seek(0, io.SeekCurrent)
	}
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		f.Close()
		return nil, unpacked(err)
	}
	return c, nil
}

// unpacked leaves the errors of the rooms as they are.
func unpacked(err error) error {
	var ours *jiban.Error
	if errors.As(err, &ours) {
		return err
	}
	return jiban.Errorf(jiban.CodeUnavailable, "people.pack", "the copy could not be made, is the disk full? %w", err)
}

func (r *Requests) fill(ctx context.Context, f io.Writer, contactID, by string) error {
	z := zip.NewWriter(&bounded{w: f, left: longestCopy})
	data, err := z.Create("data.jsonl")
	if err != nil {
		return err
	}
	if err := r.d.Doer.Export(ctx, contactID, by, &bounded{w: data, left: longestData}); err != nil {
		return err
	}
	if r.d.Files != nil {
		if err := r.fillFiles(ctx, z, contactID); err != nil {
			return err
		}
	}
	return z.Close()
}

// fillFiles puts in every file, then the list of them.
func (r *Requests) fillFiles(ctx context.Context, z *zip.Writer, contactID string) error {
	sent, err := r.d.Files.SentBy(ctx, contactID)
	if err != nil {
		return err
	}
	for i := range sent {
		if err := r.fillFile(ctx, z, i+1, &sent[i]); err != nil {
			return err
		}
	}
	list, err := z.Create("files.jsonl")
	if err != nil {
		return err
	}
	lines := json.NewEncoder(list)
	for i := range sent {
		if err := lines.Encode(sent[i]); err != nil {
			return err
		}
	}
	return nil
}

// fillFile puts in one file. Pictures and films are packed as they are: they would
// not become smaller.
func (r *Requests) fillFile(ctx context.Context, z *zip.Writer, n int, s *SentFile) error {
	if s.Why != "" {
		return nil
	}
	content, err := r.d.Files.Content(ctx, s.ID)
	if jiban.CodeOf(err) == jiban.CodeNotFound {
		s.Why = string(jiban.FileGone)
		return nil
	}
	if err != nil {
		return err
	}
	defer content.Close()
	s.Path = fmt.Sprintf("files/%03d-%s", n, s.Name)
	w, err := z.CreateHeader(&zip.FileHeader{Name: s.Path, Method: zip.Store, Modified: s.SentAt})
	if err != nil {
		return err
	}
	_, err = io.Copy(w, content)
	return err
}

// bounded passes on what is written, up to a limit.
type bounded struct {
	w    io.Writer
	left int64
}

// Write refuses what goes beyond.
func (b *bounded) Write(p []byte) (int, error) {
	if b.left -= int64(len(p)); b.left < 0 {
		return 0, jiban.Errorf(jiban.CodeLimited, "people.Fetch", "the copy is larger than a browser is given: let the operator make it")
	}
	return b.w.Write(p)
}
