package wechat

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/silenceper/wechat/v2/officialaccount/message"

	"jiban"
	"jiban/channels"
)

// success is what WeChat wants to read when nothing is to be said.
const success = "success"

// ServeHTTP answers WeChat: GET is the verification of the address, POST a message
// or an event.
func (a *Adapter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "" && r.URL.Path != "/" {
		http.NotFound(w, r)
		return
	}
	switch r.Method {
	case http.MethodGet:
		a.handshake(w, r)
	case http.MethodPost:
		a.callback(w, r)
	default:
		w.Header().Set("Allow", "GET, POST")
		http.Error(w, "GET or POST", http.StatusMethodNotAllowed)
	}
}

func (a *Adapter) handshake(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if err := a.verify(q); err != nil {
		a.refuse(w, http.StatusForbidden, "signature", err)
		return
	}
	a.write(w, "text/plain; charset=utf-8", []byte(q.Get("echostr")))
}

func (a *Adapter) callback(w http.ResponseWriter, r *http.Request) {
	in, encrypted, ok := a.read(w, r)
	if !ok {
		return
	}
	msg, ok := a.received(in)
	if !ok {
		a.write(w, "text/plain", []byte(success))
		return
	}
	// The clock's time and the context's both end before WeChat hangs up; the
	// context gives the commit a moment more than the turn has.
	ctx, cancel := context.WithTimeout(r.Context(), a.cfg.ReplyWithin+300*time.Millisecond)
	defer cancel()
	msg.Content = a.untap(ctx, msg.Address, in.MenuID, msg.Content)
	if !a.cfg.PassiveReply {
		if _, err := a.deps.Inbox.Receive(ctx, msg); err != nil {
			a.notTaken(w, r, in, msg, encrypted, err)
			return
		}
		a.write(w, "text/plain", []byte(success))
		return
	}
	ex, err := a.deps.Inbox.Converse(ctx, msg, a.deps.Clock.Now().Add(a.cfg.ReplyWithin))
	if err != nil {
		a.notTaken(w, r, in, msg, encrypted, err)
		return
	}
	a.reply(w, in, a.settle(r.Context(), ex), encrypted)
}

// read verifies and opens a callback; on false the answer has been written.
func (a *Adapter) read(w http.ResponseWriter, r *http.Request) (in inbound, encrypted, ok bool) {
	q := r.URL.Query()
	if err := a.verify(q); err != nil {
		a.refuse(w, http.StatusForbidden, "signature", err)
		return in, false, false
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		status := http.StatusBadRequest
		if tooBig := (*http.MaxBytesError)(nil); errors.As(err, &tooBig) {
			status = http.StatusRequestEntityTooLarge
		}
		a.refuse(w, status, "body", err)
		return in, false, false
	}
	plain, encrypted, err := a.open(q, body)
	if err == nil {
		in, err = parse(plain)
	}
	switch {
	case err == nil:
		return in, encrypted, true
	case errors.Is(err, errForged):
		a.refuse(w, http.StatusForbidden, "forged", err)
	default:
		a.refuse(w, http.StatusBadRequest, "xml", err)
	}
	return in, false, false
}

func (a *Adapter) refuse(w http.ResponseWriter, status int, reason string, err error) {
	a.deps.Metrics.Refused(a.cfg.Name, reason)
	// What came from outside stays out of the log but for our own words: XML
	// errors quote the document.
	level := "unreadable"
	if errors.Is(err, errForged) {
		level = err.Error()
	}
	a.log.Warn("callback refused", "status", status, "reason", reason, "detail", level)
	http.Error(w, http.StatusText(status), status)
}

// settle picks the messages that fit into the one text of a passive reply, in
// order, and gives the others back. It returns "" when nothing may be said here.
func (a *Adapter) settle(ctx context.Context, ex channels.Exchange) string {
	if ex.Settle == nil {
		return ""
	}
	text, ids := merge(ex.Messages)
	// The answer is as good as sent: a caller who hung up must not stop the record.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if err := ex.Settle(ctx, ids); err != nil {
		a.log.Error("passive reply not settled, left to delivery", "conversation", ex.Receipt.ConversationID, "err", err)
		return ""
	}
	return text
}

// notTaken answers a callback whose message is not on disk. WeChat gets an error
// status and delivers again; on the last delivery the person is told the truth. A
// danger is answered at once, whichever delivery it is.
func (a *Adapter) notTaken(w http.ResponseWriter, r *http.Request, in inbound, msg jiban.Received, encrypted bool, err error) {
	if jiban.CodeOf(err) == jiban.CodeInvalid {
		// It will never be stored: another delivery would change nothing.
		a.deps.Metrics.Refused(a.cfg.Name, "invalid")
		a.log.Warn("message refused by the gateway", "err", err)
		a.write(w, "text/plain", []byte(success))
		return
	}
	a.log.Error("message not stored", "err", err)
	sorry := a.deps.Words.Say(msg.Lang, WordCannotTake, nil)
	if line := a.safety(msg); line != "" {
		a.reply(w, in, joinNonEmpty([]string{line, sorry}), encrypted)
		return
	}
	if a.lastDelivery(r.Context(), msg.ExternalID) {
		a.reply(w, in, sorry, encrypted)
		return
	}
	http.Error(w, "not stored, deliver again", http.StatusServiceUnavailable)
}

func (a *Adapter) safety(msg jiban.Received) string {
	if a.deps.Safety == nil || msg.Content.Text == "" {
		return ""
	}
	return a.deps.Safety(msg.Content.Text)
}

// lastDelivery counts the failed deliveries of one message. Where even counting
// fails the truth is told at once rather than never.
func (a *Adapter) lastDelivery(ctx context.Context, externalID string) bool {
	ctx, cancel := context.WithTimeout(ctx, sharedWait)
	defer cancel()
	n, err := a.deps.Shared.Count(ctx, "wechat:failed:"+a.cfg.Name+":"+externalID, 1, time.Minute)
	return err != nil || n >= deliveries
}

// reply writes a passive text reply, encrypted if the request was; "" is success.
func (a *Adapter) reply(w http.ResponseWriter, in inbound, text string, encrypted bool) {
	text = clean(text)
	if text == "" {
		a.write(w, "text/plain", []byte(success))
		return
	}
	body, err := a.replyXML(in, text, encrypted)
	if err != nil {
		a.log.Error("passive reply not written", "err", err)
		http.Error(w, "reply failed", http.StatusInternalServerError)
		return
	}
	a.write(w, "application/xml; charset=utf-8", body)
}

func (a *Adapter) replyXML(in inbound, text string, encrypted bool) ([]byte, error) {
	t := message.NewText(text)
	t.SetToUserName(message.CDATA(in.FromUserName))
	t.SetFromUserName(message.CDATA(in.ToUserName))
	t.SetCreateTime(a.deps.Clock.Now().Unix())
	t.SetMsgType(message.MsgTypeText)
	plain, err := xml.Marshal(t)
	if err != nil {
		return nil, fmt.Errorf("wechat: write the reply: %w", err)
	}
	if !encrypted {
		return plain, nil
	}
	return a.seal(plain)
}

func (a *Adapter) write(w http.ResponseWriter, kind string, body []byte) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if _, err := w.Write(body); err != nil {
		// WeChat has hung up; it will deliver again and get the same answer.
		a.log.Warn("answer not written", "err", err)
	}
}
