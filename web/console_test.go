package web_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"jiban"
	"jiban/staff"
	"jiban/web"
	"jiban/web/browsertest"
)

// console is a house with the built pages, in which the security administrator
// needs a second factor.
func console(t *testing.T, room func(*staff.Deps)) *house {
	t.Helper()
	return newHouseOf(t, room, func(d *web.Deps) { d.Pages = nil; d.Config.Limits.LoginsPerMinute = 1000 })
}

// window opens a window of the console's usual size.
func (h *house) window(b *browsertest.Browser) *browsertest.Tab {
	h.t.Helper()
	return b.Tab(h.t, 1280, 860)
}

// named makes an account that reads like a person's.
func named(login, name string) func(*jiban.Account) {
	return func(a *jiban.Account) { a.Login, a.Name, a.Region = login, name, "230100" }
}

// enrolInBrowser sets up the second factor that the page asks for and returns its
// secret.
func enrolInBrowser(h *house, w *browsertest.Tab) string {
	h.t.Helper()
	w.Sees("您的角色必须使用动态验证码")
	w.Accessible("second factor")
	w.Fill("#sf-password", goodPassword)
	w.Press("生成二维码")
	w.Until("document.querySelector('img')?.naturalWidth === 264")
	w.Accessible("enrolment")
	w.Picture("console-second-factor")
	secret := strings.ReplaceAll(browsertest.Eval[string](w, "document.querySelector('code').innerText"), " ", "")
	w.Fill("#first-code", h.code(secret))
	w.Press("启用")
	w.Sees("恢复码")
	w.Accessible("recovery codes")
	if n := browsertest.Eval[int](w, "document.querySelectorAll('.codes li').length"); n != 10 {
		h.t.Fatalf("%d recovery codes are shown", n)
	}
	w.Press("我已保存")
	w.Sees("账号")
	return secret
}

// provenInDialog proves by password in the dialog that the server asks for.
func provenInDialog(w *browsertest.Tab) {
	w.T.Helper()
	w.Sees("请再次确认您的身份")
	w.Fill("#ra-password", goodPassword)
	w.Press("确认")
}

// choose opens a list and takes an entry.
func choose(w *browsertest.Tab, list, entry string) {
	w.T.Helper()
	w.Do("open the list "+list, chromedp.Click(chromedp.CSS(list)))
	w.Press(entry)
}

// noDenied checks that no page asked for what its person may not have.
func (h *house) noDenied() {
	h.t.Helper()
	for _, e := range h.books.results("denied") {
		h.t.Errorf("a page asked for %s, which its person may not have", e)
	}
}

// Who must have a second factor sets it up at the first login, and is asked for it
// at the next; the proof that a change of roles asks for may be a code too.
func TestSecondFactorInABrowser(t *testing.T) {
	t.Parallel()
	browser := browsertest.Start(t)
	h := console(t, func(d *staff.Deps) {
		d.SecondFactor = func(a jiban.Account) bool { return a.Has(jiban.RoleSecurity) }
	})
	h.as(jiban.RoleSecurity, named("anquan", "赵敏"))
	agent := h.as(jiban.RoleAgent, named("li.na", "李娜"))

	w := h.window(browser)
	w.Open(h.url + "/console")
	w.Sees("工作台登录")
	w.Picture("console-login")
	w.Login(h.url, "anquan", goodPassword)
	secret := enrolInBrowser(h, w)
	h.clock.Advance(30 * time.Second)
	w.Press("退出")
	w.Login(h.url, "anquan", goodPassword)
	w.Sees("请输入手机验证器上的 6 位动态验证码")
	w.Accessible("login, second step")
	w.Picture("console-login-second")
	w.Fill("#code", "000000")
	w.Press("验证")
	w.Sees("验证码不正确")
	used := h.code(secret)
	w.Fill("#code", used)
	w.Press("验证")
	w.Sees("上次登录：2026/11/2")

	w.Press("角色 li.na")
	w.Sees("的角色与范围")
	w.Accessible("roles")
	w.Press("保存")
	w.Sees("请再次确认您的身份")
	w.Accessible("new proof")
	w.Press("改用动态验证码")
	w.Fill("#ra-code", used) // seen over the shoulder at the login
	w.Press("确认")
	w.Sees("验证码已用过")
	h.clock.Advance(30 * time.Second)
	w.Fill("#ra-code", h.code(secret))
	w.Press("确认")
	w.Sees("对方须重新登录")
	agent.get("/api/v1/me").want(t, 401)
	h.noDenied()
}

// Two security administrators change one account's roles. The second hears of it,
// sees what the first made of it, and has lost nothing of their own choice.
func TestTwoEditOneAccountInABrowser(t *testing.T) {
	t.Parallel()
	browser := browsertest.Start(t)
	h := console(t, func(*staff.Deps) {})
	h.as(jiban.RoleSecurity, named("anquan", "赵敏"))
	other := h.as(jiban.RoleSecurity, named("anquan2", "孙强"))
	agent := h.as(jiban.RoleAgent, named("li.na", "李娜"))
	h.as(jiban.RoleHandler, func(a *jiban.Account) { a.Login, a.Name, a.Department = "gongshui", "周洋", "water" })

	w := h.window(browser)
	w.Login(h.url, "anquan", goodPassword)
	w.Press("角色 li.na")
	w.Sees("的角色与范围")
	choose(w, "#a-roles", "班长")
	other.prove()
	other.do("PUT", "/api/v1/accounts/"+agent.account.ID+"/roles", object{"roles": []string{"editor"}, "region": "230100", "version": 0}).want(t, 200)
	w.Press("保存")
	provenInDialog(w)
	w.Sees("刚被他人修改为：编辑")
	w.Accessible("conflict")
	w.Press("保存")
	w.Sees("对方须重新登录")
	a, err := h.staff.ByLogin(t.Context(), "li.na")
	h.must(err)
	if !slices.Equal(a.Roles, []jiban.Role{jiban.RoleAgent, jiban.RoleSupervisor}) {
		t.Fatalf("the roles are %v", a.Roles)
	}
	w.Until("!document.querySelector('.el-message')")
	w.Picture("console-accounts")
	h.noDenied()
}

