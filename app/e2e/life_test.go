package e2e

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"jiban"
	"jiban/app"
	"jiban/app/config"
	"jiban/channels/sms/smssim"
	"jiban/channels/wechat/wechatsim"
)

// county is the whole program in this process, with a clock that the test moves on,
// stand-ins of WeChat and of the SMS provider, and staff who come by HTTP.
type county struct {
	*program
	clock *jiban.ManualClock
	wx    *wechatsim.Sim
	phone *smssim.Sim
	read  map[string]int // messages that a person has read
}

// newCounty starts the program on an empty store at ten on a working day.
func newCounty(t *testing.T) *county {
	t.Helper()
	p := &program{t: t, dir: t.TempDir(), addr: freeAddr(t), log: &syncBuffer{}, out: &syncBuffer{}}
	w := &county{program: p, clock: jiban.NewManualClock(time.Date(2026, 11, 2, 10, 0, 0, 0, jiban.Beijing)), read: map[string]int{}}
	w.phone = smssim.New(smssim.Config{Listen: "127.0.0.1:0", Clock: w.clock})
	if err := w.phone.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.phone.Close)
	api := freeAddr(t)
	w.wx = wechatsim.New(wechatsim.Config{Callback: p.url("/channels/wechat/gzh"), AppID: wxApp, AppSecret: wxSecret, Token: wxToken, Budget: 20, Clock: w.clock})
	server := &http.Server{Addr: api, Handler: w.wx.Handler(), ReadHeaderTimeout: time.Second}
	go func() { _ = server.ListenAndServe() }()
	t.Cleanup(func() { _ = server.Close() })
	w.open(api)
	return w
}

func (w *county) open(api string) {
	w.t.Helper()
	c := config.Default()
	c.Listen, c.DataDir = w.addr, filepath.Join(w.dir, "data")
	c.Database = "sqlite:" + filepath.Join(c.DataDir, "jiban.db")
	c.Keys.File, c.Files = filepath.Join(c.DataDir, "keys"), filepath.Join(c.DataDir, "files")
	c.Channels.WeChat = []config.WeChat{{Name: "gzh", AppID: wxApp, AppSecret: wxSecret, Token: wxToken, PassiveReply: true, APIBase: "http://" + api,
		MessageBudget: 20, ReplayWindow: 5 * time.Minute}}
	c.Channels.SMS = []config.SMS{{Name: "main", Driver: "smpp", Address: w.phone.Addr(), SystemID: "jiban", Source: "106912345", Signature: "【12345热线】",
		EnquireLink: 30 * time.Second, MaxParts: 5, Reassembly: 2 * time.Minute}}
	a, err := app.New(w.t.Context(), app.Options{Config: c, Clock: w.clock, Out: w.out, Welcome: true, Log: app.NewLog(w.log, "info")})
	if err == nil {
		err = a.Start(w.t.Context())
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		if err := a.Stop(context.Background()); err != nil {
			w.t.Error(err)
		}
		if w.t.Failed() {
			w.t.Logf("the program's log:\n%s", w.log.tail(8000))
		}
	})
	ctx, cancel := context.WithTimeout(w.t.Context(), 30*time.Second)
	defer cancel()
	if err := w.phone.WaitBound(ctx); err != nil {
		w.t.Fatal(err)
	}
}

// writes lets a follower of the WeChat account write, and returns what they read
// as the answer.
func (w *county) writes(openID, text string) string {
	w.t.Helper()
	w.clock.Advance(time.Second) // nobody writes twice in one instant
	reply, err := w.wx.Push(w.t.Context(), wechatsim.Message{OpenID: openID, Text: text})
	if err != nil || !reply.Acknowledged {
		w.t.Fatalf("%q was not taken: %+v, %v", text, reply, err)
	}
	return w.reads(openID, "")
}

// texts does the same by SMS.
func (w *county) texts(phone, text string) string {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 30*time.Second)
	defer cancel()
	w.clock.Advance(time.Second)
	if err := w.phone.Push(ctx, phone, text); err != nil {
		w.t.Fatal(err)
	}
	return w.reads(phone, "")
}

