package files

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"log/slog"
	"os"
	"time"

	"jiban"
)

// Shelf is where the records of files are kept.
type Shelf interface {
	// AddFile stores a new record. CodeLimited when the contact has so many since
	// the given time; 0 for no limit.
	AddFile(ctx context.Context, f jiban.File, most int, since time.Time) error
	File(ctx context.Context, id string) (jiban.File, error)
	Files(ctx context.Context, f jiban.FileFilter) ([]jiban.File, error)
	// SaveFile writes what became of a file whose state is still the given one;
	// CodeConflict otherwise.
	SaveFile(ctx context.Context, f jiban.File, from jiban.FileState) error
	// DueFiles claims wanted and waiting ones until a time and returns them.
	DueFiles(ctx context.Context, now, until time.Time, limit int) ([]jiban.File, error)
}

// Bin is where records of files are given up.
type Bin interface {
	// DeleteFiles marks the files of a selection as deleted and wipes what is sealed.
	DeleteFiles(ctx context.Context, f jiban.FileFilter) (int, error)
	// DeleteFile does so with one.
	DeleteFile(ctx context.Context, id string) error
	// LooseFiles marks those as deleted that no message took since the given time.
	LooseFiles(ctx context.Context, before time.Time) (int, error)
	// LeftFiles lists deleted ones whose bytes may still be there.
	LeftFiles(ctx context.Context, limit int) ([]jiban.File, error)
	// BytesGone says that the bytes of a file were removed.
	BytesGone(ctx context.Context, id string) error
	// KnownPlaces returns those of the places that a record names.
	KnownPlaces(ctx context.Context, places []string) ([]string, error)
}

// Records is all that the room needs of the store.
type Records interface {
	Shelf
	Bin
}

// Blob is a heap of bytes that is kept.
type Blob struct {
	Name string
	At   time.Time // of its writing
}

// Blobs keeps bytes under names of hexadecimal digits.
type Blobs interface {
	// Write keeps exactly size bytes, all or nothing, durably when it returns.
	Write(ctx context.Context, name string, r io.Reader, size int64) error
	// Open reads them; CodeNotFound where there are none.
	Open(ctx context.Context, name string) (io.ReadCloser, error)
	// Remove drops them; that there are none is no error.
	Remove(ctx context.Context, name string) error
	// List gives names in order, after one, at most so many.
	List(ctx context.Context, after string, limit int) ([]Blob, error)
}

// Limits say what is taken. Zero takes the default.
type Limits struct {
	MaxBytes      int64         // of one file: 10 MiB
	MaxPerMessage int           // 9
	MaxPerDay     int           // of one contact: 50
	Allow         []Kind        // all kinds when empty
	LinkLife      time.Duration // 10 minutes
	Quarantine    bool          // keep what could not be scanned until it can be; else refuse it
}

// Deps is what the room is handed.
type Deps struct {
	Records Records
	Blobs   Blobs
	Keys    Keys
	Scanner Scanner // nil for none
	Clock   jiban.Clock
	IDs     jiban.IDs
	Rand    io.Reader // crypto/rand when nil
	Log     *slog.Logger
	Temp    string // folder for what is being looked at, the system's when ""
}

// Service is the room. Safe for concurrent use.
type Service struct {
	d      Deps
	limits Limits
}

// New returns the room.
func New(l Limits, d Deps) (*Service, error) {
	for _, k := range l.Allow {
		if !Known(string(k)) {
			return nil, jiban.Errorf(jiban.CodeInvalid, "files.New", "%q is no kind of file, known: %v", k, Kinds())
		}
	}
	if d.Rand == nil {
		d.Rand = rand.Reader
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{d: d, limits: l.withDefaults()}, nil
}

func (l Limits) withDefaults() Limits {
	if l.MaxBytes <= 0 {
		l.MaxBytes = 10 << 20
	}
	if l.MaxPerMessage <= 0 {
		l.MaxPerMessage = 9
	}
	if l.MaxPerDay <= 0 {
		l.MaxPerDay = 50
	}
	if len(l.Allow) == 0 {
		l.Allow = Kinds()
	}
	if l.LinkLife <= 0 {
		l.LinkLife = 10 * time.Minute
	}
	return l
}

// Limits returns the limits in force.
func (s *Service) Limits() Limits { return s.limits }

func (s *Service) allowed(k Kind) bool {
	for _, a := range s.limits.Allow {
		if a == k {
			return true
		}
	}
	return false
}

// day is the span in which files of one contact are counted.
const day = 24 * time.Hour

// Upload is a file that comes in.
type Upload struct {
	ContactID string
	Name      string // as the sender's machine calls it, or ""
	Body      io.Reader
}

// Kept is a file that was taken, with its name.
type Kept struct {
	jiban.File
	Name string
}

// Attachment is how a message names the file.
func (k Kept) Attachment() jiban.Attachment {
	return jiban.Attachment{Ref: jiban.FileRef + k.ID, Name: k.Name, Type: k.Type, Size: k.Size}
}

// Take checks and keeps a file; it waits for the message that names it, and is
// dropped when none comes. A *Refusal tells why a file was not taken. Never more
// than the allowed size is read.
func (s *Service) Take(ctx context.Context, u Upload) (Kept, error) {
	const op = "files.Take"
	k, err := s.Hold(ctx, u)
	if err != nil {
		return k, err
	}
	err = s.d.Records.AddFile(ctx, k.File, s.limits.MaxPerDay, k.CreatedAt.Add(-day))
	if err == nil {
		return k, nil
	}
	s.drop(ctx, k.Place)
	if jiban.CodeOf(err) == jiban.CodeLimited {
		err = coded(op, refused(TooOften, "more than %d files in a day", s.limits.MaxPerDay))
	}
	return k, err
}

// Hold checks a file as Take does and puts its bytes down, without a record: for
// whoever writes the record together with what the file belongs to, or releases
// it. What is neither is found by SweepOrphans.
func (s *Service) Hold(ctx context.Context, u Upload) (Kept, error) {
	k := Kept{File: jiban.File{ID: s.d.IDs.NewID(), ContactID: u.ContactID, State: jiban.FileKept, CreatedAt: s.now()}}
	if err := s.keep(ctx, &k, u); err != nil {
		return k, coded("files.Hold", err)
	}
	return k, nil
}

// Release removes the bytes of a held file whose record could not be written. An
// end that nobody knows may have been a good one: where there is a record, or
// where that cannot be told, the bytes stay.
func (s *Service) Release(ctx context.Context, k Kept) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if _, err := s.d.Records.File(ctx, k.ID); jiban.CodeOf(err) == jiban.CodeNotFound {
		s.drop(ctx, k.Place)
	}
}

