package web_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"jiban"
	"jiban/web"
	"jiban/web/browsertest"
)

// reproves answers the question who one is.
func reproves(w *browsertest.Tab) {
	w.T.Helper()
	w.Sees("请再次确认您的身份")
	w.Fill("#ra-password", goodPassword)
	w.Press("确认")
}

// settle lets somebody be known by text message and by the web, joined by a code.
func (f *residence) settle() jiban.Contact {
	f.t.Helper()
	ctx := f.t.Context()
	sms := f.hears("main", jiban.ChannelSMS, "tel:+86"+plantedPhone, "230100", "小区停水两天了，电话"+plantedPhone)
	web := f.hears("citizen", jiban.ChannelWebChat, "web:0123456789abcdef0123456789abcdef", "230100", "还没有来水，请问什么时候恢复？")
	_, join, err := f.people.Prove(ctx, jiban.AddressProof{ContactID: web.ContactID, Address: "tel:+86" + plantedPhone, How: "code", By: "contact"}, time.Time{})
	f.must(err)
	c, err := f.store.Contact(ctx, join.KeptID)
	f.must(err)
	c.Name, c.Roster = plantedName, true
	f.must(f.store.SaveContact(ctx, c))
	f.must(f.people.Consent(ctx, jiban.Consent{ContactID: c.ID, Purpose: "受理诉求", Wording: "2026-10", Given: true, Channel: "citizen"}))
	f.must(f.people.OptOut(ctx, c.ID, jiban.GroupSurvey, true))
	sms.ContactID = c.ID
	f.files("2611020000018", sms, nil)
	f.files("2611020000026", sms, func(t *jiban.Ticket) { t.Confidential, t.Type = true, "report" })
	return c
}

func browsed(d *web.Deps) { d.Pages = nil }

// A supervisor finds a person with the keyboard alone, sees the page masked,
// unmasks it for a reason and enters a request; another approves it and fetches
// the copy.
func TestPersonsInABrowser(t *testing.T) {
	t.Parallel()
	browser := browsertest.Start(t)
	f := newResidence(t, browsed)
	c := f.settle()
	first, second := f.as(jiban.RoleSupervisor, nil), f.as(jiban.RoleSupervisor, nil)
	w := f.window(browser)
	w.Login(f.url, first.account.Login, goodPassword)
	w.Press("诉求人")
	w.Sees("查找诉求人")
	w.Accessible("persons")
	w.Picture("console-persons")
	w.TabTo("p-phone")
	w.Keys(plantedPhone + "\r")
	w.Sees("地址与核实")
	w.Sees("还没有来水")
	w.Accessible("person")
	w.Picture("console-person")
	for _, hidden := range []string{plantedPhone, plantedName, "0123456789abcdef"} {
		if strings.Contains(w.Body()+browsertest.Eval[string](w, "location.href"), hidden) {
			t.Errorf("%s is on the page or in its address", hidden)
		}
	}
	w.Fill(".why input", "本人来电核对")
	w.Press("显示姓名和号码")
	w.Sees(plantedPhone)
	w.Sees(plantedName)

	w.Press("登记个人信息申请")
	w.Sees("申请事项")
	w.Accessible("person, entering a request")
	browsertest.Eval[bool](w, "document.querySelector('#a-kind').click() || true")
	w.Press("复制个人信息")
	w.Press("登记")
	w.Sees("待核实")
	w.Press("个人信息申请")
	w.Press("人工已核实")
	w.Sees("须由另一人批准")
	w.Accessible("requests")

	o := f.window(browser)
	o.Login(f.url, second.account.Login, goodPassword)
	o.Press("个人信息申请")
	o.Press("批准")
	reproves(o)
	o.Sees("下载副本（一次）")
	o.Accessible("requests, approved")
	o.Picture("console-requests")
	o.Press("下载副本（一次）")
	o.Sees("副本已下载")
	o.Press("已结束")
	o.Sees("已办结")
	o.Accessible("requests, ended")
	asked, err := f.requests.List(t.Context(), jiban.DataRequestFilter{ContactID: c.ID})
	f.must(err)
	if len(asked) != 1 || asked[0].Status != jiban.DataDone || asked[0].EndedBy != second.account.ID {
		t.Errorf("the request is %+v", asked)
	}
	for _, e := range f.books.results("denied") {
		t.Errorf("a page asked for %s, which its person may not have", e)
	}
}

// file writes a roster file for the browser to send.
func file(t *testing.T, rows, broken int) string {
	t.Helper()
	data, err := io.ReadAll(rosterFile(rows, broken))
	path := filepath.Join(t.TempDir(), "roster.csv")
	if err == nil {
		err = os.WriteFile(path, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// An administrator tries a broken file, then a good one, and brings it in.
func TestRosterInABrowser(t *testing.T) {
	t.Parallel()
	browser := browsertest.Start(t)
	f := newResidence(t, browsed)
	admin := f.as(jiban.RoleAdmin, nil)
	w := f.window(browser)
	w.Login(f.url, admin.account.Login, goodPassword)
	w.Press("特服名单")
	w.Sees("还没有导入过名单")
	w.Accessible("roster")
	choose := func(path string) {
		t.Helper()
		w.Do("choose a file", chromedp.SetUploadFiles(chromedp.CSS("#r-file"), []string{path}))
	}
	const rows = 400_000 // 12 MB
	choose(file(t, rows, 10))
	w.Press("试读")
	reproves(w)
	w.Sees("400,000 行中有 40,000 行有误")
	w.Accessible("roster, broken file")
	w.Picture("console-roster-errors")
	if !browsertest.Eval[bool](w, "[...document.querySelectorAll('button')].find(b => b.innerText.trim() === '确认导入').disabled") {
		t.Error("a broken file can be brought in")
	}
	choose(file(t, rows, 0))
	w.Press("试读")
	w.Sees("试读通过，名单将有 400,000 个号码")
	w.Press("确认导入")
	w.Until("!!document.querySelector('progress')")
	w.Sees("已导入：名单现有 400,000 个号码")
	w.Sees("使用中")
	w.Accessible("roster, imported")
	w.Picture("console-roster")
	if strings.Contains(w.Body(), "1390000") {
		t.Error("the page shows a number of the list")
	}
	w.Press("保存期限")
	w.Sees("历次清理")
	w.Accessible("retention")
	w.Picture("console-retention")
}
