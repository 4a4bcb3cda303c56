package web

import (
	"bytes"
	"context"
	"fmt"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"jiban"
	"jiban/staff"
	"jiban/tickets"
	"jiban/tickets/sheet"
)

// Catalogues is how staff change the catalogue.
type Catalogues interface {
	CatalogueReader
	Begin(ctx context.Context, by string, from int, note string) (jiban.CatalogueVersion, error)
	Edit(ctx context.Context, by string, revision int64, e tickets.Edit) (jiban.CatalogueVersion, error)
	Replace(ctx context.Context, by string, revision int64, note string, c jiban.Catalogue) (jiban.CatalogueVersion, error)
	Drop(ctx context.Context, revision int64) error
	Force(ctx context.Context, by string, revision int64) (jiban.CatalogueVersion, error)
}

// CatalogueReader reads the versions of the catalogue.
type CatalogueReader interface {
	Versions(ctx context.Context) ([]jiban.CatalogueVersion, error)
	Version(ctx context.Context, version int) (jiban.CatalogueVersion, error)
	Draft(ctx context.Context) (jiban.CatalogueVersion, error)
}

const (
	workbookType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	longestWords = 2000 // bytes of what is tried on a catalogue
)

// catalogueRoutes are the doors to the versions of the catalogue.
func (s *Server) catalogueRoutes() []staffRoute {
	const get, post, put, del = fiber.MethodGet, fiber.MethodPost, fiber.MethodPut, fiber.MethodDelete
	return []staffRoute{
		{get, "/catalogue/versions", staff.ActCatalogueHistory, s.catalogueVersions, inUse},
		{get, "/catalogue/versions/:version", staff.ActCatalogueHistory, s.onCatalogue(s.wholeCatalogue), inUse},
		{get, "/catalogue/versions/:version/check", staff.ActCatalogueHistory, s.onCatalogue(s.checkCatalogue), inUse},
		{get, "/catalogue/versions/:version/difference", staff.ActCatalogueHistory, s.onCatalogue(s.catalogueDifference), inUse},
		{get, "/catalogue/versions/:version/workbook", staff.ActCatalogueHistory, s.onCatalogue(s.catalogueWorkbook), inUse},
		{get, "/catalogue/versions/:version/promise", staff.ActCatalogueHistory, s.onCatalogue(s.cataloguePromise), inUse},
		{post, "/catalogue/draft", staff.ActCatalogueEdit, s.beginCatalogue, inUse},
		{put, "/catalogue/draft", staff.ActCatalogueEdit, s.editCatalogue, inUse},
		{del, "/catalogue/draft", staff.ActCatalogueEdit, s.dropCatalogue, inUse},
		{post, "/catalogue/draft/workbook", staff.ActCatalogueEdit, s.importCatalogue, inUse},
		{post, "/catalogue/draft/force", staff.ActCatalogueForce, s.forceCatalogue, inUse},
	}
}

type catalogueVersionJSON struct {
	Version   int                  `json:"version"`
	State     jiban.CatalogueState `json:"state"`
	Base      int                  `json:"base"`
	Revision  int64                `json:"revision"`
	Authors   []string             `json:"authors"` // names
	Mine      bool                 `json:"mine"`    // whoever asks is among them
	Note      string               `json:"note"`
	ForcedBy  string               `json:"forced_by"`
	CreatedAt string               `json:"created_at"`
	UpdatedAt string               `json:"updated_at"`
	ForcedAt  string               `json:"forced_at"`
	Catalogue *jiban.Catalogue     `json:"catalogue,omitempty"`
}

func catalogueHead(v jiban.CatalogueVersion, names map[string]string, me string) catalogueVersionJSON {
	h := catalogueVersionJSON{v.Version, v.State, v.Base, v.Revision, make([]string, 0, len(v.Authors)), false, v.Note, "", at(v.CreatedAt), at(v.UpdatedAt), at(v.ForcedAt), nil}
	for _, id := range v.Authors {
		h.Authors = append(h.Authors, or(names[id], id))
		h.Mine = h.Mine || id == me
	}
	if v.ForcedBy != "" {
		h.ForcedBy = or(names[v.ForcedBy], v.ForcedBy)
	}
	return h
}

