package wechatsim

import (
	"net/http"
	"time"
)

// mediaLife is how long the platform keeps what people send.
const mediaLife = 72 * time.Hour

// Media is a file that a person sent. A film is given out by an address of its
// own.
type Media struct {
	Type    string
	Content []byte
	Film    bool
	since   time.Time
}

// Keep keeps a file under a media id, as the platform does when a person sends
// one.
func (s *Sim) Keep(id string, m Media) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m.since = s.cfg.Clock.Now()
	s.files[id] = m
}

// Kept returns a file while the platform has it.
func (s *Sim) Kept(id string) (Media, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, ok := s.files[id]
	return m, ok && s.cfg.Clock.Now().Sub(m.since) < mediaLife
}

// media gives a file out. Errors come as JSON with status 200.
func (s *Sim) media(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if code := s.knows(q.Get("access_token")); code != 0 {
		answer(w, code, nil)
		return
	}
	m, ok := s.Kept(q.Get("media_id"))
	if !ok {
		answer(w, 40007, nil)
		return
	}
	if m.Film {
		answer(w, 0, map[string]any{"video_url": "http://" + r.Host + "/films/" + q.Get("media_id")})
		return
	}
	s.give(w, q.Get("media_id"), m)
}

// film gives out what a video_url leads to.
func (s *Sim) film(w http.ResponseWriter, r *http.Request) {
	m, ok := s.Kept(r.PathValue("id"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	s.give(w, r.PathValue("id"), m)
}

func (s *Sim) give(w http.ResponseWriter, id string, m Media) {
	w.Header().Set("Content-Type", m.Type)
	w.Header().Set("Content-Disposition", `attachment; filename="`+id+`"`)
	// A caller who hung up misses the rest; that is his to find out.
	_, _ = w.Write(m.Content)
}

// knows judges a token, and fails where the test wants it.
func (s *Sim) knows(token string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case token == "":
		return 41001
	case token != s.token:
		return 40001
	case !s.cfg.Clock.Now().Before(s.expires):
		return 42001
	case len(s.fail) > 0:
		code := s.fail[0]
		s.fail = s.fail[1:]
		return code
	}
	return 0
}