// reads waits for a message with the words on whatever reaches the person, and
// passes over what came before it.
func (w *county) reads(who, words string) string {
	w.t.Helper()
	found := ""
	w.await(func() bool {
		all := w.inbox(who)
		for ; w.read[who] < len(all); w.read[who]++ {
			if text := all[w.read[who]]; strings.Contains(text, words) {
				w.read[who]++
				found = text
				return true
			}
		}
		return false
	}, 30*time.Second, fmt.Sprintf("%s to read %q; so far %q", who, words, w.inbox(who)))
	w.t.Logf("%s reads: %s", who, strings.ReplaceAll(found, "\n", " / "))
	return found
}

func (w *county) inbox(who string) (all []string) {
	for _, m := range w.wx.Sent() {
		if m.OpenID == who {
			all = append(all, m.Text)
		}
	}
	for _, m := range w.phone.Sent() {
		if m.To == who {
			all = append(all, m.Text)
		}
	}
	return all
}

// clerk is somebody of the staff, who logs in anew as often as needed.
type clerk struct {
	*caller
	login, password string
}

// first is one of the accounts that the first start makes.
func (w *county) first(login string) *clerk {
	w.t.Helper()
	return &clerk{caller: w.employ(w.t, login), login: login, password: newPassword}
}

// handler is a new account of a department.
func (w *county) handler(admin *clerk, login, department string) *clerk {
	w.t.Helper()
	admin.enter()
	var made struct {
		Password string `json:"password"`
	}
	admin.must(http.MethodPost, "/accounts", map[string]any{"login": login, "name": "承办人" + login, "roles": []string{"handler"}, "department": department}, &made)
	c := &clerk{caller: w.caller(w.t), login: login, password: made.Password}
	c.enter()
	var in struct {
		CSRF string `json:"csrf"`
	}
	c.must(http.MethodPost, "/password", map[string]string{"old": made.Password, "new": newPassword}, &in)
	c.csrf, c.password = in.CSRF, newPassword
	return c
}

// enter logs in; sessions do not last as long as tickets do.
func (c *clerk) enter() {
	c.t.Helper()
	var in struct {
		CSRF string `json:"csrf"`
	}
	c.must(http.MethodPost, "/login", map[string]string{"login": c.login, "password": c.password}, &in)
	c.csrf = in.CSRF
}

// seen is a ticket as the console shows it.
type seen struct {
	Number     string    `json:"number"`
	Department string    `json:"department"`
	Status     string    `json:"status"`
	DueAt      time.Time `json:"due_at"`
	Pending    string    `json:"pending"`
	Reopened   int       `json:"reopened"`
	Papers     []struct {
		Kind string `json:"kind"`
		Text string `json:"text"`
	} `json:"papers"`
	steps []string // the log: kinds, and of a step of supervision its name
}

// looks opens a ticket with its log.
func (c *clerk) looks(number string) seen {
	c.t.Helper()
	var page struct {
		Ticket seen `json:"ticket"`
		Events []struct {
			Kind string            `json:"kind"`
			Data map[string]string `json:"data"`
		} `json:"events"`
	}
	c.asks(http.MethodGet, "/tickets/"+number, nil, &page)
	s := page.Ticket
	for _, e := range page.Events {
		if s.steps = append(s.steps, e.Kind); e.Kind == "reminded" {
			s.steps[len(s.steps)-1] = e.Data["step"]
		}
	}
	return s
}

// does presses a button of the ticket's page.
func (c *clerk) does(number, what string, in map[string]string) {
	c.t.Helper()
	c.asks(http.MethodPost, "/tickets/"+number+"/"+what, in, nil)
}

// asks is must for somebody whose session may have ended meanwhile.
func (c *clerk) asks(method, path string, in, out any) {
	c.t.Helper()
	if c.do(http.MethodGet, "/me", nil, nil) == http.StatusUnauthorized || c.csrf == "" {
		c.enter()
	}
	c.must(method, path, in, out)
}

