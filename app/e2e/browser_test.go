package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

const (
	pageLimit  = 40 * time.Second
	axeFile    = "../../web/ui/node_modules/axe-core/axe.min.js"
	pictureDir = "../../docs/images"
)

// browser starts a real Chromium.
func browser(t *testing.T) context.Context {
	t.Helper()
	path := os.Getenv("JIBAN_TEST_CHROMIUM")
	if path == "" {
		var err error
		if path, err = exec.LookPath("chromium"); err != nil {
			t.Skip("chromium is not installed: run by way of scripts/services.sh")
		}
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox,
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-quic", true), chromedp.Flag("lang", "zh-CN"), chromedp.Flag("accept-lang", "zh-CN"))
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(cancel)
	return ctx
}

// tab is one visitor: a window with cookies of its own.
type tab struct {
	t   *testing.T
	ctx context.Context
}

func newTab(t *testing.T, browser context.Context, width, height int64) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser)
	t.Cleanup(cancel)
	b := &tab{t, ctx}
	// The first action opens the window for as long as its context lives, so it
	// must not have the limit of one step.
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatalf("the browser does not start: %v", err)
	}
	b.do("set the size of the window", chromedp.EmulateViewport(width, height))
	return b
}

func (b *tab) do(what string, actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, pageLimit)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.t.Fatalf("%s: %v\nthe page is in %s and says: %s", what, err, b.evidence(), b.body())
	}
}

func (b *tab) open(url string) {
	b.t.Helper()
	b.do("open "+url, chromedp.Navigate(url))
}

// eval runs an expression in the page and decodes its result.
func eval[T any](b *tab, expression string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, pageLimit)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// until waits for an expression to become true.
func (b *tab) until(expression string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, pageLimit)
	defer cancel()
	if _, err := chromedp.Run(ctx, chromedp.Poll[bool](expression, chromedp.WithPollingInterval(50*time.Millisecond), chromedp.WithPollingTimeout(pageLimit))); err != nil {
		b.t.Fatalf("waiting for %s: %v\nthe page says: %s", expression, err, b.body())
	}
}

// sees waits for words on the page.
func (b *tab) sees(words string) {
	b.t.Helper()
	b.until(fmt.Sprintf("document.body.innerText.includes(%s)", quote(words)))
}

func (b *tab) body() string {
	ctx, cancel := context.WithTimeout(b.ctx, 5*time.Second)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string]("document.body.innerText"))
	if err != nil {
		return "(nothing: " + err.Error() + ")"
	}
	return text
}

// press clicks the button or link with these words.
func (b *tab) press(words string) {
	b.t.Helper()
	find := fmt.Sprintf("[...document.querySelectorAll('button,a,[role=option],li')].find(e => e.offsetParent && !e.disabled && e.innerText.trim() === %s)", quote(words))
	b.until("!!" + find)
	eval[bool](b, "("+find+").click() || true")
}

// fill types into an input as a person would, so that the page hears of it.
func (b *tab) fill(selector, text string) {
	b.t.Helper()
	css := chromedp.CSS(selector)
	b.do("fill in "+selector, chromedp.WaitVisible(css), chromedp.Focus(css), chromedp.SendKeys(css, text))
}

// evidence keeps a picture of a page on which a step failed.
func (b *tab) evidence() string {
	ctx, cancel := context.WithTimeout(b.ctx, 5*time.Second)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		return "no picture: " + err.Error()
	}
	path := filepath.Join(os.TempDir(), "jiban-e2e-"+b.t.Name()+".png")
	if err := os.WriteFile(path, png, 0o600); err != nil {
		return "no picture: " + err.Error()
	}
	return path
}

func (b *tab) picture(name string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, pageLimit)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Fatal(err)
	}
	if !bytes.HasPrefix(png, []byte("\x89PNG")) {
		b.t.Fatalf("the picture of %s is no PNG", name)
	}
	dir := b.t.TempDir()
	if os.Getenv("JIBAN_PICTURES") != "" {
		dir = pictureDir
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// accessible runs axe-core in the page.
func (b *tab) accessible(page string) {
	b.t.Helper()
	axe, err := os.ReadFile(axeFile)
	if err != nil {
		b.t.Logf("%s was not checked with axe: %v", page, err)
		return
	}
	eval[bool](b, string(axe)+"; true")
	eval[bool](b, "window.axeResult = ''; axe.run().then(r => { window.axeResult = JSON.stringify(r.violations.map(v => ({id: v.id, impact: v.impact, nodes: v.nodes.slice(0, 3).map(n => n.html.slice(0, 160))}))) }) && true")
	b.until("window.axeResult !== ''")
	var violations []struct {
		ID, Impact string
		Nodes      []string
	}
	if err := json.Unmarshal([]byte(eval[string](b, "window.axeResult")), &violations); err != nil {
		b.t.Fatal(err)
	}
	for _, v := range violations {
		b.t.Errorf("%s: axe %s (%s): %s", page, v.ID, v.Impact, strings.Join(v.Nodes, "\n  "))
	}
}

// ownHostOnly checks that the page asked no other host for anything and how much
// it fetched.
func (b *tab) ownHostOnly(p *program) {
	b.t.Helper()
	type resource struct {
		Name string
		Size int
	}
	var total int
	for _, r := range eval[[]resource](b, "performance.getEntriesByType('resource').map(r => ({Name: r.name, Size: r.transferSize}))") {
		total += r.Size
		if !strings.HasPrefix(r.Name, p.url("")) && !strings.HasPrefix(r.Name, "data:") {
			b.t.Errorf("the page asked for %s", r.Name)
		}
	}
	if total > 1<<20 {
		b.t.Errorf("the page fetched %d bytes", total)
	}
}

func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		return `""`
	}
	return string(b)
}

