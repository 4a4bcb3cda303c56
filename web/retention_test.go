package web_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"jiban"
	"jiban/retention"
	"jiban/web"
)

// keeper is a room of retention that counts.
type keeper struct {
	mu     sync.Mutex
	asked  []string
	busy   bool
	failed error
}

func (k *keeper) Rules() []retention.Rule {
	return []retention.Rule{{Kind: retention.Messages, Deed: retention.Delete, Days: 731}}
}

func (k *keeper) Plan(context.Context, ...retention.Kind) (retention.Report, error) {
	return retention.Report{DryRun: true, By: "system", StartedAt: time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC), Complete: true,
		Lines: []retention.Line{{Kind: retention.Messages, Deed: retention.Delete, Days: 731, Due: 7, Held: 2}}}, k.failed
}

func (k *keeper) Runs(context.Context, int) ([]retention.Report, error) {
	return []retention.Report{{ID: "r1", By: "system", Complete: true, Lines: []retention.Line{{Kind: retention.Turns, Done: 3}}}}, nil
}

func (k *keeper) Start(by string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.busy {
		return &jiban.Error{Code: jiban.CodeConflict, Op: "fake", Msg: "busy"}
	}
	k.asked = append(k.asked, by)
	return nil
}

// shown is what the page gets.
type shown struct {
	Rules []retention.Rule
	Plan  retention.Report
	Runs  []struct {
		ID     string
		ByName string `json:"by_name"`
	}
}

// The administrator, the security administrator and the auditor see the rules and
// the plan; only the security administrator lets records go before their hour, and
// only with a new proof; both are on record.
func TestRetentionIsPlannedAndAskedFor(t *testing.T) {
	k := &keeper{}
	h := newHouse(t, func(d *web.Deps) { d.Retention = k })
	for _, r := range []jiban.Role{jiban.RoleAdmin, jiban.RoleSecurity, jiban.RoleAuditor} {
		got := into[shown](t, h.as(r, nil).get("/api/v1/retention").want(t, 200))
		if len(got.Rules) != 1 || got.Plan.Lines[0].Due != 7 || got.Plan.Lines[0].Held != 2 || got.Runs[0].ID != "r1" || got.Runs[0].ByName != "系统" {
			t.Errorf("%s sees %+v", r, got)
		}
	}
	security := h.as(jiban.RoleSecurity, nil).proven()
	security.do("POST", "/api/v1/retention/run", object{"dry_run": true}).want(t, 200)
	if len(k.asked) != 0 || !h.books.recorded(security.account.ID, "retention.plan", "retention") {
		t.Error("the dry run asked for a run, or is not on record")
	}
	security.do("POST", "/api/v1/retention/run", object{}).want(t, 202)
	if len(k.asked) != 1 || k.asked[0] != security.account.ID || !h.books.recorded(security.account.ID, "retention.ask", "retention") {
		t.Errorf("asked for by %v, or not on record", k.asked)
	}
	k.busy = true
	security.do("POST", "/api/v1/retention/run", object{}).want(t, 409)
	for _, r := range []jiban.Role{jiban.RoleAdmin, jiban.RoleAuditor, jiban.RoleSupervisor} {
		h.as(r, nil).do("POST", "/api/v1/retention/run", object{"dry_run": true}).want(t, 403)
	}
	security.do("POST", "/api/v1/retention/run", object{"dry_run": "yes"}).want(t, 400)
	if len(k.asked) != 1 {
		t.Errorf("asked for by %v", k.asked)
	}
}
