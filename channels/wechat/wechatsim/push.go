package wechatsim

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"time"
)

// Message is what a person does. Type is WeChat's MsgType: text, image, voice,
// video, location, link, event or anything else. The ids are made when empty.
type Message struct {
	OpenID   string
	Type     string
	MsgID    string
	At       time.Time
	Text     string
	MenuID   string // with text: the tapped item of a menu
	MediaID  string
	Lat, Lng float64
	Label    string
	Event    string
	EventKey string
	Extra    string // further XML, unchanged
}

// Reply is what the callback came to.
type Reply struct {
	Deliveries   int // how often it was delivered
	Status       int // of the last delivery; 0 for no answer in time
	Acknowledged bool
	Text         string // of a passive reply, "" for none
	Encrypted    bool
	Took         time.Duration // of the last delivery
}

// XML writes the message as the platform does (documents "Receiving standard
// messages" and "Receiving event pushes").
func (m Message) XML() string {
	var b strings.Builder
	b.WriteString("<xml>")
	cdata(&b, "ToUserName", "gh_sim")
	cdata(&b, "FromUserName", m.OpenID)
	fmt.Fprintf(&b, "<CreateTime>%d</CreateTime>", m.At.Unix())
	cdata(&b, "MsgType", m.Type)
	switch m.Type {
	case "text":
		cdata(&b, "Content", m.Text)
		if m.MenuID != "" {
			fmt.Fprintf(&b, "<bizmsgmenuid>%s</bizmsgmenuid>", m.MenuID)
		}
	case "image", "voice", "video", "shortvideo":
		cdata(&b, "MediaId", m.MediaID)
	case "location":
		fmt.Fprintf(&b, "<Location_X>%f</Location_X><Location_Y>%f</Location_Y><Scale>15</Scale>", m.Lat, m.Lng)
		cdata(&b, "Label", m.Label)
	case "event":
		cdata(&b, "Event", m.Event)
		cdata(&b, "EventKey", m.EventKey)
	}
	if m.MsgID != "" {
		fmt.Fprintf(&b, "<MsgId>%s</MsgId>", m.MsgID)
	}
	b.WriteString(m.Extra + "</xml>")
	return b.String()
}

func cdata(b *strings.Builder, name, v string) {
	fmt.Fprintf(b, "<%s><![CDATA[%s]]></%s>", name, strings.ReplaceAll(v, "]]>", "]]]]><![CDATA[>"), name)
}

// complete fills in what the platform would.
func (s *Sim) complete(m Message) Message {
	if m.OpenID == "" {
		m.OpenID = s.cfg.OpenID
	}
	if m.Type == "" {
		m.Type = "text"
	}
	if m.At.IsZero() {
		m.At = s.cfg.Clock.Now()
	}
	if m.MsgID == "" && m.Type != "event" {
		m.MsgID = s.nextID()
	}
	return m
}

