// Package web is the HTTP edge: it bounds the body and the time of a request,
// copies what it needs out of Fiber, checks who is asking, calls a room and
// turns what comes back into JSON, pages, metrics or the right status. The built
// pages are embedded here.
//
// It must not decide anything about conversations, tickets or articles, it knows
// no SQL, no model and no provider, and it gives no room a Fiber value.
package web

import (
	"context"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"time"

	"jiban"
	"jiban/calendar"
	"jiban/channels"
	"jiban/channels/webchat"
	"jiban/files"
	"jiban/people"
	"jiban/staff"
	"jiban/tickets"
)

// Staff is the staff room: who is asking, the accounts, and the record.
type Staff interface {
	Sessions
	Proofs
	Seconds
	Foreign
	Accounts
	Edits
	Tokens
	Recorder
}

// Sessions are logins of staff.
type Sessions interface {
	Login(ctx context.Context, login, password string) (cookie string, s jiban.Session, a jiban.Account, err error)
	Begin(ctx context.Context, a jiban.Account) (cookie string, s jiban.Session, err error)
	Session(ctx context.Context, cookie string) (jiban.Account, jiban.Session, error)
	Check(ctx context.Context, cookie string) (jiban.Account, jiban.Session, error)
	Logout(ctx context.Context, cookie string) error
}

// Proofs are new proofs of who is logged in, for what a session alone does not
// open.
type Proofs interface {
	Proven(s jiban.Session) bool
	Reauth(ctx context.Context, s jiban.Session, password, code string) error
}

// Seconds are second factors: the second step of a login, and setting one up.
type Seconds interface {
	Pending(ctx context.Context, cookie string) (jiban.Account, jiban.Session, error)
	LoginSecond(ctx context.Context, pending, code string) (cookie string, s jiban.Session, a jiban.Account, err error)
	OfferSecond(ctx context.Context, accountID, password, code string) (staff.Enrolment, error)
	ConfirmSecond(ctx context.Context, accountID, code string) (recovery []string, err error)
	RemoveSecond(ctx context.Context, accountID string) error
}

// Foreign is the login by another server (OpenID Connect).
type Foreign interface {
	HasOIDC() bool
	OIDCStart(ctx context.Context) (address, cookie string, err error)
	OIDCAgain(ctx context.Context, s jiban.Session) (address, cookie string, err error)
	OIDCFinish(ctx context.Context, cookie, state, code string) (session string, s jiban.Session, a jiban.Account, err error)
}

// Accounts are what an administrator works with.
type Accounts interface {
	Create(ctx context.Context, a jiban.Account) (oneTimePassword string, err error)
	ByLogin(ctx context.Context, login string) (jiban.Account, error)
	Disable(ctx context.Context, accountID string) error
	Enable(ctx context.Context, accountID string) error
	List(ctx context.Context) ([]jiban.Account, error)
	// Named finds those of the given accounts that there are, by their ids.
	Named(ctx context.Context, ids []string) (map[string]jiban.Account, error)
}

// Edits change an account.
type Edits interface {
	ChangePassword(ctx context.Context, accountID, old, password string) error
	Reset(ctx context.Context, accountID string) (oneTimePassword string, err error)
	Rename(ctx context.Context, accountID, name string, edition int64) (jiban.Account, error)
	SetRoles(ctx context.Context, accountID string, roles []jiban.Role, department, region string, edition int64) (jiban.Account, error)
}

// Tokens let other systems in.
type Tokens interface {
	Bearer(ctx context.Context, token string) (jiban.Account, error)
	CreateToken(ctx context.Context, t jiban.APIToken) (string, jiban.APIToken, error)
	Tokens(ctx context.Context) ([]jiban.APIToken, error)
	RevokeToken(ctx context.Context, id string) error
}

