package app

import (
	"bytes"
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jiban"
	"jiban/app/config"
	"jiban/dialog"
	"jiban/tickets"
)

// oneNode is a node of the house on a store that others share; the nodes do not
// hear each other.
func oneNode(t *testing.T, c config.Config) *house {
	t.Helper()
	b, err := open(t.Context(), Options{Config: c}.withDefaults())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.close(); err != nil {
			t.Error(err)
		}
	})
	h, err := newHouse(t.Context(), b, nobody{})
	if err == nil {
		err = h.load(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func nodeConfig(t *testing.T) config.Config {
	c := config.Default()
	c.DataDir = t.TempDir()
	c.Database, c.Keys.File = "sqlite:"+filepath.Join(c.DataDir, "jiban.db"), filepath.Join(c.DataDir, "keys")
	c.Files = filepath.Join(c.DataDir, "files")
	return c
}

// says lets a person say something on a node and returns what it came to, and the
// version of the catalogue that the record of the turn names.
func (h *house) says(t *testing.T, person, text string) (*dialog.Outcome, int) {
	t.Helper()
	m, _, err := h.store.Receive(t.Context(), jiban.Received{
		Channel: "citizen", ChannelKind: jiban.ChannelWebChat, ExternalID: h.ids.NewID(), Address: jiban.Address("web:" + person), Audience: jiban.Citizen,
		Region: "230000", Lang: jiban.Chinese, Content: jiban.Content{Kind: jiban.KindText, Text: text}, At: h.clock.Now(),
	})
	if err != nil {
		t.Fatal(err)
	}
	out, err := h.runner.Turn(t.Context(), m.ConversationID)
	if err != nil || out == nil {
		t.Fatalf("no turn: %v", err)
	}
	said, err := h.store.Messages(t.Context(), m.ConversationID, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	turn, err := h.store.Turn(t.Context(), said[len(said)-1].TurnID)
	if err != nil {
		t.Fatal(err)
	}
	var facts dialog.Facts
	if err := json.Unmarshal(turn.Facts, &facts); err != nil {
		t.Fatal(err)
	}
	return out, facts.Catalogue
}

const nestWords = "小区楼顶有好多马蜂窝需要摘除，在哈尔滨市南岗区学府路12号"

// newMatter puts a version with a matter more into force.
func newMatter(t *testing.T, e *tickets.Editor) {
	t.Helper()
	v, err := e.Begin(t.Context(), "li", 0, "夏季增加马蜂窝")
	if err != nil {
		t.Fatal(err)
	}
	m := v.Catalogue.Matters[0]
	m.Code, m.Name, m.NameEN = "010199", "马蜂窝摘除", "Wasp nests"
	m.Aliases, m.Samples = []string{"马蜂窝", "摘马蜂窝", "蜂巢"}, []string{"楼顶有马蜂窝要摘", nestWords}
	if v, err = e.Edit(t.Context(), "li", v.Revision, tickets.Edit{Matters: []jiban.Matter{m}}); err != nil {
		t.Fatal(err)
	}
	if _, err = e.Force(t.Context(), "zhao", v.Revision); err != nil {
		t.Fatal(err)
	}
}

// A change put into force on one node is what the other answers with, without a
// restart and within two seconds, although they do not hear each other.
func TestNewCatalogueReachesEveryNode(t *testing.T) {
	c := nodeConfig(t)
	a, b := oneNode(t, c), oneNode(t, c)
	ctx, stop := context.WithCancel(t.Context())
	followed := make(chan error, 1)
	go func() { followed <- b.lexicon.follow(ctx) }()
	defer func() {
		stop()
		if err := <-followed; err != nil {
			t.Error(err)
		}
	}()
	if out, version := b.says(t, "one", nestWords); out.Matter == "010199" || version != 1 {
		t.Fatalf("before: matter %s by version %d", out.Matter, version)
	}
	newMatter(t, newEditor(a.base, a.lexicon))
	changed := time.Now()
	if out, version := a.says(t, "two", nestWords); out.Matter != "010199" || version != 2 {
		t.Errorf("the node itself takes %s by version %d", out.Matter, version)
	}
	for b.lexicon.now.Load().version != 2 {
		if time.Since(changed) > 2*time.Second {
			t.Fatal("the other node still has the old catalogue after two seconds")
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Logf("the other node had it after %v", time.Since(changed).Round(time.Millisecond))
	if out, version := b.says(t, "three", nestWords); out.Matter != "010199" || version != 2 {
		t.Errorf("the other node takes %s by version %d", out.Matter, version)
	}
	if b.tickets.Catalogue().Version != 2 {
		t.Error("the tickets room of the other node has the old one")
	}
	plan, err := b.tickets.Plan(t.Context(), jiban.TicketDraft{Kind: "request", Type: jiban.Help, Matter: "010199", Region: "230103"})
	if err != nil || plan.DepartmentName == "" {
		t.Errorf("the other node plans %+v, %v", plan, err)
	}
}

// A version that this program cannot take is refused once, and the one before
// stays in use.
func TestBrokenCatalogueIsRefused(t *testing.T) {
	h := oneNode(t, nodeConfig(t))
	if err := h.store.SaveCatalogue(t.Context(), jiban.Catalogue{Regions: []jiban.Region{{Code: "1"}}}); err != nil {
		t.Fatal(err)
	}
	if err := h.lexicon.look(t.Context()); jiban.CodeOf(err) != jiban.CodeInvalid {
		t.Errorf("it was taken: %v", err)
	}
	if err := h.lexicon.look(t.Context()); err != nil {
		t.Errorf("it is tried again and again: %v", err)
	}
	if _, version := h.says(t, "one", "你好"); version != 1 {
		t.Errorf("turns are made with version %d", version)
	}
}

// What an operator does on the machine: export, check, change, a dry run, a draft,
// and into force at once.
func TestCatalogueCommands(t *testing.T) {
	c := nodeConfig(t)
	ctx, file := t.Context(), filepath.Join(t.TempDir(), "catalogue.xlsx")
	var out bytes.Buffer
	if sound, err := CheckCatalogue(ctx, c, "", false, &out); !sound || err != nil || !strings.Contains(out.String(), "0 findings") {
		t.Errorf("check: %v, %v: %s", sound, err, out.String())
	}
	if err := ExportCatalogue(ctx, c, file, &out); err != nil {
		t.Fatal(err)
	}
	if sound, err := CheckCatalogue(ctx, c, file, true, &out); !sound || err != nil {
		t.Errorf("check of a workbook: %v, %v", sound, err)
	}
	for _, step := range []struct {
		o    CatalogueImport
		want string
		code jiban.Code
	}{
		{CatalogueImport{Check: true}, "0 entries changed, 0 errors", ""},
		{CatalogueImport{Force: true}, "in force: version 1", ""},
		{CatalogueImport{Note: "试"}, "a draft that waits to be put into force: version 2", ""},
		{CatalogueImport{Force: true}, "", jiban.CodeConflict},
	} {
		out.Reset()
		if err := ImportCatalogue(ctx, c, file, step.o, &out); jiban.CodeOf(err) != step.code || !strings.Contains(out.String(), step.want) {
			t.Errorf("%+v: %v: %s", step.o, err, out.String())
		}
	}
}
