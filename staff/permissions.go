package staff

import (
	"slices"

	"jiban"
)

// Action is something that a member of staff wants to do; routes are guarded by
// actions, never by roles.
type Action string

// The actions.
const (
	ActSelf             Action = "self"              // see who one is, log out, change the own password
	ActCatalogue        Action = "catalogue"         // read regions, departments and matters
	ActSearch           Action = "search"            // ask the knowledge base
	ActEvents           Action = "events"            // listen to what happens
	ActQueue            Action = "queue"             // see who waits, be on duty
	ActConversation     Action = "conversation"      // read a conversation
	ActTalk             Action = "talk"              // accept, answer, return and close
	ActAlerts           Action = "alerts"            // see alerts and mark them as seen
	ActTicketView       Action = "ticket.view"       // read tickets
	ActTicketOpen       Action = "ticket.open"       // open one for a person
	ActTicketHandle     Action = "ticket.handle"     // sign, reply, return, ask for more time
	ActTicketDispatch   Action = "ticket.dispatch"   // choose the department
	ActTicketAttach     Action = "ticket.attach"     // put a file to a ticket
	ActTicketDesk       Action = "ticket.desk"       // answer at once, close, press, add what a person says
	ActTicketReview     Action = "ticket.review"     // decide on returns, extensions and answers to be checked
	ActFollowUp         Action = "followup"          // ask people afterwards and record what they say
	ActPapers           Action = "papers"            // read papers of supervision and say that they are done
	ActFigures          Action = "figures"           // see the figures of departments
	ActIncidentView     Action = "incidents.view"    // see what concerns many people
	ActIncidents        Action = "incidents"         // announce, answer and dismiss it
	ActRulesView        Action = "rules.view"        // see the rules of supervision and the known holidays
	ActRules            Action = "rules"             // put other rules into force
	ActCalendar         Action = "calendar"          // import years of holidays
	ActArticleView      Action = "article.view"      // read articles in any state
	ActArticlePublish   Action = "article.publish"   // put into force, or out of it
	ActAccountView      Action = "accounts.view"     // see who has an account
	ActAccounts         Action = "accounts"          // make, rename, reset, disable and enable accounts
	ActRoles            Action = "roles"             // give and take roles and scope, take lost second factors away
	ActTokens           Action = "tokens"            // give and revoke tokens of other systems
	ActAudit            Action = "audit"             // read and verify the record
	ActAuditExport      Action = "audit.export"      // take the record out of the house
	ActPersonalData     Action = "personal"          // see names and telephone numbers unmasked
	ActPersonalReporter Action = "personal.reporter" // see them on confidential and anonymous tickets too
	ActFiles            Action = "files"             // open files of conversations and tickets that one may see
	ActPersons          Action = "persons"           // look a person up, see their page; unmasked only with ActPersonalData
	ActSeparate         Action = "persons.separate"  // undo a wrong join of two contacts
	ActRequests         Action = "requests"          // take in, check and finish what people ask for concerning their data
	ActRequestApprove   Action = "requests.approve"  // approve, refuse and carry out copies and deletions
	ActCatalogueHistory Action = "catalogue.history" // see every version of the catalogue whole, check, compare and export it
	ActCatalogueEdit    Action = "catalogue.edit"    // begin, edit, import and drop the draft
	ActCatalogueForce   Action = "catalogue.force"   // put a draft that somebody else edited into force
	ActRoster           Action = "roster"            // import the special-service list
	ActRetention        Action = "retention"         // see how long records are kept, and what would go
	ActRetentionRun     Action = "retention.run"     // let go at once what is over
)

// Actions returns every action of the table.
func Actions() []Action {
	return []Action{ActSelf, ActCatalogue, ActSearch, ActEvents, ActQueue, ActConversation, ActTalk, ActAlerts,
		ActTicketView, ActTicketOpen, ActTicketHandle, ActTicketAttach, ActTicketDispatch, ActTicketDesk, ActTicketReview, ActFollowUp, ActPapers,
		ActFigures, ActIncidentView, ActIncidents, ActRulesView, ActRules, ActCalendar, ActArticleView, ActArticlePublish,
		ActAccountView, ActAccounts, ActRoles, ActTokens, ActAudit, ActAuditExport, ActPersonalData, ActPersonalReporter, ActFiles,
		ActCatalogueHistory, ActCatalogueEdit, ActCatalogueForce, ActPersons, ActSeparate, ActRequests, ActRequestApprove, ActRoster, ActRetention, ActRetentionRun}
}

// TokenActions returns the actions that a token of another system can have: none
// that gives permissions, and none that needs a person at a desk.
func TokenActions() []Action {
	return []Action{ActCatalogue, ActSearch, ActTicketView, ActTicketOpen, ActTicketHandle, ActTicketDispatch,
		ActArticleView, ActArticlePublish, ActAudit, ActAuditExport, ActPersonalData, ActPersonalReporter}
}

// Roles returns every role.
func Roles() []jiban.Role {
	return []jiban.Role{jiban.RoleAgent, jiban.RoleSupervisor, jiban.RoleEditor, jiban.RoleReviewer,
		jiban.RoleHandler, jiban.RoleAdmin, jiban.RoleSecurity, jiban.RoleAuditor}
}

