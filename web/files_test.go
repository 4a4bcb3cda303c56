package web_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"image/png"
	"io"
	"mime/multipart"
	"net"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"jiban"
	"jiban/channels"
	"jiban/files"
	"jiban/prompts"
	"jiban/store"
	"jiban/store/blob"
	"jiban/store/storetest"
	"jiban/web"
)

// plainKeys seal with a key that everybody knows.
type plainKeys struct{}

func (plainKeys) SealFor(_ context.Context, _, aad string, plain []byte) ([]byte, error) {
	return append([]byte(aad), plain...), nil
}
func (plainKeys) OpenFor(_ context.Context, _, aad string, sealed []byte) ([]byte, error) {
	return bytes.TrimPrefix(sealed, []byte(aad)), nil
}
func (plainKeys) Suite() string { return "aes" }
func (plainKeys) Cipher(_ string, key [32]byte) (cipher.AEAD, error) {
	b, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(b)
}
func (plainKeys) Hash(domain, value string) string {
	m := hmac.New(sha256.New, []byte(domain))
	m.Write([]byte(value))
	return hex.EncodeToString(m.Sum(nil))
}

// drawer is a house whose chat takes files: the room of files over a real store
// and a real folder.
type drawer struct {
	*house
	store *store.Store
	files *files.Service
	taken []jiban.Received
}

func newDrawer(t *testing.T, l files.Limits, options ...option) *drawer {
	t.Helper()
	d := &drawer{}
	clock := jiban.SystemClock{}
	d.store = storetest.Open(t, "sqlite:"+filepath.Join(t.TempDir(), "jiban.db"), store.Deps{Clock: clock, IDs: jiban.RandomIDs{Clock: clock}})
	blobs, err := blob.OpenDisk(filepath.Join(t.TempDir(), "files"))
	if err != nil {
		t.Fatal(err)
	}
	d.files, err = files.New(l, files.Deps{Records: d.store, Blobs: blobs, Keys: plainKeys{}, Clock: clock, IDs: jiban.RandomIDs{Clock: clock}, Temp: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	book, err := prompts.New()
	if err != nil {
		t.Fatal(err)
	}
	d.house = newHouse(t, append([]option{func(w *web.Deps) {
		w.Files, w.Words = d.files, book
		chat := w.Chats["citizen"]
		chat.Owner = func(ctx context.Context, a jiban.Address) (string, error) {
			c, err := d.store.EnsureContact(ctx, a)
			return c.ID, err
		}
		chat.Attach = d.attach
		w.Chats["citizen"] = chat
	}}, options...)...)
	return d
}

func (d *drawer) attach(ctx context.Context, a jiban.Address, id string, l jiban.Lang, c jiban.Content) (channels.Receipt, error) {
	r := jiban.Received{Channel: "citizen", ChannelKind: jiban.ChannelWebChat, ExternalID: id, Address: a, Audience: jiban.Citizen, Lang: l, Content: c}
	m, repeat, err := d.store.Receive(ctx, r)
	d.taken = append(d.taken, r)
	return channels.Receipt{ConversationID: m.ConversationID, MessageID: m.ID, Seq: m.Seq, Repeat: repeat}, err
}

func somePNG() []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 30, 30))); err != nil {
		panic(err)
	}
	return b.Bytes()
}

type sentPart struct{ field, name, content string }

func photoPart() sentPart { return sentPart{"file", "漏水.exe", string(somePNG())} }

