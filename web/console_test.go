package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"jiban"
	"jiban/staff"
	"jiban/web"
)

const (
	pageLimit = 40 * time.Second
	axeFile   = "ui/node_modules/axe-core/axe.min.js"
)

// window is one member of staff at a real browser.
type window struct {
	t   *testing.T
	ctx context.Context
	h   *house
}

// chromium starts a browser, or skips the test where there is none, or no pages
// were built.
func chromium(t *testing.T) context.Context {
	t.Helper()
	path := os.Getenv("JIBAN_TEST_CHROMIUM")
	if path == "" {
		var err error
		if path, err = exec.LookPath("chromium"); err != nil {
			t.Skip("chromium is not installed: run by way of scripts/services.sh")
		}
	}
	if _, err := os.Stat("dist/console.html"); err != nil {
		t.Skip("the pages are not built")
	}
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.Flag("lang", "zh-CN"))...)
	t.Cleanup(cancel)
	return ctx
}

func (h *house) window(browser context.Context) *window {
	h.t.Helper()
	ctx, cancel := chromedp.NewContext(browser)
	h.t.Cleanup(cancel)
	w := &window{h.t, ctx, h}
	h.must(chromedp.Do(ctx, chromedp.Navigate("about:blank")))
	w.do("set the size", chromedp.EmulateViewport(1280, 860))
	return w
}

func (w *window) do(what string, actions ...chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, pageLimit)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		w.t.Fatalf("%s: %v; the page says: %s", what, err, value[string](w, "document.body.innerText"))
	}
}

func value[T any](w *window, expression string) T {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, pageLimit)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		w.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

func (w *window) until(expression string) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, pageLimit)
	defer cancel()
	if _, err := chromedp.Run(ctx, chromedp.Poll[bool](expression, chromedp.WithPollingInterval(50*time.Millisecond), chromedp.WithPollingTimeout(pageLimit))); err != nil {
		w.t.Fatalf("waiting for %s: %v; the page says: %s", expression, err, value[string](w, "document.body.innerText"))
	}
}

func (w *window) sees(words string) {
	w.t.Helper()
	w.until("document.body.innerText.includes(" + strconv.Quote(words) + ")")
}

func (w *window) press(words string) {
	w.t.Helper()
	find := fmt.Sprintf("[...document.querySelectorAll('button,a,[role=option],li')].find(e => e.offsetParent && !e.disabled && (e.innerText.trim() === %[1]q || e.ariaLabel === %[1]q))", words)
	w.until("!!" + find)
	value[bool](w, "("+find+").click() || true")
}

func (w *window) fill(selector, text string) {
	w.t.Helper()
	css := chromedp.CSS(selector)
	w.do("fill in "+selector, chromedp.WaitVisible(css), chromedp.Focus(css), chromedp.SendKeys(css, text))
}

// accessible runs axe-core in the page.
func (w *window) accessible(page string) {
	w.t.Helper()
	axe, err := os.ReadFile(axeFile)
	if err != nil {
		w.t.Logf("%s was not checked with axe: %v", page, err)
		return
	}
	value[bool](w, string(axe)+"; true")
	value[bool](w, "window.axeResult = ''; axe.run().then(r => { window.axeResult = JSON.stringify(r.violations.map(v => ({id: v.id, impact: v.impact, nodes: v.nodes.slice(0, 3).map(n => n.html.slice(0, 160))}))) }) && true")
	w.until("window.axeResult !== ''")
	var violations []struct {
		ID, Impact string
		Nodes      []string
	}
	w.h.must(json.Unmarshal([]byte(value[string](w, "window.axeResult")), &violations))
	for _, v := range violations {
		w.t.Errorf("%s: axe %s (%s): %s", page, v.ID, v.Impact, strings.Join(v.Nodes, "\n  "))
	}
}

// picture keeps what the page looks like where JIBAN_PICTURES names a folder.
func (w *window) picture(name string) {
	w.t.Helper()
	dir := os.Getenv("JIBAN_PICTURES")
	if dir == "" {
		return
	}
	ctx, cancel := context.WithTimeout(w.ctx, pageLimit)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	w.h.must(err)
	w.h.must(os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600))
}

func (w *window) login(login string) {
	w.t.Helper()
	w.do("open the console", chromedp.Navigate(w.h.url+"/console"))
	w.fill("#login", login)
	w.fill("#password", goodPassword)
	w.press("登录")
}

// The security administrator must set up a second factor, logs in with it, gives
// roles and a token; the auditor finds all of it in the record. In real browsers,
// every page checked with axe.
func TestStaffPagesInABrowser(t *testing.T) {
	browser := chromium(t)
	h := newHouseOf(t, func(d *staff.Deps) {
		d.SecondFactor = func(a jiban.Account) bool { return a.Has(jiban.RoleSecurity) }
	}, func(d *web.Deps) { d.Pages = nil; d.Config.Limits.LoginsPerMinute = 1000 })
	security, agent, auditor := h.as(jiban.RoleSecurity, nil), h.as(jiban.RoleAgent, nil), h.as(jiban.RoleAuditor, nil)

	w := h.window(browser)
	w.login(security.account.Login)
	w.sees("您的角色必须使用动态验证码")
	w.accessible("second factor")
	w.fill("#sf-password", goodPassword)
	w.press("生成二维码")
	w.until("document.querySelector('img')?.naturalWidth === 264")
	w.accessible("enrolment")
	w.picture("console-second-factor")
	secret := strings.ReplaceAll(value[string](w, "document.querySelector('code').innerText"), " ", "")
	w.fill("#first-code", h.code(secret))
	w.press("启用")
	w.sees("恢复码")
	w.accessible("recovery codes")
	if n := value[int](w, "document.querySelectorAll('.codes li').length"); n != 10 {
		t.Fatalf("%d recovery codes are shown", n)
	}
	w.press("我已保存")
	w.sees("账号")

	h.clock.Advance(30 * time.Second)
	w.press("退出")
	w.login(security.account.Login)
	w.sees("请输入手机验证器上的 6 位动态验证码")
	w.accessible("login, second step")
	w.fill("#code", "000000")
	w.press("验证")
	w.sees("验证码不正确")
	w.fill("#code", h.code(secret))
	w.press("验证")

	w.press("角色 " + agent.account.Login)
	w.sees("的角色与范围")
	w.until("document.querySelector('.el-dialog')?.getAnimations({subtree: true}).every(a => a.playState !== 'running')")
	w.accessible("roles")
	w.press("保存")
	w.sees("对方须重新登录")
	w.accessible("accounts")
	w.picture("console-accounts")
	w.press("接口令牌")
	w.sees("还没有令牌")
	w.accessible("tokens")

	a := h.window(browser)
	a.login(auditor.account.Login)
	a.press("审计")
	a.sees("修改角色")
	a.press("校验完整性")
	a.sees("记录完整")
	a.accessible("audit")
	a.picture("console-audit")
	a.fill("#au-action", "account.roles")
	a.press("查询")
	a.until("document.querySelectorAll('tbody tr').length >= 1")
	for _, e := range h.books.results("denied") {
		t.Errorf("a page asked for %s, which its person may not have", e)
	}
}
