package files

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"strings"
)

// Files made for the tests: whole ones, with everything in them that tells
// something about who made them.

const (
	gpsNote   = "GPS-45.75N-126.65E-secret"
	maker     = "Huawei-P60-secret"
	comment   = "comment-secret-phone-13800001234"
	eicarText = `X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*`
)

func picture() image.Image {
	img := image.NewRGBA(image.Rect(0, 0, 40, 20))
	for i := range 800 {
		img.Set(i%40, i/40, color.RGBA{uint8(i), uint8(i * 7), uint8(i * 13), 255})
	}
	return img
}

func segment(m byte, body string) string {
	n := len(body) + 2
	return string([]byte{0xff, m, byte(n >> 8), byte(n)}) + body
}

// exif is a TIFF structure with an orientation, a maker and a place.
func exif(turned uint16) string {
	var b bytes.Buffer
	b.WriteString("II*\x00")
	put := func(v any) { _ = binary.Write(&b, binary.LittleEndian, v) }
	put(uint32(8))
	put(uint16(2))
	put([]uint16{271, 2})
	put([]uint32{uint32(len(maker)), 38})
	put([]uint16{274, 3})
	put(uint32(1))
	put([]uint16{turned, 0})
	put(uint32(0))
	b.WriteString(maker + gpsNote)
	return b.String()
}

func plainJPEG() []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, picture(), nil); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// jpegWith puts segments behind the start of a JPEG.
func jpegWith(segments ...string) []byte {
	p := plainJPEG()
	return slicesOf(p[:2], []byte(strings.Join(segments, "")), p[2:])
}

func slicesOf(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func photo(turned uint16) []byte {
	return jpegWith(
		segment(markAPP0, "JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x01\x01thumbnail-secret"),
		segment(markAPP1, "Exif\x00\x00"+exif(turned)),
		segment(markAPP1, "http://ns.adobe.com/xap/1.0/\x00<x:xmpmeta>"+gpsNote+"</x:xmpmeta>"),
		segment(0xed, "Photoshop 3.0\x00"+maker),
		segment(markCOM, comment))
}

func plainPNG() []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, picture()); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func chunk(kind, body string) string {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	b = append(b, kind+body...)
	return string(binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE([]byte(kind+body))))
}

// pngWith puts chunks behind the header of a PNG.
func pngWith(chunks ...string) []byte {
	p := plainPNG()
	const header = 8 + 25
	return slicesOf(p[:header], []byte(strings.Join(chunks, "")), p[header:])
}

func plainGIF() []byte {
	var b bytes.Buffer
	if err := gif.Encode(&b, picture(), nil); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// gifWith puts blocks before the end of a GIF.
func gifWith(blocks string) []byte {
	p := plainGIF()
	return slicesOf(p[:len(p)-1], []byte(blocks), []byte{0x3b})
}

func riff(chunks ...string) []byte {
	body := "WEBP" + strings.Join(chunks, "")
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
}

func part(kind, body string) string {
	s := string(binary.LittleEndian.AppendUint32([]byte(kind), uint32(len(body)))) + body
	if len(body)%2 == 1 {
		s += "\x00"
	}
	return s
}

// lossless is a picture of 40 by 20, as far as its header goes.
func lossless() string {
	return part("VP8L", "\x2f"+string(binary.LittleEndian.AppendUint32(nil, 39|19<<14))+"pixels..")
}

func webpPhoto() []byte {
	flags := string([]byte{0x2c, 0, 0, 0, 39, 0, 0, 19, 0, 0})
	return riff(part("VP8X", flags), part("ICCP", maker), lossless(), part("EXIF", exif(6)), part("XMP ", gpsNote))
}

const plainPDF = "%PDF-1.4\n1 0 obj\n<</Type/Catalog>>\nendobj\nstartxref\n9\n%%EOF\n"

type zipPart struct{ name, body string }

func zipOf(parts ...zipPart) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, p := range parts {
		w, err := z.Create(p.name)
		if err == nil {
			_, err = w.Write([]byte(p.body))
		}
		if err != nil {
			panic(err)
		}
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func docx(more ...zipPart) []byte {
	return zipOf(append([]zipPart{{"[Content_Types].xml", "<Types/>"}, {"word/document.xml", "<w:document>停水</w:document>"}}, more...)...)
}

func xlsx() []byte {
	return zipOf(zipPart{"[Content_Types].xml", "<Types/>"}, zipPart{"xl/workbook.xml", "<workbook/>"})
}

func boxed(kind string, bodies ...string) string {
	body := strings.Join(bodies, "")
	return string(binary.BigEndian.AppendUint32(nil, uint32(8+len(body)))) + kind + body
}

func track(handler string) string {
	return boxed("trak", boxed("udta", maker), boxed("mdia", boxed("hdlr", "\x00\x00\x00\x00\x00\x00\x00\x00"+handler+"............")))
}

func film(brand string, tracks ...string) []byte {
	return []byte(boxed("ftyp", brand+"\x00\x00\x00\x00isom") +
		boxed("moov", strings.Join(tracks, ""), boxed("udta", boxed("\xa9xyz", gpsNote)), boxed("meta", maker)) +
		boxed("free", "left over "+comment) + boxed("mdat", "frames and frames") + boxed("uuid", gpsNote))
}

// sound is MPEG audio, layer III, 32 kbit/s at 44.1 kHz: frames of 104 bytes.
func sound(frames int) []byte {
	one := append([]byte{0xff, 0xfb, 0x10, 0x00}, make([]byte, 100)...)
	return bytes.Repeat(one, frames)
}

func amr(frames int) []byte {
	return append([]byte(amrStart), bytes.Repeat(append([]byte{0x3c}, make([]byte, 31)...), frames)...)
}

func silk() []byte {
	return []byte("\x02" + silkStart + "\x05\x00hello\x03\x00abc\xff\xff")
}
