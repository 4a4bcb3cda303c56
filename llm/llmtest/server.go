// Package llmtest is a language model that says what a test wants: an
// OpenAI-compatible server over real HTTP, with the ways in which such servers
// fail. It knows nothing of what is asked of it.
package llmtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// Key is the one that the server takes.
const Key = "sk-test-0123456789-very-secret"

// Request is what the server was sent.
type Request struct {
	Model, System, User string
	Format              string // json_schema, json_object, or "" for none
	Schema              json.RawMessage
	Strict              bool
	Stream              bool
	MaxTokens           int
	Key                 string
}

// Task names the task by the schema's name, "" where none was sent.
func (r Request) Task() string {
	var s struct{ Name string }
	if json.Unmarshal(r.Schema, &s) != nil {
		return ""
	}
	return s.Name
}

// Reply is what it answers. The zero Reply is an empty answer of status 200.
type Reply struct {
	Content    string
	Status     int           // other than 200: an error of that status
	Body       string        // instead of what would be answered, as it stands
	Type       string        // content type of Body
	RetryAfter string        // header
	Delay      time.Duration // before the first byte
	Pace       time.Duration // between the parts of a stream
	Finish     string        // stop when empty; "-" for none
	CutAfter   int           // the connection breaks after so many parts, or in the middle of the body
	Redirect   string        // location
	NoUsage    bool
}

// Server answers what it was told to, in order, then as Always says.
type Server struct {
	URL string // to be used as base_url

	t        testing.TB
	mu       sync.Mutex
	queue    []Reply
	always   func(Request) Reply
	requests []Request
	gone     chan struct{}
}

// New starts a server that ends with the test.
func New(t testing.TB) *Server {
	s := &Server{t: t, gone: make(chan struct{}), always: func(Request) Reply { return Reply{Status: http.StatusInternalServerError} }}
	h := httptest.NewServer(http.HandlerFunc(s.serve))
	s.URL = h.URL + "/v1"
	t.Cleanup(func() { close(s.gone); h.Close() })
	return s
}

// Then adds answers to be given once each.
func (s *Server) Then(rs ...Reply) *Server {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue = append(s.queue, rs...)
	return s
}

// Always gives the answers when none waits.
func (s *Server) Always(f func(Request) Reply) *Server {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.always = f
	return s
}

// Says always answers the same.
func (s *Server) Says(content string) *Server {
	return s.Always(func(Request) Reply { return Reply{Content: content} })
}

// Requests lists what came so far.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Model    string
		Messages []struct{ Role, Content string }
		Stream   bool
		Format   struct {
			Type   string
			Schema json.RawMessage `json:"json_schema"`
		} `json:"response_format"`
		MaxTokens           int `json:"max_tokens"`
		MaxCompletionTokens int `json:"max_completion_tokens"`
	}
	if r.URL.Path != "/v1/chat/completions" || json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&in) != nil {
		http.Error(w, "no such thing", http.StatusNotFound)
		return
	}
	req := Request{Model: in.Model, Format: in.Format.Type, Schema: in.Format.Schema, Stream: in.Stream, MaxTokens: in.MaxTokens + in.MaxCompletionTokens,
		Key: strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")}
	var strict struct{ Strict bool }
	req.Strict = json.Unmarshal(in.Format.Schema, &strict) == nil && strict.Strict
	for _, m := range in.Messages {
		if m.Role == "system" {
			req.System = m.Content
		} else {
			req.User = m.Content
		}
	}
	s.answer(w, r, req, s.next(req))
}

func (s *Server) next(req Request) Reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, req)
	if len(s.queue) == 0 {
		return s.always(req)
	}
	reply := s.queue[0]
	s.queue = s.queue[1:]
	return reply
}

