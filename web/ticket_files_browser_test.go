package web_test

import (
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"jiban"
	"jiban/files"
	"jiban/web"
	"jiban/web/browsertest"
)

// pictureFile writes a picture with something to see.
func pictureFile(t *testing.T, name string) string {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, 240, 160))
	for i := range 240 * 160 {
		m.Set(i%240, i/240, color.RGBA{uint8(i % 240), uint8(i / 240), 120, 255})
	}
	path := filepath.Join(t.TempDir(), name)
	f, err := os.Create(path)
	if err == nil {
		err = png.Encode(f, m)
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// attachesIn chooses a file in the page's own chooser.
func attachesIn(w *browsertest.Tab, path string) {
	w.T.Helper()
	w.Do("choose "+path, chromedp.SetUploadFiles(chromedp.CSS("section.files input[type=file]"), []string{path}))
}

// opensAsPicture follows a link as the page would and waits for a picture.
func opensAsPicture(w *browsertest.Tab, link string) {
	w.T.Helper()
	browsertest.Eval[bool](w, "(fetch(document.querySelector("+browsertest.Quote(link)+").href).then(r => { window.opened = r.status + ' ' + r.headers.get('content-type') }), true)")
	w.Until("window.opened === '200 image/png'")
}

// A handler attaches one file for colleagues and one for the person; both see them
// listed, with who did it, and a page that is called a picture is refused in words.
// The person finds on the progress page what came with the answer, and nothing else.
func TestTicketFilesInABrowser(t *testing.T) {
	var room *files.Service
	folder := filepath.Join(t.TempDir(), "files")
	browser := browsertest.Start(t)
	o := &hall{furnished: newFurnished(t, browsed, keeping(t, folder, files.Limits{MaxBytes: 1 << 20}, &room),
		func(d *web.Deps) { d.Config.Limits.LoginsPerMinute = 1000 }), browser: browser}
	k := o.asks(nil)
	h := o.enters("gongshui", "周洋", jiban.RoleHandler, k.Department)
	o.opens(h, k.Number)
	h.Keys("s")
	h.Sees("办理中")
	h.Sees("添加附件")
	h.Accessible("no files yet")
	evil := filepath.Join(t.TempDir(), "现场.png")
	o.must(os.WriteFile(evil, []byte("<html><script>alert(1)</script></html>"), 0o600))
	attachesIn(h, evil)
	h.Sees("这种文件收不了")
	large := filepath.Join(t.TempDir(), "很大.png")
	o.must(os.WriteFile(large, make([]byte, 2<<20), 0o600))
	attachesIn(h, large)
	h.Sees("“很大.png”太大，一个文件最多 1.0 MB")
	attachesIn(h, pictureFile(t, "抢修记录.png"))
	h.Sees("附件已添加")
	h.Sees("内部使用")
	picks(h, "attach-for", "person")
	attachesIn(h, pictureFile(t, "修复现场.png"))
	h.Sees("将随答复给诉求人")
	h.Until("document.querySelectorAll('.attached tbody tr').length === 2")
	h.Sees(k.DepartmentName + " 周洋")
	h.Sees("修复现场.png · 随答复给诉求人")
	settled(h)
	h.Accessible("files of a ticket")
	h.Fits("files of a ticket")
	browsertest.Eval[bool](h, "(document.querySelector('section.files').scrollIntoView({block: 'center'}), true)")
	h.Picture("ticket-files")

	s := o.enters("banzhang", "孙丽", jiban.RoleSupervisor, "")
	o.opens(s, k.Number)
	s.Until("document.querySelectorAll('.attached tbody a[href]').length === 2")
	s.Sees("抢修记录.png")
	if browsertest.Eval[bool](s, "document.querySelector('.attached').innerText.includes('周洋')") {
		t.Error("the hotline reads the name of a department's handler")
	}
	opensAsPicture(s, ".attached a")
	s.Accessible("files, as the supervisor sees them")

	browsertest.Eval[bool](h, "(document.querySelector('.ticket h2').focus(), true)")
	h.Keys("r")
	h.Until("!!document.querySelector('#d-text')")
	picks(h, "result", "solved")
	h.Fill("#d-text", "已恢复供水，见照片。")
	h.Press("答复诉求人")
	h.Sees("已答复")
	h.Sees("已随答复给诉求人")
	settled(h)
	h.Press("全部")
	h.Until("!!document.querySelector('.list tr.on')")
	browsertest.Eval[bool](h, "(document.querySelector('.ticket h2').focus(), true)")
	h.Picture("ticket-detail")
	p := o.window(browser)
	p.Open(o.url + "/track")
	p.Fill("#number", k.Number)
	p.Fill("#code", k.Fields["phone"][7:])
	p.Press("查询 Look up")
	p.Sees("修复现场.png")
	if browsertest.Eval[bool](p, "document.body.innerText.includes('抢修记录')") {
		t.Error("the person reads what is internal")
	}
	opensAsPicture(p, "#result a")
	p.Accessible("progress with a file")
	p.Fits("progress with a file")
	p.Size(390, 844, 1)
	p.Fits("progress with a file on a telephone")
	p.Size(640, 860, 1)
	p.Picture("track")
	o.noDenied()
}
