package files

import (
	"bytes"
	"io"
	"slices"

	"jiban"
)

// Kind is a type of file that can be taken.
type Kind string

// The kinds.
const (
	JPEG  Kind = "jpeg"
	PNG   Kind = "png"
	GIF   Kind = "gif"
	WebP  Kind = "webp"
	PDF   Kind = "pdf"
	DOCX  Kind = "docx"
	XLSX  Kind = "xlsx"
	MP3   Kind = "mp3"
	AMR   Kind = "amr"
	AMRWB Kind = "amr-wb"
	SILK  Kind = "silk"
	M4A   Kind = "m4a"
	MP4   Kind = "mp4"
	MOV   Kind = "mov"
)

// Kinds lists all that can be taken.
func Kinds() []Kind {
	return []Kind{JPEG, PNG, GIF, WebP, PDF, DOCX, XLSX, MP3, AMR, AMRWB, SILK, M4A, MP4, MOV}
}

// Known reports whether a name is that of a kind.
func Known(name string) bool { return slices.Contains(Kinds(), Kind(name)) }

// MIME is the type under which a kind is given out.
func (k Kind) MIME() string {
	switch k {
	case JPEG, PNG, GIF, WebP:
		return "image/" + string(k)
	case PDF:
		return "application/pdf"
	case DOCX:
		return "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	case XLSX:
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	case MP3:
		return "audio/mpeg"
	case AMR, AMRWB, SILK:
		return "audio/" + string(k)
	case M4A:
		return "audio/mp4"
	case MP4:
		return "video/mp4"
	case MOV:
		return "video/quicktime"
	}
	return "application/octet-stream"
}

// extension is the end of a name that fits the kind.
func (k Kind) extension() string {
	switch k {
	case JPEG:
		return ".jpg"
	case AMRWB:
		return ".awb"
	case SILK:
		return ".slk"
	}
	return "." + string(k)
}

// Picture reports whether a MIME type is one of the pictures that a page may show
// where it stands.
func Picture(mime string) bool {
	return slices.Contains([]string{JPEG.MIME(), PNG.MIME(), GIF.MIME(), WebP.MIME()}, mime)
}

// MessageKind is the kind of message that a file of this type makes.
func MessageKind(mime string) jiban.MessageKind {
	switch {
	case Picture(mime):
		return jiban.KindImage
	case len(mime) > 6 && mime[:6] == "audio/":
		return jiban.KindVoice
	}
	return jiban.KindFile
}

// sniffed is how much of the beginning tells the kind.
const sniffed = 32

// sniff tells a kind by the first bytes; the cleaner of the kind has the last
// word. What a sender says about a file is never asked.
func sniff(r io.ReaderAt) (Kind, bool) {
	var b [sniffed]byte
	n, err := r.ReadAt(b[:], 0)
	if err != nil && n < 4 {
		return "", false
	}
	head := b[:n]
	starts := func(s string) bool { return bytes.HasPrefix(head, []byte(s)) }
	at := func(i int, s string) bool { return len(head) >= i+len(s) && string(head[i:i+len(s)]) == s }
	switch {
	case starts("\xff\xd8\xff"):
		return JPEG, true
	case starts(pngSignature):
		return PNG, true
	case starts("GIF87a"), starts("GIF89a"):
		return GIF, true
	case starts("RIFF") && at(8, "WEBP"):
		return WebP, true
	case starts("%PDF-"):
		return PDF, true
	case starts("PK\x03\x04"):
		return DOCX, true // or a workbook: its parts tell
	case starts(amrStart):
		return AMR, true
	case starts(amrWideStart):
		return AMRWB, true
	case starts(silkStart), starts("\x02" + silkStart):
		return SILK, true
	case at(4, "ftyp"):
		return MP4, true // or sound: its tracks tell
	case starts("ID3"), len(head) >= 2 && head[0] == 0xff && head[1]&0xe0 == 0xe0:
		return MP3, true
	}
	return "", false
}