// wait waits unless the caller goes away first.
func (s *Server) wait(r *http.Request, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.Context().Done():
	case <-s.gone:
	}
	return false
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request, req Request, reply Reply) {
	if !s.wait(r, reply.Delay) {
		return
	}
	if reply.RetryAfter != "" {
		w.Header().Set("Retry-After", reply.RetryAfter)
	}
	switch {
	case reply.Redirect != "":
		http.Redirect(w, r, reply.Redirect, http.StatusTemporaryRedirect)
	case reply.Body != "":
		w.Header().Set("Content-Type", reply.Type)
		if reply.Status != 0 {
			w.WriteHeader(reply.Status)
		}
		fmt.Fprint(w, reply.Body)
	case reply.Status != 0 && reply.Status != http.StatusOK:
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(reply.Status)
		// Such errors repeat what was sent; nothing of it may reach a log.
		fmt.Fprintf(w, `{"error":{"message":%s,"type":"test"}}`, quote("failed on: "+req.User+" with key "+req.Key))
	case req.Stream:
		s.stream(w, r, req, reply)
	default:
		s.whole(w, req, reply)
	}
}

func (s *Server) whole(w http.ResponseWriter, req Request, reply Reply) {
	body := map[string]any{"id": "x", "object": "chat.completion", "model": req.Model,
		"choices": []any{map[string]any{"index": 0, "message": map[string]any{"role": "assistant", "content": reply.Content}, "finish_reason": finish(reply)}}}
	if !reply.NoUsage {
		body["usage"] = usage()
	}
	data, err := json.Marshal(body)
	if err != nil {
		s.t.Error(err)
	}
	w.Header().Set("Content-Type", "application/json")
	if reply.CutAfter > 0 {
		w.Header().Set("Content-Length", fmt.Sprint(len(data)))
		data = data[:len(data)/2]
	}
	_, err = w.Write(data)
	if f, ok := w.(http.Flusher); ok {
		f.Flush()
	}
	if err != nil || reply.CutAfter > 0 {
		panic(http.ErrAbortHandler)
	}
}

// stream sends a few characters in each part.
func (s *Server) stream(w http.ResponseWriter, r *http.Request, req Request, reply Reply) {
	w.Header().Set("Content-Type", "text/event-stream")
	send := func(v any) {
		data, err := json.Marshal(v)
		if err != nil {
			s.t.Error(err)
		}
		fmt.Fprintf(w, "data: %s\n\n", data)
		if f, ok := w.(http.Flusher); ok {
			f.Flush()
		}
	}
	part := func(content string, reason any) map[string]any {
		return map[string]any{"id": "x", "object": "chat.completion.chunk", "model": req.Model,
			"choices": []any{map[string]any{"index": 0, "delta": map[string]any{"content": content}, "finish_reason": reason}}}
	}
	runes := []rune(reply.Content)
	for n := 0; len(runes) > 0; n++ {
		if reply.CutAfter > 0 && n == reply.CutAfter {
			return // without [DONE] and without a reason, as a proxy cuts it
		}
		size := min(5, len(runes))
		send(part(string(runes[:size]), nil))
		runes = runes[size:]
		if !s.wait(r, reply.Pace) {
			return
		}
	}
	send(part("", finish(reply)))
	if !reply.NoUsage {
		send(map[string]any{"id": "x", "object": "chat.completion.chunk", "model": req.Model, "choices": []any{}, "usage": usage()})
	}
	fmt.Fprint(w, "data: [DONE]\n\n")
}

// Tokens are what every answer of the server says it cost.
const (
	PromptTokens     = 120
	CompletionTokens = 30
)

func usage() map[string]any {
	return map[string]any{"prompt_tokens": PromptTokens, "completion_tokens": CompletionTokens, "total_tokens": PromptTokens + CompletionTokens}
}

func finish(r Reply) any {
	switch r.Finish {
	case "":
		return "stop"
	case "-":
		return nil
	default:
		return r.Finish
	}
}

func quote(s string) string {
	data, err := json.Marshal(s)
	if err != nil {
		return `""`
	}
	return string(data)
}
