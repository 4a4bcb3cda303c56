package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"jiban"
)

// What citizens do for themselves on the pages: read the privacy notice, and
// prove a telephone number.

// langOf reads the language of a query or body; Chinese unless English is asked
// for.
func langOf(v string) jiban.Lang {
	if v == string(jiban.English) {
		return jiban.English
	}
	return jiban.Chinese
}

// phoneNotice tells, before a number is asked for, what it is for, and whether it
// can be proven here at all.
func (s *Server) phoneNotice(c *fiber.Ctx) error {
	if _, err := s.chat(c); err != nil {
		return err
	}
	l := langOf(c.Query("lang"))
	if s.Telephones == nil || s.Words == nil || !s.Telephones.CanProve() {
		return c.JSON(fiber.Map{"available": false, "text": s.sentence(l, "bind.impossible")})
	}
	version := s.sentence(l, "privacy.version")
	params := map[string]any{"version": version, "date": s.sentence(l, "privacy.date")}
	return c.JSON(fiber.Map{"available": true, "version": version, "text": s.Words.Say(l, "bind.notice", params)})
}

// sentence words a sentence without parameters, "" where there are no sentences.
func (s *Server) sentence(l jiban.Lang, key string) string {
	if s.Words == nil {
		return ""
	}
	return s.Words.Say(l, key, nil)
}

// selfService lets a visitor of a chat through to what they do for themselves and
// returns their address. What may cost a text message, or guess a code, is counted
// for the network address too: a new cookie is had for nothing.
func (s *Server) selfService(c *fiber.Ctx) (jiban.Address, error) {
	const op = "web.phone"
	chat, err := s.chat(c)
	if err != nil {
		return "", err
	}
	if !s.sameOrigin(c, chat.AllowedOrigins) {
		return "", jiban.Errorf(jiban.CodeForbidden, op, "the page is not an allowed origin")
	}
	cookie := c.Cookies(chatCookie)
	if !goodChatCookie(cookie) {
		return "", jiban.Errorf(jiban.CodeUnauthorized, op, "the visitor has no cookie")
	}
	if s.Telephones == nil || !s.Telephones.CanProve() {
		return "", refuse(jiban.CodeUnavailable, op, "这里现在没有短信通道，手机号验证不了 (no text message service here, a number cannot be verified)")
	}
	key := s.visitorKey(c)
	if err := s.limit(c.UserContext(), "codeminute:"+key, s.limits.CodesPerMinute, time.Minute); err != nil {
		return "", err
	}
	return VisitorAddress(cookie), s.limit(c.UserContext(), "codeday:"+key, s.limits.CodesPerDay, 24*time.Hour)
}

// sendPhoneCode has a code sent to the telephone that the visitor names. The
// answer is the same whether anybody knows the number or not.
func (s *Server) sendPhoneCode(c *fiber.Ctx) error {
	const op = "web.phone"
	visitor, err := s.selfService(c)
	if err != nil {
		return err
	}
	in, err := body[struct {
		Phone   string `json:"phone"`
		Consent string `json:"consent"` // version of the notice that was agreed to
		Lang    string `json:"lang"`
	}](c)
	if err != nil {
		return err
	}
	l := langOf(in.Lang)
	if in.Consent == "" || in.Consent != s.sentence(l, "privacy.version") {
		return refuse(jiban.CodeInvalid, op, "请先阅读告知内容并同意 (please read the notice and agree first)")
	}
	ctx := c.UserContext()
	contact, err := s.Telephones.Visitor(ctx, visitor)
	if err != nil {
		return err
	}
	life, err := s.Telephones.Send(ctx, contact, in.Phone, string(visitor), l)
	switch jiban.CodeOf(err) {
	case "":
	case jiban.CodeInvalid:
		return refuse(jiban.CodeInvalid, op, "请填写 11 位手机号码，座机收不到验证码 (a mobile number of 11 digits)")
	case jiban.CodeLimited:
		return refuse(jiban.CodeLimited, op, "验证码要得太频繁，请过一会儿再试 (too many codes, please wait a little)")
	default:
		return err
	}
	if err := s.Telephones.Consent(ctx, contact, c.Params("channel"), in.Consent); err != nil {
		return err
	}
	return c.JSON(fiber.Map{"minutes": int(life.Round(time.Minute).Minutes())})
}

