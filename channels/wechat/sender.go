package wechat

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strconv"
	"strings"

	"github.com/silenceper/wechat/v2/officialaccount/message"

	"jiban"
	"jiban/channels"
)

// firstMenuID is the id of a menu's first item; WeChat's own examples count from
// 101, and the id comes back as a number.
const firstMenuID = 101

// Ways offers customer-service messages to the person of the conversation while
// the window is open and the budget lasts (domain A7). An OpenID belongs to one
// account, so only the conversation's own address on this channel counts.
func (a *Adapter) Ways(_ context.Context, r channels.Reach) ([]channels.Way, error) {
	c := r.Conversation
	if c.Channel != a.cfg.Name || !strings.HasPrefix(string(c.Address), "wechat:") || c.LastInAt.IsZero() {
		return nil, nil
	}
	until, left := c.LastInAt.Add(a.cfg.MessageWindow), a.cfg.MessageBudget-r.SentSince
	if !r.Now.Before(until) || left <= 0 {
		return nil, nil
	}
	return []channels.Way{{Channel: a.cfg.Name, Path: jiban.PathCustom, To: c.Address, Until: until, Left: left, Cost: 1}}, nil
}

// outgoing is the SDK's message with the mark of what a model phrased (domain A7).
type outgoing struct {
	*message.CustomerMessage
	AI *aiContext `json:"aimsgcontext,omitempty"`
}

type aiContext struct {
	IsAI int `json:"is_ai_msg"`
}

// Send hands one part to the platform. A token refused by the platform is fetched
// anew and the part sent once more.
func (a *Adapter) Send(ctx context.Context, w channels.Way, p channels.Part) (string, error) {
	openid, ok := strings.CutPrefix(string(w.To), "wechat:")
	if !ok || w.Path != jiban.PathCustom {
		return "", &channels.SendError{Action: channels.ActNextWay, Code: "way", Err: errors.New("not a way of this channel")}
	}
	id, err := a.send(ctx, a.message(openid, p, len(p.Content.Options) > 0))
	var answer *apiError
	if errors.As(err, &answer) && menuRefused(answer.Code) && len(p.Content.Options) > 0 {
		id, err = a.send(ctx, a.message(openid, p, false))
	}
	if err != nil {
		return "", sendError(err)
	}
	a.remember(ctx, w.To, p.Content.Options)
	return id, nil
}

func (a *Adapter) message(openid string, p channels.Part, menu bool) outgoing {
	m := message.NewCustomerTextMessage(openid, p.Text)
	if menu {
		m = &message.CustomerMessage{ToUser: openid, Msgtype: "msgmenu", Msgmenu: &message.MediaMsgmenu{HeadContent: p.Content.Text}}
		for i, o := range p.Content.Options {
			m.Msgmenu.List = append(m.Msgmenu.List, message.MsgmenuItem{ID: strconv.Itoa(firstMenuID + i), Content: clean(o.Label)})
		}
	}
	out := outgoing{CustomerMessage: m}
	if p.Content.Generated {
		out.AI = &aiContext{IsAI: 1}
	}
	return out
}

func (a *Adapter) send(ctx context.Context, m outgoing) (string, error) {
	tok, err := a.tokens.token(ctx, "")
	if err != nil {
		// The message itself has not left.
		return "", &callError{Err: err}
	}
	id, err := a.post(ctx, tok, m)
	var answer *apiError
	if errors.As(err, &answer) && tokenRefused(answer.Code) {
		fresh, tokenErr := a.tokens.token(ctx, tok)
		if tokenErr != nil {
			return "", &callError{Err: tokenErr}
		}
		return a.post(ctx, fresh, m)
	}
	return id, err
}

func (a *Adapter) post(ctx context.Context, token string, m outgoing) (string, error) {
	var got struct {
		MsgID json.RawMessage `json:"msgid"` // a number or a string, not always there
	}
	err := a.api.post(ctx, "/cgi-bin/message/custom/send", url.Values{"access_token": {token}}, m, &got)
	return strings.Trim(string(got.MsgID), `"`), err
}

// remember keeps what the items of a menu stand for: WeChat sends back an item's
// words, not its value.
func (a *Adapter) remember(ctx context.Context, to jiban.Address, os []jiban.Option) {
	if len(os) == 0 {
		return
	}
	values := make(map[string]string, len(os))
	for _, o := range os {
		values[clean(o.Label)] = o.Value
	}
	raw, err := json.Marshal(values)
	if err == nil {
		err = a.deps.Shared.Set(ctx, a.menuKey(to), string(raw), a.cfg.MessageWindow)
	}
	if err != nil {
		a.log.Warn("menu not remembered, taps come as their words", "err", err)
	}
}

// untap replaces a tapped item's words by the option's value; where the menu is
// not known any more the words stay, which the dialog understands as well.
func (a *Adapter) untap(ctx context.Context, from jiban.Address, menuID string, c jiban.Content) jiban.Content {
	if menuID == "" || c.Kind != jiban.KindTap {
		return c
	}
	ctx, cancel := context.WithTimeout(ctx, sharedWait)
	defer cancel()
	raw, ok, err := a.deps.Shared.Get(ctx, a.menuKey(from))
	if err != nil || !ok {
		return c
	}
	var values map[string]string
	if err := json.Unmarshal([]byte(raw), &values); err != nil {
		a.log.Warn("remembered menu is unreadable", "err", err)
		return c
	}
	if v, ok := values[strings.TrimSpace(c.Text)]; ok {
		c.Text = v
	}
	return c
}

func (a *Adapter) menuKey(to jiban.Address) string {
	return "wechat:menu:" + a.cfg.Name + ":" + string(to)
}
