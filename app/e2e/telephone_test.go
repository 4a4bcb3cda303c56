package e2e

import (
	"context"
	"fmt"
	"regexp"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"jiban/channels/sms/smssim"
	"jiban/web/browsertest"
)

// carrier is an SMS provider whose messages the test reads.
func carrier(t *testing.T) (*smssim.Sim, <-chan smssim.Sent) {
	t.Helper()
	sim := smssim.New(smssim.Config{Listen: "127.0.0.1:0"})
	sent := make(chan smssim.Sent, 16)
	sim.OnSent(func(m smssim.Sent) { sent <- m })
	if err := sim.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	return sim, sent
}

// codeTo waits for the code that reaches a telephone.
func codeTo(t *testing.T, sent <-chan smssim.Sent, phone string) string {
	t.Helper()
	limit := time.After(30 * time.Second)
	for {
		select {
		case m := <-sent:
			if code := regexp.MustCompile(`\b\d{6}\b`).FindString(m.Text); code != "" && m.To == phone {
				return code
			}
		case <-limit:
			t.Fatal("no code came")
		}
	}
}

// TestTheTelephoneDialog proves a number in the chat page by a code that an SMS
// provider carries, with a wrong code before, by mouse and by keyboard.
func TestTheTelephoneDialog(t *testing.T) {
	br := browsertest.Start(t)
	sim, sent := carrier(t)
	p := newProgram(t, fmt.Sprintf("channels:\n  sms:\n    - {name: main, driver: smpp, address: %q, system_id: jiban, source: \"106912345\", signature: \"【12345热线】\"}\n", sim.Addr()))
	p.start()

	citizen := visitor{br.Tab(t, 480, 860)}
	citizen.Open(p.url("/chat"))
	citizen.Press("验证手机号")
	citizen.Sees("个人信息处理告知书第2版")
	citizen.Accessible("telephone")
	citizen.Fits("telephone")
	citizen.Picture("telephone")
	citizen.Fill("#telephone-number", "13900005678")
	citizen.Press("获取验证码")
	citizen.Sees("请先阅读告知内容并同意")
	citizen.Do("agree", chromedp.Click(chromedp.CSS("#telephone-agree")))
	citizen.Press("获取验证码")
	citizen.Sees("5分钟内有效")
	code := codeTo(t, sent, "8613900005678")
	wrong := "000000"
	if code == wrong {
		wrong = "000001"
	}
	citizen.Accessible("telephone code")
	citizen.Fill("#telephone-code", wrong)
	citizen.Press("确认")
	citizen.Sees("验证码不对")
	citizen.Fill("#telephone-code", code)
	citizen.Keys("\r")
	citizen.Sees("验证成功")
	citizen.Press("查进度")
	citizen.Sees("没有查到您登记过的事项")
	citizen.OwnHostOnly(p.url(""))

	citizen.Open(p.url("/privacy"))
	citizen.Sees("个人信息处理告知书（第2版")
	citizen.Accessible("privacy")
	citizen.Fits("privacy")
	citizen.Open(p.url("/privacy?lang=en"))
	citizen.Sees("Notice on personal data")
	citizen.Accessible("privacy in English")
}

// TestTheTelephoneDialogWithoutSMS says truthfully that nothing can be proven.
func TestTheTelephoneDialogWithoutSMS(t *testing.T) {
	br := browsertest.Start(t)
	p := newProgram(t, "")
	p.start()
	citizen := visitor{br.Tab(t, 480, 860)}
	citizen.Open(p.url("/chat?lang=en"))
	citizen.Press("Verify my phone")
	citizen.Sees("no text message service")
	if browsertest.Eval[bool](citizen.Tab, "!!document.querySelector('#telephone-number')") {
		t.Error("a number is asked for that cannot be proven")
	}
	citizen.Accessible("telephone without SMS")
}
