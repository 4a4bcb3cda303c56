package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"

	"jiban"
	"jiban/tickets"
	"jiban/tickets/sheet"
)

// shelf keeps the versions of the catalogue in memory.
type shelf struct {
	mu  sync.Mutex
	all []jiban.CatalogueVersion
}

func newShelf(c jiban.Catalogue) *shelf {
	return &shelf{all: []jiban.CatalogueVersion{{Version: 1, State: jiban.CatalogueInForce, Revision: 1, Authors: []string{"system"}, ForcedBy: "system", Catalogue: c}}}
}

// find returns the place of the version of which f is true, -1 for none.
func (s *shelf) find(f func(v jiban.CatalogueVersion) bool) (int, jiban.CatalogueVersion, error) {
	i := slices.IndexFunc(s.all, f)
	if i < 0 {
		return -1, jiban.CatalogueVersion{}, notFound()
	}
	return i, s.all[i], nil
}

func inState(state jiban.CatalogueState) func(jiban.CatalogueVersion) bool {
	return func(v jiban.CatalogueVersion) bool { return v.State == state }
}

func (s *shelf) CatalogueVersion(_ context.Context, n int) (jiban.CatalogueVersion, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, v, err := s.find(func(v jiban.CatalogueVersion) bool { return v.Version == n })
	return v, err
}

func (s *shelf) CatalogueVersions(context.Context, int) ([]jiban.CatalogueVersion, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := slices.Clone(s.all)
	slices.Reverse(all)
	return all, nil
}

func (s *shelf) CatalogueDraft(context.Context) (jiban.CatalogueVersion, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, v, err := s.find(inState(jiban.CatalogueDraft))
	return v, err
}

func (s *shelf) CatalogueInForce(context.Context) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, v, err := s.find(inState(jiban.CatalogueInForce))
	return v.Version, err
}

func (s *shelf) BeginCatalogueDraft(_ context.Context, v jiban.CatalogueVersion) (jiban.CatalogueVersion, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i, _, _ := s.find(inState(jiban.CatalogueDraft)); i >= 0 {
		return v, jiban.Errorf(jiban.CodeConflict, "fake", "there is a draft")
	}
	v.Version, v.State, v.Revision = len(s.all)+1, jiban.CatalogueDraft, 1
	s.all = append(s.all, v)
	return v, nil
}

func (s *shelf) SaveCatalogueDraft(_ context.Context, v jiban.CatalogueVersion) error {
	return s.onDraft(v.Revision-1, func(i int) { s.all[i] = v })
}

func (s *shelf) DropCatalogueDraft(_ context.Context, _ int, revision int64) error {
	return s.onDraft(revision, func(i int) { s.all = slices.Delete(s.all, i, i+1) })
}

func (s *shelf) ForceCatalogue(_ context.Context, v jiban.CatalogueVersion) error {
	return s.onDraft(v.Revision, func(i int) {
		old, _, _ := s.find(inState(jiban.CatalogueInForce))
		s.all[old].State, s.all[i] = jiban.CatalogueReplaced, v
	})
}

func (s *shelf) onDraft(revision int64, f func(i int)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, v, err := s.find(inState(jiban.CatalogueDraft))
	if err != nil || v.Revision != revision {
		return jiban.Errorf(jiban.CodeConflict, "fake", "the draft was changed")
	}
	f(i)
	return nil
}

// theSample is put together once; nobody changes it.
var theSample = sync.OnceValues(tickets.Sample)

