package web_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"jiban"
	"jiban/staff"
	"jiban/web"
)

var update = flag.Bool("update", false, "write docs/permissions.md anew")

const permissionsFile = "../docs/permissions.md"

// docs/permissions.md says who may what, as the table of permissions has it.
func TestPermissionTableIsCurrent(t *testing.T) {
	h := newHouse(t)
	want := permissionTable(t, h.server.Doors())
	if *update {
		h.must(os.WriteFile(permissionsFile, want, 0o644))
		return
	}
	have, err := os.ReadFile(permissionsFile)
	if err != nil || !bytes.Equal(have, want) {
		t.Fatalf("docs/permissions.md is not what the routes say (%v): run go test ./web -run PermissionTable -update", err)
	}
}

// permissionTable writes the table in Markdown, in the order of the paths.
func permissionTable(t *testing.T, doors []web.Door) []byte {
	t.Helper()
	summaries := summariesOf(t)
	slices.SortFunc(doors, func(a, b web.Door) int {
		return strings.Compare(a.Path+" "+a.Method, b.Path+" "+b.Method)
	})
	var b bytes.Buffer
	b.WriteString("# Who may what\n\nWritten by the test that walks every door with every role: `go test ./web -run PermissionTable -update`. " +
		"A door opens for the marked roles only; ◆ asks for a new proof of who one is, not older than five minutes. " +
		"What somebody sees behind a door is bounded by their region and department besides. " +
		"Tokens of other systems open the doors of the actions that they were given.\n\n| door | what for | action |")
	for _, r := range staff.Roles() {
		fmt.Fprintf(&b, " %s |", r)
	}
	b.WriteString("\n|---|---|---|" + strings.Repeat(":-:|", len(staff.Roles())) + "\n")
	for _, d := range doors {
		if d.Action == "" {
			continue
		}
		fmt.Fprintf(&b, "| `%s %s` | %s | %s |", d.Method, d.Path, summaries[d.Method+" "+braced(d.Path)], d.Action)
		for _, r := range staff.Roles() {
			fmt.Fprintf(&b, " %s |", opens(d, r))
		}
		b.WriteString("\n")
	}
	b.WriteString("\n## Open to everybody\n\n")
	for _, d := range doors {
		if d.Action == "" {
			fmt.Fprintf(&b, "- `%s %s`\n", d.Method, d.Path)
		}
	}
	return b.Bytes()
}

// opens is the mark of a door for a role.
func opens(d web.Door, r jiban.Role) string {
	switch {
	case !staff.May(jiban.Account{Roles: []jiban.Role{r}}, staff.Action(d.Action)):
		return ""
	case d.Anew:
		return "◆"
	default:
		return "●"
	}
}

// summariesOf are the summaries of the API's description, by method and path.
func summariesOf(t *testing.T) map[string]string {
	t.Helper()
	var described struct {
		Paths map[string]map[string]yaml.Node `yaml:"paths"`
	}
	if err := yaml.Unmarshal(web.Described(), &described); err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for path, methods := range described.Paths {
		for method, node := range methods {
			var one struct {
				Summary string `yaml:"summary"`
			}
			if method != "parameters" && node.Decode(&one) == nil {
				all[strings.ToUpper(method)+" "+path] = strings.ReplaceAll(one.Summary, "|", "/")
			}
		}
	}
	return all
}
