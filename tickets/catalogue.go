package tickets

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"jiban"
)

// Versions keeps the versions of the catalogue for reading.
type Versions interface {
	// CatalogueVersion returns a version whole; CodeNotFound when there is none.
	CatalogueVersion(ctx context.Context, version int) (jiban.CatalogueVersion, error)
	// CatalogueVersions lists versions without their catalogues, newest first.
	CatalogueVersions(ctx context.Context, limit int) ([]jiban.CatalogueVersion, error)
	// CatalogueDraft returns the draft whole; CodeNotFound when there is none.
	CatalogueDraft(ctx context.Context) (jiban.CatalogueVersion, error)
	// CatalogueInForce is the number of the version in force, 0 for none.
	CatalogueInForce(ctx context.Context) (int, error)
}

// Drafts keeps the one draft of the catalogue. Each change is refused with
// CodeConflict when somebody else was faster.
type Drafts interface {
	BeginCatalogueDraft(ctx context.Context, v jiban.CatalogueVersion) (jiban.CatalogueVersion, error)
	SaveCatalogueDraft(ctx context.Context, v jiban.CatalogueVersion) error
	DropCatalogueDraft(ctx context.Context, version int, revision int64) error
	ForceCatalogue(ctx context.Context, v jiban.CatalogueVersion) error
}

// EditorStore is what the editor of the catalogue stands on.
type EditorStore interface {
	Versions
	Drafts
}

// Editor is how staff change the catalogue: one draft at a time is edited by as
// many as want to, checked, and put into force by somebody who did not edit it.
// Nothing that was in force is ever changed: going back makes a draft of the old
// version. Whether somebody may do so is for the caller to have checked. It is
// safe for concurrent use.
type Editor struct {
	Store EditorStore
	Clock jiban.Clock
	// Forced is told when another version came into force; may be nil.
	Forced func(ctx context.Context, version int)
}

// listedVersions is how many versions the list goes back.
const listedVersions = 100

// longestNote bounds the note of a version, in characters.
const longestNote = 500

// Versions lists the newest hundred versions, without their catalogues.
func (e *Editor) Versions(ctx context.Context) ([]jiban.CatalogueVersion, error) {
	return e.Store.CatalogueVersions(ctx, listedVersions)
}

// Version returns a version whole; 0 is the one in force.
func (e *Editor) Version(ctx context.Context, version int) (jiban.CatalogueVersion, error) {
	if version == 0 {
		var err error
		if version, err = e.Store.CatalogueInForce(ctx); err != nil {
			return jiban.CatalogueVersion{}, err
		}
	}
	return e.Store.CatalogueVersion(ctx, version)
}

// Draft returns the draft; CodeNotFound when there is none.
func (e *Editor) Draft(ctx context.Context) (jiban.CatalogueVersion, error) {
	return e.Store.CatalogueDraft(ctx)
}

// Begin makes a draft of a version, 0 being the one in force. CodeConflict when
// there is a draft already.
func (e *Editor) Begin(ctx context.Context, by string, from int, note string) (jiban.CatalogueVersion, error) {
	var none jiban.CatalogueVersion
	if err := note500("tickets.Begin", note); err != nil {
		return none, err
	}
	source, err := e.Version(ctx, from)
	if err != nil {
		return none, err
	}
	return e.begin(ctx, by, note, source.Catalogue)
}

// begin keeps a new draft with the version in force as its base: what it was
// copied from may be older.
func (e *Editor) begin(ctx context.Context, by, note string, c jiban.Catalogue) (jiban.CatalogueVersion, error) {
	base, err := e.Store.CatalogueInForce(ctx)
	if err != nil {
		return jiban.CatalogueVersion{}, err
	}
	now := e.Clock.Now().UTC()
	return e.Store.BeginCatalogueDraft(ctx, jiban.CatalogueVersion{
		Base: base, Authors: []string{by}, Note: strings.TrimSpace(note), CreatedAt: now, UpdatedAt: now, Catalogue: c,
	})
}

func note500(op, note string) error {
	if utf8.RuneCountInString(note) > longestNote || !utf8.ValidString(note) {
		return jiban.Errorf(jiban.CodeInvalid, op, "a note has at most %d characters", longestNote)
	}
	return nil
}