func (b *tab) say(text string) {
	b.t.Helper()
	input := chromedp.CSS("textarea")
	b.do("say "+text, chromedp.WaitVisible(input), chromedp.SendKeys(input, text+"\r"))
}

// password finds the one-time password that the first start printed.
func (p *program) password(login string) string {
	p.t.Helper()
	m := regexp.MustCompile(`(?m)^\s+` + login + `\s+\S+\s+(\S+)\s*$`).FindStringSubmatch(p.out.String())
	if m == nil {
		p.t.Fatalf("no first password of %s was printed:\n%s", login, p.out.String())
	}
	return m[1]
}

const newPassword = "Xin-mima-2026"

// login goes through the login and the forced change of the one-time password.
func (b *tab) login(p *program, login string) {
	b.t.Helper()
	b.open(p.url("/console"))
	b.fill("#login", login)
	b.accessible("login")
	b.fill("#password", p.password(login))
	b.press("登录")
	b.fill("#old", p.password(login))
	b.fill("#new", newPassword)
	b.fill("#again", newPassword)
	b.press("保存")
	b.sees("密码已修改")
	b.until("location.hash !== '#/password'")
}

// TestPages lets a citizen file a request in the chat page, an agent take the
// conversation over in the console, and a department answer the ticket, all in
// real browsers.
func TestPages(t *testing.T) {
	br := browser(t)
	p := newProgram(t, "hours: {from: \"00:00\", to: \"23:59\"}\n")
	p.start()

	citizen := newTab(t, br, 480, 860)
	citizen.open(p.url("/chat"))
	citizen.sees("转人工")
	if got := eval[int](citizen, "document.querySelectorAll('[role=log]').length"); got != 1 {
		t.Fatalf("%d elements with role log", got)
	}
	citizen.accessible("chat")
	number := fileRequest(t, citizen)
	citizen.until("document.querySelector('textarea').value === ''")
	citizen.picture("chat")
	citizen.ownHostOnly(p)
	citizen.open(p.url("/chat"))
	citizen.sees(number)

	handler := departmentAnswers(t, br, p, number)
	citizen.sees("昨晚已经修好水管")
	citizen.say("已经解决了，谢谢")

	agentTakesOver(t, br, p, citizen)
	handler.accessible("tickets")
}

// fileRequest goes from the first word to the ticket and returns its number.
func fileRequest(t *testing.T, citizen *tab) string {
	t.Helper()
	citizen.say("小区停水超过24小时还没有恢复")
	answers := []struct{ asked, answer string }{
		{"确认提交", "确认提交"}, {"电话", "13812345678"}, {"地", "哈尔滨市道里区安静街12号阳光小区"}, {"称呼", "张伟"}, {"姓名", "张伟"}, {"时", "昨天早上八点"},
	}
	for range 10 {
		before := eval[int](citizen, "document.querySelectorAll('.item.bot').length")
		last := eval[string](citizen, "[...document.querySelectorAll('.item.bot')].pop().innerText")
		if m := regexp.MustCompile(`工单编号\D{0,6}(\d{13})`).FindStringSubmatch(citizen.body()); m != nil {
			return m[1]
		}
		if before < 2 {
			citizen.until(fmt.Sprintf("document.querySelectorAll('.item.bot').length > %d", before))
			continue
		}
		for _, a := range answers {
			if strings.Contains(last, a.asked) {
				citizen.say(a.answer)
				break
			}
		}
		citizen.until(fmt.Sprintf("document.querySelectorAll('.item.bot').length > %d", before))
	}
	t.Fatalf("no ticket after ten turns:\n%s", citizen.body())
	return ""
}

func departmentAnswers(t *testing.T, br context.Context, p *program, number string) *tab {
	t.Helper()
	handler := newTab(t, br, 1360, 860)
	handler.login(p, "handler")
	handler.open(p.url("/console#/tickets/" + number))
	handler.press("签收")
	handler.sees("办理中")
	handler.fill("textarea", "昨晚已经修好水管，现在可以正常用水。")
	handler.picture("ticket")
	handler.press("答复诉求人")
	handler.sees("已答复")
	return handler
}

func agentTakesOver(t *testing.T, br context.Context, p *program, citizen *tab) {
	t.Helper()
	agent := newTab(t, br, 1360, 860)
	agent.login(p, "agent")
	agent.do("open the list of states", chromedp.Click(chromedp.CSS("#presence")))
	agent.press("在线接待")
	agent.until("fetch('/api/v1/presence').then(r => r.json()).then(p => { window.onDuty = p.on_duty }) && window.onDuty > 0")

	citizen.say("异地医保怎样报销")
	citizen.say("转人工")
	agent.press("接入")
	agent.sees("异地医保怎样报销")
	agent.fill("form.say textarea", "您好，我是坐席，异地就医先备案。")
	agent.press("发送")
	citizen.sees("我是坐席")
	agent.picture("console")
	agent.accessible("desk")

	// The bot is silent while a person speaks.
	bots := eval[int](citizen, "document.querySelectorAll('.item.bot').length")
	citizen.say("好的，还有停水的事")
	agent.sees("还有停水的事")
	agent.press("结束会话")
	agent.sees("会话已结束")
	if now := eval[int](citizen, "document.querySelectorAll('.item.bot').length"); now > bots+1 {
		t.Errorf("the bot spoke %d times while the agent held the conversation", now-bots)
	}
}
