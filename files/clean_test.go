package files

import (
	"bytes"
	"encoding/binary"
	"image"
	_ "image/gif"
	_ "image/jpeg"
	_ "image/png"
	"io"
	"strings"
	"testing"
)

func cleaned(content []byte) (Kind, []byte, error) {
	var out bytes.Buffer
	kind, err := clean(bytes.NewReader(content), int64(len(content)), func(Kind) bool { return true }, &out)
	return kind, out.Bytes(), err
}

// What is taken, and as what: by content alone.
func TestKindsByContent(t *testing.T) {
	cases := map[string]struct {
		content []byte
		want    Kind
	}{
		"photo": {photo(6), JPEG}, "png": {plainPNG(), PNG}, "gif": {plainGIF(), GIF}, "webp": {webpPhoto(), WebP},
		"webp without extras": {riff(lossless()), WebP}, "pdf": {[]byte(plainPDF), PDF}, "docx": {docx(), DOCX}, "xlsx": {xlsx(), XLSX},
		"mp3": {sound(5), MP3}, "mp3 with title": {slicesOf([]byte("ID3\x04\x00\x00\x00\x00\x00\x0a"), []byte(gpsNote[:10]), sound(4)), MP3},
		"amr": {amr(3), AMR}, "amr wide": {slicesOf([]byte(amrWideStart), []byte{0x04}, make([]byte, 17)), AMRWB}, "silk": {silk(), SILK},
		"film": {film("isom", track("vide"), track("soun")), MP4}, "voice memo": {film("M4A ", track("soun")), M4A}, "iphone": {film("qt  ", track("vide")), MOV},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			kind, out, err := cleaned(c.content)
			if err != nil || kind != c.want || len(out) == 0 {
				t.Fatalf("%s %d bytes, %v; want %s", kind, len(out), err, c.want)
			}
			again, twice, err := cleaned(out)
			if err != nil || again != kind || !bytes.Equal(out, twice) {
				t.Errorf("what was cleaned is not clean: %v", err)
			}
		})
	}
}

// Nothing that tells where, when and with what a picture was made stays in it.
func TestNothingTellsWhoMadeIt(t *testing.T) {
	title := slicesOf([]byte("ID3\x04\x00\x00\x00\x00\x00\x19"), []byte(gpsNote), sound(4), []byte("TAG"+maker), make([]byte, 125-len(maker)))
	for name, content := range map[string][]byte{
		"jpeg":           photo(6),
		"jpeg with film": slicesOf(photo(1), []byte(boxed("ftyp", "isom"+gpsNote))),
		"jpeg of two":    slicesOf(jpegWith(segment(markAPP2, "MPF\x00..")), jpegWith(segment(markCOM, gpsNote))),
		"jpeg samsung":   slicesOf(plainJPEG(), []byte(gpsNote+"SEFT")),
		"png":            pngWith(chunk("tEXt", "Author\x00"+maker), chunk("eXIf", exif(6)), chunk("zTXt", gpsNote), chunk("iTXt", comment), chunk("tIME", "1234567")),
		"gif":            gifWith("\x21\xfe" + string(rune(len(comment))) + comment + "\x00" + "\x21\xff\x0bXMP DataXMP" + string(rune(len(gpsNote))) + gpsNote + "\x00"),
		"webp":           webpPhoto(),
		"mp3":            title,
		"mp4":            film("isom", track("vide")),
	} {
		t.Run(name, func(t *testing.T) {
			_, out, err := cleaned(content)
			if err != nil {
				t.Fatal(err)
			}
			for _, secret := range []string{gpsNote, maker, comment, "thumbnail-secret", "xmpmeta", "Exif\x00\x00II"} {
				if bytes.Contains(out, []byte(secret)) {
					t.Errorf("%q is still in it", secret)
				}
			}
		})
	}
}

