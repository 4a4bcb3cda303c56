package app_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"image"
	"image/jpeg"
	"io"
	"io/fs"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fasthttp/websocket"

	"jiban/app"
	"jiban/app/config"
	"jiban/channels/wechat/wechatsim"
)

// photoWithPlace is a JPEG that tells where it was taken.
func photoWithPlace(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 60, 40)), nil); err != nil {
		t.Fatal(err)
	}
	note := "Exif\x00\x00secret place 45.75N 126.65E"
	p := b.Bytes()
	return append(append([]byte("\xff\xd8\xff\xe1\x00"+string(rune(len(note)+2))), note...), p[2:]...)
}

// visitor is a browser at the chat of citizens.
type visitor struct {
	t      *testing.T
	a      *app.App
	client *http.Client
}

func newVisitor(t *testing.T, a *app.App) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	v := &visitor{t, a, &http.Client{Jar: jar, Transport: &http.Transport{DisableKeepAlives: true}}}
	if code, _ := v.do("POST", "/api/v1/chat/citizen/session", "", nil); code != 204 {
		t.Fatalf("no cookie: %d", code)
	}
	return v
}

func (v *visitor) do(method, path, kind string, body io.Reader) (int, []byte) {
	v.t.Helper()
	req, err := http.NewRequestWithContext(v.t.Context(), method, "http://"+v.a.Addr()+path, body)
	if err != nil {
		v.t.Fatal(err)
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	res, err := v.client.Do(req)
	if err != nil {
		v.t.Fatal(err)
	}
	defer res.Body.Close()
	content, err := io.ReadAll(res.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return res.StatusCode, content
}

func (v *visitor) upload(id string, content []byte) {
	v.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	f, err := w.CreateFormFile("file", "身份证正面.jpg")
	if err == nil {
		_, err = f.Write(content)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		v.t.Fatal(err)
	}
	if code, body := v.do("POST", "/api/v1/chat/citizen/files?id="+id, w.FormDataContentType(), &b); code != 200 {
		v.t.Fatalf("upload: %d %s", code, body)
	}
}

// frames opens the socket and reads until a frame has files; it returns their
// links and all that the bot said before.
func (v *visitor) frames(until func(frame) bool) {
	v.t.Helper()
	u, err := url.Parse("http://" + v.a.Addr())
	if err != nil {
		v.t.Fatal(err)
	}
	header := http.Header{"Cookie": {v.client.Jar.Cookies(u)[0].String()}}
	conn, _, err := websocket.DefaultDialer.DialContext(v.t.Context(), "ws://"+v.a.Addr()+"/api/v1/chat/citizen/ws", header)
	if err != nil {
		v.t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.WriteMessage(websocket.TextMessage, []byte(`{"type":"hello","after":0,"lang":"zh"}`)); err != nil {
		v.t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		v.t.Fatal(err)
	}
	for {
		var f frame
		if err := conn.ReadJSON(&f); err != nil {
			v.t.Fatal(err)
		}
		if until(f) {
			return
		}
	}
}

type frame struct {
	Type, ID, Author, Text, Kind string
	Files                        []struct{ Name, Type, Link string }
}

// kept lists the bytes that lie in the folder of files.
func kept(t *testing.T, c config.Config) (all []string) {
	t.Helper()
	err := filepath.WalkDir(c.Files, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			all = append(all, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// A picture goes the whole way: up, into the conversation, an answer of the bot,
// back by a link; on disk nothing of it can be read.
func TestAPictureInTheWebChat(t *testing.T) {
	c := embedded(t)
	a, err := app.New(t.Context(), app.Options{Config: c, Log: app.NewLog(os.Stderr, "warn")})
	if err == nil {
		err = a.Start(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	stopped := false
	stop := func() {
		if !stopped {
			stopped = true
			if err := a.Stop(context.Background()); err != nil {
				t.Error(err)
			}
		}
	}
	defer stop()
	v := newVisitor(t, a)
	v.upload("client-id-0001", photoWithPlace(t))
	var link string
	answered := false
	v.frames(func(f frame) bool {
		if len(f.Files) == 1 && f.ID == "client-id-0001" && f.Kind == "image" && f.Files[0].Name == "身份证正面.jpg" {
			link = f.Files[0].Link
		}
		answered = answered || f.Author == "bot" && strings.Contains(f.Text, "图片")
		return link != "" && answered
	})
	code, content := v.do("GET", link, "", nil)
	if code != 200 || bytes.Contains(content, []byte("secret place")) {
		t.Errorf("%d, %d bytes", code, len(content))
	}
	if _, err := jpeg.Decode(bytes.NewReader(content)); err != nil {
		t.Error(err)
	}
	if code, _ := newVisitor(t, a).do("GET", link, "", nil); code != 403 {
		t.Errorf("another visitor: %d", code)
	}
	stop()
	onDisk := kept(t, c)
	if len(onDisk) != 1 {
		t.Fatalf("%v", onDisk)
	}
	for _, path := range append(onDisk, c.DataDir+"/jiban.db", c.DataDir+"/jiban.db-wal") {
		b, err := os.ReadFile(path)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		for what, secret := range map[string]string{"the place": "secret place", "the name": "身份证正面", "the picture": string(content[:40])} {
			if bytes.Contains(b, []byte(secret)) {
				t.Errorf("%s can be read in %s", what, filepath.Base(path))
			}
		}
	}
}

// What a follower sends is fetched after the message was taken, and kept.
func TestAPictureOnWeChat(t *testing.T) {
	sim := wechatsim.New(wechatsim.Config{AppID: "wx1", AppSecret: "s", Token: "t"})
	platform := httptest.NewServer(sim.Handler())
	defer platform.Close()
	c := embedded(t)
	c.Channels.WeChat = []config.WeChat{{Name: "gzh", Kind: "official", AppID: "wx1", AppSecret: "s", Token: "t", PassiveReply: true,
		ReplayWindow: 5 * time.Minute, APIBase: platform.URL, MessageBudget: 5, MessageWindow: 48 * time.Hour, ReplyWithin: 4 * time.Second}}
	a := start(t, c, io.Discard)
	defer func() {
		if err := a.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	sim.Keep("media-1", wechatsim.Media{Type: "image/jpeg", Content: photoWithPlace(t)})
	sim.Keep("media-2", wechatsim.Media{Type: "image/jpeg", Content: []byte("<html>no picture")})
	push := wechatsim.New(wechatsim.Config{AppID: "wx1", AppSecret: "s", Token: "t", Callback: "http://" + a.Addr() + "/channels/wechat/gzh"})
	for _, id := range []string{"media-1", "media-2"} {
		reply, err := push.Push(t.Context(), wechatsim.Message{Type: "image", MediaID: id})
		if err != nil || reply.Status != 200 {
			t.Fatalf("%+v %v", reply, err)
		}
	}
	var states []string
	for begun := time.Now(); time.Since(begun) < 20*time.Second; time.Sleep(50 * time.Millisecond) {
		if states = fileStates(t, c); len(states) == 2 && !strings.Contains(strings.Join(states, " "), "wanted") {
			break
		}
	}
	data, err := json.Marshal(states)
	if err != nil || string(data) != `["kept image/jpeg ","refused  bad_kind"]` {
		t.Errorf("%s %v", data, err)
	}
	if n := len(kept(t, c)); n != 1 {
		t.Errorf("%d files lie in the folder", n)
	}
}

// fileStates reads the records past the program.
func fileStates(t *testing.T, c config.Config) (all []string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+strings.TrimPrefix(c.Database, "sqlite:")+"?mode=ro&_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), "SELECT state || ' ' || type || ' ' || why FROM files ORDER BY created_at")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	return all
}
