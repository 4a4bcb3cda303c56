package wechat_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"jiban"
	"jiban/channels/wechat"
	"jiban/channels/wechat/wechatsim"
)

func (r *rig) mediaOf(t *testing.T, id string) (string, error) {
	t.Helper()
	body, err := r.Media(t.Context(), id)
	if err != nil {
		return "", err
	}
	defer body.Close()
	content, err := io.ReadAll(body)
	return string(content), err
}

func TestMediaIsFetched(t *testing.T) {
	r := newRig(t)
	r.sim.Keep("photo", wechatsim.Media{Type: "image/jpeg", Content: []byte("\xff\xd8\xffpicture")})
	r.sim.Keep("voice", wechatsim.Media{Type: "voice/amr", Content: []byte("#!AMR\n")})
	r.sim.Keep("film", wechatsim.Media{Type: "video/mp4", Content: []byte("....ftypisom"), Film: true})
	for id, want := range map[string]string{"photo": "\xff\xd8\xffpicture", "voice": "#!AMR\n", "film": "....ftypisom"} {
		if got, err := r.mediaOf(t, id); err != nil || got != want {
			t.Errorf("%s: %q %v", id, got, err)
		}
	}
	r.sim.ExpireToken()
	if got, err := r.mediaOf(t, "photo"); err != nil || got == "" {
		t.Errorf("with a token that was refused: %v", err)
	}
}

func TestMediaThatCannotBeHad(t *testing.T) {
	r := newRig(t)
	r.sim.Keep("photo", wechatsim.Media{Type: "image/jpeg", Content: []byte("x")})
	for name, step := range map[string]struct {
		id   string
		fail int64
		want jiban.Code
	}{
		"never was": {"nobody's", 0, jiban.CodeNotFound},
		"busy":      {"photo", -1, jiban.CodeUnavailable},
		"quota":     {"photo", 45009, jiban.CodeUnavailable},
	} {
		if step.fail != 0 {
			r.sim.FailNext(step.fail)
		}
		_, err := r.mediaOf(t, step.id)
		if jiban.CodeOf(err) != step.want {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && (strings.Contains(err.Error(), "access_token") || strings.Contains(err.Error(), secret)) {
			t.Errorf("%s: the error tells a secret: %v", name, err)
		}
	}
}

// The platform's answer is not trusted to send us anywhere, and what it says too
// slowly is not waited for.
func TestMediaOnlyFromThePlatform(t *testing.T) {
	for name, answer := range map[string]string{
		"the house's own network": `{"video_url":"http://169.254.169.254/latest/meta-data"}`,
		"a neighbour's name":      `{"video_url":"https://evilqq.com/x"}`,
		"a file":                  `{"video_url":"file:///etc/passwd"}`,
		"nothing":                 `{}`,
		"no JSON":                 `<html>`,
	} {
		platform := func(w http.ResponseWriter, q *http.Request) {
			if q.URL.Path == "/cgi-bin/stable_token" {
				_, _ = io.WriteString(w, `{"access_token":"t","expires_in":7200}`)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, answer)
		}
		r := newRigOn(t, platform)
		if _, err := r.Media(t.Context(), "film"); jiban.CodeOf(err) != jiban.CodeUnavailable {
			t.Errorf("%s: %v", name, err)
		}
	}
	r := newRigOn(t, func(w http.ResponseWriter, q *http.Request) {
		if q.URL.Path == "/cgi-bin/stable_token" {
			_, _ = io.WriteString(w, `{"access_token":"t","expires_in":7200}`)
			return
		}
		http.Redirect(w, q, "http://169.254.169.254/", http.StatusFound)
	})
	if _, err := r.Media(t.Context(), "photo"); jiban.CodeOf(err) != jiban.CodeUnavailable {
		t.Errorf("a redirection is followed: %v", err)
	}
}

func TestMediaIsKeptForThreeDays(t *testing.T) {
	clock := jiban.NewManualClock(time.Date(2026, 11, 2, 1, 0, 0, 0, time.UTC))
	s := wechatsim.New(wechatsim.Config{AppID: "a", AppSecret: "b", Clock: clock})
	s.Keep("photo", wechatsim.Media{Type: "image/jpeg", Content: []byte("x")})
	if _, ok := s.Kept("photo"); !ok {
		t.Error("gone at once")
	}
	clock.Advance(73 * time.Hour)
	if _, ok := s.Kept("photo"); ok {
		t.Error("kept for ever")
	}
}

// newRigOn is a rig whose platform is made by hand.
func newRigOn(t *testing.T, platform http.HandlerFunc) *rig {
	t.Helper()
	server := httptest.NewServer(platform)
	t.Cleanup(server.Close)
	return newRig(t, func(c *wechat.Config, _ *wechat.Deps, _ *wechatsim.Config) { c.APIBase = server.URL })
}