// Request signs, and where the account has a key encrypts, one delivery.
func (s *Sim) Request(ctx context.Context, m Message) (*http.Request, error) {
	m = s.complete(m)
	stamp := strconv.FormatInt(s.cfg.Clock.Now().Unix(), 10)
	nonce, err := randomHex(8)
	if err != nil {
		return nil, err
	}
	q := url.Values{"timestamp": {stamp}, "nonce": {nonce}, "openid": {m.OpenID}, "signature": {Sign(s.cfg.Token, stamp, nonce)}}
	body := m.XML()
	if s.cfg.AESKey != "" {
		sealed, err := encrypt(s.cfg.AESKey, s.cfg.AppID, []byte(body))
		if err != nil {
			return nil, err
		}
		q.Set("encrypt_type", "aes")
		q.Set("msg_signature", Sign(s.cfg.Token, stamp, nonce, sealed))
		envelope := "<Encrypt><![CDATA[" + sealed + "]]></Encrypt>"
		if s.cfg.Compatible {
			body = strings.TrimSuffix(body, "</xml>") + envelope + "</xml>"
		} else {
			body = "<xml><ToUserName><![CDATA[gh_sim]]></ToUserName>" + envelope + "</xml>"
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.cfg.Callback+"?"+q.Encode(), strings.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("wechatsim: the callback address %q: %w", s.cfg.Callback, err)
	}
	req.Header.Set("Content-Type", "text/xml")
	return req, nil
}

// Handshake verifies the callback address as the console of the platform does.
func (s *Sim) Handshake(ctx context.Context) error {
	stamp := strconv.FormatInt(s.cfg.Clock.Now().Unix(), 10)
	echo, err := randomHex(8)
	if err != nil {
		return err
	}
	q := url.Values{"timestamp": {stamp}, "nonce": {"n"}, "echostr": {echo}, "signature": {Sign(s.cfg.Token, stamp, "n")}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.cfg.Callback+"?"+q.Encode(), http.NoBody)
	if err != nil {
		return fmt.Errorf("wechatsim: the callback address %q: %w", s.cfg.Callback, err)
	}
	status, body, err := s.do(req)
	if err != nil {
		return err
	}
	if status != http.StatusOK || string(body) != echo {
		return fmt.Errorf("wechatsim: the callback answered the handshake with status %d", status)
	}
	return nil
}

// Push delivers what a person does, three times at most, and returns the callback's
// answer. An error means that the request could not even be made.
func (s *Sim) Push(ctx context.Context, m Message) (Reply, error) {
	m = s.complete(m)
	s.opens(m)
	var reply Reply
	for reply.Deliveries < s.cfg.Deliveries && ctx.Err() == nil {
		reply.Deliveries++
		if err := s.deliver(ctx, m, &reply); err != nil {
			return reply, err
		}
		if reply.Acknowledged {
			break
		}
	}
	if reply.Text != "" {
		s.record(Sent{Path: "passive", OpenID: m.OpenID, Text: reply.Text})
	}
	return reply, nil
}

func (s *Sim) deliver(ctx context.Context, m Message, reply *Reply) error {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	req, err := s.Request(ctx, m)
	if err != nil {
		return err
	}
	began := s.cfg.Clock.Now()
	status, body, err := s.do(req)
	reply.Took, reply.Status = s.cfg.Clock.Now().Sub(began), status
	if err != nil {
		reply.Status = 0
		return nil //nolint:nilerr // no answer in time is what redelivery is for
	}
	if status != http.StatusOK {
		return nil
	}
	text, encrypted, err := s.readReply(body)
	if err != nil {
		return nil //nolint:nilerr // an unreadable answer counts as none, as on the platform
	}
	reply.Acknowledged, reply.Text, reply.Encrypted = true, text, encrypted
	return nil
}

func (s *Sim) do(req *http.Request) (int, []byte, error) {
	resp, err := s.cfg.Client.Do(req)
	if err != nil {
		return 0, nil, fmt.Errorf("wechatsim: %w", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return resp.StatusCode, nil, fmt.Errorf("wechatsim: read the answer: %w", err)
	}
	return resp.StatusCode, body, nil
}

// readReply understands the answer of a callback: "success" or nothing, a plain or
// an encrypted text. Anything else is what a person sees as a service failure.
func (s *Sim) readReply(body []byte) (text string, encrypted bool, err error) {
	if len(body) == 0 || string(body) == "success" {
		return "", false, nil
	}
	var env struct {
		XMLName   struct{} `xml:"xml"`
		Encrypt   string   `xml:"Encrypt"`
		Signature string   `xml:"MsgSignature"`
		TimeStamp string   `xml:"TimeStamp"`
		Nonce     string   `xml:"Nonce"`
		MsgType   string   `xml:"MsgType"`
		Content   string   `xml:"Content"`
	}
	if err := xml.Unmarshal(body, &env); err != nil {
		return "", false, fmt.Errorf("wechatsim: the answer is no XML: %w", err)
	}
	if env.Encrypt != "" {
		if Sign(s.cfg.Token, env.TimeStamp, env.Nonce, env.Encrypt) != env.Signature {
			return "", true, errors.New("wechatsim: the answer's signature is wrong")
		}
		plain, err := decrypt(s.cfg.AESKey, s.cfg.AppID, env.Encrypt)
		if err != nil {
			return "", true, err
		}
		text, _, err = s.readReply(plain)
		return text, true, err
	}
	if env.MsgType != "text" || env.Content == "" || len(env.Content) > 2048 {
		return "", false, errors.New("wechatsim: the answer is no text of 1 to 2048 bytes")
	}
	return env.Content, false, nil
}

// opens starts the window and the budget that an action gives (domain A7).
func (s *Sim) opens(m Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	budget := s.cfg.Budget
	if m.Type == "event" {
		switch strings.ToLower(m.Event) {
		case "subscribe", "scan", "click":
			budget = 3
		default:
			return
		}
	}
	s.people[m.OpenID] = &person{wroteAt: s.cfg.Clock.Now(), left: budget}
}

// Sign is WeChat's signature: SHA-1 over the sorted strings.
func Sign(parts ...string) string {
	sorted := append([]string(nil), parts...)
	sort.Strings(sorted)
	sum := sha1.Sum(bytes.Join(toBytes(sorted), nil))
	return hex.EncodeToString(sum[:])
}

func toBytes(ss []string) [][]byte {
	out := make([][]byte, len(ss))
	for i, s := range ss {
		out[i] = []byte(s)
	}
	return out
}
