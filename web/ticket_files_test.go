package web_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"jiban"
	"jiban/files"
	"jiban/prompts"
	"jiban/store"
	"jiban/store/blob"
	"jiban/web"
)

// archive is an office that keeps files.
type archive struct {
	*office
	files  *files.Service
	folder string // where their bytes lie
}

// keeping lets a house keep files in a folder, and say why it refuses some.
func keeping(t *testing.T, folder string, l files.Limits, into **files.Service) option {
	return func(d *web.Deps) {
		blobs, err := blob.OpenDisk(folder)
		if err != nil {
			t.Fatal(err)
		}
		*into, err = files.New(l, files.Deps{Records: d.Records.(*store.Store), Blobs: blobs, Keys: plainKeys{}, Clock: d.Clock, IDs: d.IDs, Temp: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		book, err := prompts.New()
		if err != nil {
			t.Fatal(err)
		}
		d.Files, d.Words = *into, book
	}
}

func newArchive(t *testing.T) *archive {
	t.Helper()
	a := &archive{folder: filepath.Join(t.TempDir(), "files")}
	o := &office{furnished: newFurnished(t, keeping(t, a.folder, files.Limits{MaxBytes: 64 << 10}, &a.files))}
	o.boss, o.agent = o.as(jiban.RoleSupervisor, nil), o.as(jiban.RoleAgent, nil)
	o.number = o.openTicket(o.agent)
	o.department = o.see(o.boss, o.number).Department
	o.handler = o.handlerOf(o.department)
	a.office = o
	return a
}

// attachment is what these tests read of a file.
type attachment struct {
	ID, Name, Type, State, Link, Ticket string
	Size                                int64
	Attached, Internal                  bool
	ToldAt                              string `json:"told_at"`
	By                                  whoDid
}

type whoDid struct{ Side, Department, Name string }

// departmentName is what the department that has the ticket is called.
func (a *archive) departmentName() string {
	a.t.Helper()
	k, err := a.room.Ticket(a.t.Context(), a.number)
	a.must(err)
	return k.DepartmentName
}

// attaches sends a file to a ticket.
func (a *archive) attaches(c *client, number, audience string, parts ...sentPart) reply {
	a.t.Helper()
	return c.sendFiles(ticketsPath+number+"/files?for="+audience, parts...)
}

// seen lists the files that somebody is shown with a ticket.
func (a *archive) seen(c *client, number string) []attachment {
	a.t.Helper()
	return into[struct{ Files []attachment }](a.t, c.get(ticketsPath+number).want(a.t, 200)).Files
}

// bytesKept counts the heaps of bytes in the folder.
func (a *archive) bytesKept() int {
	a.t.Helper()
	n := 0
	a.must(filepath.WalkDir(a.folder, func(_ string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			n++
		}
		return err
	}))
	return n
}

// nothingNew makes sure that a refused upload left nothing: no bytes, no record, no
// event, no entry.
func (a *archive) nothingNew(what string) {
	a.t.Helper()
	rows, err := a.store.Files(a.t.Context(), jiban.FileFilter{Ticket: a.number})
	a.must(err)
	if n := a.bytesKept(); n != 0 || len(rows) != 0 || len(a.attachedEvents(a.number)) != 0 {
		a.t.Errorf("%s left %d heaps of bytes, %d records, %d events", what, n, len(rows), len(a.attachedEvents(a.number)))
	}
	found, err := a.staff.SearchAudit(a.t.Context(), jiban.AuditFilter{Action: "ticket.attach", Limit: 5})
	a.must(err)
	if len(found) != 0 {
		a.t.Errorf("%s is on record as %+v", what, found)
	}
}

func (a *archive) attachedEvents(number string) []jiban.TicketEvent {
	a.t.Helper()
	log, err := a.room.Events(a.t.Context(), number)
	a.must(err)
	return slices.DeleteFunc(log, func(e jiban.TicketEvent) bool { return e.Kind != jiban.EventAttached })
}

// A handler attaches a file: it is tied to the ticket, in its log and in the
// record, and the hotline opens it.
func TestAHandlerAttachesAFile(t *testing.T) {
	a := newArchive(t)
	if !slices.Contains(a.see(a.handler, a.number).Duties, "files") {
		t.Fatal("the handler is not offered to attach a file")
	}
	f := into[attachment](t, a.attaches(a.handler, a.number, "staff", photoPart()).want(t, 200))
	if f.Name != "漏水.png" || f.Type != "image/png" || !f.Internal || !f.Attached {
		t.Errorf("%+v", f)
	}
	events := a.attachedEvents(a.number)
	if len(events) != 1 || events[0].Actor != a.handler.account.ID || events[0].Data["file"] != f.ID || events[0].Data["internal"] != "yes" {
		t.Errorf("the log has %+v", events)
	}
	if !a.audited(a.handler, "ticket.attach") {
		t.Error("it is not on record")
	}
	for who, c := range map[string]*client{"handler": a.handler, "colleague": a.handlerOf(a.department), "supervisor": a.boss, "agent": a.agent} {
		got := a.seen(c, a.number)
		if len(got) != 1 || got[0].Name != "漏水.png" || !got[0].Internal {
			t.Fatalf("the %s sees %+v", who, got)
		}
		if r := c.get(got[0].Link).want(t, 200); r.body != string(somePNG()) {
			t.Errorf("the %s opens %d bytes", who, len(r.body))
		}
	}
	a.boss.get(f.Link).want(t, 403) // the handler's own link
}

// Only who has the ticket attaches to it: another department, the accused and
// other roles are shown nothing and leave nothing.
func TestWhoMayNotAttach(t *testing.T) {
	a := newArchive(t)
	stranger := a.handlerOf("somebody-else")
	against := a.open("complaint", "020101", object{"place": "道里区友谊路1号", "since": "昨天", "name": "王芳", "phone": "13800001111", "description": "态度不好", "unit": a.departmentName()})
	number := a.number
	for _, c := range []struct {
		who    string
		client *client
		number string
		status int
	}{
		{"another department", stranger, number, 404}, {"the accused", a.handler, against, 404}, {"an editor", a.as(jiban.RoleEditor, nil), number, 403},
		{"an auditor", a.as(jiban.RoleAuditor, nil), number, 403}, {"an administrator", a.as(jiban.RoleAdmin, nil), number, 403},
		{"nobody", a.stranger(), number, 401}, {"a supervisor of another city", a.as(jiban.RoleSupervisor, func(x *jiban.Account) { x.Region = "230600" }), number, 404},
	} {
		if got := a.attaches(c.client, c.number, "staff", photoPart()); got.status != c.status {
			t.Errorf("%s: %d %s, want %d", c.who, got.status, got.body, c.status)
		}
	}
	forged := *a.handler
	forged.csrf = ""
	a.attaches(&forged, number, "staff", photoPart()).want(t, 403)
	a.nothingNew("who may not")
}

// What is refused leaves nothing, and says why in Chinese.
func TestRefusedAttachments(t *testing.T) {
	a := newArchive(t)
	for _, c := range []struct {
		what, audience string
		parts          []sentPart
		status         int
		says           string
	}{
		{"a program called a picture", "staff", []sentPart{{"file", "现场.png", "MZ\x90\x00" + strings.Repeat("x", 600)}}, 400, "收不了"},
		{"a page called a document", "person", []sentPart{{"file", "a.pdf", "<html><script>alert(1)</script></html>"}}, 400, "收不了"},
		{"a cut picture", "staff", []sentPart{{"file", "a.png", string(somePNG()[:40])}}, 400, "不完整"},
		{"nothing in it", "staff", []sentPart{{"file", "a.png", ""}}, 400, "不完整"},
		{"too large", "staff", []sentPart{{"file", "a.png", string(somePNG()) + strings.Repeat("x", 300<<10)}}, 413, "文件太大"},
		{"a little too large", "staff", []sentPart{{"file", "a.png", string(somePNG()) + strings.Repeat("x", 65<<10)}}, 413, "文件太大"},
		{"two at once", "staff", []sentPart{photoPart(), photoPart()}, 400, ""},
		{"no file", "staff", []sentPart{{"text", "a.png", "x"}}, 400, ""},
		{"for nobody", "everybody", []sentPart{photoPart()}, 400, "请选择附件"},
	} {
		if got := a.attaches(a.handler, a.number, c.audience, c.parts...); got.status != c.status || !strings.Contains(got.body, c.says) {
			t.Errorf("%s: %d %s", c.what, got.status, got.body)
		}
		a.nothingNew(c.what)
	}
	a.handler.do("POST", ticketsPath+a.number+"/files?for=staff", object{"file": "x"}).want(t, 415)
	a.act(a.agent, "withdraw", object{"reason": "诉求人撤回"})
	if got := a.attaches(a.agent, a.number, "staff", photoPart()).want(t, 409); !strings.Contains(got.body, "不能再添加附件") {
		t.Error(got.body)
	}
	a.nothingNew("a ticket that is over")
}

// A name that means harm is made harmless.
func TestAttachedNamesAreCleaned(t *testing.T) {
	a := newArchive(t)
	a.attaches(a.handler, a.number, "staff", sentPart{"file", "../../etc/\u202egnp.现场<b>.exe", string(somePNG())}).want(t, 200)
	if got := a.seen(a.boss, a.number)[0].Name; got != "gnp.现场_b.png" {
		t.Errorf("it is called %q", got)
	}
}

// An upload that breaks off leaves nothing.
func TestABrokenOffUploadLeavesNothing(t *testing.T) {
	a := newArchive(t)
	body, kind := form(sentPart{"file", "a.png", string(somePNG()) + strings.Repeat("y", 40<<10)})
	for _, at := range []int{0, 60, len(body) / 2, len(body) - 4} {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(a.url, "http://"))
		a.must(err)
		fmt.Fprintf(conn, "POST %s%s/files?for=staff HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nX-CSRF-Token: %s\r\nCookie: jiban_staff=%s\r\nContent-Length: %d\r\n\r\n%s",
			ticketsPath, a.number, kind, a.handler.csrf, a.handler.cookies["jiban_staff"], len(body), body[:at])
		a.must(conn.(*net.TCPConn).CloseWrite())
		if r, err := http.ReadResponse(bufio.NewReader(conn), nil); err == nil {
			if r.Body.Close(); r.StatusCode == 200 {
				t.Errorf("%d of %d bytes were taken for all", at, len(body))
			}
		}
		a.must(conn.Close())
		a.nothingNew(fmt.Sprintf("%d of %d bytes", at, len(body)))
	}
}

