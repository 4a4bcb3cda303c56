package web

import (
	_ "embed"
	"slices"

	"github.com/gofiber/fiber/v2"

	"jiban"
	"jiban/staff"
)

// apiDescription is what the API promises, written by hand.
//
//go:embed openapi.yaml
var apiDescription []byte

// api is where the API lives.
const api = "/api/v1"

// staffRoute is one door of the staff API: what one must be allowed to do to pass
// it, and how one comes.
type staffRoute struct {
	method, path string
	action       staff.Action
	handler      fiber.Handler
	manner       manner
}

// manner is how somebody comes to a door.
type manner int

const (
	// inUse counts as a use of the session.
	inUse manner = iota
	// byItself is what an open page asks by itself. It is no use of the session:
	// nobody stays logged in by going away.
	byItself
	// anew asks for a proof of who one is that is not older than staff.ProofLimit:
	// exports, bulk views and what gives rights (domain D1).
	anew
)

// staffRoutes is the whole staff API but for the login.
func (s *Server) staffRoutes() []staffRoute {
	const get, post, put, del = fiber.MethodGet, fiber.MethodPost, fiber.MethodPut, fiber.MethodDelete
	return append([]staffRoute{
		{post, "/logout", staff.ActSelf, s.logout, inUse},
		{get, "/me", staff.ActSelf, s.me, inUse},
		{post, "/reauth", staff.ActSelf, s.reauth, inUse},
		{post, "/reauth/oidc", staff.ActSelf, s.reauthElsewhere, inUse},
		{post, "/password", staff.ActSelf, s.password, inUse},
		{post, "/second-factor", staff.ActSelf, s.offerSecond, inUse},
		{post, "/second-factor/confirm", staff.ActSelf, s.confirmSecond, inUse},
		{get, "/events", staff.ActEvents, s.eventSocket(), byItself},

		{get, "/handoffs", staff.ActQueue, s.handoffs, byItself},
		{post, "/handoffs/:id/accept", staff.ActTalk, s.moveHandoff(s.Deps.Handoffs.Accept), inUse},
		{post, "/handoffs/:id/return", staff.ActTalk, s.moveHandoff(s.Deps.Handoffs.Return), inUse},
		{post, "/handoffs/:id/close", staff.ActTalk, s.moveHandoff(s.Deps.Handoffs.Close), inUse},
		{get, "/conversations/:id", staff.ActConversation, s.showConversation, inUse},
		{get, "/conversations/:id/messages", staff.ActConversation, s.messages, inUse},
		{post, "/conversations/:id/messages", staff.ActTalk, s.say, inUse},
		{get, "/presence", staff.ActQueue, s.presence, byItself},
		{put, "/presence", staff.ActQueue, s.setPresence, byItself},
		{get, "/alerts", staff.ActAlerts, s.alerts, byItself},
		{post, "/alerts/:id/seen", staff.ActAlerts, s.seeAlert, inUse},

		{get, "/catalogue", staff.ActCatalogue, s.catalogue, inUse},
		{get, "/files/:id", staff.ActFiles, s.staffFile, byItself},

		{get, "/articles", staff.ActArticleView, s.articles, inUse},
		{get, "/articles/:id", staff.ActArticleView, s.article, inUse},
		{post, "/articles/:id/publish", staff.ActArticlePublish, s.moveArticle(s.Knowledge.Publish), inUse},
		{post, "/articles/:id/withdraw", staff.ActArticlePublish, s.moveArticle(s.Knowledge.Withdraw), inUse},
		{get, "/search", staff.ActSearch, s.search, inUse},

		{get, "/accounts", staff.ActAccountView, s.accounts, inUse},
		{post, "/accounts", staff.ActAccounts, s.createAccount, inUse},
		{put, "/accounts/:id", staff.ActAccounts, s.renameAccount, inUse},
		{post, "/accounts/:id/reset", staff.ActAccounts, s.resetAccount, anew},
		{post, "/accounts/:id/disable", staff.ActAccounts, s.disableAccount, inUse},
		{post, "/accounts/:id/enable", staff.ActAccounts, s.onAccount(s.Staff.Enable), inUse},
		{put, "/accounts/:id/roles", staff.ActRoles, s.setRoles, anew},
		{del, "/accounts/:id/second-factor", staff.ActRoles, s.onAccount(s.Staff.RemoveSecond), anew},
		{get, "/tokens", staff.ActTokens, s.tokens, inUse},
		{post, "/tokens", staff.ActTokens, s.createToken, anew},
		{del, "/tokens/:id", staff.ActTokens, s.onAccount(s.Staff.RevokeToken), inUse},
		{get, "/audit", staff.ActAudit, s.audit, inUse},
		{post, "/audit/verify", staff.ActAudit, s.verifyAudit, inUse},
		{get, "/audit/export", staff.ActAuditExport, s.exportAudit, anew},
		{get, "/retention", staff.ActRetention, s.showRetention, inUse},
		{post, "/retention/run", staff.ActRetentionRun, s.runRetention, anew},
	}, slices.Concat(s.ticketRoutes(), s.supervisionRoutes(), s.personRoutes(), s.catalogueRoutes())...)
}

