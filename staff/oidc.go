package staff

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"jiban"
)

// OIDCLimit is how long a login at the other server may take.
const OIDCLimit = 10 * time.Minute

// OIDCConfig names the server that may vouch for staff (OpenID Connect, code flow
// with PKCE).
type OIDCConfig struct {
	Issuer       string // https://…, as the server's discovery document has it
	ClientID     string
	ClientSecret string
	RedirectURL  string   // our address below which the server sends people back
	Scopes       []string // beside openid; profile when empty
	Claim        string   // whose value is the account's login; preferred_username when empty
	// TrustSecondFactor takes the server's login as both factors. Otherwise who has
	// a second factor here is asked for it as after a password.
	TrustSecondFactor bool
	Client            *http.Client // with its own time limit; one of 5 s when nil
}

// oidcClient speaks with the server. Nothing is asked of it before the first
// login, so that a server that is down keeps nobody else from working.
type oidcClient struct {
	OIDCConfig
	clock jiban.Clock

	door     chan struct{} // one asks where the server's doors are, the others wait
	provider *oidc.Provider
}

const oidcTime = 5 * time.Second

func newOIDC(c *OIDCConfig, clock jiban.Clock) (*oidcClient, error) {
	if c == nil {
		return nil, nil
	}
	o := &oidcClient{OIDCConfig: *c, clock: clock, door: make(chan struct{}, 1)}
	for name, v := range map[string]string{"issuer": o.Issuer, "client id": o.ClientID, "redirect address": o.RedirectURL} {
		if v == "" {
			return nil, jiban.Errorf(jiban.CodeInvalid, "staff.oidc", "OpenID Connect: the %s is missing", name)
		}
	}
	if o.Claim == "" {
		o.Claim = "preferred_username"
	}
	if len(o.Scopes) == 0 {
		o.Scopes = []string{"profile"}
	}
	if o.Client == nil {
		o.Client = &http.Client{Timeout: oidcTime}
	}
	return o, nil
}

// HasOIDC reports whether another server may vouch for staff.
func (s *Service) HasOIDC() bool { return s.oidc != nil }

// passage is what a login at the other server is held to: it goes out with the
// browser in a cookie that scripts cannot read, and comes back with it.
type passage struct {
	State    string `json:"s"`
	Nonce    string `json:"n"`
	Verifier string `json:"v"`
	Session  string `json:"h,omitempty"` // the hash of the session whose owner is to be proven anew
}

// OIDCStart returns where to send the browser, and what to keep in its cookie for
// OIDCLimit. CodeUnavailable with words when the server cannot be reached.
func (s *Service) OIDCStart(ctx context.Context) (address, cookie string, err error) {
	return s.depart(ctx, passage{})
}