// torn is a tickets room whose commit fails.
type torn struct {
	web.Tickets
	err error
}

func (r *torn) Act(ctx context.Context, a jiban.TicketAction, entries ...jiban.AuditEntry) (jiban.Ticket, error) {
	if r.err != nil {
		return jiban.Ticket{}, r.err
	}
	return r.Tickets.Act(ctx, a, entries...)
}

// Where the records cannot be written, the bytes do not stay either.
func TestAFailedCommitLeavesNoBytes(t *testing.T) {
	room, folder := &torn{}, filepath.Join(t.TempDir(), "files")
	a := &archive{folder: folder}
	o := &office{furnished: newFurnished(t, keeping(t, folder, files.Limits{}, &a.files), func(d *web.Deps) { room.Tickets = d.Tickets; d.Tickets = room })}
	a.office, o.agent = o, o.as(jiban.RoleAgent, nil)
	o.number = o.openTicket(o.agent)
	for _, code := range []jiban.Code{jiban.CodeConflict, jiban.CodeUnavailable} {
		room.err = jiban.Errorf(code, "torn", "no")
		if got := a.attaches(o.agent, o.number, "staff", photoPart()); got.status != 409 && got.status != 503 {
			t.Errorf("%s: %d %s", code, got.status, got.body)
		}
		a.nothingNew("a commit that failed with " + string(code))
	}
	room.err = nil
	a.attaches(o.agent, o.number, "staff", photoPart()).want(t, 200)
}