// personRoutes are the doors to people's pages, their requests and the
// special-service list.
func (s *Server) personRoutes() []staffRoute {
	const get, post = fiber.MethodGet, fiber.MethodPost
	return []staffRoute{
		{post, "/persons/search", staff.ActPersons, s.findPerson, inUse},
		{get, "/persons/:id", staff.ActPersons, s.showPerson, inUse},
		{get, "/persons/:id/messages", staff.ActPersons, s.history, inUse},
		{post, "/persons/:id/reveal", staff.ActPersons, s.reveal, inUse},
		{post, "/persons/:id/requests", staff.ActRequests, s.openRequest, inUse},
		{post, "/persons/:id/joins/:join/separate", staff.ActSeparate, s.separate, inUse},

		{get, "/requests", staff.ActRequests, s.listRequests, inUse},
		{post, "/requests/:id/check", staff.ActRequests, s.checkRequest, inUse},
		{post, "/requests/:id/refuse", staff.ActRequestApprove, s.refuseRequest, inUse},
		{post, "/requests/:id/approve", staff.ActRequestApprove, s.approveRequest, anew},
		{post, "/requests/:id/finish", staff.ActRequests, s.finishRequest, inUse},
		{post, "/requests/:id/delete", staff.ActRequestApprove, s.deletePerson, anew},
		{post, "/requests/:id/link", staff.ActRequestApprove, s.linkRequest, anew},
		{post, "/requests/:id/copy", staff.ActRequestApprove, s.fetchCopy, inUse},

		{get, "/roster", staff.ActRoster, s.rosters, inUse},
		{get, "/roster/progress", staff.ActRoster, s.rosterProgress, byItself},
		{post, rosterImports, staff.ActRoster, s.importRoster, anew},
	}
}

// mount puts every door in its place.
func (s *Server) mount() {
	s.app.Use(s.edge)
	s.mountPublic()
	for _, r := range s.staffRoutes() {
		s.app.Add(r.method, api+r.path, noStore, s.guard(r), r.handler)
	}
	s.app.Get("/channels/wechat/:name", s.provider(jiban.ChannelWeChat, ""))
	s.app.Post("/channels/wechat/:name", s.provider(jiban.ChannelWeChat, ""))
	s.app.Post("/channels/sms/:name/inbound", s.provider(jiban.ChannelSMS, "/inbound"))
	s.app.Post("/channels/sms/:name/status", s.provider(jiban.ChannelSMS, "/status"))
}

// mountPublic mounts what needs no login.
func (s *Server) mountPublic() {
	s.app.Get("/", func(c *fiber.Ctx) error { return c.Redirect("/chat", fiber.StatusFound) })
	s.app.Get("/chat", s.chatPage(jiban.Citizen))
	s.app.Get("/enterprise", s.chatPage(jiban.Enterprise))
	s.app.Get("/console", s.consolePage)
	s.app.Get("/track", s.trackPage)
	s.app.Get("/widget.js", s.widget)
	s.app.Get("/assets/:file", s.assetFile)
	s.app.Get("/healthz", s.healthz)
	s.app.Get("/readyz", s.readyz)
	metrics := s.Metrics.handler()
	s.app.Get("/metrics", func(c *fiber.Ctx) error { return s.serve(c, metrics, "/metrics") })
	s.app.Get("/api/openapi.yaml", func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderContentType, "application/yaml; charset=utf-8")
		return c.Send(apiDescription)
	})
	s.app.Post(api+"/login", noStore, s.login)
	s.app.Get(api+"/login/options", noStore, s.loginOptions)
	s.app.Get(api+"/login/second", noStore, s.pending)
	s.app.Post(api+"/login/second", noStore, s.loginSecond)
	s.app.Get(oidcPath, noStore, s.oidcStart)
	s.app.Get(oidcPath+"/callback", noStore, s.oidcReturn)
	s.app.Post(api+"/track", noStore, s.track)
	s.app.Get(trackFiles+"/:id", noStore, s.trackFile)
	s.app.Post(api+"/chat/:channel/session", noStore, s.chatSession)
	s.app.Get(api+"/chat/:channel/ws", noStore, s.chatSocket())
	s.app.Post(api+"/chat/:channel/files", noStore, s.upload)
	s.app.Get(api+"/chat/:channel/files/:id", noStore, s.visitorFile)
	s.app.Get("/privacy", s.privacyPage())
	s.app.Get(api+"/chat/:channel/phone", noStore, s.phoneNotice)
	s.app.Post(api+"/chat/:channel/phone", noStore, s.sendPhoneCode)
	s.app.Post(api+"/chat/:channel/phone/code", noStore, s.checkPhoneCode)
}

// noStore keeps answers with personal data out of every cache.
func noStore(c *fiber.Ctx) error {
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.Next()
}
