package web

import (
	"slices"
	"strings"
	"time"

	"jiban"
	"jiban/staff"
)

// each shapes every element; the result is never null in JSON.
func each[T, U any](vs []T, shape func(T) U) []U {
	us := make([]U, 0, len(vs))
	for _, v := range vs {
		us = append(us, shape(v))
	}
	return us
}

// at is a time as the outside reads it: Beijing time, RFC 3339, "" for none.
func at(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(jiban.Beijing).Format(time.RFC3339)
}

type accountJSON struct {
	ID           string       `json:"id"`
	Login        string       `json:"login"`
	Name         string       `json:"name"`
	Roles        []jiban.Role `json:"roles"`
	Department   string       `json:"department"`
	Region       string       `json:"region"`
	Disabled     bool         `json:"disabled"`
	LastLoginAt  string       `json:"last_login_at"`
	SecondFactor bool         `json:"second_factor"`
	Version      int64        `json:"version"`
}

func accountShape(a jiban.Account) accountJSON {
	return accountJSON{a.ID, a.Login, a.Name, a.Roles, a.Department, a.Region, a.Disabled, at(a.LastLoginAt), len(a.Second.Sealed) > 0, a.Edition}
}

// loginJSON says who is logged in and what comes next. SecondFactor is "code"
// while the session waits for one, "enrol" when one must be set up first. Actions
// are what the account may do: pages show what is in the list.
type loginJSON struct {
	Account      accountJSON    `json:"account"`
	CSRF         string         `json:"csrf"`
	MustChange   bool           `json:"must_change"`
	LastLoginAt  string         `json:"last_login_at"`
	SecondFactor string         `json:"second_factor"`
	Method       string         `json:"method"` // of the login: password or oidc
	Actions      []staff.Action `json:"actions"`
}

func loginShape(a jiban.Account, s jiban.Session) loginJSON {
	j := loginJSON{Account: accountShape(a), CSRF: s.CSRF, MustChange: a.MustChange, LastLoginAt: at(a.LastLoginAt), Method: s.Method, Actions: []staff.Action{}}
	if s.Stage == staff.StageSecond {
		// Nothing is told of the account before it is proven.
		return loginJSON{Account: accountJSON{Login: a.Login, Roles: []jiban.Role{}}, CSRF: s.CSRF, SecondFactor: "code", Actions: []staff.Action{}}
	}
	if a.MustEnrol {
		j.SecondFactor = "enrol"
	}
	for _, action := range staff.Actions() {
		if staff.May(a, action) {
			j.Actions = append(j.Actions, action)
		}
	}
	return j
}

type auditJSON struct {
	Seq       int64  `json:"seq"`
	ID        string `json:"id"`
	Actor     string `json:"actor"`
	ActorName string `json:"actor_name"`
	Action    string `json:"action"`
	Object    string `json:"object"`
	Named     string `json:"object_name"` // of an account or token, "" for others
	Result    string `json:"result"`
	At        string `json:"at"`
	Hash      string `json:"hash"`
}

// auditShape shows an entry; names are those of accounts and tokens, by their ids.
func auditShape(e jiban.ChainedEntry, names map[string]string) auditJSON {
	named := names[strings.TrimPrefix(e.Object, "account:")]
	if strings.HasPrefix(e.Object, "token:") {
		named = names[e.Object]
	}
	return auditJSON{e.Seq, e.ID, e.Actor, names[e.Actor], e.Action, e.Object, named, e.Result, at(e.At), e.Hash}
}

type handoffJSON struct {
	ID             string              `json:"id"`
	ConversationID string              `json:"conversation_id"`
	ContactID      string              `json:"contact_id"`
	Reason         jiban.HandoffReason `json:"reason"`
	Queue          string              `json:"queue"`
	Priority       int                 `json:"priority"`
	Status         jiban.HandoffStatus `json:"status"`
	AgentID        string              `json:"agent_id"`
	Summary        string              `json:"summary"`
	Draft          map[string]string   `json:"draft"`
	Matter         string              `json:"matter"`
	MatterName     string              `json:"matter_name"`
	Type           jiban.RequestType   `json:"type"`
	Articles       []string            `json:"articles"`
	Channel        string              `json:"channel"`
	CreatedAt      string              `json:"created_at"`
	AcceptedAt     string              `json:"accepted_at"`
}

func handoffShape(h jiban.Handoff, channel string, cat jiban.Catalogue) handoffJSON {
	if h.Draft == nil {
		h.Draft = map[string]string{}
	}
	return handoffJSON{h.ID, h.ConversationID, h.ContactID, h.Reason, h.Queue, h.Priority, h.Status, h.AgentID,
		h.Summary, h.Draft, h.Matter, matterName(cat, h.Matter), h.Type, orEmpty(h.Articles), channel, at(h.CreatedAt), at(h.AcceptedAt)}
}

type deliveryJSON struct {
	Status jiban.DeliveryStatus `json:"status"`
	Path   jiban.Path           `json:"path"`
}

type messageJSON struct {
	Type        string             `json:"type"`
	Seq         int64              `json:"seq"`
	ID          string             `json:"id"`
	Author      jiban.Author       `json:"author"`
	Direction   jiban.Direction    `json:"direction"`
	Text        string             `json:"text"`
	Kind        jiban.MessageKind  `json:"kind"`
	Options     []jiban.Option     `json:"options,omitempty"`
	Citations   []jiban.Citation   `json:"citations,omitempty"`
	Location    *jiban.Location    `json:"location,omitempty"`
	Attachments []jiban.Attachment `json:"attachments,omitempty"`
	Generated   bool               `json:"generated"`
	At          string             `json:"at"`
	Delivery    *deliveryJSON      `json:"delivery,omitempty"`
}