func form(parts ...sentPart) (body, kind string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, p := range parts {
		f, err := w.CreateFormFile(p.field, p.name)
		if err == nil {
			_, err = io.WriteString(f, p.content)
		}
		if err != nil {
			panic(err)
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.String(), w.FormDataContentType()
}

// sendFiles sends as the page does.
func (c *client) sendFiles(path string, parts ...sentPart) reply {
	c.h.t.Helper()
	body, kind := form(parts...)
	c.header["Content-Type"] = kind
	defer delete(c.header, "Content-Type")
	return c.do("POST", path, body)
}

const filesDoor = "/api/v1/chat/citizen/files"

// sitter is a person with the cookie of a chat.
func (d *drawer) sitter() *client {
	c := d.stranger()
	c.do("POST", "/api/v1/chat/citizen/session", nil).want(d.t, 204)
	return c
}

func (d *drawer) link(c *client, id string) string {
	viewer := string(web.VisitorAddress(c.cookies["jiban_web"]))
	return filesDoor + "/" + id + "?" + d.files.Link(id, viewer).Query()
}

func (d *drawer) fileOf(r jiban.Received) string {
	return strings.TrimPrefix(r.Content.Attachments[0].Ref, jiban.FileRef)
}

func TestAVisitorSendsAPictureAndSeesIt(t *testing.T) {
	d := newDrawer(t, files.Limits{})
	c := d.sitter()
	r := c.sendFiles(filesDoor+"?id=client-id-1", photoPart()).want(t, 200)
	if got := into[struct{ Seq int64 }](t, r); got.Seq != 1 {
		t.Errorf("%s", r.body)
	}
	m := d.taken[0]
	if m.Content.Kind != jiban.KindImage || m.Content.Attachments[0].Type != "image/png" || m.Content.Attachments[0].Name != "" {
		t.Errorf("%+v", m.Content)
	}
	id := d.fileOf(m)
	got := c.get(d.link(c, id)).want(t, 200)
	for k, want := range map[string]string{
		"Content-Type": "image/png", "X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-store", "Cross-Origin-Resource-Policy": "same-origin",
		"Content-Disposition":     `inline; filename="file"; filename*=UTF-8''%E6%BC%8F%E6%B0%B4.png`,
		"Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
	} {
		if got.header.Get(k) != want {
			t.Errorf("%s: %q, want %q", k, got.header.Get(k), want)
		}
	}
	if _, err := png.Decode(strings.NewReader(got.body)); err != nil {
		t.Errorf("the picture did not come back: %v", err)
	}
	other := d.sitter()
	other.get(d.link(c, id)).want(t, 403)
	d.stranger().get(d.link(c, id)).want(t, 401)
	c.get(filesDoor+"/"+id).want(t, 403)
	c.get(filesDoor+"/"+id+"?e=99999999999&s="+strings.Repeat("0", 64)).want(t, 403)
}

func TestOtherFilesAreSavedNeverShown(t *testing.T) {
	d := newDrawer(t, files.Limits{})
	c := d.sitter()
	c.sendFiles(filesDoor+"?id=client-id-1", sentPart{"file", "a\"b;x=<y>.html", "%PDF-1.4\n%%EOF\n"}).want(t, 200)
	got := c.get(d.link(c, d.fileOf(d.taken[0]))).want(t, 200)
	if h := got.header.Get("Content-Disposition"); !strings.HasPrefix(h, "attachment; ") || strings.ContainsAny(h, "<>\r\n") {
		t.Errorf("%q", h)
	}
}

func TestTheSameIdCountsOnce(t *testing.T) {
	d := newDrawer(t, files.Limits{})
	c := d.sitter()
	for range 2 {
		c.sendFiles(filesDoor+"?id=client-id-1", photoPart()).want(t, 200)
	}
	first, again := d.fileOf(d.taken[0]), d.fileOf(d.taken[1])
	c.get(d.link(c, first)).want(t, 200)
	c.get(d.link(c, again)).want(t, 404)
}

// What is refused is told in the person's language, and nothing of it stays.
func TestRefusedUploads(t *testing.T) {
	d := newDrawer(t, files.Limits{MaxBytes: 100_000, MaxPerMessage: 2, MaxPerDay: 3})
	c := d.sitter()
	many := []sentPart{photoPart(), photoPart(), photoPart()}
	for name, step := range map[string]struct {
		path   string
		parts  []sentPart
		status int
		words  string
	}{
		"html":            {"?id=client-id-2", []sentPart{{"file", "a.png", "<html><script>alert(1)</script>"}}, 400, "这种文件收不了"},
		"in english":      {"?id=client-id-3&lang=en", []sentPart{{"file", "a.png", "hello"}}, 400, "This type of file"},
		"polyglot":        {"?id=client-id-4", []sentPart{{"file", "a.png", string(somePNG()) + "<html>"}}, 400, "没有收下"},
		"one too large":   {"?id=client-id-5", []sentPart{{"file", "a.png", string(somePNG()) + strings.Repeat("x", 110_000)}}, 413, "文件太大"},
		"all too large":   {"?id=client-id-6", []sentPart{{"file", "a.png", strings.Repeat("x", 400_000)}}, 413, "文件太大"},
		"too many":        {"?id=client-id-7", many, 400, "一次最多发 2 个"},
		"second is bad":   {"?id=client-id-8", []sentPart{photoPart(), {"file", "b", "x"}}, 400, "这种文件收不了"},
		"other field":     {"?id=client-id-9", []sentPart{{"data", "a.png", "x"}}, 400, ""},
		"nothing":         {"?id=client-id-10", nil, 400, ""},
		"no id":           {"", []sentPart{photoPart()}, 400, ""},
		"id with a space": {"?id=client%20id%2011", []sentPart{photoPart()}, 400, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := c.sendFiles(filesDoor+step.path, step.parts...).want(t, step.status)
			if !strings.Contains(got.body, step.words) {
				t.Errorf("%s", got.body)
			}
		})
	}
	if len(d.taken) != 0 {
		t.Errorf("%d messages were taken", len(d.taken))
	}
	owner, err := d.store.EnsureContact(t.Context(), web.VisitorAddress(c.cookies["jiban_web"]))
	d.must(err)
	if left, err := d.files.List(t.Context(), jiban.FileFilter{Contact: owner.ID}); err != nil || len(left) != 0 {
		t.Errorf("left: %v %v", left, err)
	}
}

func TestUploadDoorIsGuarded(t *testing.T) {
	d := newDrawer(t, files.Limits{}, func(w *web.Deps) { w.Config.Limits.UploadsPerMinute = 8 })
	c := d.sitter()
	d.stranger().sendFiles(filesDoor+"?id=client-id-1", photoPart()).want(t, 401)
	c.sendFiles("/api/v1/chat/enterprise/files?id=client-id-1", photoPart()).want(t, 404)
	c.sendFiles("/api/v1/chat/nobody/files?id=client-id-1", photoPart()).want(t, 404)
	c.header["Origin"] = "https://evil.example"
	c.sendFiles(filesDoor+"?id=client-id-1", photoPart()).want(t, 403)
	c.header["Origin"] = "https://town.example"
	c.sendFiles(filesDoor+"?id=client-id-1", photoPart()).want(t, 200)
	delete(c.header, "Origin")
	c.do("POST", filesDoor+"?id=client-id-2", "{}").want(t, 415)
	for range 8 {
		c.sendFiles(filesDoor+"?id=client-id-3", photoPart())
	}
	c.sendFiles(filesDoor+"?id=client-id-4", photoPart()).want(t, 429)
}

// raw sends bytes and returns the first line of the answer.
func (d *drawer) raw(head string, body io.Reader) string {
	d.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(d.url, "http://"))
	d.must(err)
	defer conn.Close()
	d.must(conn.SetDeadline(time.Now().Add(20 * time.Second)))
	_, err = io.WriteString(conn, head)
	d.must(err)
	go func() { _, _ = io.Copy(conn, body) }()
	answer := make([]byte, 64)
	n, err := io.ReadAtLeast(conn, answer, 12)
	d.must(err)
	line, _, _ := strings.Cut(string(answer[:n]), "\r\n")
	return line
}

