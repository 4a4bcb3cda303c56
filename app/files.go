package app

import (
	"context"
	"crypto/cipher"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"jiban"
	"jiban/app/config"
	"jiban/channels/webchat"
	"jiban/files"
	"jiban/keys"
	"jiban/store/blob"
)

// How often files are looked after.
const (
	filesEvery   = 2 * time.Second // what is to be fetched or looked at again
	sweptEvery   = time.Minute     // what was deleted
	orphansEvery = 24 * time.Hour  // everything that is kept
)

// newFiles opens the room of files and the place where their bytes lie.
func newFiles(ctx context.Context, b *base) (*files.Service, error) {
	blobs, err := blob.Open(ctx, b.cfg.Files)
	if err != nil {
		return nil, err
	}
	a := b.cfg.Attachments
	d := files.Deps{Records: b.store, Blobs: blobs, Keys: fileKeys{b.keys}, Clock: b.clock, IDs: b.ids, Log: b.log}
	if a.Scan != "" {
		if d.Scanner, err = files.NewClamd(a.Scan); err != nil {
			return nil, err
		}
	}
	if d.Temp, err = scratchFolder(b.cfg); err != nil {
		return nil, err
	}
	kinds := make([]files.Kind, len(a.Allow))
	for i, k := range a.Allow {
		kinds[i] = files.Kind(k)
	}
	return files.New(files.Limits{
		MaxBytes: int64(a.MaxBytes), MaxPerMessage: a.MaxPerMessage, MaxPerDay: a.MaxPerConversationPerDay, Allow: kinds,
		LinkLife: a.LinkLife, Quarantine: a.ScanDown == "quarantine",
	}, d)
}

// scratchFolder is where files lie while they are looked at, without a name.
func scratchFolder(c config.Config) (string, error) {
	dir := filepath.Join(c.DataDir, "incoming")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", jiban.Errorf(jiban.CodeUnavailable, "app.files", "data_dir: the folder for incoming files cannot be made: %w", err)
	}
	return dir, nil
}

// fileKeys are the keys of the house as the room of files needs them.
type fileKeys struct{ k *keys.Keys }

func (f fileKeys) SealFor(ctx context.Context, contactID, aad string, plain []byte) ([]byte, error) {
	return f.k.Contact(contactID).Seal(ctx, aad, plain)
}

func (f fileKeys) OpenFor(ctx context.Context, contactID, aad string, sealed []byte) ([]byte, error) {
	return f.k.Contact(contactID).Open(ctx, aad, sealed)
}

func (f fileKeys) Suite() string { return string(f.k.Suite()) }

func (f fileKeys) Cipher(suite string, key [32]byte) (cipher.AEAD, error) {
	s := keys.Suite(suite)
	if s != keys.AES && s != keys.SM {
		return nil, jiban.Errorf(jiban.CodeInvalid, "app.files", "a file is sealed with suite %q, which this program does not know: run a newer one", suite)
	}
	return s.Cipher(key)
}

func (f fileKeys) Hash(domain, value string) string { return f.k.Hash(domain, value) }

// shownFiles shows the visitor of a chat the files of a message.
type shownFiles struct {
	files   *files.Service
	channel string
}

// Shown lists what may be seen.
func (s shownFiles) Shown(ctx context.Context, m *jiban.Message, viewer jiban.Address) ([]webchat.ShownFile, error) {
	var shown []webchat.ShownFile
	for _, a := range m.Content.Attachments {
		id, ours := strings.CutPrefix(a.Ref, jiban.FileRef)
		if !ours {
			continue
		}
		k, err := s.files.Named(ctx, id)
		if jiban.CodeOf(err) == jiban.CodeNotFound {
			continue
		}
		if err != nil {
			return shown, err
		}
		shown = append(shown, webchat.ShownFile{Name: k.Name, Type: k.Type, Size: k.Size,
			Link: "/api/v1/chat/" + s.channel + "/files/" + id + "?" + s.files.Link(id, string(viewer)).Query()})
	}
	return shown, nil
}

// fileLoops is what works on files until the stop.
func (a *App) fileLoops(media map[string]files.Media) []func(context.Context) error {
	return []func(context.Context) error{
		func(ctx context.Context) error {
			return tick(ctx, filesEvery, func(ctx context.Context) { a.workOnFiles(ctx, media) })
		},
		func(ctx context.Context) error {
			return tick(ctx, sweptEvery, func(ctx context.Context) {
				_, err := a.files.Sweep(ctx)
				a.fileTrouble(ctx, "what was deleted of files could not all be removed, it is tried again", err)
			})
		},
		func(ctx context.Context) error {
			return tick(ctx, orphansEvery, func(ctx context.Context) {
				n, err := a.files.SweepOrphans(ctx)
				a.fileTrouble(ctx, "bytes without a record could not all be removed, it is tried again", err)
				if n > 0 {
					a.opts.Log.WarnContext(ctx, "bytes without a record were removed", "count", n)
				}
			})
		},
	}
}

func (a *App) workOnFiles(ctx context.Context, media map[string]files.Media) {
	for more := true; more && ctx.Err() == nil; {
		var err error
		if more, err = a.files.Work(ctx, media); err != nil {
			a.fileTrouble(ctx, "files could not all be fetched, it is tried again", err)
			return
		}
	}
}

func (a *App) fileTrouble(ctx context.Context, what string, err error) {
	if err != nil && ctx.Err() == nil {
		a.opts.Log.ErrorContext(ctx, what, "error", err)
	}
}

// mediaOf picks the channels that keep what people send until it is fetched.
func (t *table) mediaOf() map[string]files.Media {
	media := map[string]files.Media{}
	for s := range slices.Values(t.senders) {
		if m, ok := s.(files.Media); ok {
			media[s.Name()] = m
		}
	}
	return media
}
