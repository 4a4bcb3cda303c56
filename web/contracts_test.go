package web_test

import (
	"jiban/channels"
	"jiban/channels/sms"
	"jiban/channels/webchat"
	"jiban/channels/wechat"
	"jiban/dialog/runner"
	"jiban/handoff"
	"jiban/knowledge"
	"jiban/staff"
	"jiban/store"
	"jiban/store/shared"
	"jiban/tickets"
	"jiban/web"
)

// The rooms fulfil what the edge asks of them, and the edge what they ask of it.
var (
	_ web.Staff        = (*staff.Service)(nil)
	_ web.Tickets      = (*tickets.Service)(nil)
	_ web.Handoffs     = (*handoff.Service)(nil)
	_ web.Knowledge    = (*knowledge.Service)(nil)
	_ web.Records      = (*store.Store)(nil)
	_ web.House        = (*store.Store)(nil)
	_ staff.Store      = (*store.Store)(nil)
	_ web.Shared       = (*shared.Memory)(nil)
	_ web.Shared       = (*shared.Redis)(nil)
	_ web.ChatServer   = (*webchat.Chat)(nil).Serve
	_ channels.Metrics = (*web.Metrics)(nil)
	_ wechat.Metrics   = (*web.Metrics)(nil)
	_ sms.Metrics      = (*web.Metrics)(nil)
	_ runner.Listeners = (*web.Metrics)(nil)
	_ runner.Listeners = web.Announcer{}
)
