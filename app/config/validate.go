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
	if c.Audit.Every < time.Second || c.Audit.Every > 24*time.Hour {
		bad("audit.every", "must be between 1s and 24h")
	}
	if c.Keys.Suite != "" && c.Keys.Suite != "aes" && c.Keys.Suite != "sm" {
		bad("keys.suite", "must be aes or sm")
	}
	for key, v := range map[string]string{"hours.from": c.Hours.From, "hours.to": c.Hours.To, "retention.at": c.Retention.At} {
		if _, err := time.Parse("15:04", v); err != nil {
			bad(key, "must be a time of day such as 08:30")
		}
	}
	if c.Retention.Archive == "" && c.Retention.Audit > 0 {
		bad("retention.archive", "must be a folder: what is cut off the audit record is archived there (or keep it: retention.audit 0)")
	}
	if err := c.Retention.Rules().Check(); err != nil {
		errs = append(errs, err)
	}
	c.Attachments.validate(bad)
	c.LLM.validate(bad)
	c.validateChannels(bad)
	c.validatePeople(bad)
	return errors.Join(errs...)
}

// Limits of the limits: what a node can look at in the time that a request has.
const (
	mostFileBytes    = 100 << 20
	mostFilesMessage = 9
)

func (a *Attachments) validate(bad func(string, string, ...any)) {
	if a.MaxBytes < 1 || a.MaxBytes > mostFileBytes {
		bad("attachments.max_bytes", "must be between 1 and %d", mostFileBytes)
	}
	if a.MaxPerMessage < 1 || a.MaxPerMessage > mostFilesMessage {
		bad("attachments.max_per_message", "must be between 1 and %d", mostFilesMessage)
	}
	if a.MaxPerConversationPerDay < 1 {
		bad("attachments.max_per_conversation_per_day", "must be 1 or more")
	}
	known := Default().Attachments.Allow
	for _, kind := range a.Allow {
		if !slices.Contains(known, kind) {
			bad("attachments.allow", "%q is no kind of file, known: %s", kind, strings.Join(known, ", "))
		}
	}
	if len(a.Allow) == 0 {
		bad("attachments.allow", "must name a kind of file, known: %s", strings.Join(known, ", "))
	}
	if network, place, _ := strings.Cut(a.Scan, ":"); a.Scan != "" && (network != "tcp" && network != "unix" || place == "") {
		bad("attachments.scan", "must read tcp:HOST:PORT or unix:PATH, or be empty")
	}
	if a.ScanDown != "refuse" && a.ScanDown != "quarantine" {
		bad("attachments.scan_down", "must be refuse or quarantine")
	}
	if a.LinkLife < time.Minute || a.LinkLife > 24*time.Hour {
		bad("attachments.link_life", "must be between 1m and 24h")
	}
}

// mostModelTime leaves a turn, which may take eight seconds, the time to commit.
const mostModelTime = 6 * time.Second

func (l *LLM) validate(bad func(string, string, ...any)) {
	if l.BaseURL != "" && l.Model == "" {
		bad("llm.model", "must name the model with base_url, or leave base_url empty: everything works without a model")
	}
	if l.TurnTime < 500*time.Millisecond || l.TurnTime > mostModelTime {
		bad("llm.turn_time", "must be between 500ms and %s", mostModelTime)
	}
	if l.CallTime < 100*time.Millisecond || l.CallTime > l.TurnTime {
		bad("llm.call_time", "must be between 100ms and turn_time")
	}
	if l.Pause < time.Second || l.Pause > time.Hour {
		bad("llm.pause", "must be between 1s and 1h")
	}
	for key, v := range map[string][3]int{
		"llm.prompt_chars": {l.PromptChars, 1000, 200_000}, "llm.answer_tokens": {l.AnswerTokens, 100, 8000}, "llm.response_bytes": {l.ResponseBytes, 4096, 16 << 20},
		"llm.conversation_tokens": {l.ConversationTokens, 0, 1 << 30}, "llm.day_tokens": {l.DayTokens, 0, 1 << 40}, "llm.failures": {l.Failures, 1, 1000},
	} {
		if v[0] < v[1] || v[0] > v[2] {
			bad(key, "must be between %d and %d", v[1], v[2])
		}
	}
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

// quietShape leaves what the times mean to the room that keeps them; a wrong
// hour is caught there, at the start too.
var quietShape = regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-4]):[0-5][0-9]$`)

func (c *Config) validatePeople(bad func(string, string, ...any)) {
	if q := c.People.QuietHours; q != "" && !quietShape.MatchString(q) {
		bad("people.quiet_hours", "must be two times of day such as 22:00-07:00, or empty for none")
	}
	if d := c.People.RequestDays; d < 1 || d > 60 {
		bad("people.request_days", "must be between 1 and 60 working days")
	}
	k := c.People.Codes
	if k.Life < time.Minute || k.Life > 30*time.Minute {
		bad("people.codes.life", "must be between 1m and 30m")
	}
	if k.Tries < 1 || k.Tries > 10 {
		bad("people.codes.tries", "must be between 1 and 10: six digits bear no more guesses")
	}
	named := slices.ContainsFunc(c.Channels.SMS, func(s SMS) bool { return s.Name == k.Channel })
	if k.Channel != "" && !named {
		bad("people.codes.channel", "%q is no SMS channel of this configuration", k.Channel)
	}
	for _, r := range []struct {
		key string
		n   int
	}{
		{"phone_minute", k.PhoneMinute}, {"phone_hour", k.PhoneHour}, {"phone_day", k.PhoneDay}, {"visitor_minute", k.VisitorMinute},
		{"visitor_hour", k.VisitorHour}, {"visitor_day", k.VisitorDay}, {"network_minute", k.NetworkMinute}, {"network_day", k.NetworkDay},
		{"house_day", k.HouseDay}, {"quarantine_days", k.QuarantineDays},
	} {
		if r.n < 1 {
			bad("people.codes."+r.key, "must be 1 or more")
		}
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
