package web

import (
	"strings"
	"time"

	"jiban"
)

type personJSON struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"` // masked
	Lang      jiban.Lang `json:"lang"`
	Roster    bool       `json:"roster"`
	OptedOut  bool       `json:"opted_out"`
	Sensitive bool       `json:"sensitive"` // a reason is asked for before anything is unmasked
	CreatedAt string     `json:"created_at"`
}

func personShape(p person) personJSON {
	return personJSON{p.ID, hide(p.Name), p.Lang, p.Roster, p.OptedOut, p.sensitive, at(p.CreatedAt)}
}

type addressJSON struct {
	Kind     string `json:"kind"`
	Masked   string `json:"masked"`
	Proof    string `json:"proof"` // how it was shown to be the person's, "" when it was not
	ProvedBy string `json:"proved_by"`
	ProvedAt string `json:"proved_at"`
}

func addressShape(a jiban.Address, proofs []jiban.Proof, names map[string]string) addressJSON {
	kind, _, _ := strings.Cut(string(a), ":")
	j := addressJSON{Kind: kind, Masked: hide(spoken(a))}
	for _, p := range proofs {
		if p.Address == a {
			j.Proof, j.ProvedBy, j.ProvedAt = p.How, named(p.By, names), at(p.At)
		}
	}
	return j
}

// spoken is an address as people say it: without its kind, and a number of this
// country without the country.
func spoken(a jiban.Address) string {
	kind, rest, _ := strings.Cut(string(a), ":")
	if kind == "tel" {
		return strings.TrimPrefix(rest, "+86")
	}
	return rest
}

// named is what people call who did something.
func named(id string, names map[string]string) string {
	switch {
	case id == "contact":
		return "本人"
	case names[id] != "":
		return names[id]
	}
	return id
}

type consentJSON struct {
	Purpose string `json:"purpose"`
	Wording string `json:"wording"` // the version that was shown
	Given   bool   `json:"given"`
	Channel string `json:"channel"`
	At      string `json:"at"`
}

func consentShape(c jiban.Consent) consentJSON {
	return consentJSON{c.Purpose, c.Wording, c.Given, c.Channel, at(c.At)}
}

type optOutJSON struct {
	Group jiban.NoticeGroup `json:"group"`
	At    string            `json:"at"`
}

func optOutShape(o jiban.OptOut) optOutJSON { return optOutJSON{o.Group, at(o.At)} }

type joinJSON struct {
	ID          string `json:"id"`
	How         string `json:"how"`
	By          string `json:"by"`
	At          string `json:"at"`
	Address     string `json:"address"` // masked
	SeparatedAt string `json:"separated_at"`
	SeparatedBy string `json:"separated_by"`
}

func joinShape(j jiban.Join, names map[string]string) joinJSON {
	return joinJSON{j.ID, j.How, named(j.By, names), at(j.At), hide(spoken(j.Address)), at(j.SeparatedAt), named(j.SeparatedBy, names)}
}

type conversationJSON struct {
	ID          string            `json:"id"`
	Channel     string            `json:"channel"`
	ChannelKind jiban.ChannelKind `json:"channel_kind"`
	Region      string            `json:"region"`
	Holder      jiban.Holder      `json:"holder"`
	CreatedAt   string            `json:"created_at"`
	LastInAt    string            `json:"last_in_at"`
}

func conversationShape(v jiban.Conversation) conversationJSON {
	return conversationJSON{v.ID, v.Channel, v.ChannelKind, v.Region, v.Holder, at(v.CreatedAt), at(v.LastInAt)}
}

// ticketLineJSON is a ticket without what the person wrote.
type ticketLineJSON struct {
	Number       string             `json:"number"`
	Type         jiban.RequestType  `json:"type"`
	MatterName   string             `json:"matter_name"`
	RegionName   string             `json:"region_name"`
	Department   string             `json:"department_name"`
	Status       jiban.TicketStatus `json:"status"`
	Confidential bool               `json:"confidential"`
	Anonymous    bool               `json:"anonymous"`
	CreatedAt    string             `json:"created_at"`
}

func (s *Server) ticketLineFor(m member) func(jiban.Ticket) ticketLineJSON {
	cat := s.Tickets.Catalogue()
	return func(t jiban.Ticket) ticketLineJSON {
		return ticketLineJSON{t.Number, t.Type, or(matterName(cat, t.Matter), maskFor(m.Account, t).text(t.Title)), regionName(cat, t.Region), t.DepartmentName,
			t.Status, t.Confidential, t.Anonymous, at(t.CreatedAt)}
	}
}

// spokenJSON is a message of the one history over all channels.
type spokenJSON struct {
	ID             string            `json:"id"`
	ConversationID string            `json:"conversation_id"`
	Channel        string            `json:"channel"`
	Author         jiban.Author      `json:"author"`
	Kind           jiban.MessageKind `json:"kind"`
	Text           string            `json:"text"` // long numbers hidden
	At             string            `json:"at"`
}

func spokenShape(m jiban.Message, channel string) spokenJSON {
	return spokenJSON{m.ID, m.ConversationID, channel, m.Author, m.Content.Kind, hideNumbers(m.Content.Text), at(m.CreatedAt)}
}

type requestJSON struct {
	ID         string                  `json:"id"`
	ContactID  string                  `json:"contact_id"`
	Kind       jiban.DataRequestKind   `json:"kind"`
	Channel    string                  `json:"channel"`
	Note       string                  `json:"note"` // long numbers hidden
	Status     jiban.DataRequestStatus `json:"status"`
	CreatedAt  string                  `json:"created_at"`
	DueAt      string                  `json:"due_at"`
	Overdue    bool                    `json:"overdue"`
	Proof      string                  `json:"proof"`
	CheckedBy  string                  `json:"checked_by"`
	CheckedAt  string                  `json:"checked_at"`
	ApprovedBy string                  `json:"approved_by"`
	ApprovedAt string                  `json:"approved_at"`
	EndedBy    string                  `json:"ended_by"`
	EndedAt    string                  `json:"ended_at"`
	Reason     string                  `json:"reason"`
	Twofold    bool                    `json:"twofold"` // a second person must approve
	// For the buttons: what is not for this member of staff is refused anyway.
	CheckedByMe  bool `json:"checked_by_me"`
	ApprovedByMe bool `json:"approved_by_me"`
}

func requestShape(r jiban.DataRequest, names map[string]string, now time.Time) requestJSON {
	return requestJSON{ID: r.ID, ContactID: r.ContactID, Kind: r.Kind, Channel: r.Channel, Note: hideNumbers(r.Note), Status: r.Status,
		CreatedAt: at(r.CreatedAt), DueAt: at(r.DueAt), Overdue: !r.Status.Ended() && r.DueAt.Before(now), Proof: r.Proof,
		CheckedBy: named(r.CheckedBy, names), CheckedAt: at(r.CheckedAt), ApprovedBy: named(r.ApprovedBy, names), ApprovedAt: at(r.ApprovedAt),
		EndedBy: named(r.EndedBy, names), EndedAt: at(r.EndedAt), Reason: hideNumbers(r.Reason), Twofold: r.Kind.Twofold()}
}

// requestFor shapes requests for the member of staff who looks at them.
func requestFor(m member, names map[string]string, now time.Time) func(jiban.DataRequest) requestJSON {
	return func(r jiban.DataRequest) requestJSON {
		j := requestShape(r, names, now)
		j.CheckedByMe, j.ApprovedByMe = r.CheckedBy == m.ID, r.ApprovedBy == m.ID
		return j
	}
}