// Recorder is the record of logins, views and changes.
type Recorder interface {
	Audit(ctx context.Context, e jiban.AuditEntry) error
	SearchAudit(ctx context.Context, f jiban.AuditFilter) ([]jiban.ChainedEntry, error)
	VerifyAudit(ctx context.Context) (int, error)
	ExportAudit(ctx context.Context, w io.Writer, f jiban.AuditFilter, most int) (n int, last int64, err error)
}

// Tickets is the tickets room.
type Tickets interface {
	TicketReader
	TicketWork
	Open(ctx context.Context, d jiban.TicketDraft, actor string, entries ...jiban.AuditEntry) (jiban.Ticket, error)
	Act(ctx context.Context, a jiban.TicketAction, entries ...jiban.AuditEntry) (jiban.Ticket, error)
}

// TicketWork is what there is to do about tickets. Try tells of actions on one
// ticket which are possible now.
type TicketWork interface {
	Try(ctx context.Context, number string, actions []jiban.TicketAction) ([]bool, error)
	Propose(ctx context.Context, number string) ([]tickets.Proposal, error)
	Tasks(ctx context.Context, f jiban.TaskFilter) ([]jiban.TicketTask, error)
	Task(ctx context.Context, id string) (jiban.TicketTask, error)
	FinishTask(ctx context.Context, t jiban.TicketTask, by, result string, entries ...jiban.AuditEntry) error
}

// Incidents are what concerns many people.
type Incidents interface {
	Incident(ctx context.Context, id string) (jiban.Incident, error)
	Incidents(ctx context.Context, states ...jiban.IncidentState) ([]jiban.Incident, error)
	Announce(ctx context.Context, i jiban.Incident, actor string, entries ...jiban.AuditEntry) (jiban.Incident, error)
	Attach(ctx context.Context, id string, since time.Time, actor string, entries ...jiban.AuditEntry) (int, error)
	IncidentEnds
}

// IncidentEnds are the ways in which an incident ends.
type IncidentEnds interface {
	AnswerIncident(ctx context.Context, id, text, actor string, entries ...jiban.AuditEntry) error
	DismissIncident(ctx context.Context, id string, entries ...jiban.AuditEntry) error
}

// Supervision is the rules and the working days by which departments are held.
type Supervision interface {
	Rules() tickets.Rules
	SaveRules(ctx context.Context, r tickets.Rules, entries ...jiban.AuditEntry) error
	Years() []calendar.Year
	ImportYears(ctx context.Context, years []calendar.Year, entries ...jiban.AuditEntry) (int, error)
	CalendarWarning() string
}

// TicketFigures are the logs that a department's figures are computed from.
type TicketFigures interface {
	DepartmentEvents(ctx context.Context, department string, since time.Time) ([]jiban.TicketEvent, error)
	// CountTickets counts what each filter selects, the tasks last, up to a most.
	CountTickets(ctx context.Context, of []jiban.TicketFilter, tasks []jiban.TaskFilter, most int) ([]int, error)
}

// Templates are the beginnings of answers that a department's handlers share.
type Templates interface {
	ReplyTemplates(ctx context.Context, department string) ([]jiban.ReplyTemplate, error)
	ReplyTemplate(ctx context.Context, id string) (jiban.ReplyTemplate, error)
	SaveReplyTemplate(ctx context.Context, t jiban.ReplyTemplate, entries []jiban.AuditEntry) error
	DropReplyTemplate(ctx context.Context, id string, entries []jiban.AuditEntry) error
}

// TicketReader reads tickets and the catalogue.
type TicketReader interface {
	Catalogue() jiban.Catalogue
	Ticket(ctx context.Context, number string) (jiban.Ticket, error)
	Events(ctx context.Context, number string) ([]jiban.TicketEvent, error)
	List(ctx context.Context, f jiban.TicketFilter) ([]jiban.Ticket, error)
	Used(t *jiban.Ticket) float64
}

