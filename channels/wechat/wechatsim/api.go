package wechatsim

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"
)

// Handler is the platform's API.
func (s *Sim) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /cgi-bin/stable_token", s.stableToken)
	mux.HandleFunc("GET /cgi-bin/token", s.oldToken)
	mux.HandleFunc("POST /cgi-bin/message/custom/send", s.custom)
	mux.HandleFunc("POST /cgi-bin/message/custom/typing", func(w http.ResponseWriter, _ *http.Request) { answer(w, 0, nil) })
	mux.HandleFunc("GET /cgi-bin/media/get", s.media)
	mux.HandleFunc("GET /films/{id}", s.film)
	return mux
}

// answer writes a result: always status 200, as the platform does.
func answer(w http.ResponseWriter, code int64, more map[string]any) {
	out := map[string]any{"errcode": code, "errmsg": "ok"}
	if code != 0 {
		out["errmsg"] = "refused rid: 00000000-00000000-00000000"
	}
	for k, v := range more {
		out[k] = v
	}
	w.Header().Set("Content-Type", "application/json; encoding=utf-8")
	// A caller who hung up misses the answer; that is his to find out.
	_ = json.NewEncoder(w).Encode(out)
}

func (s *Sim) stableToken(w http.ResponseWriter, r *http.Request) {
	var ask struct {
		Grant  string `json:"grant_type"`
		AppID  string `json:"appid"`
		Secret string `json:"secret"`
		Force  bool   `json:"force_refresh"`
	}
	if err := json.NewDecoder(io.LimitReader(r.Body, 1<<16)).Decode(&ask); err != nil || ask.Grant != "client_credential" {
		answer(w, 47001, nil)
		return
	}
	s.giveToken(w, ask.AppID, ask.Secret, ask.Force)
}

// oldToken makes a new token on every call, which ends the one before.
func (s *Sim) oldToken(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	s.giveToken(w, q.Get("appid"), q.Get("secret"), true)
}

func (s *Sim) giveToken(w http.ResponseWriter, appID, secret string, fresh bool) {
	if appID != s.cfg.AppID {
		answer(w, 40013, nil)
		return
	}
	if secret != s.cfg.AppSecret {
		answer(w, 40125, nil)
		return
	}
	made, err := randomHex(64)
	if err != nil {
		http.Error(w, "no randomness", http.StatusInternalServerError)
		return
	}
	s.mu.Lock()
	s.fetches++
	now := s.cfg.Clock.Now()
	if fresh || s.token == "" || !now.Before(s.expires) {
		s.token, s.expires = made, now.Add(s.cfg.TokenLife)
	}
	token, left := s.token, int64(s.expires.Sub(now).Seconds())
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"access_token": token, "expires_in": left})
}

type customMessage struct {
	ToUser string `json:"touser"`
	Type   string `json:"msgtype"`
	Text   struct {
		Content string `json:"content"`
	} `json:"text"`
	Menu struct {
		Head string     `json:"head_content"`
		List []MenuItem `json:"list"`
		Tail string     `json:"tail_content"`
	} `json:"msgmenu"`
	AI struct {
		IsAI int `json:"is_ai_msg"`
	} `json:"aimsgcontext"`
}

func (s *Sim) custom(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(io.LimitReader(r.Body, 1<<16))
	if err != nil || len(raw) == 0 {
		answer(w, 44002, nil)
		return
	}
	var m customMessage
	if err := json.Unmarshal(raw, &m); err != nil {
		answer(w, 47001, nil)
		return
	}
	code := s.judge(r.URL.Query().Get("access_token"), string(raw), m)
	if code != 0 {
		answer(w, code, nil)
		return
	}
	id := s.nextID()
	text := m.Text.Content
	if m.Type == "msgmenu" {
		text = strings.TrimSpace(m.Menu.Head + "\n" + m.Menu.Tail)
	}
	s.record(Sent{Path: "custom", OpenID: m.ToUser, Text: text, Menu: m.Menu.List, AI: m.AI.IsAI == 1, MsgID: id})
	answer(w, 0, nil)
}

// judge applies the platform's rules in its order: token, form, window, budget.
func (s *Sim) judge(token, raw string, m customMessage) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.cfg.Clock.Now()
	switch {
	case token == "":
		return 41001
	case token != s.token:
		return 40001
	case !now.Before(s.expires):
		return 42001
	case len(s.fail) > 0:
		code := s.fail[0]
		s.fail = s.fail[1:]
		return code
	case strings.Contains(raw, `\u`):
		return 40033
	case m.Type != "text" && m.Type != "msgmenu":
		return 40008
	case m.Type == "text" && strings.TrimSpace(m.Text.Content) == "":
		return 44004
	case len(m.Text.Content) > 2048 || len(m.Menu.Head) > 2048 || !utf8.ValidString(m.Text.Content):
		return 45002
	}
	p := s.people[m.ToUser]
	switch {
	case p == nil:
		return 40003
	case !now.Before(p.wroteAt.Add(s.cfg.Window)):
		return 45015
	case p.left <= 0:
		return 45047
	}
	p.left--
	return 0
}
