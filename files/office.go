package files

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"path"
	"strings"
)

// The limits of what a document unpacks to.
const (
	maxParts    = 5_000
	maxPart     = 100 << 20 // bytes of one part
	maxUnpacked = 200 << 20 // bytes of all
	maxRatio    = 200       // unpacked to packed, beyond the first megabyte
	maxRelation = 4 << 20   // bytes of a list of relations that is read
)

// cleanOffice checks a document or workbook (ECMA-376) and tells which it is.
// Every part is unpacked once to see that it is what it says and no larger; what
// the parts mean is not looked into, but for programs and templates from
// elsewhere, which are refused. The file is copied as it is.
func cleanOffice(in *input, out io.Writer) (Kind, error) {
	if err := zipWhole(in); err != nil {
		return "", err
	}
	z, err := zip.NewReader(in.src, in.size)
	if err != nil {
		return "", broken("a container that cannot be read")
	}
	if len(z.File) > maxParts {
		return "", broken("a container with %d parts", len(z.File))
	}
	names := map[string]bool{}
	for _, f := range z.File {
		name := strings.ToLower(f.Name)
		if names[name] {
			return "", broken("a part is there twice")
		}
		names[name] = true
		if err := checkPart(f, name); err != nil {
			return "", err
		}
	}
	kind, err := officeKind(names)
	if err != nil {
		return "", err
	}
	if err := unpack(z.File); err != nil {
		return "", err
	}
	return kind, in.copy(out, in.size)
}

// zipWhole checks that the container begins with its first part and ends with its
// directory, without a comment: nothing stands before, behind or between.
func zipWhole(in *input) error {
	const size = 22
	if in.size < size {
		return broken("a container without a directory")
	}
	var e [size]byte
	if _, err := in.src.ReadAt(e[:], in.size-size); err != nil {
		return short(err)
	}
	if string(e[:4]) != "PK\x05\x06" || e[20] != 0 || e[21] != 0 {
		return broken("a container that does not end with its directory")
	}
	length, offset := int64(binary.LittleEndian.Uint32(e[12:])), int64(binary.LittleEndian.Uint32(e[16:]))
	if offset+length != in.size-size {
		return broken("something stands before the container or in its directory")
	}
	return nil
}

func checkPart(f *zip.File, name string) error {
	switch {
	case f.Flags&1 != 0:
		return broken("a container with a password")
	case name == "" || strings.ContainsAny(name, "\\:\x00") || strings.HasPrefix(name, "/") || leaves(name):
		return broken("a part whose name leads elsewhere")
	case f.Method != zip.Store && f.Method != zip.Deflate:
		return broken("a part packed in a way that documents are not")
	case f.Mode()&^0o777 != 0 && !f.Mode().IsDir():
		return broken("a part that is no ordinary file")
	case f.UncompressedSize64 > maxPart:
		return broken("a part of %d bytes", f.UncompressedSize64)
	case bytes.Contains([]byte(name), []byte("vbaproject")), strings.HasSuffix(name, ".exe"), strings.HasSuffix(name, ".js"),
		strings.HasPrefix(path.Base(name), "oleobject"):
		return refused(BadKind, "a document with a program in it")
	}
	return nil
}

func leaves(name string) bool {
	for _, step := range strings.Split(name, "/") {
		if step == ".." {
			return true
		}
	}
	return false
}

func officeKind(names map[string]bool) (Kind, error) {
	switch {
	case !names["[content_types].xml"]:
	case names["word/document.xml"]:
		return DOCX, nil
	case names["xl/workbook.xml"]:
		return XLSX, nil
	}
	return "", refused(BadKind, "a container that is neither document nor workbook")
}

// unpack unpacks every part and counts what really comes out.
func unpack(parts []*zip.File) error {
	total := int64(0)
	for _, f := range parts {
		n, err := unpackPart(f, min(maxPart, maxUnpacked-total))
		if err != nil {
			return err
		}
		if n > 1<<20 && uint64(n) > maxRatio*max(f.CompressedSize64, 1) {
			return broken("a part that unpacks to %d times its size", uint64(n)/max(f.CompressedSize64, 1))
		}
		total += n
	}
	return nil
}

func unpackPart(f *zip.File, most int64) (int64, error) {
	r, err := f.Open()
	if err != nil {
		return 0, broken("a part that cannot be unpacked")
	}
	defer r.Close()
	limited := io.LimitReader(r, most+1)
	var n int64
	if strings.HasSuffix(strings.ToLower(f.Name), ".rels") {
		n, err = readRelations(limited)
	} else {
		n, err = io.Copy(io.Discard, limited)
	}
	if ReasonOf(err) != "" {
		return n, err
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return n, broken("a part that is damaged")
	}
	if n > most {
		return n, broken("it unpacks to more than %d bytes", int64(maxUnpacked))
	}
	return n, nil
}

// readRelations refuses documents that fetch a template or an object from
// elsewhere when they are opened.
func readRelations(r io.Reader) (int64, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxRelation+1))
	if err != nil {
		return int64(len(b)), err
	}
	if len(b) > maxRelation {
		return int64(len(b)), broken("a list of relations of more than %d bytes", maxRelation)
	}
	low := bytes.ToLower(b)
	for _, element := range bytes.Split(low, []byte("<relationship ")) {
		external := bytes.Contains(element, []byte(`"external"`)) || bytes.Contains(element, []byte("'external'"))
		if external && (bytes.Contains(element, []byte("attachedtemplate")) || bytes.Contains(element, []byte("oleobject")) || bytes.Contains(element, []byte("/frame"))) {
			return int64(len(b)), refused(BadKind, "a document that fetches something from elsewhere")
		}
	}
	return int64(len(b)), nil
}
