// Package oidctest is an identity server for tests: small, but a real one, that
// speaks OpenID Connect with whoever comes by HTTP. It knows discovery, keys,
// authorization codes bound to client, address and PKCE challenge, identity tokens
// signed with RS256, and user info. It has no login page: the person who is logged
// in is a field.
//
// It must not know the rooms of the house.
package oidctest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"time"
)

// The one client that the server knows.
const (
	ClientID     = "jiban"
	ClientSecret = "s3cret/with:signs"
)

// Provider is a running server.
type Provider struct {
	*httptest.Server
	now func() time.Time
	key *rsa.PrivateKey

	mu      sync.Mutex
	claims  map[string]any // of the person who is logged in at the server
	info    map[string]any // what the user info adds
	spoil   func(claims map[string]any)
	forged  *rsa.PrivateKey // signs in the place of the published key
	grants  map[string]grant
	tokens  map[string]map[string]any
	broken  bool
	handled map[string]int
}

// grant is an authorization code that was not used yet.
type grant struct {
	redirect, nonce, challenge string
	claims                     map[string]any
	asked                      bool // the person was made to log in again
}

// Start runs a server until Close. Times in its tokens are those of now.
func Start(now func() time.Time) (*Provider, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, fmt.Errorf("oidctest: make a key: %w", err)
	}
	p := &Provider{now: now, key: key, grants: map[string]grant{}, tokens: map[string]map[string]any{}, handled: map[string]int{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.discovery)
	mux.HandleFunc("GET /keys", p.keys)
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /token", p.token)
	mux.HandleFunc("GET /userinfo", p.userInfo)
	p.Server = httptest.NewServer(p.counted(mux))
	return p, nil
}

// counted counts requests, and fails all of them while the server is broken.
func (p *Provider) counted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.handled[r.URL.Path]++
		broken := p.broken
		p.mu.Unlock()
		if broken {
			http.Error(w, "out of order", http.StatusServiceUnavailable)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// LogIn says who is logged in: claims of the identity token, and what only the
// user info says.
func (p *Provider) LogIn(claims, info map[string]any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.claims, p.info = claims, info
}

// Spoil lets f change the claims of the next identity tokens; nil stops it.
func (p *Provider) Spoil(f func(claims map[string]any)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.spoil = f
}

// Forge signs the next identity tokens with another key than the published one.
func (p *Provider) Forge() error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return fmt.Errorf("oidctest: make a key: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forged = key
	return nil
}

// Break lets every request fail, or no more.
func (p *Provider) Break(broken bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.broken = broken
}

// Handled counts the requests to a path.
func (p *Provider) Handled(path string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.handled[path]
}

func (p *Provider) discovery(w http.ResponseWriter, _ *http.Request) {
	answer(w, map[string]any{"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token",
		"jwks_uri": p.URL + "/keys", "userinfo_endpoint": p.URL + "/userinfo", "response_types_supported": []string{"code"},
		"subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"RS256"},
		"code_challenge_methods_supported": []string{"S256"}})
}

func (p *Provider) keys(w http.ResponseWriter, _ *http.Request) {
	answer(w, map[string]any{"keys": []map[string]string{{"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "k1",
		"n": encode(p.key.N.Bytes()), "e": encode(big.NewInt(int64(p.key.E)).Bytes())}}})
}

// authorize gives a code for the person who is logged in.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("client_id") != ClientID || q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" || q.Get("code_challenge") == "" {
		http.Error(w, "this client must ask for a code with an S256 challenge", http.StatusBadRequest)
		return
	}
	back, err := url.Parse(q.Get("redirect_uri"))
	if err != nil || back.Host == "" {
		http.Error(w, "the address to return to is none", http.StatusBadRequest)
		return
	}
	code := random()
	p.mu.Lock()
	p.grants[code] = grant{q.Get("redirect_uri"), q.Get("nonce"), q.Get("code_challenge"), p.claims, q.Get("prompt") == "login"}
	p.mu.Unlock()
	back.RawQuery = url.Values{"code": {code}, "state": {q.Get("state")}}.Encode()
	http.Redirect(w, r, back.String(), http.StatusFound)
}

// token takes a code, once, for an identity token.
func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	id, secret, ok := r.BasicAuth()
	if ok {
		id, _ = url.QueryUnescape(id)
		secret, _ = url.QueryUnescape(secret)
	} else {
		id, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	}
	if id != ClientID || subtle.ConstantTimeCompare([]byte(secret), []byte(ClientSecret)) != 1 {
		refuse(w, http.StatusUnauthorized, "invalid_client")
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	g, known := p.grants[r.PostFormValue("code")]
	delete(p.grants, r.PostFormValue("code"))
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if !known || g.redirect != r.PostFormValue("redirect_uri") || g.challenge != encode(sum[:]) || r.PostFormValue("grant_type") != "authorization_code" {
		refuse(w, http.StatusBadRequest, "invalid_grant")
		return
	}
	now := p.now()
	claims := map[string]any{"iss": p.URL, "aud": ClientID, "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(), "nonce": g.nonce}
	if g.asked {
		claims["auth_time"] = now.Unix()
	}
	for k, v := range g.claims {
		claims[k] = v
	}
	if p.spoil != nil {
		p.spoil(claims)
	}
	signed, err := p.sign(claims)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	access := random()
	p.tokens[access] = map[string]any{"sub": g.claims["sub"]}
	for k, v := range p.info {
		p.tokens[access][k] = v
	}
	answer(w, map[string]any{"access_token": access, "token_type": "Bearer", "expires_in": 300, "id_token": signed})
}

// sign makes a JSON web token with RS256 (RFC 7515). The caller holds the lock.
func (p *Provider) sign(claims map[string]any) (string, error) {
	body, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("oidctest: write the claims: %w", err)
	}
	key := p.key
	if p.forged != nil {
		key = p.forged
	}
	signed := encode([]byte(`{"alg":"RS256","kid":"k1","typ":"JWT"}`)) + "." + encode(body)
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		return "", fmt.Errorf("oidctest: sign: %w", err)
	}
	return signed + "." + encode(signature), nil
}

func (p *Provider) userInfo(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for token, info := range p.tokens {
		if r.Header.Get("Authorization") == "Bearer "+token {
			answer(w, info)
			return
		}
	}
	refuse(w, http.StatusUnauthorized, "invalid_token")
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	answer(w, map[string]string{"error": code})
}

func random() string { return rand.Text() }

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