func (s *Service) now() time.Time { return s.d.Clock.Now().UTC().Truncate(time.Microsecond) }

// keep looks at the content and puts what is kept of it in its place.
func (s *Service) keep(ctx context.Context, k *Kept, u Upload) error {
	raw, err := s.scratch()
	if err != nil {
		return err
	}
	defer raw.Close()
	size, err := fill(raw, u.Body, s.limits.MaxBytes)
	if err != nil {
		return err
	}
	cleaned, err := s.scratch()
	if err != nil {
		return err
	}
	defer cleaned.Close()
	sum := sha256.New()
	kind, err := clean(raw, size, s.allowed, io.MultiWriter(cleaned, sum))
	if err != nil {
		return err
	}
	k.Type, k.SHA256, k.Name = kind.MIME(), hex.EncodeToString(sum.Sum(nil)), CleanName(u.Name, kind)
	if k.Size, err = cleaned.Seek(0, io.SeekCurrent); err != nil {
		return trouble("keep", err)
	}
	if err := s.scan(ctx, &k.File, io.NewSectionReader(cleaned, 0, k.Size)); err != nil {
		return err
	}
	return s.put(ctx, k, io.NewSectionReader(cleaned, 0, k.Size))
}

// scratch is a file without a name: whatever happens, nothing of it stays.
func (s *Service) scratch() (*os.File, error) {
	f, err := os.CreateTemp(s.d.Temp, "jiban-file-*")
	if err != nil {
		return nil, trouble("scratch", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, trouble("scratch", err)
	}
	return f, nil
}

func trouble(op string, err error) error {
	return jiban.Errorf(jiban.CodeUnavailable, "files."+op, "a file cannot be put down, is the disk full? %w", err)
}

// fill copies what comes in, but never more than most.
func fill(f *os.File, r io.Reader, most int64) (int64, error) {
	n, err := io.Copy(f, io.LimitReader(r, most+1))
	if err != nil {
		return n, jiban.Errorf(jiban.CodeInvalid, "files.fill", "the file did not come whole: %w", err)
	}
	if n > most {
		return n, refused(TooLarge, "more than %d bytes", most)
	}
	if n == 0 {
		return n, broken("it is empty")
	}
	return n, nil
}

// scan has the content looked at. One that nobody could look at is refused, or
// kept away from everybody, as configured.
func (s *Service) scan(ctx context.Context, f *jiban.File, r io.Reader) error {
	if s.d.Scanner == nil {
		return nil
	}
	err := s.d.Scanner.Scan(ctx, r)
	switch {
	case err == nil:
		f.Scan = "clean"
		return nil
	case ReasonOf(err) != "":
		return err
	}
	s.d.Log.WarnContext(ctx, "a file could not be scanned", "file", f.ID, "error", err)
	if !s.limits.Quarantine {
		return refused(NoScan, "nobody could look at it")
	}
	f.Scan, f.State, f.NextAt = "waiting", jiban.FileWaiting, s.now().Add(rescanAfter)
	return nil
}

// put seals the content under a key of its own and writes it.
func (s *Service) put(ctx context.Context, k *Kept, r io.Reader) error {
	e := envelope{Name: k.Name, Suite: s.d.Keys.Suite(), Key: make([]byte, keySize)}
	place := make([]byte, 16)
	for _, b := range [][]byte{e.Key, place} {
		if _, err := io.ReadFull(s.d.Rand, b); err != nil {
			return jiban.Errorf(jiban.CodeUnavailable, "files.put", "the system gives no randomness: %w", err)
		}
	}
	aead, err := s.cipher(e)
	if err != nil {
		return err
	}
	if err := s.seal(ctx, &k.File, e); err != nil {
		return err
	}
	name := hex.EncodeToString(place)
	if err := s.d.Blobs.Write(ctx, name, newSealing(aead, k.ID, r, k.Size), sealedSize(k.Size)); err != nil {
		return err
	}
	k.Place = name
	return nil
}

// drop removes bytes that no record names. What cannot be removed now is found by
// the sweep.
func (s *Service) drop(ctx context.Context, place string) {
	if place == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := s.d.Blobs.Remove(ctx, place); err != nil {
		s.d.Log.WarnContext(ctx, "bytes without a record stay until the sweep", "error", err)
	}
}