// Handoffs is the handoff room.
type Handoffs interface {
	Waiting(ctx context.Context, queue string) ([]jiban.Handoff, error)
	Mine(ctx context.Context, agentID string) ([]jiban.Handoff, error)
	Handoff(ctx context.Context, id string) (jiban.Handoff, error)
	Desk
	Duty
}

// Desk is an agent at work.
type Desk interface {
	Accept(ctx context.Context, a jiban.Account, id string) (jiban.Handoff, error)
	Return(ctx context.Context, a jiban.Account, id string) (jiban.Handoff, error)
	Close(ctx context.Context, a jiban.Account, id string) (jiban.Handoff, error)
	Say(ctx context.Context, a jiban.Account, conversationID, clientID, text string) (jiban.Message, error)
}

// Duty is who is here, and what they must look at now.
type Duty interface {
	SetPresence(ctx context.Context, agentID, status string) error
	Presence(ctx context.Context, agentID string) (string, error)
	OnDuty(ctx context.Context) (int, error)
	Alerts(ctx context.Context, unseenOnly bool, limit int) ([]jiban.Alert, error)
	SeeAlert(ctx context.Context, id, by string) error
}

// Knowledge is the knowledge room.
type Knowledge interface {
	KnowledgeReader
	Publish(ctx context.Context, id, actor string) (jiban.Article, error)
	Withdraw(ctx context.Context, id, actor string) (jiban.Article, error)
}

// KnowledgeReader answers questions and lists articles. Ready is true once the
// index is loaded.
type KnowledgeReader interface {
	Search(ctx context.Context, q jiban.SearchQuery) (jiban.SearchResult, error)
	Article(ctx context.Context, id string) (jiban.Article, error)
	List(ctx context.Context, status jiban.ArticleStatus, text, afterID string, limit int) ([]jiban.Article, error)
	Ready() bool
}

// People is the room of people, as staff work with it: who a contact is, what was
// joined, and what the person wants to be told.
type People interface {
	PersonData
	Prove(ctx context.Context, p jiban.AddressProof, joinSince time.Time) (jiban.Contact, *jiban.Join, error)
	Separate(ctx context.Context, joinID, by string) (jiban.Join, error)
	Joins(ctx context.Context, contactID string) ([]jiban.Join, error)
	Consents(ctx context.Context, contactID string) ([]jiban.Consent, error)
	OptOuts(ctx context.Context, contactID string) ([]jiban.OptOut, error)
}

// PersonData gives out or deletes all that is held about a person.
type PersonData interface {
	Export(ctx context.Context, contactID, by string, w io.Writer) error
	Forget(ctx context.Context, contactID, by, reason string) error
}

// Files is the room of files.
type Files interface {
	FileDoor
	FileShelf
}

// FileDoor takes files in.
type FileDoor interface {
	Limits() files.Limits
	Take(ctx context.Context, u files.Upload) (files.Kept, error)
	Discard(ctx context.Context, k files.Kept) error
	FileHold
}

// FileHold takes in files whose record is written with what they belong to.
type FileHold interface {
	Hold(ctx context.Context, u files.Upload) (files.Kept, error)
	Release(ctx context.Context, k files.Kept)
}

// FileShelf gives files out, to one viewer for a short time.
type FileShelf interface {
	List(ctx context.Context, f jiban.FileFilter) ([]files.Kept, error)
	Link(fileID, viewer string) files.Pass
	Check(fileID, viewer string, p files.Pass) error
	Open(ctx context.Context, fileID string) (*files.Reading, error)
}

// Words are the sentences that people are told.
type Words interface {
	Say(l jiban.Lang, key string, params map[string]any) string
}

// Telephones proves that who asks holds a telephone. Send returns how long the
// code is good for; CodeNotFound: no SMS channel carries codes.
type Telephones interface {
	Visitor(ctx context.Context, a jiban.Address) (contactID string, err error)
	CanProve() bool
	Consent(ctx context.Context, contactID, channel, wording string) error
	Send(ctx context.Context, contactID, phone, from string, l jiban.Lang) (time.Duration, error)
	Prove(ctx context.Context, contactID, phone, digits string) error
}

