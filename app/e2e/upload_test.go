package e2e

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"jiban/web/browsertest"
)

// somewhere is what the camera wrote into the picture; it must be nowhere.
const somewhere = "GPS 45.75N 126.65E"

// photo writes a JPEG that tells where it was taken, and returns its path.
func photo(t *testing.T) string {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, 320, 200))
	for i := range 320 * 200 {
		m.Set(i%320, i/320, color.RGBA{uint8(i % 320), uint8(i / 320), 128, 255})
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	note := "Exif\x00\x00" + somewhere
	data := append([]byte("\xff\xd8\xff\xe1\x00"+string(rune(len(note)+2))+note), b.Bytes()[2:]...)
	return planted(t, "漏水现场.jpg", data)
}

func planted(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func (b visitor) choose(path string) {
	b.T.Helper()
	b.Do("choose "+filepath.Base(path), chromedp.SetUploadFiles(chromedp.CSS(".attach input[type=file]"), []string{path}))
}

// picture waits until a picture is shown, not merely named, and returns its link.
func (b visitor) picture() string {
	b.T.Helper()
	const shown = "[...document.querySelectorAll('.item.contact a.file img')].filter(i => i.complete && i.naturalWidth === 320)"
	b.Until(shown + ".length > 0")
	return browsertest.Eval[string](b.Tab, shown+".pop().getAttribute('src')")
}

// fetched says what comes back for an address: the status, the type, and whether
// it still tells the place.
func (b visitor) fetched(link string) string {
	b.T.Helper()
	browsertest.Eval[bool](b.Tab, "window.came = '', fetch("+browsertest.Quote(link)+").then(r => r.arrayBuffer().then(d => { window.came = [r.status, r.headers.get('content-type'), new TextDecoder('latin1').decode(d).includes("+browsertest.Quote(somewhere)+")].join(' ') })) && true")
	b.Until("window.came !== ''")
	return browsertest.Eval[string](b.Tab, "window.came")
}

// TestFilesInTheChat sends a picture as a person does, by keyboard up to the
// system's own dialog; it is shown by a link
// of the visitor's own that does not tell where it was taken. What is not taken is told in a sentence.
func TestFilesInTheChat(t *testing.T) {
	br := browsertest.Start(t)
	p := newProgram(t, "")
	p.start()
	citizen := visitor{br.Tab(t, 480, 860)}
	citizen.Open(p.url("/chat"))
	citizen.Sees("转人工")
	browsertest.Eval[bool](citizen.Tab, "HTMLInputElement.prototype.click = function () { window.picker = this.type }, true")
	citizen.TabTo("发送照片或文件")
	citizen.Keys("\r")
	citizen.Until("window.picker === 'file'")

	citizen.choose(photo(t))
	link := citizen.picture()
	citizen.Sees("图片收到了")
	if came := citizen.fetched(link); came != "200 image/jpeg false" {
		t.Errorf("the picture comes as %s", came)
	}
	if came := citizen.fetched(link + "0"); came != "403 application/json false" {
		t.Errorf("by a forged link comes %s", came)
	}
	citizen.choose(planted(t, "安装.jpg", []byte("MZ\x90\x00 this program cannot be run in DOS mode")))
	citizen.Sees("这种文件收不了")
	citizen.Accessible("chat with files")
	citizen.Fits("chat with files")
	citizen.Picture("chat-files")
	citizen.TabTo("重新发送")
	citizen.choose(planted(t, "大.pdf", append([]byte("%PDF-1.4\n"), make([]byte, 11<<20)...)))
	citizen.Sees("文件太大，一个文件最多 10 MB")
	citizen.OwnHostOnly(p.url(""))

	citizen.Open(p.url("/chat"))
	if again := citizen.picture(); again == "" {
		t.Error("the picture is gone after the page was loaded anew")
	}
}
