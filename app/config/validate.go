package config

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

var (
	nameShape   = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,31}$`)
	regionShape = regexp.MustCompile(`^[0-9]{6}$`)
)

var roles = []string{"agent", "supervisor", "editor", "reviewer", "handler", "admin", "security", "auditor"}

// Validate reports every wrong value at once, each with its key and what is
// expected.
func (c *Config) Validate() error {
	var errs []error
	bad := func(key, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: "+format, append([]any{key}, args...)...))
	}
	if c.Listen == "" {
		bad("listen", "must be an address such as :8080")
	}
	if !strings.HasPrefix(c.Database, "sqlite:") && !strings.HasPrefix(c.Database, "postgres://") && !strings.HasPrefix(c.Database, "postgresql://") {
		bad("database", "must begin with sqlite: or postgres://")
	}
	if c.Redis != "" && !strings.HasPrefix(c.Redis, "redis://") && !strings.HasPrefix(c.Redis, "rediss://") {
		bad("redis", "must begin with redis:// or rediss://, or be empty")
	}
	if c.Redis != "" && strings.HasPrefix(c.Database, "sqlite:") {
		bad("redis", "several nodes need PostgreSQL: set database to postgres://…, or leave redis empty")
	}
	if !regionShape.MatchString(c.Region) {
		bad("region", "must be a GB/T 2260 code of six digits such as 230000")
	}
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.LogLevel) {
		bad("log_level", "must be debug, info, warn or error")
	}
	checkURL(bad, "public_url", c.PublicURL)
	checkURL(bad, "llm.base_url", c.LLM.BaseURL)
	checkURL(bad, "oidc.issuer", c.OIDC.Issuer)
	if c.OIDC.Issuer != "" && (c.OIDC.ClientID == "" || c.PublicURL == "") {
		bad("oidc", "client_id and public_url must be set with issuer: the server sends people back there")
	}
	for _, r := range c.Staff.SecondFactor {
		if !slices.Contains(roles, r) {
			bad("staff.second_factor", "%q is no role, known: %s", r, strings.Join(roles, ", "))
		}
	}
	if c.Keys.Suite != "" && c.Keys.Suite != "aes" && c.Keys.Suite != "sm" {
		bad("keys.suite", "must be aes or sm")
	}
	for key, v := range map[string]string{"hours.from": c.Hours.From, "hours.to": c.Hours.To} {
		if _, err := time.Parse("15:04", v); err != nil {
			bad(key, "must be a time of day such as 08:30")
		}
	}
	c.validateChannels(bad)
	return errors.Join(errs...)
}

func checkURL(bad func(string, string, ...any), key, v string) {
	if v == "" {
		return
	}
	u, err := url.Parse(v)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		bad(key, "must be a web address beginning with http:// or https://")
	}
}

func (c *Config) validateChannels(bad func(string, string, ...any)) {
	seen := map[string]string{}
	name := func(key, n string) {
		if !nameShape.MatchString(n) {
			bad(key+".name", "must be 1 to 32 small letters, digits, - or _")
		}
		if other, ok := seen[n]; ok {
			bad(key+".name", "%q is the name of %s already", n, other)
		}
		seen[n] = key
	}
	for i, w := range c.Channels.WeChat {
		key := fmt.Sprintf("channels.wechat[%d]", i)
		name(key, w.Name)
		w.validate(bad, key)
	}
	for i, w := range c.Channels.WebChat {
		key := fmt.Sprintf("channels.webchat[%d]", i)
		name(key, w.Name)
		if w.Audience != "citizen" && w.Audience != "enterprise" {
			bad(key+".audience", "must be citizen or enterprise")
		}
	}
	for i, s := range c.Channels.SMS {
		key := fmt.Sprintf("channels.sms[%d]", i)
		name(key, s.Name)
		s.validate(bad, key)
	}
}

func (w *WeChat) validate(bad func(string, string, ...any), key string) {
	if w.Kind != "official" {
		bad(key+".kind", "must be official")
	}
	if w.AppID == "" {
		bad(key+".app_id", "must be the account's AppID")
	}
	if w.Token == "" {
		bad(key+".token", "must be the token set in the account's server configuration")
	}
	for k, v := range map[string]string{"aes_key": w.AESKey, "previous_aes_key": w.PreviousAESKey} {
		if v == "" {
			continue
		}
		if raw, err := base64.StdEncoding.DecodeString(v + "="); err != nil || len(raw) != 32 || len(v) != 43 {
			bad(key+"."+k, "must be the EncodingAESKey of 43 characters")
		}
	}
	if w.ReplayWindow <= 0 || w.ReplyWithin <= 0 || w.MessageWindow <= 0 || w.MessageBudget < 0 {
		bad(key, "replay_window, reply_within and message_window must be positive and message_budget not negative")
	}
	checkURL(bad, key+".api_base", w.APIBase)
}

func (s *SMS) validate(bad func(string, string, ...any), key string) {
	switch s.Driver {
	case "smpp":
		if s.Address == "" {
			bad(key+".address", "must be host:port of the SMSC")
		}
	case "twilio":
		if s.AccountSID == "" || s.AuthToken == "" {
			bad(key, "account_sid and auth_token must be set for driver twilio")
		}
	default:
		bad(key+".driver", "must be smpp or twilio")
	}
	if s.MaxParts < 1 || s.MaxParts > 10 {
		bad(key+".max_parts", "must be between 1 and 10")
	}
	if sig := s.Signature; sig != "" && (!strings.HasPrefix(sig, "【") || !strings.HasSuffix(sig, "】")) {
		bad(key+".signature", "must stand in 【】")
	}
}

// Redact returns an address (postgres://, redis://, sqlite:) without the password
// that may stand in it.
func Redact(dsn string) string {
	u, err := url.Parse(dsn)
	if err != nil {
		return "(an address that cannot be read)"
	}
	return u.Redacted()
}