// catalogueVersions lists versions, newest first.
func (s *Server) catalogueVersions(c *fiber.Ctx) error {
	vs, err := s.Catalogues.Versions(c.UserContext())
	if err != nil {
		return err
	}
	names, err := s.names(c.UserContext())
	if err != nil {
		return err
	}
	return c.JSON(fiber.Map{"versions": each(vs, func(v jiban.CatalogueVersion) catalogueVersionJSON { return catalogueHead(v, names, who(c).ID) })})
}

// onCatalogue makes a handler of what is done with one version: a number, "draft"
// or "in-force".
func (s *Server) onCatalogue(f func(*fiber.Ctx, jiban.CatalogueVersion) error) fiber.Handler {
	return func(c *fiber.Ctx) error {
		v, err := s.catalogueAt(c.UserContext(), c.Params("version"))
		if err != nil {
			return err
		}
		return f(c, v)
	}
}

func (s *Server) catalogueAt(ctx context.Context, name string) (jiban.CatalogueVersion, error) {
	switch name {
	case "draft":
		return s.Catalogues.Draft(ctx)
	case "in-force":
		return s.Catalogues.Version(ctx, 0)
	}
	n, err := strconv.Atoi(name)
	if err != nil || n < 1 {
		return jiban.CatalogueVersion{}, notFound("web.catalogue", "no version of that form")
	}
	return s.Catalogues.Version(ctx, n)
}

func (s *Server) wholeCatalogue(c *fiber.Ctx, v jiban.CatalogueVersion) error {
	names, err := s.names(c.UserContext())
	if err != nil {
		return err
	}
	h := catalogueHead(v, names, who(c).ID)
	h.Catalogue = &v.Catalogue
	return c.JSON(h)
}

func (s *Server) checkCatalogue(c *fiber.Ctx, v jiban.CatalogueVersion) error {
	return c.JSON(fiber.Map{"findings": orEmpty(tickets.Check(v.Catalogue))})
}

// catalogueDifference compares a version with another one, with what it was made
// from when none is named. The first version has nothing before it.
func (s *Server) catalogueDifference(c *fiber.Ctx, v jiban.CatalogueVersion) error {
	with, err := query(c, "with", 16)
	if err != nil {
		return err
	}
	if with == "" && v.Base == 0 {
		return c.JSON(fiber.Map{"with": 0, "changes": []tickets.Change{}})
	}
	before, err := s.catalogueAt(c.UserContext(), or(with, strconv.Itoa(v.Base)))
	if err != nil {
		return err
	}
	return c.JSON(fiber.Map{"with": before.Version, "changes": orEmpty(tickets.Diff(before.Catalogue, v.Catalogue))})
}

func (s *Server) catalogueWorkbook(c *fiber.Ctx, v jiban.CatalogueVersion) error {
	var out bytes.Buffer
	if err := sheet.Write(&out, v.Catalogue); err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, workbookType)
	c.Set(fiber.HeaderContentDisposition, fmt.Sprintf(`attachment; filename="catalogue-%d.xlsx"`, v.Version))
	return c.Send(out.Bytes())
}

// cataloguePromise tries a version: who would get such a request, and by when.
func (s *Server) cataloguePromise(c *fiber.Ctx, v jiban.CatalogueVersion) error {
	asked := map[string]string{}
	for name, most := range map[string]int{"matter": 16, "type": 16, "region": 16, "words": longestWords} {
		var err error
		if asked[name], err = query(c, name, most); err != nil {
			return err
		}
	}
	p, err := tickets.PromiseOf(v.Catalogue, asked["matter"], jiban.RequestType(asked["type"]), asked["region"], asked["words"])
	if err != nil {
		return err
	}
	p.CoHandling = orEmpty(p.CoHandling)
	return c.JSON(p)
}

