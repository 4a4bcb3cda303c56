package store_test

import (
	"testing"

	"jiban"
	"jiban/store"
)

func begin(t *testing.T, s *store.Store, base int, name string) jiban.CatalogueVersion {
	t.Helper()
	v, err := s.BeginCatalogueDraft(t.Context(), jiban.CatalogueVersion{Base: base, Authors: []string{"li"}, Note: "试",
		Catalogue: jiban.Catalogue{Matters: []jiban.Matter{{Code: "010101", Name: name}}}})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// A draft lives from its beginning to its coming into force, one at a time, and
// what was in force before is kept as it was.
func TestCatalogueVersions(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s, ctx := p.open(t), t.Context()
		if n, err := s.CatalogueInForce(ctx); n != 0 || err != nil {
			t.Fatalf("nothing is in force yet: %d, %v", n, err)
		}
		_, err := s.CatalogueDraft(ctx)
		wantCode(t, err, jiban.CodeNotFound)
		v := begin(t, s, 0, "停水")
		if v.Version != 1 || v.Revision != 1 || v.State != jiban.CatalogueDraft || v.Catalogue.Version != 1 {
			t.Fatalf("the first draft is %+v", v)
		}
		_, err = s.BeginCatalogueDraft(ctx, jiban.CatalogueVersion{})
		wantCode(t, err, jiban.CodeConflict)

		v.Revision, v.Catalogue.Matters[0].Name = 2, "停水与断水"
		if err := s.SaveCatalogueDraft(ctx, v); err != nil {
			t.Fatal(err)
		}
		wantCode(t, s.SaveCatalogueDraft(ctx, v), jiban.CodeConflict)
		wantCode(t, s.DropCatalogueDraft(ctx, 1, 1), jiban.CodeConflict)
		same(t, "draft", v)(s.CatalogueDraft(ctx))
		if err := s.ForceCatalogue(ctx, v); err != nil {
			t.Fatal(err)
		}
		wantCode(t, s.ForceCatalogue(ctx, v), jiban.CodeConflict)
		wantCode(t, s.SaveCatalogueDraft(ctx, v), jiban.CodeConflict)
		if n, _ := s.CatalogueInForce(ctx); n != 1 {
			t.Errorf("version %d is in force", n)
		}

		next := begin(t, s, 1, "供水")
		if c := must[jiban.Catalogue](t)(s.Catalogue(ctx)); c.Version != 1 || c.Matters[0].Name != "停水与断水" {
			t.Errorf("a draft is in force: %+v", c)
		}
		if err := s.DropCatalogueDraft(ctx, next.Version, 1); err != nil {
			t.Fatal(err)
		}
		next = begin(t, s, 1, "供水")
		if err := s.ForceCatalogue(ctx, next); err != nil {
			t.Fatal(err)
		}
		old := must[jiban.CatalogueVersion](t)(s.CatalogueVersion(ctx, 1))
		if old.State != jiban.CatalogueReplaced || old.Catalogue.Matters[0].Name != "停水与断水" {
			t.Errorf("the version before is %+v", old)
		}
		list := must[[]jiban.CatalogueVersion](t)(s.CatalogueVersions(ctx, 10))
		if len(list) != 2 || list[0].Version != 2 || list[0].State != jiban.CatalogueInForce || len(list[0].Catalogue.Matters) != 0 {
			t.Errorf("the list is %+v", list)
		}
	})
}

// Of a draft and a catalogue that is saved directly meanwhile, the draft loses: it
// was made from what is no longer in force.
func TestCatalogueDraftOfAnOldBase(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s, ctx := p.open(t), t.Context()
		v := begin(t, s, 0, "停水")
		if err := s.SaveCatalogue(ctx, jiban.Catalogue{Version: 1, Regions: []jiban.Region{{Code: "230000"}}}); err != nil {
			t.Fatal(err)
		}
		wantCode(t, s.ForceCatalogue(ctx, v), jiban.CodeConflict)
		if n, _ := s.CatalogueInForce(ctx); n != 2 {
			t.Errorf("version %d is in force", n)
		}
		if d := must[jiban.CatalogueVersion](t)(s.CatalogueDraft(ctx)); d.Version != 1 {
			t.Errorf("the draft is gone: %+v", d)
		}
	})
}

// Many nodes start at one instant with the program's own catalogue: one version
// comes of it. Of many who put the same draft into force one succeeds.
func TestCatalogueRaces(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		nodes := []*store.Store{p.open(t), p.open(t)}
		own := jiban.Catalogue{Version: 1, Regions: []jiban.Region{{Code: "230000", Name: "黑龙江省"}}}
		if n := atOnce(t, 6, func(i int) error { return nodes[i%2].SaveCatalogue(t.Context(), own) }); n != 6 {
			t.Errorf("%d of 6 nodes started", n)
		}
		if list := must[[]jiban.CatalogueVersion](t)(nodes[0].CatalogueVersions(t.Context(), 10)); len(list) != 1 {
			t.Fatalf("%d versions came of it", len(list))
		}
		v := begin(t, nodes[0], 1, "停水")
		if n := atOnce(t, 6, func(i int) error { return nodes[i%2].ForceCatalogue(t.Context(), v) }); n != 1 {
			t.Errorf("%d put it into force", n)
		}
	})
}