// What is for the person can be opened on the progress page once the answer was
// checked and went out, in that browser only; what is internal never.
func TestThePersonOpensWhatCameWithTheAnswer(t *testing.T) {
	a := newArchive(t)
	number := a.open("complaint", "020105", object{"place": "道里区友谊路1号", "since": "昨天", "name": "王芳", "phone": "13800001234", "description": "收费不对", "unit": "楼下商户"})
	a.number = number
	h := a.handlerOf(a.see(a.boss, number).Department)
	a.act(h, "sign", nil)
	a.attaches(h, number, "staff", sentPart{"file", "内部记录.png", string(somePNG())}).want(t, 200)
	a.attaches(h, number, "person", sentPart{"file", "处理结果.png", string(somePNG())}).want(t, 200)
	progress := func(c *client) []attachment {
		return into[struct{ Files []attachment }](t, c.do("POST", "/api/v1/track", object{"number": number, "code": "1234"}).want(t, 200)).Files
	}
	person := a.stranger()
	if got := a.act(h, "reply", object{"text": "已退费", "result": "solved"}); got.Pending != "reply" {
		t.Fatalf("the answer is not checked: %+v", got)
	}
	if got := progress(person); len(got) != 0 {
		t.Fatalf("before the answer is checked the person sees %+v", got)
	}
	a.act(a.boss, "reply/approve", nil)
	told := progress(person)
	if len(told) != 1 || told[0].Name != "处理结果.png" {
		t.Fatalf("the person sees %+v", told)
	}
	if r := person.get(told[0].Link).want(t, 200); r.body != string(somePNG()) || !strings.Contains(r.header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("%d bytes, %v", len(r.body), r.header)
	}
	other := a.stranger()
	other.get(told[0].Link).want(t, 401)
	progress(other)
	other.get(told[0].Link).want(t, 403)
	for _, f := range a.seen(h, number) {
		if (f.ToldAt != "") == f.Internal {
			t.Errorf("%+v", f)
		}
	}
}

