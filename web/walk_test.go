package web_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"jiban"
	"jiban/staff"
	"jiban/web"
)

// public are the doors that need no login: everything else must be guarded.
var public = []string{
	"GET /", "GET /chat", "GET /enterprise", "GET /console", "GET /track", "GET /widget.js", "GET /assets/:file",
	"GET /healthz", "GET /readyz", "GET /metrics", "GET /api/openapi.yaml",
	"POST /api/v1/login", "GET /api/v1/login/options", "GET /api/v1/login/second", "POST /api/v1/login/second",
	"GET /api/v1/login/oidc", "GET /api/v1/login/oidc/callback", "POST /api/v1/track", "POST /api/v1/chat/:channel/session", "GET /api/v1/chat/:channel/ws",
	"GET /channels/wechat/:name", "POST /channels/wechat/:name",
	"POST /channels/sms/:name/inbound", "POST /channels/sms/:name/status",
}

// filled replaces the parameters of a path.
func filled(path string) string {
	path = strings.NewReplacer(":number", "2611020000018", ":name", "gzh", ":channel", "citizen", ":file", "a-1234.js").Replace(path)
	if strings.Contains(path, "/conversations/") {
		return strings.Replace(path, ":id", "v1", 1)
	}
	if strings.Contains(path, "/articles/") {
		return strings.Replace(path, ":id", "a1", 1)
	}
	return strings.Replace(path, ":id", "h1", 1)
}

// Every door is described, and every description has a door.
func TestEveryRouteIsDescribed(t *testing.T) {
	var described struct {
		Paths map[string]map[string]yaml.Node `yaml:"paths"`
	}
	if err := yaml.Unmarshal(web.Described(), &described); err != nil {
		t.Fatal(err)
	}
	have := map[string]bool{}
	for path, methods := range described.Paths {
		for method := range methods {
			if method != "parameters" {
				have[strings.ToUpper(method)+" "+path] = true
			}
		}
	}
	parameter := regexp.MustCompile(`:(\w+)`)
	h := newHouse(t)
	for _, d := range h.server.Doors() {
		key := d.Method + " " + parameter.ReplaceAllString(d.Path, "{$1}")
		if !have[key] {
			t.Errorf("%s is not described", key)
		}
		delete(have, key)
	}
	for key := range have {
		t.Errorf("%s is described but not there", key)
	}
}

// Every reference in the description leads somewhere.
func TestDescriptionHolds(t *testing.T) {
	var all map[string]any
	if err := yaml.Unmarshal(web.Described(), &all); err != nil {
		t.Fatal(err)
	}
	for _, ref := range regexp.MustCompile(`\$ref: "#/([^"]+)"`).FindAllStringSubmatch(string(web.Described()), -1) {
		var at any = all
		for _, step := range strings.Split(ref[1], "/") {
			m, _ := at.(map[string]any)
			at = m[step]
		}
		if at == nil {
			t.Errorf("%s leads nowhere", ref[1])
		}
	}
}

// The walk: every door with every role, with nobody and without the token. It
// passes exactly who is allowed to by the table of permissions.
func TestPermissionWalk(t *testing.T) {
	h := newHouse(t)
	people := map[jiban.Role]*client{}
	for _, r := range staff.Roles() {
		people[r] = h.as(r, nil)
	}
	passed, refused := 0, 0
	for _, d := range h.server.Doors() {
		if slices.Contains(public, d.Method+" "+d.Path) {
			if d.Action != "" {
				t.Errorf("%s %s is guarded although it should be public", d.Method, d.Path)
			}
			continue
		}
		if d.Action == "" {
			t.Errorf("%s %s is not guarded", d.Method, d.Path)
			continue
		}
		path := filled(d.Path)
		h.stranger().do(d.Method, path, object{}).want(t, 401)
		for role, c := range people {
			if d.Path == "/api/v1/logout" {
				continue // would end the walk
			}
			may := staff.May(c.account, staff.Action(d.Action))
			got := c.do(d.Method, path, object{})
			if (got.status != 403) != may {
				t.Errorf("%s %s as %s: %d %s", d.Method, d.Path, role, got.status, got.body)
			}
			if got.status >= 500 {
				t.Errorf("%s %s as %s: %d", d.Method, d.Path, role, got.status)
			}
			if may {
				passed++
			} else {
				refused++
			}
			if d.Method != "GET" {
				forged := *c
				forged.csrf = ""
				forged.do(d.Method, path, object{}).want(t, 403)
			}
		}
	}
	t.Logf("%d doors, %d public; %d pairs of door and role passed, %d were refused", len(h.server.Doors()), len(public), passed, refused)
	h.walkWithTokens(t)
	if passed < 80 || refused < 80 {
		t.Fatalf("the walk was short: %d passed, %d refused", passed, refused)
	}
	if !h.books.recorded(people[jiban.RoleEditor].account.ID, "denied", string(staff.ActAccounts)) {
		t.Error("a refused attempt is not recorded")
	}
}

// walkWithTokens tries every guarded door with a token for each action that one
// can have: it opens the doors of that action and no other.
func (h *house) walkWithTokens(t *testing.T) {
	t.Helper()
	passed, refused := 0, 0
	for _, action := range staff.TokenActions() {
		value, _, err := h.staff.CreateToken(t.Context(), jiban.APIToken{Name: "walk", Actions: []string{string(action)}, ExpiresAt: h.clock.Now().Add(time.Hour)})
		h.must(err)
		system := h.stranger()
		system.header["Authorization"] = "Bearer " + value
		for _, d := range h.server.Doors() {
			if d.Action == "" {
				continue
			}
			got := system.do(d.Method, filled(d.Path), object{})
			if may := d.Action == string(action); (got.status != 403) != may || got.status >= 500 {
				t.Errorf("%s %s with a token for %s: %d %s", d.Method, d.Path, action, got.status, got.body)
			} else if may {
				passed++
			} else {
				refused++
			}
		}
	}
	t.Logf("%d actions of tokens; %d pairs of door and token passed, %d were refused", len(staff.TokenActions()), passed, refused)
}