// beginCatalogue makes a draft of a version; of an old one, to go back to it.
func (s *Server) beginCatalogue(c *fiber.Ctx) error {
	in, err := body[struct {
		From int    `json:"from"` // 0: the one in force
		Note string `json:"note"`
	}](c)
	if err != nil {
		return err
	}
	v, err := s.Catalogues.Begin(c.UserContext(), who(c).ID, in.From, in.Note)
	return s.changedCatalogue(c, "catalogue.begin", v, err)
}

func (s *Server) editCatalogue(c *fiber.Ctx) error {
	in, err := body[struct {
		Revision int64        `json:"revision"`
		Edit     tickets.Edit `json:"edit"`
	}](c)
	if err != nil {
		return err
	}
	v, err := s.Catalogues.Edit(c.UserContext(), who(c).ID, in.Revision, in.Edit)
	return s.changedCatalogue(c, "catalogue.edit", v, err)
}

func (s *Server) dropCatalogue(c *fiber.Ctx) error {
	revision, err := number(c, "revision", 0, 1<<53)
	if err != nil {
		return err
	}
	v, err := s.Catalogues.Draft(c.UserContext())
	if err == nil {
		err = s.Catalogues.Drop(c.UserContext(), revision)
	}
	return s.changedCatalogue(c, "catalogue.drop", v, err)
}

// forceCatalogue puts the draft into force.
func (s *Server) forceCatalogue(c *fiber.Ctx) error {
	in, err := body[struct {
		Revision int64 `json:"revision"`
	}](c)
	if err != nil {
		return err
	}
	v, err := s.Catalogues.Force(c.UserContext(), who(c).ID, in.Revision)
	switch jiban.CodeOf(err) {
	case jiban.CodeForbidden:
		return refuse(jiban.CodeForbidden, "web.catalogue", "编辑过草稿的人不能自己启用，请另一位同事启用 (somebody else must put it into force)")
	case jiban.CodeInvalid:
		return refuse(jiban.CodeInvalid, "web.catalogue", "检查发现错误，改正后才能启用 (the check finds errors)")
	}
	return s.changedCatalogue(c, "catalogue.force", v, err)
}

// changedCatalogue records a change and answers with the version's head.
func (s *Server) changedCatalogue(c *fiber.Ctx, action string, v jiban.CatalogueVersion, err error) error {
	if err != nil {
		return err
	}
	if err := s.did(c.UserContext(), who(c), action, fmt.Sprintf("catalogue:%d", v.Version)); err != nil {
		return err
	}
	names, err := s.names(c.UserContext())
	if err != nil {
		return err
	}
	return c.JSON(catalogueHead(v, names, who(c).ID))
}

// importCatalogue reads a workbook into the draft, whole or not at all. With
// check=1 nothing is written: the answer says what would change.
func (s *Server) importCatalogue(c *fiber.Ctx) error {
	revision, err := number(c, "revision", 0, 1<<53)
	if err != nil {
		return err
	}
	note, err := query(c, "note", longestWords)
	if err != nil {
		return err
	}
	if !isType(c, workbookType) {
		return fiber.ErrUnsupportedMediaType
	}
	read, faults := sheet.Read(c.BodyRaw())
	report := fiber.Map{"faults": orEmpty(faults), "findings": []tickets.Finding{}, "changes": []tickets.Change{}}
	if len(faults) > 0 {
		return c.JSON(report)
	}
	now, err := s.Catalogues.Version(c.UserContext(), 0)
	if err != nil {
		return err
	}
	report["findings"], report["changes"] = orEmpty(tickets.Check(read)), orEmpty(tickets.Diff(now.Catalogue, read))
	if c.Query("check") == "1" {
		return c.JSON(report)
	}
	v, err := s.Catalogues.Replace(c.UserContext(), who(c).ID, revision, note, read)
	if err != nil {
		return err
	}
	report["draft"] = v.Version
	if err := s.did(c.UserContext(), who(c), "catalogue.import", fmt.Sprintf("catalogue:%d", v.Version)); err != nil {
		return err
	}
	return c.JSON(report)
}