// Where the reporter is protected, a department sees what it attached itself, and
// nothing that might tell who it was.
func TestAttachmentsOfAConfidentialTicket(t *testing.T) {
	a := newArchive(t)
	r := a.agent.do("POST", "/api/v1/tickets", object{"type": "help", "matter": "020101", "region": "230100", "conversation_id": a.conv.ID, "confidential": true,
		"fields": object{"place": "道里区友谊路1号", "since": "昨天", "name": "王芳", "phone": "13800001234", "description": "停水"}}).want(t, 200)
	number := into[shownTicket](t, r).Number
	h := a.handlerOf(a.see(a.boss, number).Department)
	a.attaches(a.agent, number, "staff", sentPart{"file", "王芳的来信.png", string(somePNG())}).want(t, 200)
	a.attaches(h, number, "staff", sentPart{"file", "现场.png", string(somePNG())}).want(t, 200)
	page := h.get(ticketsPath+number).want(t, 200).body
	if strings.Contains(page, "王芳") {
		t.Error("the department reads who reported")
	}
	got := a.seen(h, number) // both of the same moment: in any order
	slices.SortFunc(got, func(x, y attachment) int { return strings.Compare(x.Name, y.Name) })
	if len(got) != 2 || got[0].State != "hidden" || got[0].Link != "" || got[0].Name != "" || got[1].Name != "现场.png" || got[1].Link == "" {
		t.Errorf("the department sees %+v", got)
	}
	for _, f := range a.seen(a.boss, number) {
		a.boss.get(f.Link).want(t, 200)
	}
	for _, f := range a.seen(a.as(jiban.RoleAuditor, nil), number) {
		if f.State != "hidden" || f.Name != "" || f.Link != "" {
			t.Errorf("the auditor sees %+v", f)
		}
	}
}

// The log says who did what: of colleagues the name, of others the department, of
// the person nothing. It is looked up at once, however long the log is.
func TestTheLogNamesColleagues(t *testing.T) {
	a := newArchive(t)
	colleague := a.as(jiban.RoleHandler, func(x *jiban.Account) { x.Department, x.Name = a.department, "周洋" })
	h := a.as(jiban.RoleHandler, func(x *jiban.Account) { x.Department, x.Name = a.department, "赵敏" })
	agent := a.as(jiban.RoleAgent, func(x *jiban.Account) { x.Name = "李娜" })
	a.act(h, "sign", nil)
	a.act(agent, "urge", nil)
	a.act(h, "transfer", object{"handler": colleague.account.ID})
	a.attaches(agent, a.number, "staff", photoPart()).want(t, 200)
	type page struct {
		Events []struct {
			Kind string
			By   whoDid
			Data map[string]string
		}
		Files   []attachment
		Handler whoDid
	}
	name := a.departmentName()
	for _, c := range []struct {
		who                  string
		reader               *client
		handler, agent, next string // names, "" where only the department may be known
	}{{"a colleague of the department", colleague, "赵敏", "", "周洋"}, {"the hotline", a.boss, "", "李娜", ""}, {"an auditor", a.as(jiban.RoleAuditor, nil), "", "李娜", ""}} {
		got := into[page](t, c.reader.get(ticketsPath+a.number).want(t, 200))
		want := map[string]whoDid{"signed": {"department", name, c.handler}, "transferred": {"department", name, c.handler},
			"urged": {"hotline", "", c.agent}, "attached": {"hotline", "", c.agent}}
		for _, e := range got.Events {
			if w, known := want[e.Kind]; known && e.By != w {
				t.Errorf("%s reads that %s was done by %+v, want %+v", c.who, e.Kind, e.By, w)
			}
			if e.Kind == "transferred" && e.Data["handler_name"] != c.next {
				t.Errorf("%s reads that it was given to %q", c.who, e.Data["handler_name"])
			}
			delete(want, e.Kind)
		}
		if len(want) != 0 || got.Handler != (whoDid{"department", name, c.next}) || got.Files[0].By != (whoDid{"hotline", "", c.agent}) {
			t.Errorf("%s misses %v, reads of %+v, file by %+v", c.who, want, got.Handler, got.Files[0].By)
		}
	}
}

// asking counts how often the staff room is asked for names.
type asking struct {
	web.Staff
	times int
}

func (a *asking) Named(ctx context.Context, ids []string) (map[string]jiban.Account, error) {
	a.times++
	return a.Staff.Named(ctx, ids)
}

// One question names everybody in the log, however many there are.
func TestTheLogIsNamedInOneQuestion(t *testing.T) {
	var people *asking
	o := &office{furnished: newFurnished(t, func(d *web.Deps) { people = &asking{Staff: d.Staff}; d.Staff = people })}
	o.agent = o.as(jiban.RoleAgent, nil)
	o.number = o.openTicket(o.agent)
	for range 5 {
		o.act(o.as(jiban.RoleAgent, nil), "urge", nil)
	}
	people.times = 0
	o.see(o.agent, o.number)
	if people.times != 1 {
		t.Errorf("%d questions", people.times)
	}
}