// until moves the clock on until the ticket's log has a step. The timers follow
// the clock within a moment of their own.
func (w *county) until(c *clerk, number, step string) {
	w.t.Helper()
	for range 300 {
		if slices.Contains(c.looks(number).steps, step) {
			return
		}
		w.clock.Advance(24 * time.Hour)
	}
	w.t.Fatalf("%s did not come: %v", step, c.looks(number).steps)
}

// settles waits for a step of the log without moving the clock.
func (w *county) settles(c *clerk, number, step string) {
	w.t.Helper()
	w.await(func() bool { return slices.Contains(c.looks(number).steps, step) }, 30*time.Second, step)
}

var numberPattern = regexp.MustCompile(`工单编号：(\d{13})`)

func numberIn(t *testing.T, text string) string {
	t.Helper()
	m := numberPattern.FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("no ticket number in %q", text)
	}
	return m[1]
}

// goes compares the log of a ticket with what ought to have happened, in order.
func (s *seen) goes(t *testing.T, want string) {
	t.Helper()
	if got := strings.Join(s.steps, " "); got != want {
		t.Errorf("the ticket's life was\n%s\nand ought to have been\n%s", got, want)
	}
}

// TestLifeOfAWaterCut is the first journey from the first word to the reopened and
// closed ticket: on WeChat, with the department and the desk at their consoles.
func TestLifeOfAWaterCut(t *testing.T) {
	w := newCounty(t)
	const who = "oLifeOfAWaterCut000000000001"
	w.writes(who, "小区停水超过24小时还没有恢复")
	w.writes(who, "哈尔滨市南岗区学府路23号阳光小区3栋")
	w.writes(who, "13800001234")
	number := numberIn(t, w.writes(who, "确认提交"))
	handler, supervisor := w.first("handler"), w.first("supervisor")
	handler.does(number, "sign", nil)
	handler.does(number, "contacted", map[string]string{"result": "reached", "how": "phone", "note": "已说明抢修安排"})
	w.clock.Advance(2 * time.Hour)
	handler.does(number, "reply", map[string]string{"text": "管道已经修好，今天十二点恢复供水。", "result": "solved"})
	w.reads(who, "管道已经修好")
	w.reads(who, "问题解决了吗")
	w.writes(who, "没解决，还是没水")
	if s := handler.looks(number); s.Reopened != 1 || s.Status != "dispatched" || !s.DueAt.After(w.clock.Now()) {
		t.Fatalf("not reopened with a new limit: %+v", s)
	}
	handler.does(number, "sign", nil)
	handler.does(number, "contacted", map[string]string{"result": "reached", "how": "visit"})
	handler.does(number, "reply", map[string]string{"text": "已经更换阀门，全部恢复供水。", "result": "solved"})
	if n := len(w.inbox(who)); strings.Contains(strings.Join(w.inbox(who)[w.read[who]:n], ""), "更换阀门") {
		t.Error("the answer to a reopened ticket was told before it was checked")
	}
	supervisor.does(number, "reply/approve", nil)
	w.reads(who, "更换阀门")
	w.reads(who, "问题解决了吗")
	w.writes(who, "解决了")
	s := supervisor.looks(number)
	s.goes(t, "opened dispatched signed contacted replied surveyed reopened signed contacted submitted replied surveyed closed")
}

// TestLifeByTextMessages is the second journey, all of it in text messages of at
// most five parts.
func TestLifeByTextMessages(t *testing.T) {
	w := newCounty(t)
	const who = "8613800001234"
	w.texts(who, "小区门前的建筑垃圾一直没人处理")
	w.texts(who, "哈尔滨市香坊区安埠街120号红旗小区门口")
	number := numberIn(t, w.texts(who, "1"))
	supervisor, admin := w.first("supervisor"), w.first("admin")
	handler := w.handler(admin, "chengguan", supervisor.looks(number).Department)
	handler.does(number, "sign", nil)
	handler.does(number, "contacted", map[string]string{"result": "reached", "how": "phone"})
	w.clock.Advance(24 * time.Hour)
	w.answered(handler, supervisor, number, "建筑垃圾已经清运完毕。")
	w.reads(who, "建筑垃圾已经清运完毕")
	w.reads(who, "没解决")
	w.texts(who, "没解决")
	if s := handler.looks(number); s.Reopened != 1 {
		t.Fatalf("not reopened: %+v", s)
	}
	for _, m := range w.phone.Sent() {
		if m.Parts > 5 || strings.Count(m.Text, "【") != 1 || !strings.HasPrefix(m.Text, "【12345热线】") {
			t.Errorf("%d parts: %q", m.Parts, m.Text)
		}
	}
}

