package keys

import (
	"bufio"
	"crypto/hmac"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"jiban"
)

// root is a root key. Its id follows from the key, so that a wrong key cannot
// pass for the right one and nodes agree without being told.
type root struct {
	id  string
	key secret
}

func newRoot(key secret) root {
	id := AES.derive(&key, "root id")
	return root{id: hex.EncodeToString(id[:8]), key: key}
}

// ring is the root keys at hand, the newest first: the first wraps, once the
// database says so; all read.
type ring struct {
	file string // "" when the keys come from the environment

	mu    sync.RWMutex
	roots []root
}

func (r *ring) get(id string) (root, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, k := range r.roots {
		if k.id == id {
			return k, true
		}
	}
	return root{}, false
}

// find is get, looking into the file once more: another process may have put a
// new root key there.
func (r *ring) find(id string) (root, error) {
	if k, ok := r.get(id); ok {
		return k, nil
	}
	if r.file != "" {
		if err := r.reload(); err != nil {
			return root{}, err
		}
	}
	if k, ok := r.get(id); ok {
		return k, nil
	}
	return root{}, jiban.Errorf(jiban.CodeUnavailable, "keys.root",
		"root key %s is not here (%s): put it back, the data sealed under it cannot be read without it", id, r.where())
}

func (r *ring) where() string {
	if r.file == "" {
		return "the keys come from the environment"
	}
	return "the keys come from " + r.file
}

func (r *ring) newest() root {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.roots[0]
}

func (r *ring) all() []root {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return append([]root(nil), r.roots...)
}

func (r *ring) set(roots []root) {
	r.mu.Lock()
	r.roots = roots
	r.mu.Unlock()
}

func (r *ring) reload() error {
	roots, err := readRoots(r.file)
	if err == nil {
		r.set(roots)
	}
	return err
}

// maxKeyFile bounds the key file, in bytes.
const maxKeyFile = 64 << 10

// readRoots reads a key file. One that others may read is refused: the key would
// be no secret.
func readRoots(file string) ([]root, error) {
	const op = "keys.read"
	f, err := os.Open(file)
	if err != nil {
		return nil, jiban.Errorf(jiban.CodeUnavailable, op, "the key file cannot be opened: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, jiban.Errorf(jiban.CodeUnavailable, op, "look at the key file: %w", err)
	}
	if info.Mode().Perm()&0o027 != 0 {
		return nil, jiban.Errorf(jiban.CodeInvalid, op, "the key file %s has mode %#o and is open to others: chmod 600 it", file, info.Mode().Perm())
	}
	text, err := io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	if err != nil || len(text) > maxKeyFile {
		return nil, jiban.Errorf(jiban.CodeInvalid, op, "the key file %s cannot be read or is no key file: %w", file, errors.Join(err, fs.ErrInvalid))
	}
	roots, err := parseRoots(string(text))
	if err != nil {
		return nil, jiban.Errorf(jiban.CodeInvalid, op, "the key file %s: %w", file, err)
	}
	return roots, nil
}

// parseRoots reads root keys: 32 bytes each, in hex or base64, apart by commas,
// blanks or lines; a line that starts with # is a remark. An error never repeats
// what was read.
func parseRoots(text string) ([]root, error) {
	var roots []root
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if strings.HasPrefix(line, "#") {
			continue
		}
		for _, word := range strings.FieldsFunc(line, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' }) {
			key, ok := decodeKey(word)
			if !ok {
				return nil, fmt.Errorf("key number %d is not 32 bytes in hex or base64", len(roots)+1)
			}
			roots = append(roots, newRoot(key))
		}
	}
	if err := lines.Err(); err != nil {
		return nil, errors.New("a line is too long to be a key")
	}
	if len(roots) == 0 {
		return nil, errors.New("there is no key in it")
	}
	return roots, nil
}

func decodeKey(word string) (secret, bool) {
	var key secret
	raw, err := hex.DecodeString(word)
	if err != nil {
		trimmed := strings.TrimRight(word, "=")
		if raw, err = base64.RawStdEncoding.DecodeString(trimmed); err != nil {
			raw, err = base64.RawURLEncoding.DecodeString(trimmed)
		}
	}
	if err != nil || len(raw) != keySize || hmac.Equal(raw, key[:]) {
		return key, false
	}
	copy(key[:], raw)
	return key, true
}

// writeRoots puts a key file onto the disk, whole or not at all, readable by its
// owner alone. With fresh an existing file is never replaced.
func writeRoots(file string, roots []root, fresh bool) error {
	var b strings.Builder
	b.WriteString("# Root keys of this house, the newest first. Keep a copy apart from the backups:\n" +
		"# without them nobody reads the names, numbers and addresses in the database.\n")
	for _, r := range roots {
		b.WriteString(hex.EncodeToString(r.key[:]) + "\n")
	}
	err := os.MkdirAll(filepath.Dir(file), 0o700)
	if err == nil {
		err = replace(file, []byte(b.String()), fresh)
	}
	if err != nil {
		return jiban.Errorf(jiban.CodeUnavailable, "keys.write", "the key file cannot be written: %w", err)
	}
	return nil
}

func replace(file string, text []byte, fresh bool) error {
	part := file + ".part"
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(part, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(part))
	}
	if fresh {
		// A link, unlike a rename, refuses a name that is taken.
		err = errors.Join(os.Link(part, file), os.Remove(part))
	} else {
		err = os.Rename(part, file)
	}
	if err != nil {
		return err
	}
	return syncDir(filepath.Dir(file))
}

func syncDir(name string) error {
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
