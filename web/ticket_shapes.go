package web

import (
	"context"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"jiban"
	"jiban/staff"
	"jiban/tickets"
)

// clockJSON is where a ticket stands in its time.
type clockJSON struct {
	Due         string  `json:"due"`
	Since       string  `json:"since"`
	Share       float64 `json:"share"` // of the limit that is used up, in the department's working time, without pauses
	Paused      string  `json:"paused"`
	PausedUntil string  `json:"paused_until"`
	SignBy      string  `json:"sign_by"`
	ContactBy   string  `json:"contact_by"`
	ReturnBy    string  `json:"return_by"`
	ReviewBy    string  `json:"review_by"`
	SignedAt    string  `json:"signed_at"`
	ContactedAt string  `json:"contacted_at"`
}

// clockShape leaves the share of the limit to who knows the calendars.
func clockShape(t *jiban.Ticket) clockJSON {
	l := &t.Life
	return clockJSON{at(t.DueAt), at(or(l.TermAt, t.CreatedAt)), 0, l.Paused, at(l.PausedUntil), at(l.SignBy), at(l.ContactBy), at(l.ReturnBy),
		at(l.ReviewBy), at(l.SignedAt), at(l.ContactedAt)}
}

type linkJSON struct {
	Kind   string `json:"kind"` // repeat_of, merged_into, parent, voice or incident
	Number string `json:"number"`
}

type partJSON struct {
	Number         string             `json:"number"`
	Department     string             `json:"department"`
	DepartmentName string             `json:"department_name"`
	Status         jiban.TicketStatus `json:"status"`
	CreatedAt      string             `json:"created_at"`
	DueAt          string             `json:"due_at"`
	Asked          string             `json:"asked"`
	Reply          string             `json:"reply"`
}

type paperJSON struct {
	ID         string          `json:"id"`
	Number     string          `json:"number"`
	Kind       string          `json:"kind"`
	To         jiban.Addressee `json:"to"`
	Department string          `json:"department"`
	Text       string          `json:"text"`
	CreatedAt  string          `json:"created_at"`
	DoneAt     string          `json:"done_at"`
	DoneBy     string          `json:"done_by"`
	Result     string          `json:"result"`
}

func paperShape(t jiban.TicketTask) paperJSON {
	return paperJSON{t.ID, t.Number, t.Kind, t.To, t.Department, t.Text, at(t.CreatedAt), at(t.DoneAt), t.DoneBy, t.Result}
}

type proposalJSON struct {
	Department     string  `json:"department"`
	DepartmentName string  `json:"department_name"`
	Matter         string  `json:"matter"`
	MatterName     string  `json:"matter_name"`
	Confidence     float64 `json:"confidence"`
	Reason         string  `json:"reason"`
}

// workJSON is the part of a ticket that its life is worked with. Links and what
// follows are there where one ticket is shown, proposals in the dispatcher's inbox
// too.
type workJSON struct {
	Version   int64               `json:"version"`
	Pending   jiban.TicketPending `json:"pending"`
	Decider   jiban.ActingAs      `json:"decider"`
	Light     jiban.Light         `json:"light"`
	Hold      string              `json:"hold"`
	Parent    string              `json:"parent"`
	Incident  string              `json:"incident"`
	Handler   string              `json:"handler"`
	Clock     clockJSON           `json:"clock"`
	Voices    int                 `json:"voices"`
	Extended  int                 `json:"extended"`
	Accused   []string            `json:"accused,omitempty"`
	Duties    []string            `json:"duties,omitempty"`
	Links     []linkJSON          `json:"links,omitempty"`
	Tasks     []partJSON          `json:"tasks,omitempty"`
	Papers    []paperJSON         `json:"papers,omitempty"`
	Proposals []proposalJSON      `json:"proposals,omitempty"`
}

func workShape(t *jiban.Ticket, a jiban.Account) workJSON {
	l := &t.Life
	w := workJSON{Version: t.Version, Pending: t.Pending, Decider: l.Decider, Light: or(l.Light, jiban.LightGreen), Hold: l.Hold, Parent: t.Parent,
		Incident: t.Incident, Handler: l.Handler, Clock: clockShape(t), Voices: l.Voices, Extended: l.Extended}
	if staff.May(a, staff.ActTicketDesk) && !staff.OwnDepartmentOnly(a) {
		w.Accused = l.Accused
	}
	return w
}

// sendTicket answers with a ticket whole. One that has left the account's scope is
// only named: what others do with it is no more for this one to see.
func (s *Server) sendTicket(c *fiber.Ctx, m member, t jiban.Ticket) error {
	if !staff.SeesTicket(m.Account, t) {
		gone := jiban.Ticket{Number: t.Number, Kind: t.Kind, Status: t.Status, Version: t.Version}
		return c.JSON(s.ticketFor(m)(gone))
	}
	events, err := s.Tickets.Events(c.UserContext(), t.Number)
	if err != nil {
		return err
	}
	j, err := s.wholeTicket(c.UserContext(), m, t, events)
	if err != nil {
		return err
	}
	return c.JSON(j)
}