// flood is an endless body.
type flood struct{ n int64 }

func (f *flood) Read(p []byte) (int, error) {
	f.n += int64(len(p))
	return len(p), nil
}

// Two gigabytes are refused by their announced length, and where the length is not
// announced, as soon as they go beyond the limit; neither costs memory.
func TestTwoGigabytesAreRefused(t *testing.T) {
	d := newDrawer(t, files.Limits{MaxBytes: 1 << 20, MaxPerMessage: 1})
	c := d.sitter()
	head := "POST " + filesDoor + "?id=client-id-1 HTTP/1.1\r\nHost: x\r\nCookie: jiban_web=" + c.cookies["jiban_web"] + "\r\nContent-Type: multipart/form-data; boundary=b\r\n"
	part := "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.jpg\"\r\n\r\n\xff\xd8\xff"
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	if got := d.raw(head+"Content-Length: 2147483648\r\n\r\n"+part, &flood{}); !strings.Contains(got, " 413 ") {
		t.Errorf("announced: %s", got)
	}
	chunked := &flood{}
	body := fmt.Sprintf("%x\r\n%s\r\n", len(part), part)
	if got := d.raw(head+"Transfer-Encoding: chunked\r\n\r\n"+body+"80000000\r\n", chunked); !strings.Contains(got, " 413 ") {
		t.Errorf("not announced: %s", got)
	}
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 8<<20 {
		t.Errorf("%d bytes of memory", grown)
	}
	if chunked.n > 64<<20 {
		t.Errorf("%d bytes were taken from the line", chunked.n)
	}
}