// A cleaned picture is the same picture, and turned the same way.
func TestPicturesStayAsTheyAre(t *testing.T) {
	for name, content := range map[string][]byte{"jpeg": photo(6), "png": pngWith(chunk("tEXt", "x\x00y")), "gif": gifWith("\x21\xfe\x01x\x00")} {
		before, _, err := image.Decode(bytes.NewReader(content))
		if err != nil {
			t.Fatal(name, err)
		}
		_, out, err := cleaned(content)
		if err != nil {
			t.Fatal(name, err)
		}
		after, _, err := image.Decode(bytes.NewReader(out))
		if err != nil {
			t.Fatal(name, err)
		}
		for i := range 800 {
			if before.At(i%40, i/40) != after.At(i%40, i/40) {
				t.Fatalf("%s: pixel %d changed", name, i)
			}
		}
	}
	for turned := range uint16(10) {
		_, out, err := cleaned(photo(turned))
		if err != nil {
			t.Fatal(err)
		}
		_, tiff, found := bytes.Cut(out, []byte("Exif\x00\x00"))
		if want := turned > 1 && turned <= 8; found != want || want && orientationOf(tiff) != turned {
			t.Errorf("turned %d: found %v, %d", turned, found, orientationOf(tiff))
		}
	}
	_, out, err := cleaned(webpPhoto())
	_, tiff, found := bytes.Cut(out, []byte("EXIF"))
	if err != nil || !found || orientationOf(tiff[4:]) != 6 || out[20]&0x2c != 0x08 {
		t.Errorf("webp lost how it is turned: %v", err)
	}
}

// bomb is a document that unpacks to far more than it is.
func bomb() []byte { return docx(zipPart{"word/media/a.xml", strings.Repeat("\x00", 30<<20)}) }