// Edit changes the draft as it was read at a revision. Faults are not refused:
// a draft may be wrong until it is put into force.
func (e *Editor) Edit(ctx context.Context, by string, revision int64, edit Edit) (jiban.CatalogueVersion, error) {
	if err := note500("tickets.Edit", edit.Note); err != nil {
		return jiban.CatalogueVersion{}, err
	}
	return e.change(ctx, by, revision, func(v *jiban.CatalogueVersion) {
		v.Catalogue = edit.apply(v.Catalogue)
		if note := strings.TrimSpace(edit.Note); note != "" {
			v.Note = note
		}
	})
}

// Replace makes a whole catalogue, one that was imported, the draft's content; it
// begins a draft where there is none (revision 0).
func (e *Editor) Replace(ctx context.Context, by string, revision int64, note string, c jiban.Catalogue) (jiban.CatalogueVersion, error) {
	if err := note500("tickets.Replace", note); err != nil {
		return jiban.CatalogueVersion{}, err
	}
	if revision == 0 {
		return e.begin(ctx, by, note, c)
	}
	return e.change(ctx, by, revision, func(v *jiban.CatalogueVersion) { v.Catalogue = c })
}

func (e *Editor) change(ctx context.Context, by string, revision int64, f func(*jiban.CatalogueVersion)) (jiban.CatalogueVersion, error) {
	v, err := e.at(ctx, revision)
	if err != nil {
		return v, err
	}
	f(&v)
	if !slices.Contains(v.Authors, by) {
		v.Authors = append(v.Authors, by)
	}
	v.Revision, v.UpdatedAt = revision+1, e.Clock.Now().UTC()
	return v, e.Store.SaveCatalogueDraft(ctx, v)
}

// at is the draft when it still is at the given revision.
func (e *Editor) at(ctx context.Context, revision int64) (jiban.CatalogueVersion, error) {
	v, err := e.Store.CatalogueDraft(ctx)
	if err == nil && v.Revision != revision {
		err = jiban.Errorf(jiban.CodeConflict, "tickets.Editor", "the draft is at revision %d, not %d: load it anew", v.Revision, revision)
	}
	return v, err
}

// Drop forgets the draft.
func (e *Editor) Drop(ctx context.Context, revision int64) error {
	v, err := e.at(ctx, revision)
	if err != nil {
		return err
	}
	return e.Store.DropCatalogueDraft(ctx, v.Version, revision)
}

// Force puts the draft into force. CodeForbidden for who edited it, CodeInvalid
// while the check finds an error, CodeConflict when it was changed since, or
// another version came into force after it was begun.
func (e *Editor) Force(ctx context.Context, by string, revision int64) (jiban.CatalogueVersion, error) {
	v, err := e.at(ctx, revision)
	if err != nil {
		return v, err
	}
	if slices.Contains(v.Authors, by) {
		return v, jiban.Errorf(jiban.CodeForbidden, "tickets.Force", "who edited the draft does not put it into force: ask somebody else")
	}
	return e.force(ctx, by, v)
}

func (e *Editor) force(ctx context.Context, by string, v jiban.CatalogueVersion) (jiban.CatalogueVersion, error) {
	if err := Validate(v.Catalogue); err != nil {
		return v, err
	}
	v.State, v.ForcedBy, v.ForcedAt = jiban.CatalogueInForce, by, e.Clock.Now().UTC()
	if err := e.Store.ForceCatalogue(ctx, v); err != nil {
		return v, err
	}
	if e.Forced != nil {
		e.Forced(ctx, v.Version)
	}
	return v, nil
}

// Install makes a whole catalogue a version and puts it into force at once. It is
// for who runs the program on its machine, not for the console: nobody else has
// looked at it. CodeConflict while there is a draft.
func (e *Editor) Install(ctx context.Context, by, note string, c jiban.Catalogue) (jiban.CatalogueVersion, error) {
	if err := Validate(c); err != nil {
		return jiban.CatalogueVersion{}, err
	}
	v, err := e.begin(ctx, by, note, c)
	if err != nil {
		return v, err
	}
	return e.force(ctx, by, v)
}
