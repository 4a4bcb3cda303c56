package web

import (
	_ "embed"

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

// staffRoute is one door of the staff API and what one must be allowed to do to
// pass it. What an open page asks by itself is no use of the session: nobody
// stays logged in by going away.
type staffRoute struct {
	method, path string
	action       staff.Action
	handler      fiber.Handler
	byItself     bool
}

// staffRoutes is the whole staff API but for the login.
func (s *Server) staffRoutes() []staffRoute {
	const get, post, put, del = fiber.MethodGet, fiber.MethodPost, fiber.MethodPut, fiber.MethodDelete
	return []staffRoute{
		{post, "/logout", staff.ActSelf, s.logout, false},
		{get, "/me", staff.ActSelf, s.me, false},
		{post, "/password", staff.ActSelf, s.password, false},
		{post, "/second-factor", staff.ActSelf, s.offerSecond, false},
		{post, "/second-factor/confirm", staff.ActSelf, s.confirmSecond, false},
		{get, "/events", staff.ActEvents, s.eventSocket(), true},

		{get, "/handoffs", staff.ActQueue, s.handoffs, true},
		{post, "/handoffs/:id/accept", staff.ActTalk, s.moveHandoff("handoff.accept", s.Deps.Handoffs.Accept), false},
		{post, "/handoffs/:id/return", staff.ActTalk, s.moveHandoff("handoff.return", s.Deps.Handoffs.Return), false},
		{post, "/handoffs/:id/close", staff.ActTalk, s.moveHandoff("handoff.close", s.Deps.Handoffs.Close), false},
		{get, "/conversations/:id", staff.ActConversation, s.showConversation, false},
		{get, "/conversations/:id/messages", staff.ActConversation, s.messages, false},
		{post, "/conversations/:id/messages", staff.ActTalk, s.say, false},
		{get, "/presence", staff.ActQueue, s.presence, true},
		{put, "/presence", staff.ActQueue, s.setPresence, true},
		{get, "/alerts", staff.ActAlerts, s.alerts, true},
		{post, "/alerts/:id/seen", staff.ActAlerts, s.seeAlert, false},

		{get, "/tickets", staff.ActTicketView, s.listTickets, false},
		{post, "/tickets", staff.ActTicketOpen, s.openTicket, false},
		{get, "/tickets/:number", staff.ActTicketView, s.showTicket, false},
		{post, "/tickets/:number/sign", staff.ActTicketHandle, s.signTicket, false},
		{post, "/tickets/:number/reply", staff.ActTicketHandle, s.replyTicket, false},
		{post, "/tickets/:number/return", staff.ActTicketHandle, s.returnTicket, false},
		{post, "/tickets/:number/extend", staff.ActTicketHandle, s.extendTicket, false},
		{post, "/tickets/:number/dispatch", staff.ActTicketDispatch, s.dispatchTicket, false},
		{get, "/catalogue", staff.ActCatalogue, s.catalogue, false},

		{get, "/articles", staff.ActArticleView, s.articles, false},
		{get, "/articles/:id", staff.ActArticleView, s.article, false},
		{post, "/articles/:id/publish", staff.ActArticlePublish, s.moveArticle(s.Knowledge.Publish), false},
		{post, "/articles/:id/withdraw", staff.ActArticlePublish, s.moveArticle(s.Knowledge.Withdraw), false},
		{get, "/search", staff.ActSearch, s.search, false},

		{get, "/accounts", staff.ActAccountView, s.accounts, false},
		{post, "/accounts", staff.ActAccounts, s.createAccount, false},
		{put, "/accounts/:id", staff.ActAccounts, s.renameAccount, false},
		{post, "/accounts/:id/reset", staff.ActAccounts, s.resetAccount, false},
		{post, "/accounts/:id/disable", staff.ActAccounts, s.disableAccount, false},
		{post, "/accounts/:id/enable", staff.ActAccounts, s.onAccount(s.Staff.Enable), false},
		{put, "/accounts/:id/roles", staff.ActRoles, s.setRoles, false},
		{del, "/accounts/:id/second-factor", staff.ActRoles, s.onAccount(s.Staff.RemoveSecond), false},
		{get, "/tokens", staff.ActTokens, s.tokens, false},
		{post, "/tokens", staff.ActTokens, s.createToken, false},
		{del, "/tokens/:id", staff.ActTokens, s.onAccount(s.Staff.RevokeToken), false},
		{get, "/audit", staff.ActAudit, s.audit, false},
		{post, "/audit/verify", staff.ActAudit, s.verifyAudit, false},
		{get, "/audit/export", staff.ActAuditExport, s.exportAudit, false},
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
	s.app.Post(api+"/chat/:channel/session", noStore, s.chatSession)
	s.app.Get(api+"/chat/:channel/ws", noStore, s.chatSocket())
}

// noStore keeps answers with personal data out of every cache.
func noStore(c *fiber.Ctx) error {
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.Next()
}
