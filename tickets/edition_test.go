package tickets

import (
	"context"
	"slices"
	"strconv"
	"testing"

	"jiban"
)

// A turn that began with one version of the catalogue plans and opens with it,
// although another came into force meanwhile, on this node or on another.
func TestPlanKeepsTheVersionOfItsTurn(t *testing.T) {
	e, h := newEditor(t)
	ctx := context.Background()
	if err := h.Load(ctx); err != nil {
		t.Fatal(err)
	}
	d := h.draft(h.person("web:1"))
	was := h.Catalogue().Version
	d.Catalogue = was
	before, err := h.Plan(ctx, d)
	if err != nil {
		t.Fatal(err)
	}
	v, err := e.Begin(ctx, "li", 0, "停水时限改短")
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(v.Catalogue.Matters, func(m jiban.Matter) bool { return m.Code == outage })
	m := v.Catalogue.Matters[i]
	m.Limits = map[jiban.RequestType]jiban.Limit{jiban.Help: {Hours: 3, OnClock: true}}
	if v, err = e.Edit(ctx, "li", v.Revision, Edit{Matters: []jiban.Matter{m}}); err != nil {
		t.Fatal(err)
	}
	if _, err = e.Force(ctx, "zhao", v.Revision); err != nil {
		t.Fatal(err)
	}
	fresh := h.node(&jiban.SerialIDs{Prefix: "fresh"})
	for name, node := range map[string]*Service{"this node": h.Service, "another that never had it": fresh} {
		if err := node.Load(ctx); err != nil {
			t.Fatal(err)
		}
		now := node.Catalogue().Version
		if now == was {
			t.Fatalf("%s is still at version %d", name, now)
		}
		for version, limit := range map[int]jiban.Limit{was: before.Limit, now: {Hours: 3, OnClock: true}, 0: {Hours: 3, OnClock: true}, 999: {Hours: 3, OnClock: true}} {
			d.Catalogue = version
			plan, err := node.Plan(ctx, d)
			if err != nil || plan.Limit != limit {
				t.Errorf("%s, version %d: %+v, %v; want %+v", name, version, plan.Limit, err, limit)
			}
		}
		d.Catalogue = was
		change, _, err := node.Decide(ctx, jiban.TicketAction{Kind: jiban.EventOpened, Draft: &d, Plan: &before, Actor: "bot"})
		if err != nil || change.Events[0].Data["catalogue"] != strconv.Itoa(was) {
			t.Errorf("%s: the ticket names version %s, %v", name, change.Events[0].Data["catalogue"], err)
		}
	}
}

// A matter that the version in force does not know any more still makes a ticket.
func TestDraftIsNoVersion(t *testing.T) {
	e, h := newEditor(t)
	ctx := context.Background()
	if err := h.Load(ctx); err != nil {
		t.Fatal(err)
	}
	v, err := e.Begin(ctx, "li", 0, "只是草稿")
	if err != nil {
		t.Fatal(err)
	}
	x, err := h.edition(ctx, v.Version)
	if err != nil || x.catalogue.Version != h.Catalogue().Version {
		t.Errorf("a draft was used: %v", err)
	}
}