func sampleOf(t testing.TB) jiban.Catalogue {
	t.Helper()
	c, err := theSample()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// An editor edits, a reviewer puts it into force; neither does the other's part,
// and each step is on record.
func TestCatalogueThroughTheConsole(t *testing.T) {
	h := newHouse(t)
	editor, reviewer := h.as(jiban.RoleEditor, nil), h.as(jiban.RoleReviewer, nil)
	editor.do("POST", "/api/v1/catalogue/draft", object{"from": 0, "note": "换季"}).want(t, 200)
	editor.do("POST", "/api/v1/catalogue/draft", object{"from": 0}).want(t, 409)
	reviewer.do("PUT", "/api/v1/catalogue/draft", object{"revision": 1, "edit": object{"remove": object{}}}).want(t, 403)
	m := sampleOf(t).Matters[0]
	m.Name, m.Owner = "物业服务", "月球"
	edit := object{"revision": 1, "edit": object{"matters": []jiban.Matter{m}, "remove": object{}}}
	editor.do("PUT", "/api/v1/catalogue/draft", edit).want(t, 200)
	editor.do("PUT", "/api/v1/catalogue/draft", edit).want(t, 409)
	check := editor.do("GET", "/api/v1/catalogue/versions/draft/check", nil).want(t, 200)
	if !strings.Contains(check.body, "owner.missing") {
		t.Errorf("the check says %.300s", check.body)
	}
	editor.do("POST", "/api/v1/catalogue/draft/force", object{"revision": 2}).want(t, 403)
	reviewer.do("POST", "/api/v1/catalogue/draft/force", object{"revision": 2}).want(t, 400)
	m.Owner = "住建"
	editor.do("PUT", "/api/v1/catalogue/draft", object{"revision": 2, "edit": object{"matters": []jiban.Matter{m}, "remove": object{}}}).want(t, 200)
	diff := reviewer.do("GET", "/api/v1/catalogue/versions/draft/difference", nil).want(t, 200)
	if !strings.Contains(diff.body, "物业服务") {
		t.Errorf("the difference says %.300s", diff.body)
	}
	reviewer.do("POST", "/api/v1/catalogue/draft/force", object{"revision": 3}).want(t, 200)
	now := reviewer.do("GET", "/api/v1/catalogue/versions/in-force", nil).want(t, 200)
	if !strings.Contains(now.body, `"version":2`) || !strings.Contains(now.body, "物业服务") {
		t.Errorf("in force is %.200s", now.body)
	}
	for actor, action := range map[*client]string{editor: "catalogue.edit", reviewer: "catalogue.force"} {
		if !h.books.recorded(actor.account.ID, action, "catalogue:2") {
			t.Errorf("%s is not on record", action)
		}
	}
	promise := reviewer.do("GET", "/api/v1/catalogue/versions/2/promise?matter=020101&type=help&region=230103&words=x", nil).want(t, 200)
	if !strings.Contains(promise.body, "哈尔滨市水务局") {
		t.Errorf("the promise is %s", promise.body)
	}
	editor.do("POST", "/api/v1/catalogue/draft", object{"from": 1, "note": "退回"}).want(t, 200)
	editor.do("DELETE", "/api/v1/catalogue/draft?revision=1", object{}).want(t, 200)
}

// sendWorkbook sends a workbook.
func (c *client) sendWorkbook(t *testing.T, path string, data []byte) (int, map[string]any) {
	t.Helper()
	with := *c
	with.header = map[string]string{"Content-Type": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
	got := with.do("POST", path, data)
	var out map[string]any
	if err := json.Unmarshal([]byte(got.body), &out); err != nil {
		t.Fatal(err)
	}
	return got.status, out
}

// A workbook is checked without a trace, taken whole into a draft, or refused by
// sheet, row and column.
func TestCatalogueWorkbook(t *testing.T) {
	h := newHouse(t)
	editor := h.as(jiban.RoleEditor, nil)
	exported := editor.do("GET", "/api/v1/catalogue/versions/in-force/workbook", nil).want(t, 200)
	if c, faults := sheet.Read([]byte(exported.body)); len(faults) > 0 || len(c.Matters) < 180 {
		t.Fatalf("exported %d matters, %v", len(c.Matters), faults)
	}
	changed := sampleOf(t)
	changed.Matters = slices.Clone(changed.Matters)
	changed.Matters[0].Name = "物业服务"
	var b bytes.Buffer
	if err := sheet.Write(&b, changed); err != nil {
		t.Fatal(err)
	}
	status, report := editor.sendWorkbook(t, "/api/v1/catalogue/draft/workbook?check=1", b.Bytes())
	if status != 200 || len(report["changes"].([]any)) != 1 || len(report["findings"].([]any)) != 0 {
		t.Errorf("the dry run: %d %v", status, report)
	}
	editor.do("GET", "/api/v1/catalogue/versions/draft", nil).want(t, 404)
	if status, report = editor.sendWorkbook(t, "/api/v1/catalogue/draft/workbook", b.Bytes()); status != 200 || report["draft"] != 2.0 {
		t.Errorf("the import: %d %v", status, report)
	}
	editor.do("GET", "/api/v1/catalogue/versions/draft", nil).want(t, 200)
	if status, report = editor.sendWorkbook(t, "/api/v1/catalogue/draft/workbook", []byte("no workbook")); status != 200 || len(report["faults"].([]any)) != 1 {
		t.Errorf("nonsense: %d %v", status, report)
	}
	if status, _ = h.as(jiban.RoleReviewer, nil).sendWorkbook(t, "/api/v1/catalogue/draft/workbook", b.Bytes()); status != 403 {
		t.Errorf("a reviewer imports: %d", status)
	}
}
