package web

import (
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"jiban"
	"jiban/staff"
)

type incidentJSON struct {
	ID         string              `json:"id"`
	State      jiban.IncidentState `json:"state"`
	Matter     string              `json:"matter"`
	MatterName string              `json:"matter_name"`
	Region     string              `json:"region"`
	RegionName string              `json:"region_name"`
	Cause      string              `json:"cause"`
	Text       string              `json:"text"`
	Until      string              `json:"until"`
	Answer     string              `json:"answer"`
	Tickets    int                 `json:"tickets"`
	CreatedAt  string              `json:"created_at"`
	UpdatedAt  string              `json:"updated_at"`
	Version    int64               `json:"version"`
}

func (s *Server) incidentShape(i jiban.Incident) incidentJSON {
	cat := s.Tickets.Catalogue()
	return incidentJSON{i.ID, i.State, i.Matter, matterName(cat, i.Matter), i.Region, regionName(cat, i.Region), i.Cause, i.Text,
		at(i.Until), i.Answer, i.Tickets, at(i.CreatedAt), at(i.UpdatedAt), i.Version}
}

// listIncidents lists incidents of the account's region, newest first.
func (s *Server) listIncidents(c *fiber.Ctx) error {
	asked, err := query(c, "state", 64)
	if err != nil {
		return err
	}
	var states []jiban.IncidentState
	for _, st := range strings.FieldsFunc(asked, func(r rune) bool { return r == ',' }) {
		if !oneOf(st, "found open answered closed") {
			return refuse(jiban.CodeInvalid, "web.incidents", "没有这个事件状态 (no such state)")
		}
		states = append(states, jiban.IncidentState(st))
	}
	all, err := s.Incidents.Incidents(c.UserContext(), states...)
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(i jiban.Incident) bool { return !staff.Covers(who(c).Account, i.Region) })
	return c.JSON(fiber.Map{"incidents": each(all, s.incidentShape)})
}

// announceIncident makes an incident known.
func (s *Server) announceIncident(c *fiber.Ctx) error { return s.announce(c, jiban.Incident{}) }

// announceFound makes one known that was found, or says another in other words.
func (s *Server) announceFound(c *fiber.Ctx) error {
	i, err := s.incidentOf(c)
	if err != nil {
		return err
	}
	if i.State != jiban.IncidentFound && i.State != jiban.IncidentOpen {
		return refuse(jiban.CodeConflict, "web.incidents", "事件已答复或关闭，不能再修改 (it is answered or closed)")
	}
	return s.announce(c, i)
}

func (s *Server) announce(c *fiber.Ctx, i jiban.Incident) error {
	const op = "web.incidents"
	m := who(c)
	in, err := body[struct {
		Matter  string `json:"matter"`
		Region  string `json:"region"`
		Cause   string `json:"cause"`
		Text    string `json:"text"`
		Until   string `json:"until"`
		Version int64  `json:"version"`
	}](c)
	if err == nil {
		err = text(op, "事件原因", in.Cause, longestReason)
	}
	if err == nil {
		err = text(op, "告知内容", in.Text, longestReason)
	}
	if err != nil {
		return err
	}
	cat := s.Tickets.Catalogue()
	until, err := someTime(in.Until)
	switch {
	case err != nil, !until.IsZero() && !until.After(s.Clock.Now()):
		return refuse(jiban.CodeInvalid, op, "预计恢复时间须晚于现在 (a time to come)")
	case regionName(cat, in.Region) == "":
		return refuse(jiban.CodeInvalid, op, "请选择影响区域 (unknown region)")
	case !staff.Covers(m.Account, in.Region):
		return refuse(jiban.CodeForbidden, op, "该区划不在您的工作范围内 (the region is outside your scope)")
	case in.Matter != "" && matterName(cat, in.Matter) == "":
		return refuse(jiban.CodeInvalid, op, "请选择事项 (unknown matter)")
	case in.Version != 0 && in.Version != i.Version:
		return jiban.Errorf(jiban.CodeConflict, op, "incident %s was changed since it was seen", i.ID)
	}
	i.Matter, i.Region, i.Cause, i.Text, i.Until = in.Matter, in.Region, in.Cause, in.Text, until
	i, err = s.Incidents.Announce(c.UserContext(), i, m.ID, recorded(c, "incident.announce"))
	if err != nil {
		return err
	}
	return c.JSON(s.incidentShape(i))
}

// recorded is the entry of the record that the room writes together with what somebody
// does.
func recorded(c *fiber.Ctx, action string) jiban.AuditEntry {
	return jiban.AuditEntry{Actor: who(c).ID, Action: action, Result: "ok"}
}

// someTime reads a time that may be absent.
func someTime(v string) (time.Time, error) {
	if v == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, v)
	if err != nil {
		return t, refuse(jiban.CodeInvalid, "web.time", "时间格式不对，请重新选择 (not a time)")
	}
	return t.UTC(), nil
}

// incidentOf loads the incident that the path names, within the account's region.
func (s *Server) incidentOf(c *fiber.Ctx) (jiban.Incident, error) {
	id, err := param(c, "id")
	if err != nil {
		return jiban.Incident{}, err
	}
	i, err := s.Incidents.Incident(c.UserContext(), id)
	if err == nil && !staff.Covers(who(c).Account, i.Region) {
		err = notFound("web.incidents", "incident %s is outside the scope of %s", id, who(c).ID)
	}
	return i, err
}

// attachIncident joins the open requests of its matter and area since a time.
func (s *Server) attachIncident(c *fiber.Ctx) error {
	in, err := body[struct {
		Since string `json:"since"`
	}](c)
	if err != nil {
		return err
	}
	since, err := someTime(in.Since)
	if err != nil {
		return err
	}
	i, err := s.incidentOf(c)
	if err != nil {
		return err
	}
	if i.State != jiban.IncidentOpen {
		return refuse(jiban.CodeConflict, "web.incidents", "请先公告事件，再归并工单 (announce it first)")
	}
	n, err := s.Incidents.Attach(c.UserContext(), i.ID, since, who(c).ID, recorded(c, "incident.attach"))
	if err != nil {
		return err
	}
	if err := s.did(c.UserContext(), who(c), "incident.attach", "incident:"+i.ID); err != nil {
		return err
	}
	return c.JSON(fiber.Map{"tickets": n})
}

// answerIncident gives one answer to everybody.
func (s *Server) answerIncident(c *fiber.Ctx) error {
	in, err := body[struct {
		Text string `json:"text"`
	}](c)
	if err == nil {
		err = text("web.incidents", "答复内容", in.Text, longestReply)
	}
	if err != nil {
		return err
	}
	return s.endIncident(c, func(id string) error {
		return s.Incidents.AnswerIncident(c.UserContext(), id, in.Text, who(c).ID, recorded(c, "incident.answer"))
	})
}

// dismissIncident ends one that was none, or is over.
func (s *Server) dismissIncident(c *fiber.Ctx) error {
	return s.endIncident(c, func(id string) error {
		return s.Incidents.DismissIncident(c.UserContext(), id, recorded(c, "incident.dismiss"))
	})
}

func (s *Server) endIncident(c *fiber.Ctx, end func(id string) error) error {
	i, err := s.incidentOf(c)
	if err != nil {
		return err
	}
	if err := end(i.ID); err != nil {
		return err
	}
	if i, err = s.Incidents.Incident(c.UserContext(), i.ID); err != nil {
		return err
	}
	return c.JSON(s.incidentShape(i))
}