// TestLifeOfANoiseComplaint is the eighth journey: a department returns the ticket,
// the next one asks for more time, lets the limit pass and climbs the ladder. The
// complainer, whom no message can reach any more, is called by an agent, is not
// content, gets the ticket reopened once, and then a review.
func TestLifeOfANoiseComplaint(t *testing.T) {
	w := newCounty(t)
	const who = "oLifeOfANoiseComplaint000001"
	w.writes(who, "我要投诉，工地半夜施工噪音太大，天天吵得睡不着")
	w.writes(who, "哈尔滨市道里区尚志大街50号，上周五开始的")
	w.writes(who, "我叫王芳，电话13900005678")
	number := numberIn(t, w.writes(who, "确认提交"))
	supervisor, admin := w.first("supervisor"), w.first("admin")
	first := w.handler(admin, "first", supervisor.looks(number).Department)
	first.does(number, "return", map[string]string{"reason": "夜间施工由生态环境部门查处", "basis": "哈尔滨市环境噪声管理规定", "code": "duty"})
	supervisor.does(number, "return/accept", map[string]string{"department": "230100.environment", "reason": "属生态环境职责"})
	second := w.handler(admin, "second", "230100.environment")
	second.does(number, "sign", nil)
	second.does(number, "contacted", map[string]string{"result": "reached", "how": "phone"})
	before := second.looks(number).DueAt
	second.does(number, "extend", map[string]string{"reason": "需要夜间取证", "more": "5d"})
	supervisor.does(number, "extend/approve", map[string]string{"reason": "同意"})
	w.reads(who, "因为需要夜间取证，办理时间延长到")
	if after := second.looks(number).DueAt; !after.After(before) {
		t.Errorf("extended from %v to %v", before, after)
	}
	for _, step := range []string{"reminder", "urging", "supervision", "interview"} {
		w.until(supervisor, number, step)
	}
	w.answered(second, supervisor, number, "已经责令工地夜间停工。")
	// A message waits for two days for the person to write, and a survey for the morning.
	w.clock.Advance(49 * time.Hour)
	for w.clock.Now().In(jiban.Beijing).Hour() < 10 {
		w.clock.Advance(time.Hour)
	}
	w.settles(supervisor, number, "follow_up")
	supervisor.does(number, "survey", map[string]string{"solved": "no", "satisfied": "no", "contacted": "yes", "method": "phone", "reason": "昨晚还在施工"})
	second.does(number, "sign", nil)
	second.does(number, "contacted", map[string]string{"result": "reached", "how": "phone"})
	if text := w.writes(who, "查进度"); !strings.Contains(text, number) {
		t.Errorf("no progress in %q", text)
	}
	w.answered(second, supervisor, number, "已经立案处罚，工地夜间停止施工。")
	w.reads(who, "立案处罚")
	w.reads(who, "问题解决了吗")
	w.writes(who, "不满意")
	s := supervisor.looks(number)
	s.goes(t, "opened dispatched return_asked returned dispatched signed contacted extension_asked extended "+
		"reminder overdue urging supervision interview submitted replied follow_up surveyed reopened signed contacted submitted replied surveyed closed")
	if s.Reopened != 1 {
		t.Errorf("reopened %d times", s.Reopened)
	}
}

// answered lets the department answer and the desk check the answer.
func (w *county) answered(handler, supervisor *clerk, number, text string) {
	w.t.Helper()
	handler.does(number, "reply", map[string]string{"text": text, "result": "solved"})
	supervisor.does(number, "reply/approve", nil)
}