// rolesFor is the table of permissions. Those who run the system, those who give
// permissions, those who check on both and those who do the work are kept apart
// (domain D1: 三员分立): the administrator makes accounts and sees no conversation
// and no ticket, the security administrator gives roles and makes no account, the
// auditor changes nothing and sees personal data masked, who writes an article
// does not publish it. The special-service list says who is served first: it is
// brought in by the administrator, who serves nobody, not by those at the queue.
// The administrator, who sets how long records are kept, plans what goes; that it
// goes before its hour is for the security administrator to ask.
func rolesFor(a Action) []jiban.Role {
	const (
		agent, supervisor = jiban.RoleAgent, jiban.RoleSupervisor
		editor, reviewer  = jiban.RoleEditor, jiban.RoleReviewer
		handler           = jiban.RoleHandler
		admin, auditor    = jiban.RoleAdmin, jiban.RoleAuditor
		security          = jiban.RoleSecurity
	)
	switch a {
	case ActSelf, ActCatalogue:
		return Roles()
	case ActSearch:
		return []jiban.Role{agent, supervisor, editor, reviewer, handler}
	case ActEvents:
		return []jiban.Role{agent, supervisor, handler}
	case ActQueue, ActConversation, ActTalk, ActAlerts, ActTicketOpen, ActPersonalReporter, ActPersons, ActRequests,
		ActTicketDesk, ActFollowUp, ActIncidentView:
		return []jiban.Role{agent, supervisor}
	case ActPersonalData, ActFiles, ActPapers, ActTicketAttach:
		return []jiban.Role{agent, supervisor, handler}
	case ActTicketView:
		return []jiban.Role{agent, supervisor, handler, auditor}
	case ActTicketHandle:
		return []jiban.Role{handler}
	case ActTicketDispatch, ActSeparate, ActRequestApprove, ActTicketReview, ActIncidents, ActRules:
		return []jiban.Role{supervisor}
	case ActFigures:
		return []jiban.Role{supervisor, handler, auditor}
	case ActRulesView:
		return []jiban.Role{agent, supervisor, handler, admin, auditor}
	case ActCalendar:
		return []jiban.Role{supervisor, admin}
	case ActArticleView:
		return []jiban.Role{agent, supervisor, editor, reviewer, admin}
	case ActCatalogueHistory:
		return []jiban.Role{supervisor, editor, reviewer, admin, auditor}
	case ActCatalogueEdit:
		return []jiban.Role{editor}
	case ActArticlePublish, ActCatalogueForce:
		return []jiban.Role{reviewer}
	case ActAccountView:
		return []jiban.Role{admin, security}
	case ActAccounts, ActRoster:
		return []jiban.Role{admin}
	case ActRoles, ActTokens, ActRetentionRun:
		return []jiban.Role{security}
	case ActRetention:
		return []jiban.Role{admin, security, auditor}
	case ActAudit, ActAuditExport:
		return []jiban.Role{auditor}
	default:
		return nil
	}
}

// MayCreate reports whether the account may make another with the given roles: an
// administrator makes those that do the work, the roles that run the system or
// check on it are given by the security administrator.
func MayCreate(a jiban.Account, roles []jiban.Role) bool {
	return May(a, ActAccounts) && !slices.ContainsFunc(roles, func(r jiban.Role) bool {
		return r == jiban.RoleAdmin || r == jiban.RoleSecurity || r == jiban.RoleAuditor
	})
}

// May reports whether the account may do the action. A disabled account may do
// nothing; one with a one-time or too old password, or without the second factor
// that it must have, may only set that right. A token has its own actions.
func May(a jiban.Account, action Action) bool {
	if a.Disabled || (a.MustChange || a.MustEnrol) && action != ActSelf {
		return false
	}
	if len(a.Grants) > 0 {
		return slices.Contains(a.Grants, string(action))
	}
	for _, r := range rolesFor(action) {
		if a.Has(r) {
			return true
		}
	}
	return false
}

// Covers reports whether a thing of the given region is within the account's
// scope. An account without a region works for the whole installation; a thing
// whose place is not known yet concerns everybody.
func Covers(a jiban.Account, region string) bool {
	return a.Region == "" || region == "" || jiban.RegionServes(a.Region, region)
}

// OwnDepartmentOnly reports whether the account sees the tickets of its own
// department only: a handler who holds no other role that reads tickets, or a
// token that is bound to a department.
func OwnDepartmentOnly(a jiban.Account) bool {
	if len(a.Grants) > 0 {
		return a.Department != ""
	}
	return a.Has(jiban.RoleHandler) && !a.Has(jiban.RoleAgent) && !a.Has(jiban.RoleSupervisor)
}

// SeesTicket reports whether the ticket is within the account's scope: its own
// department's for a handler, its region's for the others.
func SeesTicket(a jiban.Account, t jiban.Ticket) bool {
	if t.Against(a.Department) {
		return false // domain C9: never shown to those it is directed against
	}
	if OwnDepartmentOnly(a) {
		return a.Department != "" && t.Department == a.Department
	}
	return Covers(a, t.Region)
}
