package store

import (
	"context"
	"encoding/json"

	"jiban"
)

var catalogueVersions = newTable("catalogue_versions", func(v *jiban.CatalogueVersion) []any {
	return []any{&v.Version, &v.State, &v.Base, &v.Revision, packed{&v.Authors}, words{&v.Note}, &v.ForcedBy,
		stamp{&v.CreatedAt}, stamp{&v.UpdatedAt}, stamp{&v.ForcedAt}, packed{&v.Catalogue}}
}, "version", "state", "base", "revision", "authors", "note", "forced_by", "created_at", "updated_at", "forced_at", "body")

// catalogueHeads is the same without the catalogue itself, for lists.
var catalogueHeads = newTable("catalogue_versions", func(v *jiban.CatalogueVersion) []any {
	return []any{&v.Version, &v.State, &v.Base, &v.Revision, packed{&v.Authors}, words{&v.Note}, &v.ForcedBy,
		stamp{&v.CreatedAt}, stamp{&v.UpdatedAt}, stamp{&v.ForcedAt}}
}, "version", "state", "base", "revision", "authors", "note", "forced_by", "created_at", "updated_at", "forced_at")

// Catalogue returns the catalogue in force; CodeNotFound when none ever was.
func (s *Store) Catalogue(ctx context.Context) (jiban.Catalogue, error) {
	v, err := catalogueVersions.one(ctx, s.read, "WHERE state = 'in_force'")
	return numbered(v).Catalogue, fault("store.Catalogue", err)
}

// CatalogueInForce is the number of the version in force, 0 for none. It is
// cheap: nodes ask for it again and again.
func (s *Store) CatalogueInForce(ctx context.Context) (int, error) {
	var version int
	_, err := scanOne(ctx, s.read, "SELECT version FROM catalogue_versions WHERE state = 'in_force'", nil, &version)
	return version, fault("store.CatalogueInForce", err)
}

// CatalogueVersion returns a version whole.
func (s *Store) CatalogueVersion(ctx context.Context, version int) (jiban.CatalogueVersion, error) {
	v, err := catalogueVersions.one(ctx, s.read, "WHERE version = $1", version)
	return numbered(v), fault("store.CatalogueVersion", err)
}

// CatalogueDraft returns the draft whole; CodeNotFound when there is none.
func (s *Store) CatalogueDraft(ctx context.Context) (jiban.CatalogueVersion, error) {
	v, err := catalogueVersions.one(ctx, s.read, "WHERE state = 'draft'")
	return numbered(v), fault("store.CatalogueDraft", err)
}

// CatalogueVersions lists versions without their catalogues, newest first.
func (s *Store) CatalogueVersions(ctx context.Context, limit int) ([]jiban.CatalogueVersion, error) {
	found, err := catalogueHeads.many(ctx, s.read, "ORDER BY version DESC LIMIT $1 + 0", page(limit, 50))
	return found, fault("store.CatalogueVersions", err)
}

// numbered gives a catalogue the number of its version.
func numbered(v jiban.CatalogueVersion) jiban.CatalogueVersion {
	v.Catalogue.Version = v.Version
	return v
}

// BeginCatalogueDraft keeps a new draft and returns it with its number.
// CodeConflict when there is one already.
func (s *Store) BeginCatalogueDraft(ctx context.Context, v jiban.CatalogueVersion) (jiban.CatalogueVersion, error) {
	err := s.write(ctx, "store.BeginCatalogueDraft", func(ctx context.Context, q querier) error {
		next, err := nextCatalogue(ctx, q)
		if err != nil {
			return err
		}
		v.Version, v.State, v.Revision = next, jiban.CatalogueDraft, 1
		v = numbered(v)
		return catalogueVersions.add(ctx, q, &v)
	})
	return v, err
}

func nextCatalogue(ctx context.Context, q querier) (int, error) {
	var next int
	_, err := scanOne(ctx, q, "SELECT COALESCE(MAX(version), 0) + 1 FROM catalogue_versions", nil, &next)
	return next, err
}