// OIDCAgain is OIDCStart for who is logged in and has to prove anew who they are:
// the other server asks for the login again, whether it knows the person or not.
func (s *Service) OIDCAgain(ctx context.Context, ss jiban.Session) (address, cookie string, err error) {
	return s.depart(ctx, passage{Session: ss.Hash}, oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", "0"))
}

func (s *Service) depart(ctx context.Context, v passage, how ...oauth2.AuthCodeOption) (address, cookie string, err error) {
	if s.oidc == nil {
		return "", "", jiban.Errorf(jiban.CodeNotFound, "staff.oidc", "OpenID Connect is not configured")
	}
	p, err := s.oidc.discover(ctx)
	if err != nil {
		return "", "", err
	}
	for _, field := range []*string{&v.State, &v.Nonce, &v.Verifier} {
		if *field, err = s.token(); err != nil {
			return "", "", err
		}
	}
	packed, err := json.Marshal(v)
	if err != nil {
		return "", "", jiban.Errorf(jiban.CodeInternal, "staff.oidc", "pack the state of a login: %w", err)
	}
	address = s.oidc.oauth(p).AuthCodeURL(v.State, append(how, oidc.Nonce(v.Nonce), oauth2.S256ChallengeOption(v.Verifier))...)
	return address, base64.RawURLEncoding.EncodeToString(packed), nil
}

// OIDCFinish takes the code with which the browser came back and starts a
// session, as Login does: a pending one where a second factor is missing. The
// server vouches for who somebody is; whether there is an account, and whether it
// may be used, is known here only. After OIDCAgain no session begins: the one that
// was left is proven, and the cookie that is returned is "".
func (s *Service) OIDCFinish(ctx context.Context, cookie, state, code string) (string, jiban.Session, jiban.Account, error) {
	refuse := func(err error) (string, jiban.Session, jiban.Account, error) {
		return "", jiban.Session{}, jiban.Account{}, err
	}
	if s.oidc == nil {
		return refuse(jiban.Errorf(jiban.CodeNotFound, "staff.oidc", "OpenID Connect is not configured"))
	}
	v, ok := unpackPassage(cookie)
	if !ok || code == "" || subtle.ConstantTimeCompare([]byte(v.State), []byte(state)) != 1 {
		return refuse(oidcRefused("登录已过期或来源不明，请重新登录 (the login is too old or not ours, try again)", nil))
	}
	login, at, err := s.oidc.login(ctx, v, code)
	if err != nil {
		if jiban.CodeOf(err) == jiban.CodeUnauthorized {
			return refuse(errors.Join(err, s.Audit(ctx, jiban.AuditEntry{Action: "login", Object: "oidc", Result: "failed"})))
		}
		return refuse(err)
	}
	a, known, err := s.find(ctx, login)
	if err != nil {
		return refuse(err)
	}
	if !known {
		return refuse(errors.Join(oidcRefused("此身份没有对应的账号，请联系管理员 (there is no account for this identity)", nil), s.stranger(ctx)))
	}
	if v.Session != "" {
		a, err = s.provenElsewhere(ctx, a.ID, v.Session, at)
		return "", jiban.Session{}, a, err
	}
	session, ss, a, err := s.enter(ctx, a.ID, methodOIDC, func(*jiban.Account) bool { return true })
	if jiban.CodeOf(err) == jiban.CodeUnauthorized {
		err = oidcRefused("账号已停用或暂时锁定，请联系管理员 (the account is disabled or locked for now)", err)
	}
	return session, ss, a, err
}

func unpackPassage(cookie string) (passage, bool) {
	var v passage
	packed, err := base64.RawURLEncoding.DecodeString(cookie)
	if err != nil || json.Unmarshal(packed, &v) != nil {
		return v, false
	}
	return v, v.State != "" && v.Nonce != "" && v.Verifier != ""
}

func oidcRefused(words string, cause error) error {
	return &jiban.Error{Code: jiban.CodeUnauthorized, Op: "staff.oidc", Msg: words, Err: cause}
}

func oidcAway(cause error) error {
	return &jiban.Error{Code: jiban.CodeUnavailable, Op: "staff.oidc",
		Msg: "统一认证服务暂时无法连接，请使用密码登录 (the identity server cannot be reached, log in by password)", Err: cause}
}

// discover asks the server once where its doors are.
func (o *oidcClient) discover(ctx context.Context) (*oidc.Provider, error) {
	select {
	case o.door <- struct{}{}:
		defer func() { <-o.door }()
	case <-ctx.Done():
		return nil, oidcAway(ctx.Err())
	}
	if o.provider != nil {
		return o.provider, nil
	}
	p, err := oidc.NewProvider(oidc.ClientContext(ctx, o.Client), o.Issuer)
	if err != nil {
		return nil, oidcAway(plainReason(err))
	}
	o.provider = p
	return p, nil
}

// plainReason keeps bodies of foreign servers, which may be long, out of the log.
func plainReason(err error) error {
	const most = 300
	if s := err.Error(); len(s) > most {
		return errors.New(strings.ToValidUTF8(s[:most], "") + "…")
	}
	return err
}

func (o *oidcClient) oauth(p *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{ClientID: o.ClientID, ClientSecret: o.ClientSecret, Endpoint: p.Endpoint(), RedirectURL: o.RedirectURL,
		Scopes: append([]string{oidc.ScopeOpenID}, o.Scopes...)}
}

// login exchanges the code and returns the login that the server vouches for, and
// when it was proven there, the zero time where the server does not say.
func (o *oidcClient) login(ctx context.Context, v passage, code string) (login string, at time.Time, err error) {
	id, err := o.exchange(ctx, v, code)
	if err != nil {
		return "", at, err
	}
	var when struct {
		At float64 `json:"auth_time"`
	}
	if err := id.Claims(&when); err == nil && when.At > 0 {
		at = time.Unix(int64(when.At), 0)
	}
	login, err = o.claimed(ctx, id)
	return login, at, err
}

// identity is a token that was verified, and what leads to the user info.
type identity struct {
	*oidc.IDToken
	provider *oidc.Provider
	token    *oauth2.Token
}

func (o *oidcClient) exchange(ctx context.Context, v passage, code string) (identity, error) {
	p, err := o.discover(ctx)
	if err != nil {
		return identity{}, err
	}
	ctx = oidc.ClientContext(ctx, o.Client)
	token, err := o.oauth(p).Exchange(ctx, code, oauth2.VerifierOption(v.Verifier))
	if err != nil {
		var refused *oauth2.RetrieveError
		if errors.As(err, &refused) && refused.Response.StatusCode < http.StatusInternalServerError {
			return identity{}, oidcRefused("统一认证服务拒绝了此次登录，请重试 (the identity server refused this login)", errors.New("the code was refused: "+refused.ErrorCode))
		}
		return identity{}, oidcAway(errors.New("the code could not be exchanged"))
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := p.Verifier(&oidc.Config{ClientID: o.ClientID, Now: o.clock.Now}).Verify(ctx, raw)
	if err != nil {
		return identity{}, oidcRefused("统一认证服务的凭据无法验证，请联系管理员 (the identity token does not hold)", plainReason(err))
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(v.Nonce)) != 1 {
		return identity{}, oidcRefused("登录已过期或来源不明，请重新登录 (the login is too old or not ours, try again)", errors.New("another nonce"))
	}
	return identity{id, p, token}, nil
}

// claimed reads the claim that is the login, from the identity token or, where it
// is not there, from the server's user info, which must be of the same subject.
func (o *oidcClient) claimed(ctx context.Context, id identity) (string, error) {
	claims := map[string]any{}
	if err := id.Claims(&claims); err != nil {
		return "", oidcRefused("统一认证服务的凭据无法读取 (the identity token cannot be read)", plainReason(err))
	}
	if claims[o.Claim] == nil && id.provider.UserInfoEndpoint() != "" {
		info, err := id.provider.UserInfo(oidc.ClientContext(ctx, o.Client), oauth2.StaticTokenSource(id.token))
		if err != nil {
			return "", oidcAway(plainReason(err))
		}
		if info.Subject != id.Subject {
			return "", oidcRefused("统一认证服务的回答前后不一 (the user info is of somebody else)", nil)
		}
		if err := info.Claims(&claims); err != nil {
			return "", oidcRefused("统一认证服务的回答无法读取 (the user info cannot be read)", plainReason(err))
		}
	}
	login, _ := claims[o.Claim].(string)
	if o.Claim == "email" && claims["email_verified"] != true {
		login = ""
	}
	if login == "" {
		return "", oidcRefused("统一认证服务没有给出登录名 (the identity server gave no login)", errors.New("the claim "+o.Claim+" is missing or not proven"))
	}
	return login, nil
}