// messageShape is the chat's frame with direction and delivery.
func messageShape(m jiban.Message) messageJSON {
	j := messageJSON{Type: "message", Seq: m.Seq, ID: m.ID, Author: m.Author, Direction: m.Direction,
		Text: m.Content.Text, Kind: m.Content.Kind, Options: m.Content.Options, Citations: m.Content.Citations,
		Location: m.Content.Location, Attachments: m.Content.Attachments, Generated: m.Content.Generated, At: at(m.CreatedAt)}
	if m.Direction == jiban.Outbound {
		j.Delivery = &deliveryJSON{m.Delivery.Status, m.Delivery.Path}
	}
	return j
}

// told leaves out the reminders that wait for their time, or that were let go.
func told(ms []jiban.Message) []jiban.Message {
	return slices.DeleteFunc(slices.Clone(ms), untold)
}

func untold(m jiban.Message) bool {
	return m.Direction == jiban.Outbound && m.Content.Kind == "" && m.Delivery.Kind.Lapses()
}

type ticketJSON struct {
	Number         string             `json:"number"`
	Kind           string             `json:"kind"`
	Type           jiban.RequestType  `json:"type"`
	Matter         string             `json:"matter"`
	MatterName     string             `json:"matter_name"`
	Title          string             `json:"title"`
	Region         string             `json:"region"`
	RegionName     string             `json:"region_name"`
	Department     string             `json:"department"`
	DepartmentName string             `json:"department_name"`
	Status         jiban.TicketStatus `json:"status"`
	Fields         map[string]string  `json:"fields"`
	Confidential   bool               `json:"confidential"`
	Anonymous      bool               `json:"anonymous"`
	Urgent         bool               `json:"urgent"`
	DueAt          string             `json:"due_at"`
	CreatedAt      string             `json:"created_at"`
	UpdatedAt      string             `json:"updated_at"`
	Reply          string             `json:"reply"`
	Solved         string             `json:"solved"`
	Satisfied      string             `json:"satisfied"`
	Returned       int                `json:"returned"`
	Urged          int                `json:"urged"`
	Reopened       int                `json:"reopened"`
	workJSON
}

// ticketShape shows a ticket as the account may see it.
func ticketShape(t jiban.Ticket, a jiban.Account, cat jiban.Catalogue) ticketJSON {
	m := maskFor(a, t)
	return ticketJSON{t.Number, t.Kind, t.Type, t.Matter, matterName(cat, t.Matter), m.text(t.Title),
		t.Region, regionName(cat, t.Region), t.Department, t.DepartmentName, t.Status, m.fields(t.Fields),
		t.Confidential, t.Anonymous, t.Urgent, at(t.DueAt), at(t.CreatedAt), at(t.UpdatedAt),
		m.text(t.Reply), t.Solved, t.Satisfied, t.Returned, t.Urged, t.Reopened, workShape(&t, a)}
}

type ticketEventJSON struct {
	Seq   int64                 `json:"seq"`
	Kind  jiban.TicketEventKind `json:"kind"`
	Actor string                `json:"actor"`
	By    byJSON                `json:"by"`
	Data  map[string]string     `json:"data"`
	At    string                `json:"at"`
}

type alertJSON struct {
	ID             string `json:"id"`
	ConversationID string `json:"conversation_id"`
	Kind           string `json:"kind"`
	Text           string `json:"text"`
	CreatedAt      string `json:"created_at"`
	SeenBy         string `json:"seen_by"`
}

func alertShape(a jiban.Alert) alertJSON {
	return alertJSON{a.ID, a.ConversationID, a.Kind, a.Text, at(a.CreatedAt), a.SeenBy}
}

// articleShape gives an article's times in Beijing time.
func articleShape(a jiban.Article) jiban.Article {
	for _, t := range []*time.Time{&a.ValidFrom, &a.ValidTo, &a.UpdatedAt} {
		if !t.IsZero() {
			*t = t.In(jiban.Beijing)
		}
	}
	return a
}

type matterJSON struct {
	Code     string              `json:"code"`
	Name     string              `json:"name"`
	NameEN   string              `json:"name_en"`
	Category string              `json:"category"`
	Types    []jiban.RequestType `json:"types"`
	Form     jiban.Form          `json:"form"`
}

func matterShape(m jiban.Matter) matterJSON {
	return matterJSON{m.Code, m.Name, m.NameEN, m.Category, m.Types, m.Form}
}

func matterName(cat jiban.Catalogue, code string) string {
	for i := range cat.Matters {
		if cat.Matters[i].Code == code {
			return cat.Matters[i].Name
		}
	}
	return ""
}

func regionName(cat jiban.Catalogue, code string) string {
	for i := range cat.Regions {
		if cat.Regions[i].Code == code {
			return cat.Regions[i].Name
		}
	}
	return ""
}

func hasDepartment(cat jiban.Catalogue, id string) bool {
	for i := range cat.Departments {
		if cat.Departments[i].ID == id {
			return true
		}
	}
	return false
}