// SaveCatalogueDraft replaces the draft; v holds its new revision already.
// CodeConflict when somebody else saved it since, or put it into force.
func (s *Store) SaveCatalogueDraft(ctx context.Context, v jiban.CatalogueVersion) error {
	const query = `UPDATE catalogue_versions SET revision = $1, authors = $2, note = $3, updated_at = $4, body = $5
		WHERE version = $6 AND state = 'draft' AND revision = $7`
	return s.onDraft(ctx, "store.SaveCatalogueDraft", query, v.Revision, packed{&v.Authors}, words{&v.Note},
		stamp{&v.UpdatedAt}, packed{&v.Catalogue}, v.Version, v.Revision-1)
}

// DropCatalogueDraft forgets the draft. CodeConflict as with SaveCatalogueDraft.
func (s *Store) DropCatalogueDraft(ctx context.Context, version int, revision int64) error {
	return s.onDraft(ctx, "store.DropCatalogueDraft",
		"DELETE FROM catalogue_versions WHERE version = $1 AND state = 'draft' AND revision = $2", version, revision)
}

func (s *Store) onDraft(ctx context.Context, op, query string, args ...any) error {
	return s.write(ctx, op, func(ctx context.Context, q querier) error {
		n, err := q.exec(ctx, query, args...)
		if err == nil && n == 0 {
			err = draftChanged(op)
		}
		return err
	})
}

func draftChanged(op string) error {
	return jiban.Errorf(jiban.CodeConflict, op, "the draft was changed or put into force meanwhile: load it anew")
}

// ForceCatalogue puts the draft into force in place of the version it was made
// from. CodeConflict when the draft was changed since, or another version came
// into force.
func (s *Store) ForceCatalogue(ctx context.Context, v jiban.CatalogueVersion) error {
	const op = "store.ForceCatalogue"
	return s.write(ctx, op, func(ctx context.Context, q querier) error {
		n, err := q.exec(ctx, "UPDATE catalogue_versions SET state = 'replaced' WHERE state = 'in_force' AND version = $1", v.Base)
		if err != nil || n == 0 && v.Base != 0 {
			return or(err, draftChanged(op))
		}
		n, err = q.exec(ctx, `UPDATE catalogue_versions SET state = 'in_force', forced_by = $1, forced_at = $2
			WHERE version = $3 AND state = 'draft' AND revision = $4`, v.ForcedBy, stamp{&v.ForcedAt}, v.Version, v.Revision)
		if err == nil && n == 0 {
			err = draftChanged(op)
		}
		return err
	})
}

func or(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

// SaveCatalogue puts a catalogue into force at once: the first one, which comes
// with the program, or one that was read elsewhere. It gets the next number, its
// own where that is higher; the same catalogue again under no higher number
// changes nothing, so that two nodes may start at the same instant.
func (s *Store) SaveCatalogue(ctx context.Context, c jiban.Catalogue) error {
	var err error
	for range saveTries {
		err = s.write(ctx, "store.SaveCatalogue", func(ctx context.Context, q querier) error { return s.saveCatalogue(ctx, q, c) })
		if jiban.CodeOf(err) != jiban.CodeConflict {
			return err
		}
	}
	return err
}

// saveTries is how often a catalogue is saved anew when another node took its
// number: at the second look it is there already, or the number is the next.
const saveTries = 4

func (s *Store) saveCatalogue(ctx context.Context, q querier, c jiban.Catalogue) error {
	next, err := nextCatalogue(ctx, q)
	if err != nil {
		return err
	}
	before, err := catalogueVersions.many(ctx, q, "WHERE state = 'in_force'")
	if err != nil || len(before) > 0 && c.Version <= before[0].Version && sameCatalogue(before[0].Catalogue, c) {
		return err
	}
	now := s.clock.Now()
	v := jiban.CatalogueVersion{Version: max(next, c.Version), State: jiban.CatalogueInForce, Revision: 1, Catalogue: c,
		Authors: []string{"system"}, ForcedBy: "system", CreatedAt: now, UpdatedAt: now, ForcedAt: now}
	for i := range before {
		v.Base = before[i].Version
		if _, err := q.exec(ctx, "UPDATE catalogue_versions SET state = 'replaced' WHERE version = $1", v.Base); err != nil {
			return err
		}
	}
	v = numbered(v)
	return catalogueVersions.add(ctx, q, &v)
}

// sameCatalogue compares two catalogues but for their numbers.
func sameCatalogue(a, b jiban.Catalogue) bool {
	a.Version, b.Version = 0, 0
	one, errA := json.Marshal(a)
	two, errB := json.Marshal(b)
	return errA == nil && errB == nil && string(one) == string(two)
}
