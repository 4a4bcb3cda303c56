package staff

import (
	"context"
	"slices"
	"strings"
	"time"

	"jiban"
)

// The limits of tokens of other systems.
const (
	TokenPrefix  = "jbt_"               // by which a leaked one is recognised
	MaxTokenLife = 366 * 24 * time.Hour // a token ends after a year at most
	mostTokens   = 200
)

// CreateToken makes a token for another system and returns it, this once. Name,
// Actions, Region, Department and ExpiresAt are taken from t.
func (s *Service) CreateToken(ctx context.Context, t jiban.APIToken) (string, jiban.APIToken, error) {
	now := s.clock.Now()
	t = jiban.APIToken{ID: s.ids.NewID(), Name: strings.TrimSpace(t.Name), Actions: t.Actions, Region: t.Region, Department: t.Department,
		CreatedBy: ActorOf(ctx), CreatedAt: now, ExpiresAt: t.ExpiresAt}
	if err := checkToken(t, now); err != nil {
		return "", t, err
	}
	all, err := s.Tokens(ctx)
	if err != nil {
		return "", t, err
	}
	if len(all) >= mostTokens {
		return "", t, badToken("令牌过多，请先清理 (too many tokens)")
	}
	random, err := s.token()
	if err != nil {
		return "", t, err
	}
	value := TokenPrefix + random
	t.Hash = hashToken(value)
	err = s.store.ChangeStaff(ctx, jiban.StaffChange{Token: &t, Entries: s.entries(t.CreatedBy, "token.create", "token:"+t.ID, "ok")})
	if err != nil {
		return "", t, jiban.Errorf(jiban.CodeOf(err), "staff.token", "save a token: %w", err)
	}
	return value, t, nil
}

func checkToken(t jiban.APIToken, now time.Time) error {
	switch {
	case t.Name == "" || len([]rune(t.Name)) > maxName:
		return badToken("名称须为 1 至 64 个字 (a name of 1 to 64 characters)")
	case len(t.Actions) == 0:
		return badToken("至少选择一项权限 (at least one action)")
	case !t.ExpiresAt.After(now) || t.ExpiresAt.Sub(now) > MaxTokenLife:
		return badToken("有效期须在今后一年之内 (it must expire within a year)")
	}
	for _, a := range t.Actions {
		if !slices.Contains(TokenActions(), Action(a)) {
			return badToken("有一项权限不能授予令牌 (an action that no token can have)")
		}
	}
	return nil
}

func badToken(words string) error {
	return &jiban.Error{Code: jiban.CodeInvalid, Op: "staff.token", Msg: words}
}

// Tokens lists the tokens of other systems, newest first.
func (s *Service) Tokens(ctx context.Context) ([]jiban.APIToken, error) {
	ts, err := s.store.Tokens(ctx)
	if err != nil {
		return nil, jiban.Errorf(jiban.CodeOf(err), "staff.token", "list tokens: %w", err)
	}
	return ts, nil
}

// RevokeToken ends a token; one that has ended already stays as it is.
func (s *Service) RevokeToken(ctx context.Context, id string) error {
	t, err := s.store.Token(ctx, id)
	if err != nil {
		return jiban.Errorf(jiban.CodeOf(err), "staff.token", "load token %s: %w", id, err)
	}
	if t.RevokedAt.IsZero() {
		t.RevokedAt = s.clock.Now()
	}
	err = s.store.ChangeStaff(ctx, jiban.StaffChange{Token: &t, Entries: s.entries(ActorOf(ctx), "token.revoke", "token:"+id, "ok")})
	if err != nil {
		return jiban.Errorf(jiban.CodeOf(err), "staff.token", "revoke token %s: %w", id, err)
	}
	return nil
}

// Bearer returns who a token speaks for, as an account without roles that may do
// the token's actions; CodeUnauthorized when it is unknown, expired or revoked.
func (s *Service) Bearer(ctx context.Context, value string) (jiban.Account, error) {
	none := jiban.Errorf(jiban.CodeUnauthorized, "staff.token", "no such token, or it has ended")
	if !strings.HasPrefix(value, TokenPrefix) || len(value) > maxCookie {
		return jiban.Account{}, none
	}
	t, err := s.store.TokenByHash(ctx, hashToken(value))
	if jiban.CodeOf(err) == jiban.CodeNotFound {
		return jiban.Account{}, none
	}
	if err != nil {
		return jiban.Account{}, jiban.Errorf(jiban.CodeOf(err), "staff.token", "load a token: %w", err)
	}
	now := s.clock.Now()
	if !t.RevokedAt.IsZero() || !now.Before(t.ExpiresAt) {
		return jiban.Account{}, none
	}
	if now.Sub(t.LastUsedAt) >= seenStep {
		if err := s.store.UsedToken(ctx, t.ID, now); err != nil {
			return jiban.Account{}, jiban.Errorf(jiban.CodeOf(err), "staff.token", "note the use of a token: %w", err)
		}
	}
	return jiban.Account{ID: "token:" + t.ID, Name: t.Name, Region: t.Region, Department: t.Department, Grants: t.Actions}, nil
}
