package web

import (
	"github.com/gofiber/fiber/v2"

	"jiban"
)

type templateJSON struct {
	ID         string `json:"id"`
	Department string `json:"department"`
	Title      string `json:"title"`
	Text       string `json:"text"`
	UpdatedBy  string `json:"updated_by"`
	UpdatedAt  string `json:"updated_at"`
	Version    int64  `json:"version"`
}

func templateShape(t jiban.ReplyTemplate) templateJSON {
	return templateJSON{t.ID, t.Department, t.Title, t.Text, t.UpdatedBy, at(t.UpdatedAt), t.Version}
}

// templates lists the templates of the own department.
func (s *Server) templates(c *fiber.Ctx) error {
	all, err := s.Templates.ReplyTemplates(c.UserContext(), who(c).Department)
	if err != nil {
		return err
	}
	return c.JSON(fiber.Map{"templates": each(all, templateShape)})
}

func (s *Server) addTemplate(c *fiber.Ctx) error {
	m := who(c)
	if m.Department == "" {
		return refuse(jiban.CodeInvalid, "web.templates", "您的账号没有单位 (the account has no department)")
	}
	all, err := s.Templates.ReplyTemplates(c.UserContext(), m.Department)
	if err != nil {
		return err
	}
	if len(all) >= mostTemplates {
		return refuse(jiban.CodeConflict, "web.templates", "模板已满，请先删除不用的 (too many templates: drop some first)")
	}
	return s.putTemplate(c, jiban.ReplyTemplate{ID: s.IDs.NewID(), Department: m.Department})
}

// templateOf loads the template that the path names, of the own department.
func (s *Server) templateOf(c *fiber.Ctx) (jiban.ReplyTemplate, error) {
	id, err := param(c, "id")
	if err != nil {
		return jiban.ReplyTemplate{}, err
	}
	t, err := s.Templates.ReplyTemplate(c.UserContext(), id)
	if err == nil && t.Department != who(c).Department {
		err = notFound("web.templates", "template %s is another department's", id)
	}
	return t, err
}

func (s *Server) saveTemplate(c *fiber.Ctx) error {
	t, err := s.templateOf(c)
	if err != nil {
		return err
	}
	return s.putTemplate(c, t)
}

// putTemplate writes a template as the body says. The version is the one that was
// seen.
func (s *Server) putTemplate(c *fiber.Ctx, t jiban.ReplyTemplate) error {
	const op = "web.templates"
	m := who(c)
	in, err := body[struct {
		Title   string `json:"title"`
		Text    string `json:"text"`
		Version int64  `json:"version"`
	}](c)
	if err == nil {
		err = text(op, "模板名称", in.Title, longestTitle)
	}
	if err == nil {
		err = text(op, "模板内容", in.Text, longestReply)
	}
	if err != nil {
		return err
	}
	if in.Version != t.Version {
		return jiban.Errorf(jiban.CodeConflict, op, "template %s was changed since it was seen", t.ID)
	}
	t.Title, t.Text, t.UpdatedBy, t.UpdatedAt = in.Title, in.Text, m.ID, s.Clock.Now()
	if err := s.Templates.SaveReplyTemplate(c.UserContext(), t, s.entry(m, "template.save", "template:"+t.ID)); err != nil {
		return err
	}
	t.Version++
	return c.JSON(templateShape(t))
}

func (s *Server) dropTemplate(c *fiber.Ctx) error {
	t, err := s.templateOf(c)
	if err != nil {
		return err
	}
	if err := s.Templates.DropReplyTemplate(c.UserContext(), t.ID, s.entry(who(c), "template.drop", "template:"+t.ID)); err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}

// entry is one entry of the audit record, to be written with what it tells of.
func (s *Server) entry(m member, action, object string) []jiban.AuditEntry {
	return []jiban.AuditEntry{{ID: s.IDs.NewID(), Actor: m.ID, Action: action, Object: object, Result: "ok", At: s.Clock.Now()}}
}
