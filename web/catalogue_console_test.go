package web_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"

	"jiban"
	"jiban/staff"
	"jiban/tickets/sheet"
	"jiban/web/browsertest"
)

// catalogueHouse is a console with an editor and a reviewer.
func catalogueHouse(t *testing.T) (*house, *browsertest.Browser) {
	t.Helper()
	b := browsertest.Start(t)
	h := console(t, func(*staff.Deps) {})
	h.as(jiban.RoleEditor, named("bianji", "李编辑"))
	h.as(jiban.RoleReviewer, named("shenhe", "赵审核"))
	return h, b
}

// toCatalogue logs in and opens the page of the catalogue.
func (h *house) toCatalogue(b *browsertest.Browser, login string) *browsertest.Tab {
	h.t.Helper()
	w := h.window(b)
	w.Login(h.url, login, goodPassword)
	w.Sees("事项目录")
	w.Press("事项目录")
	w.Sees("个事项")
	return w
}

// An editor changes a matter in a draft, sees what differs and what the check
// says; a reviewer looks at it and puts it into force. The editor works with the
// keyboard alone where the matter is chosen.
func TestCatalogueInTheBrowser(t *testing.T) {
	t.Parallel()
	h, b := catalogueHouse(t)
	w := h.toCatalogue(b, "bianji")
	w.Sees("第 1 版")
	w.Accessible("catalogue in force")
	w.Fill("input[aria-label=修改说明]", "换季改名")
	w.Press("开始修改")
	w.Sees("第 2 版")
	w.Fill("input[aria-label=查找事项]", "020101")
	w.Sees("1 个事项")
	w.TabTo("020101 停水")
	w.Keys("\r")
	w.Sees("存入草稿")
	w.Accessible("matter")
	w.Fill("#matter-name", "停水与断水")
	w.Press("存入草稿")
	w.Sees("已存入草稿")
	w.Until("document.querySelector('.tree')?.innerText.includes('停水与断水')")
	w.Picture("console-catalogue")
	w.Press("差异（1）")
	w.Sees("停水 → 停水与断水")
	w.Accessible("difference")
	w.Press("检查（0）")
	w.Sees("没有发现问题")
	w.Accessible("check")
	w.Press("事项")
	w.Do("choose a city", chromedp.SetValue(chromedp.CSS("form[aria-label=试一试] label:nth-of-type(2) select"), "230100"))
	browsertest.Eval[bool](w, "document.querySelector('form[aria-label=试一试] label:nth-of-type(2) select').dispatchEvent(new Event('change'))")
	w.Press("查看")
	w.Sees("哈尔滨市水务局")

	r := h.toCatalogue(b, "shenhe")
	r.Press("差异（1）")
	r.Sees("停水 → 停水与断水")
	r.Press("启用这一版")
	r.Sees("新版本已启用")
	r.Until("document.querySelector('.top')?.innerText.includes('现行')")
	r.Press("版本")
	r.Sees("赵审核")
	r.Accessible("versions")
	r.Fits("catalogue")
	r.OwnHostOnly(h.url)
	h.noDenied()
}

// A workbook with a bad row is refused by name, a good one becomes a draft.
func TestCatalogueWorkbookInTheBrowser(t *testing.T) {
	t.Parallel()
	h, b := catalogueHouse(t)
	changed := sampleOf(t)
	changed.Matters = slices.Clone(changed.Matters)
	changed.Matters[0].Name, changed.Matters[1].Aliases = "物业服务", append(slices.Clone(changed.Matters[1].Aliases), changed.Matters[2].Aliases[0])
	var data bytes.Buffer
	if err := sheet.Write(&data, changed); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	good, bad := filepath.Join(dir, "good.xlsx"), filepath.Join(dir, "bad.xlsx")
	for file, content := range map[string][]byte{good: data.Bytes(), bad: []byte("no workbook")} {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w := h.toCatalogue(b, "bianji")
	w.Press("导入导出")
	upload := func(file string) {
		w.Do("choose a workbook", chromedp.SetUploadFiles(chromedp.CSS("input[type=file]"), []string{file}))
	}
	upload(bad)
	w.Press("导入到草稿")
	w.Sees("1 处读不出来")
	upload(good)
	w.Press("检查")
	w.Sees("2 处与现行版本不同")
	w.Sees("有相同的别名")
	w.Accessible("import")
	w.Press("导入到草稿")
	w.Sees("已存入第 2 版草稿")
	w.Press("差异（2）")
	w.Sees("物业服务质量 → 物业服务")
	h.noDenied()
}