// lying says in its directory that a part is small.
func lying() []byte {
	b := bomb()
	i := bytes.LastIndex(b, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(b[i+24:], 10)
	return b
}

func huge(w, h uint32) []byte {
	p := plainPNG()
	header := binary.BigEndian.AppendUint32(nil, w)
	header = append(binary.BigEndian.AppendUint32(header, h), 8, 2, 0, 0, 0)
	return slicesOf(p[:8], []byte(chunk("IHDR", string(header))), p[33:])
}

// Everything an attacker might send.
func TestEvilFiles(t *testing.T) {
	evilZip := zipOf(zipPart{"evil.class", "cafebabe"})
	for name, content := range map[string][]byte{
		"html":                 []byte("<!doctype html><script>alert(1)</script>"),
		"svg":                  []byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`),
		"svg with declaration": []byte(`<?xml version="1.0"?><svg onload="x"/>`),
		"program":              []byte("MZ\x90\x00" + strings.Repeat("x", 100)), "elf": []byte("\x7fELF" + strings.Repeat("\x00", 100)),
		"script": []byte("#!/bin/sh\nrm -rf /\n"), "text": []byte("hello"), "eicar": []byte(eicarText), "one byte": {0xff},
		"jpeg with zip":         slicesOf(plainJPEG(), evilZip),
		"jpeg with html":        slicesOf(plainJPEG(), []byte("<html><script>alert(1)</script></html>")),
		"jpeg with pdf":         slicesOf(plainJPEG(), []byte(plainPDF)),
		"jpeg with php":         slicesOf(plainJPEG(), []byte("<?php system($_GET[0]);")),
		"jpeg with data":        slicesOf(plainJPEG(), []byte("x")),
		"jpeg cut":              plainJPEG()[:200],
		"jpeg without end":      plainJPEG()[:len(plainJPEG())-2],
		"jpeg without picture":  []byte("\xff\xd8\xff\xd9"),
		"jpeg zip in scan":      slicesOf(plainJPEG()[:len(plainJPEG())-2], bytes.ReplaceAll(withComment(evilZip, 2), []byte{0xff}, []byte{0xff, 0}), []byte("\xff\xd9")),
		"jpeg script in scan":   slicesOf(plainJPEG()[:len(plainJPEG())-2], []byte("<SCRIPT>x"), []byte("\xff\xd9")),
		"jpeg garbage between":  slicesOf(plainJPEG()[:2], []byte("xx"), plainJPEG()[2:]),
		"png with zip":          slicesOf(plainPNG(), evilZip),
		"png with html":         slicesOf(plainPNG(), []byte("<html>")),
		"png cut":               plainPNG()[:60],
		"png wrong sum":         slicesOf(plainPNG()[:30], []byte{0}, plainPNG()[31:]),
		"png unknown part":      pngWith(chunk("EVIL", "x")),
		"png of a billion dots": huge(60000, 60000),
		"png lies about size":   huge(400, 200),
		"png script in palette": pngWith(chunk("PLTE", "<script>aler")),
		"gif with zip":          slicesOf(plainGIF(), evilZip),
		"gif with script":       gifWith("\x21\xf9\x09<script>x\x00"),
		"gif cut":               plainGIF()[:50],
		"webp with zip":         slicesOf(riff(lossless()), evilZip),
		"webp lies about size":  append(riff(lossless()), 'x'),
		"webp huge":             riff(part("VP8X", "\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff"), lossless()),
		"webp empty":            riff(),
		"pdf with script":       []byte("%PDF-1.4\n<</S/JavaScript/JS(app.alert(1))>>\n%%EOF"),
		"pdf with hidden name":  []byte("%PDF-1.4\n<</S/J#61vaScript>>\n%%EOF"),
		"pdf that starts one":   []byte("%PDF-1.7\n<</S /Launch /F (cmd.exe)>>\n%%EOF"),
		"pdf with zip":          slicesOf([]byte(plainPDF), evilZip),
		"pdf zip inside":        slicesOf([]byte("%PDF-1.4\n"), withComment(evilZip, 6), []byte("%%EOF\n")),
		"pdf with html":         []byte(plainPDF + "<html>"),
		"pdf cut":               []byte(plainPDF[:30]),
		"zip":                   evilZip,
		"jar as docx":           zipOf(zipPart{"META-INF/MANIFEST.MF", "x"}, zipPart{"[Content_Types].xml", "x"}),
		"docx with macros":      docx(zipPart{"word/vbaProject.bin", "x"}),
		"docx with program":     docx(zipPart{"word/embeddings/run.exe", "MZ"}),
		"docx from elsewhere": docx(zipPart{"word/_rels/settings.xml.rels",
			`<Relationships><Relationship Id="1" Type="http://x/attachedTemplate" Target="http://evil/x.dotm" TargetMode="External"/></Relationships>`}),
		"docx out of folder": docx(zipPart{"../../etc/cron.d/x", "x"}), "docx back slash": docx(zipPart{`..\..\x`, "x"}), "docx root": docx(zipPart{"/etc/passwd", "x"}),
		"docx twice": docx(zipPart{"word/Document.xml", "x"}),
		"zip bomb":   bomb(), "zip bomb that lies": lying(),
		"docx behind picture":  slicesOf(plainJPEG(), docx()),
		"docx with tail":       append(docx(), 'x'),
		"docx with gap before": slicesOf([]byte("PK\x03\x04rubbish that is no part"), docx()),
		"docx cut":             docx()[:100],
		"mp3 with zip":         slicesOf(sound(5), evilZip),
		"mp3 of noise":         []byte("\xff\xfb\x10\x00 nothing more"),
		"amr with zip":         slicesOf(amr(3), evilZip),
		"amr cut":              amr(3)[:75],
		"silk cut":             silk()[:14],
		"mp4 with html":        slicesOf(film("isom", track("vide")), []byte("<html>")),
		"mp4 with zip":         slicesOf(film("isom", track("vide")), evilZip),
		"mp4 zip in its end":   []byte(boxed("ftyp", "isom....") + boxed("moov", track("vide")) + boxed("mdat", string(evilZip))),
		"mp4 without tracks":   []byte(boxed("ftyp", "isom....") + boxed("moov") + boxed("mdat", "x")),
		"mp4 cut":              film("isom", track("vide"))[:60],
		"heic":                 []byte(boxed("ftyp", "heic....mif1") + boxed("meta", "x") + boxed("mdat", "x")),
	} {
		t.Run(name, func(t *testing.T) {
			kind, _, err := cleaned(content)
			if reason := ReasonOf(err); reason != Broken && reason != BadKind {
				t.Errorf("taken as %s: %v", kind, err)
			}
		})
	}
}

// withComment makes the container say that a comment of n bytes follows.
func withComment(z []byte, n uint16) []byte {
	z = bytes.Clone(z)
	binary.LittleEndian.PutUint16(z[len(z)-2:], n)
	return z
}

func TestOnlyWhatIsAllowed(t *testing.T) {
	for _, content := range [][]byte{xlsx(), film("M4A ", track("soun"))} {
		_, err := clean(bytes.NewReader(content), int64(len(content)), func(k Kind) bool { return k == DOCX || k == MP4 }, io.Discard)
		if ReasonOf(err) != BadKind {
			t.Errorf("a kind that is not allowed passes by its relative: %v", err)
		}
	}
}

func FuzzClean(f *testing.F) {
	for _, content := range [][]byte{photo(6), pngWith(chunk("tEXt", "a\x00b")), gifWith("\x21\xfe\x01x\x00"), webpPhoto(), []byte(plainPDF), docx(), xlsx(),
		sound(4), amr(2), silk(), film("isom", track("vide")), film("M4A ", track("soun")), slicesOf([]byte(amrWideStart), []byte{0x04}, make([]byte, 17))} {
		f.Add(content)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		kind, out, err := cleaned(content)
		if err != nil {
			if ReasonOf(err) == "" {
				t.Fatalf("a file of a stranger is our defect: %v", err)
			}
			return
		}
		again, twice, err := cleaned(out)
		if err != nil || again != kind || !bytes.Equal(out, twice) {
			t.Fatalf("what was cleaned as %s is not clean: %s, %v", kind, again, err)
		}
		for _, secret := range []string{gpsNote, maker} {
			if Picture(kind.MIME()) && kind != GIF && kind != PNG && bytes.Contains(out, []byte("Exif\x00\x00II")) {
				t.Fatalf("%q stays", secret)
			}
		}
	})
}

func TestNames(t *testing.T) {
	for in, want := range map[string]string{
		"漏水.JPEG": "漏水.jpg", "../../etc/passwd": "passwd.jpg", `C:\Users\王\照片.png`: "照片.jpg", "": "file.jpg", ".htaccess": "file.jpg",
		"CON": "_CON.jpg", "com1.txt": "_com1.jpg", "nul.tar.gz": "_nul.tar.jpg", "a\x00b\nc.jpg": "ab c.jpg", "photo\u202egpj.exe": "photogpj.jpg",
		"\u200bx\u2066.jpg": "x.jpg", "a<b>:\"|?*.jpg": "a_b.jpg", "x. . .jpg": "x.jpg", "\xff\xfe.jpg": "file.jpg", "~$x;rm -rf.pdf": "~_x_rm -rf.jpg",
		strings.Repeat("长", 300) + ".jpg": strings.Repeat("长", 65) + ".jpg", "e\u0301te\u0301.jpg": "été.jpg",
	} {
		if got := CleanName(in, JPEG); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func FuzzNames(f *testing.F) {
	f.Add("../a\u202eb.jpg")
	f.Add(strings.Repeat("0", 74) + " 0000_" + strings.Repeat("0", 9))
	f.Add("\u0658\x7f\u0324") // two marks that change places once nothing is between them
	f.Fuzz(func(t *testing.T, name string) {
		got := CleanName(name, PDF)
		if len(got) > longestBytes || !strings.HasSuffix(got, ".pdf") || strings.ContainsAny(got, "/\\\x00\n\u202e:") || got == ".pdf" || strings.HasPrefix(got, ".") {
			t.Fatalf("%q became %q", name, got)
		}
		if CleanName(got, PDF) != got {
			t.Fatalf("%q changes again: %q", got, CleanName(got, PDF))
		}
	})
}

func BenchmarkStripPhoto(b *testing.B) {
	p := photo(6)
	scan := bytes.Repeat([]byte("entropy coded data, 0123456789abcdef\xff\x00"), 4<<20/38)
	big := slicesOf(p[:len(p)-2], scan, p[len(p)-2:])
	b.SetBytes(int64(len(big)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := clean(bytes.NewReader(big), int64(len(big)), func(Kind) bool { return true }, io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}