// Persons are the records of a person's page.
type Persons interface {
	ContactAt(ctx context.Context, a jiban.Address) (jiban.Contact, error)
	Kept(ctx context.Context, contactID string) (string, error)
	Proofs(ctx context.Context, contactID string) ([]jiban.Proof, error)
	ConversationsOf(ctx context.Context, contactID string, limit int) ([]jiban.Conversation, error)
	History(ctx context.Context, contactID string, before time.Time, beforeID string, limit int) ([]jiban.Message, error)
	Rosters(ctx context.Context, limit int) ([]jiban.Roster, error)
}

// DataRequests are the requests of people about the data held about them.
type DataRequests interface {
	Request(ctx context.Context, contactID string, kind jiban.DataRequestKind, channel, note string) (jiban.DataRequest, error)
	Get(ctx context.Context, id string) (jiban.DataRequest, error)
	List(ctx context.Context, f jiban.DataRequestFilter) ([]jiban.DataRequest, error)
	DataDecisions
	DataCopies
}

// DataDecisions move a request on.
type DataDecisions interface {
	Check(ctx context.Context, id, by, how string) (jiban.DataRequest, error)
	Approve(ctx context.Context, id, by string) (jiban.DataRequest, error)
	Refuse(ctx context.Context, id, by, reason string) (jiban.DataRequest, error)
	Finish(ctx context.Context, id, by, name string) (jiban.DataRequest, error)
	Delete(ctx context.Context, id, by string) (jiban.DataRequest, error)
}

// DataCopies give an approved copy out, once.
type DataCopies interface {
	Link(ctx context.Context, id, by string) (secret string, until time.Time, err error)
	Fetch(ctx context.Context, id, by, secret string) (*people.Copy, error)
}

// Roster is the special-service list.
type Roster interface {
	Import(ctx context.Context, in io.Reader, o people.ImportOptions) (people.ImportReport, error)
}

// Records are the records that pages read straight from the store.
type Records interface {
	Conversation(ctx context.Context, id string) (jiban.Conversation, error)
	Contact(ctx context.Context, id string) (jiban.Contact, error)
	Addresses(ctx context.Context, contactID string) ([]jiban.Address, error)
	Messages(ctx context.Context, conversationID string, afterSeq int64, limit int) ([]jiban.Message, error)
	TicketsOf(ctx context.Context, contactID string, limit int) ([]jiban.Ticket, error)
}

// House is what health and metrics read from the store. Ping writes and commits.
type House interface {
	Ping(ctx context.Context) error
	OutboxCounts(ctx context.Context) (map[jiban.DeliveryStatus]int, error)
}

// Shared is what the nodes share: counters for limits, and the events that
// staff's screens follow. Healthy is an error while nodes do not hear each other.
type Shared interface {
	Count(ctx context.Context, key string, n int64, ttl time.Duration) (int64, error)
	Publish(ctx context.Context, topic string, data []byte) error
	Subscribe(ctx context.Context, topic string) (<-chan []byte, func(), error)
	Healthy(ctx context.Context) error
	Board
}

// Board is what the nodes tell each other of work that one of them does for all:
// a lease on it, and how far it is.
type Board interface {
	Acquire(ctx context.Context, key, owner string, ttl time.Duration) (bool, error)
	Release(ctx context.Context, key, owner string) error
	Get(ctx context.Context, key string) (string, bool, error)
	Set(ctx context.Context, key, value string, ttl time.Duration) error
}

// Chat is one web chat.
type Chat struct {
	Serve    ChatServer
	Audience jiban.Audience
	// AllowedOrigins are foreign pages (scheme://host) that may embed the chat and
	// open its socket, beside our own.
	AllowedOrigins []string
	// Owner names the contact of a visitor, made where there is none yet.
	Owner func(ctx context.Context, visitor jiban.Address) (contactID string, err error)
	// Attach takes in a message made of files; the client's id makes it count once.
	Attach func(ctx context.Context, visitor jiban.Address, clientID string, l jiban.Lang, c jiban.Content) (channels.Receipt, error)
}

