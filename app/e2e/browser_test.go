package e2e

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"jiban/web/browsertest"
)

// visitor is somebody at a window.
type visitor struct{ *browsertest.Tab }

func (b visitor) say(text string) {
	b.T.Helper()
	input := chromedp.CSS("textarea")
	b.Do("say "+text, chromedp.WaitVisible(input), chromedp.SendKeys(input, text+"\r"))
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
func (b visitor) login(p *program, login string) {
	b.T.Helper()
	b.Open(p.url("/console"))
	b.Accessible("login")
	b.FirstLogin(p.url(""), login, p.password(login), newPassword)
}

// TestPages lets a citizen file a request in the chat page, an agent take the
// conversation over in the console, and a department answer the ticket, all in
// real browsers.
func TestPages(t *testing.T) {
	br := browsertest.Start(t)
	p := newProgram(t, "hours: {from: \"00:00\", to: \"23:59\"}\n")
	p.start()

	citizen := visitor{br.Tab(t, 480, 860)}
	citizen.Open(p.url("/chat"))
	citizen.Sees("转人工")
	if got := browsertest.Eval[int](citizen.Tab, "document.querySelectorAll('[role=log]').length"); got != 1 {
		t.Fatalf("%d elements with role log", got)
	}
	citizen.Accessible("chat")
	number := fileRequest(t, citizen)
	citizen.Until("document.querySelector('textarea').value === ''")
	citizen.Picture("chat")
	citizen.OwnHostOnly(p.url(""))
	citizen.Open(p.url("/chat"))
	citizen.Sees(number)

	handler := departmentAnswers(t, br, p, number)
	citizen.Sees("昨晚已经修好水管")
	citizen.say("已经解决了，谢谢")

	agentTakesOver(t, br, p, citizen)
	handler.Accessible("tickets")
}

// fileRequest goes from the first word to the ticket and returns its number.
func fileRequest(t *testing.T, citizen visitor) string {
	t.Helper()
	citizen.say("小区停水超过24小时还没有恢复")
	answers := []struct{ asked, answer string }{
		{"确认提交", "确认提交"}, {"电话", "13812345678"}, {"地", "哈尔滨市道里区安静街12号阳光小区"}, {"称呼", "张伟"}, {"姓名", "张伟"}, {"时", "昨天早上八点"},
	}
	for range 10 {
		before := browsertest.Eval[int](citizen.Tab, "document.querySelectorAll('.item.bot').length")
		last := browsertest.Eval[string](citizen.Tab, "[...document.querySelectorAll('.item.bot')].pop().innerText")
		if m := regexp.MustCompile(`工单编号\D{0,6}(\d{13})`).FindStringSubmatch(citizen.Body()); m != nil {
			return m[1]
		}
		if before < 2 {
			citizen.Until(fmt.Sprintf("document.querySelectorAll('.item.bot').length > %d", before))
			continue
		}
		for _, a := range answers {
			if strings.Contains(last, a.asked) {
				citizen.say(a.answer)
				break
			}
		}
		citizen.Until(fmt.Sprintf("document.querySelectorAll('.item.bot').length > %d", before))
	}
	t.Fatalf("no ticket after ten turns:\n%s", citizen.Body())
	return ""
}

func departmentAnswers(t *testing.T, br *browsertest.Browser, p *program, number string) visitor {
	t.Helper()
	handler := visitor{br.Tab(t, 1360, 860)}
	handler.login(p, "handler")
	handler.Open(p.url("/console#/tickets/" + number))
	handler.Press("签收")
	handler.Sees("办理中")
	handler.Press("答复")
	handler.Do("say that it is solved", chromedp.Click(chromedp.CSS("input[value=solved]")))
	handler.Fill("#d-text", "昨晚已经修好水管，现在可以正常用水。")
	handler.Picture("ticket")
	handler.Press("答复诉求人")
	handler.Sees("已答复")
	return handler
}

func agentTakesOver(t *testing.T, br *browsertest.Browser, p *program, citizen visitor) {
	t.Helper()
	agent := visitor{br.Tab(t, 1360, 860)}
	agent.login(p, "agent")
	agent.Do("open the list of states", chromedp.Click(chromedp.CSS("#presence")))
	agent.Press("在线接待")
	agent.Until("fetch('/api/v1/presence').then(r => r.json()).then(p => { window.onDuty = p.on_duty }) && window.onDuty > 0")

	citizen.say("异地医保怎样报销")
	citizen.say("转人工")
	agent.Press("接入")
	agent.Sees("异地医保怎样报销")
	agent.Fill("form.say textarea", "您好，我是坐席，异地就医先备案。")
	agent.Press("发送")
	citizen.Sees("我是坐席")
	agent.Picture("console")
	agent.Accessible("desk")

	// The bot is silent while a person speaks.
	bots := browsertest.Eval[int](citizen.Tab, "document.querySelectorAll('.item.bot').length")
	citizen.say("好的，还有停水的事")
	agent.Sees("还有停水的事")
	agent.Press("结束会话")
	agent.Sees("会话已结束")
	if now := browsertest.Eval[int](citizen.Tab, "document.querySelectorAll('.item.bot').length"); now > bots+1 {
		t.Errorf("the bot spoke %d times while the agent held the conversation", now-bots)
	}
}
