package blob

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"jiban"
	"jiban/files"
)

// Disk keeps bytes in a folder: two levels of folders by the first digits of the
// name, so that none gets too full. Only the owner of the process may read them.
type Disk struct {
	root string
	temp string
}

const (
	folderMode = 0o700
	tempFolder = "incoming"
)

// OpenDisk opens the folder, made where it is missing. What an interrupted write
// left is removed.
func OpenDisk(root string) (*Disk, error) {
	const op = "blob.OpenDisk"
	if root == "" {
		return nil, jiban.Errorf(jiban.CodeInvalid, op, "files: name a folder")
	}
	d := &Disk{root: root, temp: filepath.Join(root, tempFolder)}
	if err := os.MkdirAll(d.temp, folderMode); err != nil {
		return nil, jiban.Errorf(jiban.CodeUnavailable, op, "files: the folder cannot be made: %w", err)
	}
	for _, dir := range []string{d.root, d.temp} {
		if err := os.Chmod(dir, folderMode); err != nil {
			return nil, jiban.Errorf(jiban.CodeUnavailable, op, "files: the folder cannot be closed to others: %w", err)
		}
	}
	return d, nil
}

func (d *Disk) path(name string) string { return filepath.Join(d.root, name[:2], name[2:4], name[4:]) }

// Write keeps size bytes: first beside, synced, then under their name, whose folder
// is synced too. A crash leaves all or nothing under the name.
func (d *Disk) Write(ctx context.Context, name string, r io.Reader, size int64) error {
	const op = "blob.Write"
	if err := checkName(op, name); err != nil {
		return err
	}
	temp, err := d.writeTemp(ctx, r, size)
	if err != nil {
		return err
	}
	path := d.path(name)
	if err = d.makeFolders(filepath.Dir(path)); err == nil {
		err = os.Rename(temp, path)
	}
	if err == nil {
		err = syncFolder(filepath.Dir(path))
	}
	if err != nil {
		return errors.Join(diskFault(op, err), gone(os.Remove(temp)))
	}
	return nil
}

func (d *Disk) writeTemp(ctx context.Context, r io.Reader, size int64) (string, error) {
	const op = "blob.Write"
	f, err := os.CreateTemp(d.temp, "*")
	if err != nil {
		return "", diskFault(op, err)
	}
	n, err := io.Copy(f, io.LimitReader(following{ctx, r}, size+1))
	if err == nil && n != size {
		err = jiban.Errorf(jiban.CodeInvalid, op, "%d bytes came where %d were told", n, size)
	}
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err != nil {
		return "", errors.Join(diskFault(op, err), gone(os.Remove(f.Name())))
	}
	return f.Name(), nil
}

// makeFolders makes the two folders of a name, and makes their being there durable.
func (d *Disk) makeFolders(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if err := os.MkdirAll(dir, folderMode); err != nil {
		return err
	}
	return errors.Join(syncFolder(filepath.Dir(dir)), syncFolder(d.root))
}

func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// Open reads bytes.
func (d *Disk) Open(_ context.Context, name string) (io.ReadCloser, error) {
	const op = "blob.Open"
	if err := checkName(op, name); err != nil {
		return nil, err
	}
	f, err := os.Open(d.path(name))
	if err != nil {
		return nil, diskFault(op, err)
	}
	return f, nil
}

// Remove drops bytes.
func (d *Disk) Remove(_ context.Context, name string) error {
	const op = "blob.Remove"
	if err := checkName(op, name); err != nil {
		return err
	}
	return diskFault(op, gone(os.Remove(d.path(name))))
}

// gone makes "there is none" no error.
func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// List gives names in order.
func (d *Disk) List(ctx context.Context, after string, limit int) ([]files.Blob, error) {
	var found []files.Blob
	err := filepath.WalkDir(d.root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return gone(err)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		name := d.nameOf(path)
		if e.IsDir() {
			if path == d.temp || name != "" && !strings.HasPrefix(after, name) && name < after {
				return fs.SkipDir
			}
			return nil
		}
		if name <= after || !isName(name) {
			return nil
		}
		if len(found) == limit {
			return fs.SkipAll
		}
		info, err := e.Info()
		if err != nil {
			return gone(err)
		}
		found = append(found, files.Blob{Name: name, At: info.ModTime().UTC()})
		return nil
	})
	return slices.Clip(found), diskFault("blob.List", err)
}

// nameOf reads the name back from a path.
func (d *Disk) nameOf(path string) string {
	rel, err := filepath.Rel(d.root, path)
	if err != nil || rel == "." {
		return ""
	}
	return strings.ReplaceAll(rel, string(filepath.Separator), "")
}

func diskFault(op string, err error) error {
	var coded *jiban.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &coded):
		return err
	case errors.Is(err, fs.ErrNotExist):
		return jiban.Errorf(jiban.CodeNotFound, op, "there are no such bytes: %w", err)
	}
	return jiban.Errorf(jiban.CodeUnavailable, op, "the folder of the files: %w", err)
}

// following ends with its context.
type following struct {
	ctx context.Context
	r   io.Reader
}

// Read reads unless the context ended.
func (f following) Read(p []byte) (int, error) {
	if err := f.ctx.Err(); err != nil {
		return 0, err
	}
	return f.r.Read(p)
}