// ChatServer speaks with one visitor until the connection or the context ends.
// The visitor is the address behind the cookie, "web:" and 32 hex digits.
type ChatServer func(ctx context.Context, visitor jiban.Address, c ChatConn) error

// ChatConn is a visitor's connection: whole text frames of valid UTF-8, 16 KiB
// at most.
type ChatConn = webchat.Conn

// Config is what the edge needs to know of the configuration.
type Config struct {
	PublicURL  string // scheme://host, "" when the program stands for itself
	TrustProxy bool   // take the visitor's address and scheme from X-Forwarded-*
	Region     string // of the installation
	Limits     Limits
}

// Limits are the rates the edge allows; zero takes the default.
type Limits struct {
	LoginsPerMinute    int64 // logins from one address: 20
	TracksPerMinute    int64 // progress queries from one address: 20
	TrackFailsPerHour  int64 // wrong codes for one ticket: 10
	UploadsPerMinute   int64 // uploads from one address: 30
	ChatsPerMinute     int64 // chat sockets opened from one address: 600
	CodesPerMinute     int64 // verification codes asked for and tried from one address: 10
	CodesPerDay        int64 // the same in a day: 200
	RequestTime        time.Duration
	StopTime           time.Duration // how long Listen lets requests finish at the end
	PingEvery          time.Duration // how often sockets are asked whether they live
	SocketReadDeadline time.Duration // a socket silent for so long is dead
	SessionCheckEvery  time.Duration // how often an open screen's session is checked
}

// Deps are what the edge stands on. Providers maps the kind of channel and its
// configured name to the adapter that the provider calls.
type Deps struct {
	Config      Config
	Clock       jiban.Clock
	IDs         jiban.IDs
	Log         *slog.Logger
	Staff       Staff
	Tickets     Tickets
	Incidents   Incidents
	Supervision Supervision
	Figures     TicketFigures
	Templates   Templates
	Catalogues  Catalogues
	Handoffs    Handoffs
	Knowledge   Knowledge
	People      People
	Persons     Persons
	Requests    DataRequests
	Roster      Roster
	Telephones  Telephones // nil: no number can be proven
	Words       Words      // nil: there is no page of the privacy notice
	Files       Files      // nil: none are taken or shown
	Records     Records
	Retention   Retention
	House       House
	Shared      Shared
	Providers   map[jiban.ChannelKind]map[string]http.Handler
	Chats       map[string]Chat
	Metrics     *Metrics
	Pages       fs.FS // built pages; the embedded ones when nil
}

var _ Staff = (*staff.Service)(nil)

// withDefaults fills in what the configuration leaves out.
func (l Limits) withDefaults() Limits {
	l.LoginsPerMinute = or(l.LoginsPerMinute, 20)
	l.TracksPerMinute = or(l.TracksPerMinute, 20)
	l.TrackFailsPerHour = or(l.TrackFailsPerHour, 10)
	l.UploadsPerMinute = or(l.UploadsPerMinute, 30)
	l.ChatsPerMinute = or(l.ChatsPerMinute, 600)
	l.CodesPerMinute = or(l.CodesPerMinute, 10)
	l.CodesPerDay = or(l.CodesPerDay, 200)
	l.RequestTime = or(l.RequestTime, 10*time.Second)
	l.StopTime = or(l.StopTime, 8*time.Second)
	l.PingEvery = or(l.PingEvery, 45*time.Second)
	l.SessionCheckEvery = or(l.SessionCheckEvery, time.Minute)
	l.SocketReadDeadline = or(l.SocketReadDeadline, 100*time.Second)
	return l
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}
