package app

import (
	"context"
	"net/http"

	"jiban"
	"jiban/app/config"
	"jiban/channels"
	"jiban/channels/sms"
	"jiban/channels/webchat"
	"jiban/channels/wechat"
	"jiban/files"
	"jiban/web"
)

// table is every configured channel, by what it can do.
type table struct {
	senders   []channels.Sender
	services  []channels.Service
	endpoints map[jiban.ChannelKind]map[string]http.Handler
	chats     map[string]web.Chat
}

// newTable builds the configured channels. This is the one place where families
// of providers are named: a new one gets its row here.
func newTable(b *base, h *house, f *files.Service, inbox channels.Inbox, m *web.Metrics) (*table, error) {
	t := &table{endpoints: map[jiban.ChannelKind]map[string]http.Handler{}, chats: map[string]web.Chat{}}
	for _, c := range b.cfg.Channels.WeChat {
		if err := t.add(newWeChat(c, b, h, inbox, m)); err != nil {
			return nil, err
		}
	}
	for _, c := range b.cfg.Channels.SMS {
		if err := t.add(newSMS(c, b, inbox, m)); err != nil {
			return nil, err
		}
	}
	for _, c := range b.cfg.Channels.WebChat {
		chat := newWebChat(c, b, h, f, inbox)
		if err := t.add(chat, nil); err != nil {
			return nil, err
		}
		t.chats[c.Name] = web.Chat{
			Serve: func(ctx context.Context, visitor jiban.Address, conn web.ChatConn) error {
				return chat.Serve(ctx, visitor, conn)
			},
			Audience: jiban.Audience(c.Audience), AllowedOrigins: c.AllowedOrigins, Attach: chat.Attach,
			Owner: func(ctx context.Context, visitor jiban.Address) (string, error) {
				contact, err := b.store.EnsureContact(ctx, visitor)
				return contact.ID, err
			},
		}
	}
	return t, nil
}

// add enters an adapter under each of the abilities it has.
func (t *table) add(s channels.Sender, err error) error {
	if err != nil {
		return err
	}
	t.senders = append(t.senders, s)
	if e, ok := s.(channels.Endpoint); ok {
		if t.endpoints[s.Kind()] == nil {
			t.endpoints[s.Kind()] = map[string]http.Handler{}
		}
		t.endpoints[s.Kind()][s.Name()] = e
	}
	if r, ok := s.(channels.Service); ok {
		t.services = append(t.services, r)
	}
	return nil
}

func newWeChat(c config.WeChat, b *base, h *house, inbox channels.Inbox, m *web.Metrics) (channels.Sender, error) {
	return wechat.New(wechat.Config{
		Name: c.Name, AppID: c.AppID, AppSecret: c.AppSecret, Token: c.Token, AESKey: c.AESKey, PreviousAESKey: c.PreviousAESKey,
		Compatible: c.Compatible, PassiveReply: c.PassiveReply, ReplayWindow: c.ReplayWindow, APIBase: c.APIBase,
		MessageBudget: c.MessageBudget, MessageWindow: c.MessageWindow, ReplyWithin: c.ReplyWithin,
		Audience: jiban.Citizen, Region: b.cfg.Region,
	}, wechat.Deps{
		Inbox: inbox, Clock: b.clock, Shared: b.shared, Words: h.book, Log: b.log, Metrics: m,
		Safety: func(text string) string { return h.safetyLine(text, jiban.ChannelWeChat) },
	})
}

func newSMS(c config.SMS, b *base, inbox channels.Inbox, m *web.Metrics) (channels.Sender, error) {
	return sms.New(sms.Config{
		Name: c.Name, Driver: c.Driver, Source: c.Source, Signature: c.Signature, MaxParts: c.MaxParts,
		Audience: jiban.Citizen, Region: b.cfg.Region, Address: c.Address, SystemID: c.SystemID, Password: c.Password,
		Reassembly: c.Reassembly, EnquireLink: c.EnquireLink,
		AccountSID: c.AccountSID, AuthToken: c.AuthToken, APIBase: c.APIBase, PublicURL: b.cfg.PublicURL,
	}, sms.Deps{Inbox: inbox, Clock: b.clock, Log: b.log, Metrics: m})
}

func newWebChat(c config.WebChat, b *base, h *house, f *files.Service, inbox channels.Inbox) *webchat.Chat {
	return webchat.New(webchat.Config{Name: c.Name, Audience: jiban.Audience(c.Audience), Region: b.cfg.Region},
		webchat.Deps{Inbox: inbox, History: b.store, Bus: b.shared, Words: h.book, Files: shownFiles{f, c.Name}, Clock: b.clock, Log: b.log})
}

// safetyLine is what is said about a danger when nothing can be stored; it needs
// no store.
func (h *house) safetyLine(text string, kind jiban.ChannelKind) string {
	if s := h.lexicon.engine().Emergency(text, jiban.Chinese, kind); s != nil {
		return s.Text
	}
	return ""
}