// wholeTicket is a ticket with all that belongs to it and what this account may do
// now.
func (s *Server) wholeTicket(ctx context.Context, m member, t jiban.Ticket, events []jiban.TicketEvent) (ticketJSON, error) {
	j := s.ticketFor(m)(t)
	j.Links = linksOf(&t, events)
	for _, step := range []func(context.Context, member, *jiban.Ticket, *ticketJSON) error{s.addParts, s.addPapers, s.addProposals, s.addDuties} {
		if err := step(ctx, m, &t, &j); err != nil {
			return j, err
		}
	}
	return j, nil
}

func linksOf(t *jiban.Ticket, events []jiban.TicketEvent) []linkJSON {
	all := []linkJSON{{"parent", t.Parent}, {"repeat_of", t.Life.RepeatOf}, {"merged_into", t.Life.MergedInto}, {"incident", t.Incident}}
	for i := range events {
		if events[i].Kind == jiban.EventVoice {
			all = append(all, linkJSON{"voice", events[i].Data["from"]})
		}
	}
	var known []linkJSON
	for _, l := range all {
		if l.Number != "" {
			known = append(known, l)
		}
	}
	return known
}

// addParts adds what other departments do for the request, to be merged into one
// answer.
func (s *Server) addParts(ctx context.Context, m member, t *jiban.Ticket, j *ticketJSON) error {
	if t.Kind == "task" {
		return nil
	}
	parts, err := s.Tickets.List(ctx, jiban.TicketFilter{Parent: t.Number, Limit: 50})
	for _, p := range parts {
		hidden := maskFor(m.Account, p)
		j.Tasks = append(j.Tasks, partJSON{p.Number, p.Department, p.DepartmentName, p.Status, at(p.CreatedAt), at(p.DueAt), hidden.text(p.Fields["asked"]), hidden.text(p.Reply)})
	}
	return err
}

func (s *Server) addPapers(ctx context.Context, m member, t *jiban.Ticket, j *ticketJSON) error {
	f := jiban.TaskFilter{Number: t.Number, Limit: 100}
	if staff.OwnDepartmentOnly(m.Account) {
		f.Department = m.Department
	}
	papers, err := s.Tickets.Tasks(ctx, f)
	j.Papers = each(papers, paperShape)
	return err
}

// addProposals adds the best departments for those who dispatch.
func (s *Server) addProposals(ctx context.Context, m member, t *jiban.Ticket, j *ticketJSON) error {
	open := oneOf(string(t.Status), "accepted dispatched handling")
	if !open || t.Kind == "callback" || !staff.May(m.Account, staff.ActTicketDispatch) {
		return nil
	}
	ps, err := s.Tickets.Propose(ctx, t.Number)
	cat := s.Tickets.Catalogue()
	j.Proposals = each(ps, func(p tickets.Proposal) proposalJSON {
		return proposalJSON{p.Department.ID, p.Department.Name, p.Matter, matterName(cat, p.Matter), p.Confidence, p.Reason}
	})
	return err
}

// addDuties adds what this account may do with the ticket now. The tickets room
// tries each command that the account's permissions hold, so that a page that
// shows only these shows none that fails.
func (s *Server) addDuties(ctx context.Context, m member, t *jiban.Ticket, j *ticketJSON) error {
	var paths []string
	var actions []jiban.TicketAction
	for _, cmd := range commands() {
		if !staff.May(m.Account, cmd.action) || cmd.suits(m, t) != nil {
			continue
		}
		paths = append(paths, cmd.path)
		actions = append(actions, jiban.TicketAction{Kind: cmd.kind, Number: t.Number, Actor: m.ID, As: actingAs(m, cmd.action), Data: s.trial(&cmd, t)})
	}
	possible, err := s.Tickets.Try(ctx, t.Number, actions)
	for i, yes := range possible {
		if yes {
			j.Duties = append(j.Duties, paths[i])
		}
	}
	if err != nil {
		return err
	}
	if may, err := s.mayAttach(ctx, m, t); err != nil || !may {
		return err
	}
	j.Duties = append(j.Duties, "files")
	return nil
}

// trial fills a command in as somebody could.
func (s *Server) trial(cmd *command, t *jiban.Ticket) map[string]string {
	data := map[string]string{}
	for _, i := range cmd.inputs {
		switch {
		case i.key == "anyway" && len(t.Life.OpenTasks) > 0:
			data[i.key] = "yes" // with a reason the answer need not wait
		case oneOf(i.key, "department co accused into matter type region more anyway"):
		case i.key == "due_at":
			later := s.Clock.Now()
			if t.DueAt.After(later) {
				later = t.DueAt
			}
			data["due"] = later.Add(24 * time.Hour).UTC().Format(time.RFC3339)
		case i.choices != "":
			data[i.key], _, _ = strings.Cut(i.choices, " ")
		default:
			data[i.key] = "trial"
		}
	}
	if cmd.path == "pause" {
		data["reason"] = s.plainPause()
	}
	return data
}

// plainPause is a reason for a pause that asks the person nothing, else any.
func (s *Server) plainPause() string {
	reason := ""
	for _, p := range s.Supervision.Rules().Pauses {
		if !p.Asks || reason == "" {
			reason = p.Reason
		}
	}
	return reason
}