// checkPhoneCode proves the telephone by its code.
func (s *Server) checkPhoneCode(c *fiber.Ctx) error {
	const op = "web.phone"
	visitor, err := s.selfService(c)
	if err != nil {
		return err
	}
	in, err := body[struct {
		Phone string `json:"phone"`
		Code  string `json:"code"`
	}](c)
	if err != nil {
		return err
	}
	ctx := c.UserContext()
	contact, err := s.Telephones.Visitor(ctx, visitor)
	if err != nil {
		return err
	}
	switch err := s.Telephones.Prove(ctx, contact, in.Phone, in.Code); jiban.CodeOf(err) {
	case "":
		return c.SendStatus(fiber.StatusNoContent)
	case jiban.CodeInvalid:
		return refuse(jiban.CodeInvalid, op, "验证码不对，请看一下短信再填 (that is not the code)")
	case jiban.CodeNotFound, jiban.CodeConflict:
		return refuse(jiban.CodeConflict, op, "验证码已经失效，请重新获取 (the code is no longer valid, ask for a new one)")
	default:
		return err
	}
}

// privacyStyle is the look of the privacy page, which needs nothing that is built.
const privacyStyle = `body{font:1.125rem/1.7 "PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif;color:#1c2733;background:#fff;margin:0}` +
	`main{max-width:44rem;margin:0 auto;padding:1.5rem 1rem}h1{font-size:1.4rem;line-height:1.4}a{color:#14508f}nav a{margin-right:1.5rem}`

var privacyTemplate = template.Must(template.New("privacy").Parse(`<!doctype html>
<html lang="{{.Lang}}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{{.Title}}</title>` +
	`<link rel="icon" href="data:,"><style>` + privacyStyle + `</style></head>
<body><main><h1>{{.Title}}</h1>
{{range .Lines}}<p>{{.}}</p>
{{end}}<nav><a href="/privacy?lang={{.Other}}">{{.OtherName}}</a><a href="/chat">{{.Back}}</a></nav></main></body></html>
`))

// privacyPage shows the whole notice of what is kept and why, in Chinese, or in
// English with ?lang=en. It is made of the sentences that the dialogue says too.
func (s *Server) privacyPage() fiber.Handler {
	sum := sha256.Sum256([]byte(privacyStyle))
	policy := "default-src 'none'; img-src data:; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	return func(c *fiber.Ctx) error {
		if s.Words == nil {
			return notFound("web.privacy", "there is no privacy notice here")
		}
		l := langOf(c.Query("lang"))
		full := s.Words.Say(l, "privacy.full", map[string]any{"version": s.sentence(l, "privacy.version"), "date": s.sentence(l, "privacy.date")})
		lines := strings.Split(full, "\n")
		data := struct {
			Lang, Title, Other, OtherName, Back string
			Lines                               []string
		}{"zh-CN", lines[0], "en", "English", "返回对话", lines[1:]}
		if l == jiban.English {
			data.Lang, data.Other, data.OtherName, data.Back = "en", "zh", "中文", "Back to the chat"
		}
		var page bytes.Buffer
		if err := privacyTemplate.Execute(&page, data); err != nil {
			return jiban.Errorf(jiban.CodeInternal, "web.privacy", "word the page: %w", err)
		}
		c.Set("Content-Security-Policy", policy)
		c.Set("X-Frame-Options", "DENY")
		c.Set(fiber.HeaderCacheControl, cachePage)
		c.Set(fiber.HeaderContentType, "text/html; charset=utf-8")
		return c.Send(page.Bytes())
	}
}
