package web

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/gofiber/fiber/v2"

	"jiban"
	"jiban/calendar"
	"jiban/staff"
	"jiban/tickets"
)

// supervisionRoutes are the doors to what departments are held to, and to what
// handlers work with beside tickets.
func (s *Server) supervisionRoutes() []staffRoute {
	const get, post, put, del = fiber.MethodGet, fiber.MethodPost, fiber.MethodPut, fiber.MethodDelete
	return []staffRoute{
		{get, "/colleagues", staff.ActTicketHandle, s.colleagues, inUse},
		{get, "/figures/tickets", staff.ActFigures, s.ticketFigures, inUse},
		{get, "/papers", staff.ActPapers, s.papers, inUse},
		{post, "/papers/:id/done", staff.ActPapers, s.paperDone, inUse},
		{get, "/templates", staff.ActTicketHandle, s.templates, inUse},
		{post, "/templates", staff.ActTicketHandle, s.addTemplate, inUse},
		{put, "/templates/:id", staff.ActTicketHandle, s.saveTemplate, inUse},
		{del, "/templates/:id", staff.ActTicketHandle, s.dropTemplate, inUse},

		{get, "/incidents", staff.ActIncidentView, s.listIncidents, inUse},
		{post, "/incidents", staff.ActIncidents, s.announceIncident, inUse},
		{put, "/incidents/:id", staff.ActIncidents, s.announceFound, inUse},
		{post, "/incidents/:id/attach", staff.ActIncidents, s.attachIncident, inUse},
		{post, "/incidents/:id/answer", staff.ActIncidents, s.answerIncident, inUse},
		{post, "/incidents/:id/dismiss", staff.ActIncidents, s.dismissIncident, inUse},

		{get, "/rules", staff.ActRulesView, s.rules, inUse},
		{put, "/rules", staff.ActRules, s.saveRules, inUse},
		{get, "/calendar", staff.ActRulesView, s.workCalendar, inUse},
		{post, "/calendar", staff.ActCalendar, s.importYears, inUse},
	}
}

// rules gives the rules of supervision in force.
func (s *Server) rules(c *fiber.Ctx) error { return c.JSON(s.Supervision.Rules()) }

// saveRules puts others into force; what is left out begins with its default.
func (s *Server) saveRules(c *fiber.Ctx) error {
	raw, err := body[json.RawMessage](c)
	if err != nil {
		return err
	}
	r, err := tickets.ReadRules(func(into any) error { return decode(raw, into) })
	if err != nil {
		return err
	}
	if err := r.Check(); err != nil {
		return refuse(jiban.CodeInvalid, "web.rules", "规则有误："+plain(err)+" (the rules cannot be so)")
	}
	if err := s.Supervision.SaveRules(c.UserContext(), r, recorded(c, "rules")); err != nil {
		return err
	}
	return s.rules(c)
}

// plain is what an error about a file or a rule says: these name an entry of what
// staff wrote, never a person.
func plain(err error) string {
	var e *jiban.Error
	if errors.As(err, &e) && e.Err != nil {
		return e.Err.Error()
	}
	return err.Error()
}

type yearJSON struct {
	Year   int      `json:"year"`
	Notice string   `json:"notice"`
	Off    []string `json:"off"` // YYYY-MM-DD
	Work   []string `json:"work"`
}

func yearShape(y calendar.Year) yearJSON {
	return yearJSON{y.Year, y.Notice, each(y.Off, calendar.Date.String), each(y.Work, calendar.Date.String)}
}

// workCalendar gives the known years of holidays, and why due times may be wrong.
func (s *Server) workCalendar(c *fiber.Ctx) error {
	return c.JSON(fiber.Map{"years": each(s.Supervision.Years(), yearShape), "warning": s.Supervision.CalendarWarning()})
}

// importYears takes in years of holidays, or only says what is in the file.
func (s *Server) importYears(c *fiber.Ctx) error {
	in, err := body[struct {
		Text  string `json:"text"`
		Check bool   `json:"check"`
	}](c)
	if err != nil {
		return err
	}
	if strings.TrimSpace(in.Text) == "" {
		return refuse(jiban.CodeInvalid, "web.calendar", "请选择节假日文件 (the file is empty)")
	}
	years, err := calendar.Import(strings.NewReader(in.Text))
	if err != nil {
		return refuse(jiban.CodeInvalid, "web.calendar", "节假日文件有误："+plain(err)+" (the file cannot be read)")
	}
	changed := 0
	if !in.Check {
		if changed, err = s.Supervision.ImportYears(c.UserContext(), years, recorded(c, "calendar.import")); err != nil {
			return err
		}
	}
	return c.JSON(fiber.Map{"years": each(years, yearShape), "changed": changed, "warning": s.Supervision.CalendarWarning()})
}
