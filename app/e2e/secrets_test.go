package e2e

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"jiban"
	"jiban/channels/sms/smssim"
	"jiban/channels/wechat/wechatsim"
	"jiban/keys"
	"jiban/store"
)

// What is planted: two telephones, a name, a street, and one more telephone on the
// special-service list.
const (
	plantedPhone  = "13987651234"
	plantedSender = "13976543210"
	plantedListed = "13955556666"
	plantedName   = "欧阳若兰"
	plantedStreet = "桂花巷77号"
)

// plantedOf gives the spellings under which each of the values must not be found.
func plantedOf(values ...string) map[string][]string {
	all := map[string][]string{}
	for _, v := range values {
		spelled := []string{v}
		if v[0] == '1' {
			spelled = append(spelled, v[:3]+" "+v[3:7]+" "+v[7:], v[:3]+"-"+v[3:7]+"-"+v[7:], v[:3]+" "+v[3:], "86 "+v)
		} else {
			spelled = append(spelled, escaped(v))
		}
		all[v] = spelled
	}
	return all
}

// escaped is a text as JSON has it that keeps to ASCII.
func escaped(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r < 128 {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// everyone is all that is planted.
func everyone() map[string][]string {
	return plantedOf(plantedPhone, plantedSender, plantedListed, plantedName, plantedStreet)
}

// find lists the planted values that stand in the data.
func find(where string, data []byte, planted map[string][]string) (found []string) {
	lower := bytes.ToLower(data)
	for v, spellings := range planted {
		for _, s := range spellings {
			if bytes.Contains(lower, []byte(s)) {
				found = append(found, fmt.Sprintf("%s as %q in %s", v, s, where))
			}
		}
	}
	return found
}

// findInFiles looks into the bytes of every file below a folder.
func findInFiles(t testing.TB, dir string, planted map[string][]string) (found []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		found = append(found, find(filepath.Base(path), data, planted)...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// findInTables looks into every value of every table of PostgreSQL.
func findInTables(t testing.TB, db *sql.DB, planted map[string][]string) (found []string) {
	t.Helper()
	column := func(query string) []string {
		rows, err := db.QueryContext(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		var all []string
		for rows.Next() {
			var v string
			if err := rows.Scan(&v); err != nil {
				t.Fatal(err)
			}
			all = append(all, v)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		return all
	}
	for _, table := range column("SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()") {
		all := strings.Join(column("SELECT t::text FROM "+table+" t"), "\n")
		found = append(found, find("table "+table, []byte(all), planted)...)
	}
	return found
}

// town is the program with all its channels, and the providers around it.
type town struct {
	t   *testing.T
	p   *program
	wx  *platform
	sms *smssim.Sim
	dsn string // "" for the embedded default
}

func newTown(t *testing.T, dsn, more string) *town {
	t.Helper()
	w := &town{t: t, p: newProgram(t, ""), dsn: dsn}
	w.sms = smssim.New(smssim.Config{Listen: "127.0.0.1:0", Clock: jiban.SystemClock{}, Timeout: 20 * time.Second, Again: time.Second})
	if err := w.sms.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.sms.Close)
	w.wx = newPlatform(t, w.p.url("/channels/wechat/gzh"))
	config := "log_level: debug\nhours: {from: \"00:00\", to: \"23:59\"}\n" + more
	if dsn != "" {
		key := filepath.Join(w.p.dir, "key")
		if err := os.WriteFile(key, []byte(strings.Repeat("0123456789abcdef", 4)), 0o600); err != nil {
			t.Fatal(err)
		}
		config += fmt.Sprintf("database: %q\nkeys: {file: %q}\n", dsn, key)
	}
	config += "channels:\n  webchat:\n    - {name: citizen, audience: citizen}\n  sms:\n    - {name: main, driver: smpp, address: \"" + w.sms.Addr() +
		"\", system_id: x, password: x, source: \"106912345\", signature: \"【12345热线】\"}\n  wechat:\n" + wechatConfig("gzh", w.wx.api.URL, false)
	configure(t, w.p, config)
	w.p.start()
	return w
}

// command runs another process of the program on the same configuration.
func (w *town) command(args ...string) string {
	w.t.Helper()
	out, err := w.try(args...)
	if err != nil {
		w.t.Fatalf("jiban %v: %v\n%s", args, err, out)
	}
	return out
}

func (w *town) try(args ...string) (string, error) {
	cmd := exec.CommandContext(w.t.Context(), binary(w.t), append(args, "--config", w.p.file)...)
	cmd.Dir = w.p.dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// lives lets people say on every channel who they are, has one of them file a
// request, speak with an agent, and be imported into the special-service list.
func (w *town) lives() (citizen *chatter, agent *caller, conversation string) {
	t := w.t
	t.Helper()
	if err := w.sms.Push(t.Context(), plantedSender, "我是"+plantedName+"，住"+plantedStreet+"，电话"+plantedPhone+"，楼道灯坏了"); err != nil {
		t.Fatal(err)
	}
	m := wechatsim.Message{OpenID: "oSecret0001", Type: "text", MsgID: "9100000001", At: time.Now(), Text: plantedStreet + "楼道灯坏了，我叫" + plantedName + "，手机 139 8765 1234"}
	if r, err := w.wx.Push(t.Context(), m); err != nil || !r.Acknowledged {
		t.Fatal(r, err)
	}
	citizen = w.p.chatter(t)
	w.files(citizen)

	agent = w.p.employ(t, "agent")
	agent.must(http.MethodPut, "/presence", map[string]string{"status": "online"}, nil)
	conversation = w.meet(citizen, agent)
	list := filepath.Join(w.p.dir, "roster.csv")
	if err := os.WriteFile(list, []byte("姓名,电话,类别\n"+plantedName+","+plantedListed+",残疾人\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.command("roster", "import", list)
	if err := os.Remove(list); err != nil {
		t.Fatal(err)
	}
	return citizen, agent, conversation
}

// files answers what the bot asks until there is a ticket.
func (w *town) files(c *chatter) {
	w.t.Helper()
	said := c.says("哈尔滨市道里区" + plantedStreet + "阳光小区停水超过24小时还没有恢复")
	answers := []struct{ asked, answer string }{
		{"确认提交", "确认提交"}, {"电话", "+86 " + plantedPhone}, {"称呼", plantedName}, {"姓名", plantedName}, {"时", "昨天早上八点"}, {"地", "哈尔滨市道里区" + plantedStreet},
	}
	for range 12 {
		if strings.Contains(said, "工单编号") {
			return
		}
		answer := "我叫" + plantedName + "，电话" + plantedPhone
		for _, a := range answers {
			if strings.Contains(said, a.asked) {
				answer = a.answer
				break
			}
		}
		said = c.says(answer)
	}
	w.t.Fatalf("no ticket; the last answer is %q", said)
}

// meet hands the citizen to the agent, who answers, and returns the conversation.
func (w *town) meet(c *chatter, agent *caller) string {
	w.t.Helper()
	c.tells("转人工")
	var waiting []struct {
		ID             string `json:"id"`
		ConversationID string `json:"conversation_id"`
	}
	w.p.await(func() bool {
		var list json.RawMessage
		agent.must(http.MethodGet, "/handoffs", nil, &list)
		return len(handoffsIn(w.t, list, &waiting)) > 0
	}, 30*time.Second, "the handoff to wait in the queue")
	agent.must(http.MethodPost, "/handoffs/"+waiting[0].ID+"/accept", struct{}{}, nil)
	id := waiting[0].ConversationID
	c.heard = nil
	agent.must(http.MethodPost, "/conversations/"+id+"/messages", map[string]string{"id": "agent-words-1",
		"text": plantedName + "您好，" + plantedStreet + "的事已登记，会打" + plantedPhone + "回访"}, nil)
	for !strings.Contains(c.hears(), "回访") {
		continue
	}
	return id
}

// handoffsIn reads the queue: who waits, and whom the agent speaks with.
func handoffsIn[T any](t testing.TB, data json.RawMessage, into *[]T) []T {
	t.Helper()
	var held struct{ Waiting, Mine []T }
	if err := json.Unmarshal(data, &held); err != nil {
		t.Fatal(err)
	}
	*into = slices.Concat(held.Waiting, held.Mine)
	return *into
}

// TestNothingOfPeopleIsInTheClear runs the real program with people who say who
// they are, and looks for it in everything that the program writes.
func TestNothingOfPeopleIsInTheClear(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		w := newTown(t, "", "")
		_, agent, conversation := w.lives()
		w.isRead(agent, conversation)
		backup := filepath.Join(w.p.dir, "backup.db")
		w.command("backup", backup)
		w.clean()
		w.p.stop()
		w.clean() // after the log was written back
	})
	t.Run("postgres", func(t *testing.T) {
		w := newTown(t, postgres(t), "")
		_, agent, conversation := w.lives()
		w.isRead(agent, conversation)
		w.clean()
	})
}

// isRead proves that what was planted is there, for who may read it.
func (w *town) isRead(agent *caller, conversation string) {
	w.t.Helper()
	var history string
	agent.must(http.MethodGet, "/conversations/"+conversation+"/messages", nil, &history)
	for _, v := range []string{plantedName, plantedStreet, "确认提交", "回访"} {
		if !strings.Contains(history, v) {
			w.t.Errorf("%s is not in the history that the agent reads", v)
		}
	}
}

// clean looks through database, backup, logs and metrics.
func (w *town) clean() {
	w.t.Helper()
	planted := everyone()
	found := findInFiles(w.t, w.p.dir, planted)
	found = append(found, find("the log", []byte(w.p.log.String()), planted)...)
	found = append(found, find("the output", []byte(w.p.out.String()), planted)...)
	if w.p.cmd != nil {
		_, metrics := w.p.get("/metrics")
		if !strings.Contains(metrics, "jiban_messages_received_total") {
			w.t.Error("there are no metrics to look through")
		}
		found = append(found, find("/metrics", []byte(metrics), planted)...)
	}
	if w.dsn != "" {
		found = append(found, findInTables(w.t, openDatabase(w.t, "pgx", w.dsn), planted)...)
	}
	for _, f := range found {
		w.t.Error("in the clear: " + f)
	}
}

// TestTheSearchFindsWhatIsInTheClear shows that the search above can fail: where
// free text is not sealed it finds it, and only there.
func TestTheSearchFindsWhatIsInTheClear(t *testing.T) {
	w := newTown(t, "", "keys: {free_text: false}\n")
	w.lives()
	found := strings.Join(findInFiles(t, w.p.dir, everyone()), "\n")
	for _, v := range []string{plantedPhone, plantedName, plantedStreet} {
		if !strings.Contains(found, v+" as") {
			t.Errorf("%s is not found, though free text is in the clear", v)
		}
	}
	for _, v := range []string{plantedSender, plantedListed} {
		if strings.Contains(found, v+" as") {
			t.Errorf("%s was said by nobody and is in the clear:\n%s", v, found)
		}
	}
}

// TestRotationAndDeletionOnARunningProgram rotates the root key while a person
// writes, deletes the person, and shows what a backup from before is worth then.
func TestRotationAndDeletionOnARunningProgram(t *testing.T) {
	w := newTown(t, "", "")
	_, agent, conversation := w.lives()
	w.rotatesWhileTheySpeak(agent)

	backup := filepath.Join(t.TempDir(), "before.db")
	w.command("backup", backup)
	db := openDatabase(t, "sqlite", "file:"+w.p.database()+"?mode=ro")
	var contact, wrapped string
	if err := db.QueryRow("SELECT contact_id FROM conversations WHERE id = ?", conversation).Scan(&contact); err != nil {
		t.Fatal(err)
	}
	w.forget(agent, contact, conversation, func() {
		if err := db.QueryRow("SELECT wrapped FROM keys WHERE holder = ?", keys.Holder(contact)).Scan(&wrapped); err != nil || wrapped == "" {
			t.Fatal(wrapped, err)
		}
	})
	db.Close()
	tail := map[string][]string{"the wrapped key": {strings.ToLower(wrapped[len(wrapped)-40:])}}
	if found := findInFiles(t, filepath.Join(w.p.dir, "data"), tail); len(found) > 0 {
		t.Errorf("after the deletion: %v", found)
	}
	if n := count(t, openDatabase(t, "sqlite", "file:"+w.p.database()+"?mode=ro"), "SELECT COUNT(*) FROM addresses WHERE contact_id = ?", contact); n != 0 {
		t.Errorf("%d addresses are left", n)
	}
	w.clean()

	// The backup still opens with the key file of its time, and no more after the
	// root key is rotated and the old one forgotten.
	if err := w.backupOpens(backup, contact); err != nil {
		t.Fatalf("the search for the deleted proves nothing: %v", err)
	}
	w.command("keys", "rotate")
	w.command("keys", "forget", "--yes")
	if err := w.backupOpens(backup, contact); jiban.CodeOf(err) != jiban.CodeUnavailable {
		t.Errorf("the backup from before the deletion: %v", err)
	}
	if said := w.p.chatter(t).says("你好"); said == "" {
		t.Error("the house says nothing after the rotation")
	}
}

// rotatesWhileTheySpeak rotates the root key twice between messages that keep
// coming, of one person and of new ones, and reads them all afterwards.
func (w *town) rotatesWhileTheySpeak(agent *caller) {
	w.t.Helper()
	ctx, cancel := context.WithCancel(w.t.Context())
	var wg sync.WaitGroup
	var said []string
	wg.Go(func() {
		for i := 0; ctx.Err() == nil && i < 150; i++ {
			m := wechatsim.Message{OpenID: "oSecret0001", Type: "text", MsgID: fmt.Sprint(9200000000 + i), At: time.Now(), Text: fmt.Sprintf("轮换期间的第%d句", i)}
			if i%2 == 1 {
				m.OpenID = fmt.Sprintf("oNew%06d", i)
			}
			r, err := w.wx.Push(w.t.Context(), m)
			if err != nil || !r.Acknowledged {
				w.t.Errorf("message %d while the key was rotated: %+v, %v", i, r, err)
			}
			said = append(said, m.Text)
		}
	})
	for range 2 {
		w.command("keys", "rotate")
	}
	cancel()
	wg.Wait()
	history := w.wechatHistory(agent)
	for _, text := range append(said, plantedName) {
		if !strings.Contains(history, text) {
			w.t.Errorf("%q is lost in the rotation", text)
		}
	}
	if len(said) < 2 {
		w.t.Error("nobody said anything while the key was rotated")
	}
	w.t.Logf("%d messages while the root key was rotated twice", len(said))
}

// wechatHistory is what an agent reads of all conversations on WeChat.
func (w *town) wechatHistory(agent *caller) string {
	w.t.Helper()
	db := openDatabase(w.t, "sqlite", "file:"+w.p.database()+"?mode=ro")
	rows, err := db.Query("SELECT id FROM conversations WHERE channel = 'gzh'")
	if err != nil {
		w.t.Fatal(err)
	}
	defer rows.Close()
	var all strings.Builder
	for rows.Next() {
		var id, history string
		if err := rows.Scan(&id); err != nil {
			w.t.Fatal(err)
		}
		agent.must(http.MethodGet, "/conversations/"+id+"/messages", nil, &history)
		all.WriteString(history)
	}
	if err := rows.Err(); err != nil {
		w.t.Fatal(err)
	}
	return all.String()
}

// forget carries a person's wish to be deleted out, by two members of staff.
func (w *town) forget(agent *caller, contact, conversation string, before func()) {
	w.t.Helper()
	w.closes(agent, conversation)
	supervisor := w.p.employ(w.t, "supervisor")
	var asked struct {
		ID string `json:"id"`
	}
	agent.must(http.MethodPost, "/persons/"+contact+"/requests", map[string]string{"kind": "delete", "note": ""}, &asked)
	agent.must(http.MethodPost, "/requests/"+asked.ID+"/check", map[string]string{"how": "staff"}, nil)
	supervisor.prove()
	supervisor.must(http.MethodPost, "/requests/"+asked.ID+"/approve", struct{}{}, nil)
	before()
	supervisor.must(http.MethodPost, "/requests/"+asked.ID+"/delete", struct{}{}, nil)
}

// closes ends what is under way: the conversation with the agent, and the ticket,
// which the person takes back.
func (w *town) closes(agent *caller, conversation string) {
	w.t.Helper()
	var queue json.RawMessage
	var open []struct {
		ID             string `json:"id"`
		ConversationID string `json:"conversation_id"`
	}
	agent.must(http.MethodGet, "/handoffs", nil, &queue)
	for _, h := range handoffsIn(w.t, queue, &open) {
		if h.ConversationID == conversation {
			agent.must(http.MethodPost, "/handoffs/"+h.ID+"/close", struct{}{}, nil)
		}
	}
	db := openDatabase(w.t, "sqlite", "file:"+w.p.database()+"?_pragma=busy_timeout(10000)")
	// The life of a ticket takes days: it is ended here as its last event would.
	if _, err := db.Exec("UPDATE tickets SET status = 'closed', next_at = 0, version = version + 1"); err != nil {
		w.t.Fatal(err)
	}
	db.Close()
}

// backupOpens opens the person's data in a backup with the key file as it is now.
func (w *town) backupOpens(backup, contact string) error {
	w.t.Helper()
	copied := filepath.Join(w.t.TempDir(), "restored.db")
	if err := store.Restore(w.t.Context(), backup, copied); err != nil {
		w.t.Fatal(err)
	}
	clock := jiban.SystemClock{}
	ids := jiban.RandomIDs{Clock: clock}
	s, err := store.Open(w.t.Context(), "sqlite:"+copied, store.Deps{Clock: clock, IDs: ids})
	if err != nil {
		w.t.Fatal(err)
	}
	defer s.Close()
	k, err := keys.Open(w.t.Context(), keys.Config{File: filepath.Join(w.p.dir, "data", "keys")}, keys.Deps{Store: s, Clock: clock, IDs: ids})
	if err != nil {
		return err
	}
	found, err := s.With(k).Addresses(w.t.Context(), contact)
	if err == nil && len(found) == 0 {
		err = errors.New("there is no address in it")
	}
	return err
}