// A token is made after a new proof, and shown once.
func TestTokensInABrowser(t *testing.T) {
	t.Parallel()
	browser := browsertest.Start(t)
	h := console(t, func(*staff.Deps) {})
	h.as(jiban.RoleSecurity, named("anquan", "赵敏"))
	w := h.window(browser)
	w.Login(h.url, "anquan", goodPassword)
	w.Press("接口令牌")
	w.Sees("还没有令牌")
	w.Accessible("tokens")
	for _, name := range []string{"供水集团工单系统", "省政务服务平台"} {
		w.Press("新建令牌")
		w.Fill("#t-name", name)
		choose(w, "#t-actions", "查看工单")
		w.Press("建立")
		if name == "供水集团工单系统" {
			provenInDialog(w)
		}
		w.Sees("只显示这一次")
		w.Sees("jbt_")
		w.Press("确定")
		w.Until("!document.body.innerText.includes('jbt_')")
	}
	w.Sees("省政务服务平台")
	w.Picture("console-tokens")
	if n := len(h.books.results("token.create")); n != 2 {
		t.Fatalf("%d tokens are recorded", n)
	}
	h.noDenied()
}

// The auditor searches the record, has it checked, and takes it out after a new
// proof.
func TestAuditInABrowser(t *testing.T) {
	t.Parallel()
	browser := browsertest.Start(t)
	h := console(t, func(*staff.Deps) {})
	security := h.as(jiban.RoleSecurity, named("anquan", "赵敏"))
	agent := h.as(jiban.RoleAgent, named("li.na", "李娜"))
	h.as(jiban.RoleAuditor, named("shenji", "钱进"))
	security.prove()
	security.do("PUT", "/api/v1/accounts/"+agent.account.ID+"/roles", object{"roles": []string{"supervisor"}, "version": 0}).want(t, 200)
	a := h.window(browser)
	a.Login(h.url, "shenji", goodPassword)
	a.Sees("修改角色")
	a.Press("校验完整性")
	a.Sees("记录完整")
	a.Accessible("audit")
	a.Picture("console-audit")
	a.Fill("#au-action", "account.roles")
	a.Press("查询")
	a.Until("document.querySelectorAll('tbody tr').length >= 1")
	a.Press("导出（JSONL）")
	a.Sees("请再次确认您的身份")
	a.Press("取消")
	a.Sees("需要再次确认您的身份")
	a.Press("导出（JSONL）")
	provenInDialog(a)
	a.Sees("已导出")
	if got := h.books.results("audit.export"); len(got) != 1 {
		t.Fatalf("the exports are recorded as %v", got)
	}
	h.noDenied()
}

// Where one session is the rule, the newer login ends the older one, and its page
// says so.
func TestOneSessionInABrowser(t *testing.T) {
	t.Parallel()
	browser := browsertest.Start(t)
	h := console(t, func(d *staff.Deps) { d.OneSession = true })
	h.as(jiban.RoleAdmin, named("guanli", "吴刚"))
	w := h.window(browser)
	w.Login(h.url, "guanli", goodPassword)
	w.Sees("上次登录：2026/11/2")
	w.Press("知道了")
	w.Until("!document.body.innerText.includes('上次登录：2')")
	_, _, _, err := h.staff.Login(t.Context(), "guanli", goodPassword)
	h.must(err)
	w.Open(h.url + "/console#/tokens")
	w.Open(h.url + "/console#/accounts")
	w.Sees("账号在别处登录")
	w.Accessible("login after the end")
}

// Every staff page is read and worked at in a narrow window, in one enlarged
// twice, and with the keyboard alone.
func TestStaffPagesFit(t *testing.T) {
	t.Parallel()
	browser := browsertest.Start(t)
	h := console(t, func(*staff.Deps) {})
	for login, role := range map[string]jiban.Role{"anquan": jiban.RoleSecurity, "guanli": jiban.RoleAdmin, "shenji": jiban.RoleAuditor} {
		h.as(role, named(login, "赵敏"))
	}
	security := h.as(jiban.RoleSecurity, named("anquan2", "孙强"))
	security.prove()
	security.do("POST", "/api/v1/tokens", object{"name": "供水集团工单系统", "actions": []string{"ticket.view", "ticket.handle", "catalogue"},
		"department": "water", "expires_at": h.clock.Now().Add(time.Hour).Format(time.RFC3339)}).want(t, 200)
	pages := map[string][]string{"anquan": {"accounts", "tokens", "second-factor", "password"}, "guanli": {"accounts"}, "shenji": {"audit"}}
	sizes := map[string]func(*browsertest.Tab){
		"narrow": func(w *browsertest.Tab) { w.Size(390, 844, 1) }, "enlarged": func(w *browsertest.Tab) { w.Size(1280, 860, 2) },
	}
	for login, paths := range pages {
		w := h.window(browser)
		w.Open(h.url + "/console")
		w.Sees("工作台登录")
		w.Until("document.activeElement.id === 'login'")
		w.Keys(login + "\t" + goodPassword + "\r")
		w.Sees("上次登录")
		for name, size := range sizes {
			size(w)
			for _, path := range paths {
				w.Open(h.url + "/console#/" + path)
				w.Sees("退出")
				w.Until("!!document.querySelector('main h2')")
				w.Fits(name + " " + path)
				w.Accessible(name + " " + path)
			}
		}
	}
}
