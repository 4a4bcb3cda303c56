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
// pass it.
type staffRoute struct {
	method, path string
	action       staff.Action
	handler      fiber.Handler
}

// staffRoutes is the whole staff API but for the login.
func (s *Server) staffRoutes() []staffRoute {
	const get, post, put = fiber.MethodGet, fiber.MethodPost, fiber.MethodPut
	return []staffRoute{
		{post, "/logout", staff.ActSelf, s.logout},
		{get, "/me", staff.ActSelf, s.me},
		{post, "/password", staff.ActSelf, s.password},
		{get, "/events", staff.ActEvents, s.eventSocket()},

		{get, "/handoffs", staff.ActQueue, s.handoffs},
		{post, "/handoffs/:id/accept", staff.ActTalk, s.moveHandoff(s.Deps.Handoffs.Accept)},
		{post, "/handoffs/:id/return", staff.ActTalk, s.moveHandoff(s.Deps.Handoffs.Return)},
		{post, "/handoffs/:id/close", staff.ActTalk, s.moveHandoff(s.Deps.Handoffs.Close)},
		{get, "/conversations/:id", staff.ActConversation, s.showConversation},
		{get, "/conversations/:id/messages", staff.ActConversation, s.messages},
		{post, "/conversations/:id/messages", staff.ActTalk, s.say},
		{get, "/presence", staff.ActQueue, s.presence},
		{put, "/presence", staff.ActQueue, s.setPresence},
		{get, "/alerts", staff.ActAlerts, s.alerts},
		{post, "/alerts/:id/seen", staff.ActAlerts, s.seeAlert},

		{get, "/tickets", staff.ActTicketView, s.listTickets},
		{post, "/tickets", staff.ActTicketOpen, s.openTicket},
		{get, "/tickets/:number", staff.ActTicketView, s.showTicket},
		{post, "/tickets/:number/sign", staff.ActTicketHandle, s.signTicket},
		{post, "/tickets/:number/reply", staff.ActTicketHandle, s.replyTicket},
		{post, "/tickets/:number/return", staff.ActTicketHandle, s.returnTicket},
		{post, "/tickets/:number/extend", staff.ActTicketHandle, s.extendTicket},
		{post, "/tickets/:number/dispatch", staff.ActTicketDispatch, s.dispatchTicket},
		{get, "/catalogue", staff.ActCatalogue, s.catalogue},

		{get, "/articles", staff.ActArticleView, s.articles},
		{get, "/articles/:id", staff.ActArticleView, s.article},
		{post, "/articles/:id/publish", staff.ActArticlePublish, s.moveArticle(s.Knowledge.Publish)},
		{post, "/articles/:id/withdraw", staff.ActArticlePublish, s.moveArticle(s.Knowledge.Withdraw)},
		{get, "/search", staff.ActSearch, s.search},

		{get, "/accounts", staff.ActAccounts, s.accounts},
		{post, "/accounts", staff.ActAccounts, s.createAccount},
		{post, "/accounts/:id/disable", staff.ActAccounts, s.disableAccount},
		{get, "/audit", staff.ActAudit, s.audit},
	}
}

// mount puts every door in its place.
func (s *Server) mount() {
	s.app.Use(s.edge)
	s.mountPublic()
	for _, r := range s.staffRoutes() {
		s.app.Add(r.method, api+r.path, noStore, s.guard(r.action), r.handler)
	}
	s.app.All("/channels/wechat/:name", s.provider(jiban.ChannelWeChat, ""))
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
	s.app.Post(api+"/track", noStore, s.track)
	s.app.Post(api+"/chat/:channel/session", noStore, s.chatSession)
	s.app.Get(api+"/chat/:channel/ws", noStore, s.chatSocket())
}

// noStore keeps answers with personal data out of every cache.
func noStore(c *fiber.Ctx) error {
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.Next()
}
