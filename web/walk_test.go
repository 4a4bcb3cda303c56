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
	"GET /api/v1/login/oidc", "GET /api/v1/login/oidc/callback", "POST /api/v1/track", "GET /api/v1/track/files/:id", "POST /api/v1/chat/:channel/session", "GET /privacy",
	"GET /api/v1/chat/:channel/phone", "POST /api/v1/chat/:channel/phone", "POST /api/v1/chat/:channel/phone/code", "GET /api/v1/chat/:channel/ws",
	"POST /api/v1/chat/:channel/files", "GET /api/v1/chat/:channel/files/:id",
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

// braced is a path as the description writes it.
func braced(path string) string {
	return regexp.MustCompile(`:(\w+)`).ReplaceAllString(path, "{$1}")
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
	h := newHouse(t)
	for _, d := range h.server.Doors() {
		key := d.Method + " " + braced(d.Path)
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

// The walk: every door with every role, with nobody, without the token and, where
// the door asks for one, without a new proof. It passes exactly who is allowed to
// by the table of permissions.
func TestPermissionWalk(t *testing.T) {
	h := newHouse(t, func(d *web.Deps) { d.Config.Limits.LoginsPerMinute = 1_000_000 })
	people := map[jiban.Role]*client{}
	for _, r := range staff.Roles() {
		people[r] = h.as(r, nil)
	}
	var w walk
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
		h.stranger().do(d.Method, filled(d.Path), object{}).want(t, 401)
		if d.Path == "/api/v1/logout" {
			continue // would end the walk
		}
		for role, c := range people {
			h.tryDoor(d, role, c, &w)
		}
	}
	t.Logf("%d doors, %d of them public, %d roles; %d pairs of door and role passed, %d were refused, %d asked for a new proof first",
		len(h.server.Doors()), len(public), len(people), w.passed, w.refused, w.proven)
	h.walkWithTokens(t)
	if w.passed < 80 || w.refused < 80 || w.proven < 4 {
		t.Fatalf("the walk was short: %+v", w)
	}
	if !h.books.recorded(people[jiban.RoleEditor].account.ID, "denied", string(staff.ActAccounts)) {
		t.Error("a refused attempt is not recorded")
	}
}

// walk counts what a walk met.
type walk struct{ passed, refused, proven int }

// tryDoor tries one door as one role.
func (h *house) tryDoor(d web.Door, role jiban.Role, c *client, w *walk) {
	t, path := h.t, filled(d.Path)
	t.Helper()
	may := staff.May(c.account, staff.Action(d.Action))
	if d.Anew {
		c = h.as(role, nil) // one who has proven nothing yet
		unproven := c.do(d.Method, path, object{}).want(t, 403)
		if asks := strings.Contains(unproven.body, `"code":"reauth"`); asks != may {
			t.Errorf("%s %s as %s without a new proof: %s", d.Method, path, role, unproven.body)
		}
		if may {
			w.proven++
		}
		c.prove()
	}
	got := c.do(d.Method, path, object{})
	if (got.status != 403) != may || got.status >= 500 {
		t.Errorf("%s %s as %s: %d %s", d.Method, path, role, got.status, got.body)
	}
	if may {
		w.passed++
	} else {
		w.refused++
	}
	if d.Method != "GET" {
		forged := *c
		forged.csrf = ""
		forged.do(d.Method, path, object{}).want(t, 403)
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