// Staff see files with what they belong to, by links of their own; each view is
// recorded. Who may not know the reporter sees that there are files, not more.
func TestStaffSeeFiles(t *testing.T) {
	d := newDrawer(t, files.Limits{})
	c := d.sitter()
	c.sendFiles(filesDoor+"?id=client-id-1", photoPart()).want(t, 200)
	id := d.fileOf(d.taken[0])
	conv, err := d.store.FindConversation(t.Context(), "citizen", web.VisitorAddress(c.cookies["jiban_web"]))
	d.must(err)
	conv.Region = "230100"
	d.books.conversations[conv.ID], d.books.contacts[conv.ContactID] = conv, jiban.Contact{ID: conv.ContactID}
	ticket := jiban.Ticket{Number: "2611020000034", ContactID: conv.ContactID, ConversationID: conv.ID, Region: "230100", Department: "water", Status: jiban.TicketHandling}
	_, err = d.store.Apply(t.Context(), jiban.Batch{Tickets: []jiban.TicketChange{{Ticket: ticket, Events: []jiban.TicketEvent{{Number: ticket.Number, Seq: 1, Kind: jiban.EventOpened}}}}})
	d.must(err)
	d.desk.tickets[ticket.Number] = ticket

	type listed struct {
		Files []struct{ ID, Name, Link, State, Type string }
	}
	agent, handler := d.as(jiban.RoleAgent, nil), d.as(jiban.RoleHandler, nil)
	seen := into[listed](t, agent.get("/api/v1/conversations/"+conv.ID).want(t, 200)).Files
	if len(seen) != 1 || seen[0].Name != "漏水.png" {
		t.Fatalf("%+v", seen)
	}
	agent.get(seen[0].Link).want(t, 200)
	if !d.books.recorded(agent.account.ID, "view", "file:"+id) {
		t.Error("the view is not recorded")
	}
	handler.get(seen[0].Link).want(t, 403) // an agent's link
	own := into[listed](t, handler.get("/api/v1/tickets/"+ticket.Number).want(t, 200)).Files
	if len(own) != 1 {
		t.Fatalf("%+v", own)
	}
	handler.get(own[0].Link).want(t, 200)
	c.get(own[0].Link).want(t, 401)
	d.as(jiban.RoleEditor, nil).get(own[0].Link).want(t, 403)

	ticket.Confidential = true
	d.desk.tickets[ticket.Number] = ticket
	hidden := into[listed](t, handler.get("/api/v1/tickets/"+ticket.Number).want(t, 200)).Files
	if len(hidden) != 1 || hidden[0].Link != "" || hidden[0].Name != "" || hidden[0].State != "hidden" {
		t.Errorf("a confidential reporter's file: %+v", hidden)
	}
	_, err = d.files.DeleteOf(t.Context(), conv.ContactID)
	d.must(err)
	agent.get(seen[0].Link).want(t, 404)
}
