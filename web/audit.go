package web

import (
	"bytes"
	"context"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"jiban"
)

// The limits of the record's pages.
const (
	pageOfAudit = 100
	mostAudit   = 500
	mostExport  = 50_000 // entries of one answer; the next begins after the last
	glanceTime  = 10 * time.Minute
)

// viewed records that a member of staff saw personal data.
func (s *Server) viewed(ctx context.Context, m member, object string) error {
	return s.Staff.Audit(ctx, jiban.AuditEntry{Actor: m.ID, Action: "view", Object: object, Result: "ok"})
}

// glanced records a view of what screens load again and again, once in ten
// minutes for each person.
func (s *Server) glanced(ctx context.Context, m member, object string) error {
	n, err := s.Shared.Count(ctx, "glance:"+m.ID+":"+object, 1, glanceTime)
	if err != nil {
		s.Log.WarnContext(ctx, "a repeated view could not be told from a first one", "error", err)
	} else if n > 1 {
		return nil
	}
	return s.viewed(ctx, m, object)
}

// did records a change that a member of staff made.
func (s *Server) did(ctx context.Context, m member, action, object string) error {
	return s.Staff.Audit(ctx, jiban.AuditEntry{Actor: m.ID, Action: action, Object: object, Result: "ok"})
}

// auditFilter reads what to search the record for. An actor may be given by
// login, times are RFC 3339 or days in Beijing.
func (s *Server) auditFilter(c *fiber.Ctx) (jiban.AuditFilter, error) {
	var f jiban.AuditFilter
	var err error
	for name, into := range map[string]*string{"actor": &f.Actor, "action": &f.Action, "object": &f.Object} {
		if *into, err = query(c, name, 128); err != nil {
			return f, err
		}
	}
	for name, into := range map[string]*time.Time{"since": &f.Since, "until": &f.Until} {
		if *into, err = moment(c, name); err != nil {
			return f, err
		}
	}
	if f.Before, err = number(c, "before", 0, 1<<53); err != nil {
		return f, err
	}
	if f.After, err = number(c, "after", 0, 1<<53); err != nil {
		return f, err
	}
	limit, err := number(c, "limit", pageOfAudit, mostAudit)
	if err != nil {
		return f, err
	}
	f.Limit = int(limit)
	return f, s.resolveActor(c.UserContext(), &f)
}

func (s *Server) resolveActor(ctx context.Context, f *jiban.AuditFilter) error {
	if f.Actor == "" {
		return nil
	}
	switch a, err := s.Staff.ByLogin(ctx, f.Actor); jiban.CodeOf(err) {
	case "":
		f.Actor = a.ID
		return nil
	case jiban.CodeNotFound:
		return nil
	default:
		return err
	}
}

// moment reads a query parameter that is a time; a day ends, as "until", with
// itself.
func moment(c *fiber.Ctx, name string) (time.Time, error) {
	v, err := query(c, name, 40)
	if err != nil || v == "" {
		return time.Time{}, err
	}
	if t, err := time.Parse(time.RFC3339, v); err == nil {
		return t, nil
	}
	t, err := time.ParseInLocation(time.DateOnly, v, jiban.Beijing)
	if err != nil {
		return t, refuse(jiban.CodeInvalid, "web.audit", "时间格式不对 (a time: RFC 3339 or YYYY-MM-DD)")
	}
	if name == "until" {
		t = t.AddDate(0, 0, 1)
	}
	return t, nil
}

// audit searches the record of what staff did, newest first.
func (s *Server) audit(c *fiber.Ctx) error {
	f, err := s.auditFilter(c)
	if err != nil {
		return err
	}
	f.Forward = f.After > 0
	es, err := s.Staff.SearchAudit(c.UserContext(), f)
	if err != nil {
		return err
	}
	people, err := s.names(c.UserContext())
	if err != nil {
		return err
	}
	return c.JSON(fiber.Map{"entries": each(es, func(e jiban.ChainedEntry) auditJSON { return auditShape(e, people) })})
}

// names maps the ids of accounts and tokens to what people call them.
func (s *Server) names(ctx context.Context) (map[string]string, error) {
	as, err := s.Staff.List(ctx)
	if err != nil {
		return nil, err
	}
	ts, err := s.Staff.Tokens(ctx)
	if err != nil {
		return nil, err
	}
	names := map[string]string{"system": "系统"}
	for _, a := range as {
		names[a.ID] = a.Name + "（" + a.Login + "）"
	}
	for _, t := range ts {
		names["token:"+t.ID] = "令牌 " + t.Name
	}
	return names, nil
}

// verifyAudit checks the chain of the record. That it is broken is an answer, not
// a failure of the request.
func (s *Server) verifyAudit(c *fiber.Ctx) error {
	n, err := s.Staff.VerifyAudit(c.UserContext())
	if err != nil && jiban.CodeOf(err) != jiban.CodeConflict {
		return err
	}
	return c.JSON(fiber.Map{"entries": n, "ok": err == nil})
}

// exportAudit gives the record as JSON lines. Where there are more than one answer
// holds, the header says after which entry to go on.
func (s *Server) exportAudit(c *fiber.Ctx) error {
	f, err := s.auditFilter(c)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	n, last, err := s.Staff.ExportAudit(c.UserContext(), &out, f, mostExport)
	if err != nil {
		return err
	}
	if n == mostExport {
		c.Set("X-Jiban-After", strconv.FormatInt(last, 10))
	}
	c.Set(fiber.HeaderContentType, "application/jsonl; charset=utf-8")
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="audit.jsonl"`)
	return c.Send(out.Bytes())
}
