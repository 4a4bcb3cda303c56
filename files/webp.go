package files

import (
	"encoding/binary"
	"io"
)

// webpChunk is one part of a WebP file.
type webpChunk struct {
	kind string
	at   int64 // of its content
	size int64
}

func (c webpChunk) padded() int64 { return c.size + c.size&1 }

// webpKept are the parts that are needed to show a WebP.
func webpKept(kind string) bool {
	switch kind {
	case "VP8X", "VP8 ", "VP8L", "ALPH", "ANIM", "ANMF":
		return true
	}
	return false
}

// cleanWebP writes the parts that are needed (RFC 9649); of EXIF it keeps how the
// picture is turned. Profiles go with the rest.
func cleanWebP(in *input, out io.Writer) error {
	chunks, err := webpChunks(in)
	if err != nil {
		return err
	}
	turned, err := webpTurned(in, chunks)
	if err != nil {
		return err
	}
	var exif []byte
	if turned > 1 && chunks[0].kind == "VP8X" {
		exif = orientationOnly(turned)
	}
	total := int64(4)
	for _, c := range chunks {
		if webpKept(c.kind) {
			total += 8 + c.padded()
		}
	}
	if exif != nil {
		total += 8 + int64(len(exif))
	}
	if err := webpHead(out, "RIFF", total); err != nil {
		return err
	}
	if _, err := io.WriteString(out, "WEBP"); err != nil {
		return err
	}
	for _, c := range chunks {
		if !webpKept(c.kind) {
			continue
		}
		if err := webpCopy(in, out, c, exif != nil); err != nil {
			return err
		}
	}
	if exif == nil {
		return nil
	}
	if err := webpHead(out, "EXIF", int64(len(exif))); err != nil {
		return err
	}
	_, err = out.Write(exif)
	return err
}

func webpHead(out io.Writer, kind string, size int64) error {
	_, err := out.Write(binary.LittleEndian.AppendUint32([]byte(kind), uint32(size)))
	return err
}

// webpChunks lists the parts and checks that they fill the file.
func webpChunks(in *input) ([]webpChunk, error) {
	head := make([]byte, 12)
	if _, err := in.src.ReadAt(head, 0); err != nil {
		return nil, short(err)
	}
	if string(head[:4]) != "RIFF" || string(head[8:]) != "WEBP" {
		return nil, broken("no start of a WebP")
	}
	end := int64(binary.LittleEndian.Uint32(head[4:])) + 8
	if end != in.size {
		return nil, broken("a WebP of %d bytes that says it has %d", in.size, end)
	}
	var chunks []webpChunk
	pictures := 0
	for at := int64(12); at < end; {
		if _, err := in.src.ReadAt(head[:8], at); err != nil {
			return nil, short(err)
		}
		c := webpChunk{kind: string(head[:4]), at: at + 8, size: int64(binary.LittleEndian.Uint32(head[4:]))}
		if c.at+c.padded() > end || len(chunks) > 2*maxFrames {
			return nil, broken("a part is longer than the file, or there are too many")
		}
		if c.kind == "VP8 " || c.kind == "VP8L" || c.kind == "ANMF" {
			pictures++
		}
		chunks = append(chunks, c)
		at = c.at + c.padded()
	}
	if pictures == 0 || pictures > maxFrames {
		return nil, broken("a WebP without a picture, or with too many")
	}
	return chunks, webpSizes(in, chunks)
}

// webpSizes checks how large the picture unfolds, by each part that says it.
func webpSizes(in *input, chunks []webpChunk) error {
	for i, c := range chunks {
		b := make([]byte, min(c.size, 16))
		if _, err := in.src.ReadAt(b, c.at); err != nil {
			return short(err)
		}
		w, h, err := webpSize(c.kind, b)
		if err != nil {
			return err
		}
		if w == 0 {
			continue
		}
		if i > 0 && c.kind == "VP8X" {
			return broken("the header is not the first")
		}
		if err := checkDimensions(w, h); err != nil {
			return err
		}
	}
	return nil
}

// webpSize reads width and height of a part; zeros where it says none.
func webpSize(kind string, b []byte) (w, h int64, err error) {
	u24 := func(i int) int64 { return int64(b[i]) | int64(b[i+1])<<8 | int64(b[i+2])<<16 }
	short := broken("a part of the picture is too short")
	switch kind {
	case "VP8X":
		if len(b) < 10 {
			return 0, 0, short
		}
		return u24(4) + 1, u24(7) + 1, nil
	case "ANMF":
		if len(b) < 16 {
			return 0, 0, short
		}
		return u24(6) + 1, u24(9) + 1, nil
	case "VP8L":
		if len(b) < 5 || b[0] != 0x2f {
			return 0, 0, short
		}
		v := binary.LittleEndian.Uint32(b[1:])
		return int64(v&0x3fff) + 1, int64(v>>14&0x3fff) + 1, nil
	case "VP8 ":
		if len(b) < 10 || b[3] != 0x9d || b[4] != 0x01 || b[5] != 0x2a {
			return 0, 0, short
		}
		return int64(binary.LittleEndian.Uint16(b[6:]) & 0x3fff), int64(binary.LittleEndian.Uint16(b[8:]) & 0x3fff), nil
	}
	return 0, 0, nil
}

// webpTurned reads the orientation.
func webpTurned(in *input, chunks []webpChunk) (uint16, error) {
	for _, c := range chunks {
		if c.kind != "EXIF" {
			continue
		}
		b := make([]byte, min(c.size, 64<<10))
		if _, err := in.src.ReadAt(b, c.at); err != nil {
			return 0, short(err)
		}
		if len(b) > 6 && string(b[:6]) == "Exif\x00\x00" {
			b = b[6:]
		}
		return orientationOf(b), nil
	}
	return 0, nil
}

// webpCopy writes a part; the header without the flags of what was dropped.
func webpCopy(in *input, out io.Writer, c webpChunk, exif bool) error {
	if err := webpHead(out, c.kind, c.size); err != nil {
		return err
	}
	body := io.Reader(io.NewSectionReader(in.src, c.at, c.padded()))
	if c.kind == "VP8X" {
		const profile, exifFlag, xmp = 0x20, 0x08, 0x04
		var flags [1]byte
		if _, err := io.ReadFull(body, flags[:]); err != nil {
			return short(err)
		}
		flags[0] &^= profile | exifFlag | xmp
		if exif {
			flags[0] |= exifFlag
		}
		if _, err := out.Write(flags[:]); err != nil {
			return err
		}
	}
	_, err := io.Copy(out, body)
	return err
}
