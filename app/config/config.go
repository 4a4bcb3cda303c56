// Package config is the configuration of the program: one structure, defaults in
// code, one YAML file, every key also as an environment variable, validated
// once at the start. It knows nothing of what the values are used for.
package config

import "time"

// Config is the whole configuration. The yaml tags are the names people write.
type Config struct {
	Listen     string   `yaml:"listen"`
	PublicURL  string   `yaml:"public_url"`
	DataDir    string   `yaml:"data_dir"`
	Database   string   `yaml:"database"` // sqlite:PATH or postgres://…
	Redis      string   `yaml:"redis"`    // redis://…, empty for one node
	Keys       Keys     `yaml:"keys"`
	Files      string   `yaml:"files"` // folder, or s3://…
	Region     string   `yaml:"region"`
	LogLevel   string   `yaml:"log_level"`
	Sample     bool     `yaml:"sample"` // load the sample content into an empty embedded store
	LLM        LLM      `yaml:"llm"`
	Staff      Staff    `yaml:"staff"`
	OIDC       OIDC     `yaml:"oidc"`
	Open311    Open311  `yaml:"open311"`
	Channels   Channels `yaml:"channels"`
	Hours      Hours    `yaml:"hours"`
	SMSText    string   `yaml:"sms_emergency_text"` // how the speechless reach the police, e.g. 12110
	TrustProxy bool     `yaml:"trust_proxy"`        // take the visitor's address from X-Forwarded-For
}

// Keys says where the root key is.
type Keys struct {
	File  string `yaml:"file"`
	Value string `yaml:"value"` // the key itself, instead of a file; meant for the environment (JIBAN_KEYS_VALUE)
	Suite string `yaml:"suite"` // aes or sm, chosen before the first start
}

// LLM is an OpenAI-compatible endpoint; without base_url everything works
// without a model.
type LLM struct {
	BaseURL        string `yaml:"base_url"`
	APIKey         string `yaml:"api_key"`
	Model          string `yaml:"model"`
	EmbeddingModel string `yaml:"embedding_model"`
}

// Staff are the rules for staff accounts.
type Staff struct {
	SecondFactor []string      `yaml:"second_factor"` // roles that need one
	PasswordAge  time.Duration `yaml:"password_age"`  // then it must be changed; 0: never
	OneSession   bool          `yaml:"one_session"`   // a login ends the account's other sessions
}

// OIDC is a login by the organisation's own identity server; without issuer
// there is none.
type OIDC struct {
	Issuer            string `yaml:"issuer"`
	ClientID          string `yaml:"client_id"`
	ClientSecret      string `yaml:"client_secret"`
	Claim             string `yaml:"claim"` // names the account's login
	TrustSecondFactor bool   `yaml:"trust_second_factor"`
}

// Open311 is the GeoReport interface.
type Open311 struct {
	Enabled        bool     `yaml:"enabled"`
	JurisdictionID string   `yaml:"jurisdiction_id"`
	APIKeys        []APIKey `yaml:"api_keys"`
}

// APIKey is the key of another system.
type APIKey struct {
	Name string `yaml:"name"`
	Key  string `yaml:"key"`
}

// Hours are the opening hours of the people behind the desk, Beijing time.
type Hours struct {
	From string `yaml:"from"` // 08:30
	To   string `yaml:"to"`   // 17:30
}

// Channels are the ways in, by family.
type Channels struct {
	WeChat  []WeChat  `yaml:"wechat"`
	WebChat []WebChat `yaml:"webchat"`
	SMS     []SMS     `yaml:"sms"`
}

// WeChat is an official account.
type WeChat struct {
	Name           string        `yaml:"name"`
	Kind           string        `yaml:"kind"`
	AppID          string        `yaml:"app_id"`
	AppSecret      string        `yaml:"app_secret"`
	Token          string        `yaml:"token"`
	AESKey         string        `yaml:"aes_key"`
	PreviousAESKey string        `yaml:"previous_aes_key"`
	Compatible     bool          `yaml:"compatible"`
	PassiveReply   bool          `yaml:"passive_reply"`
	ReplayWindow   time.Duration `yaml:"replay_window"`
	APIBase        string        `yaml:"api_base"`
	MessageBudget  int           `yaml:"message_budget"` // customer-service messages after each message of the person
	MessageWindow  time.Duration `yaml:"message_window"`
	ReplyWithin    time.Duration `yaml:"reply_within"` // how long a passive reply may take
}

// WebChat is a chat page.
type WebChat struct {
	Name           string   `yaml:"name"`
	Audience       string   `yaml:"audience"`
	AllowedOrigins []string `yaml:"allowed_origins"`
	IdentitySecret string   `yaml:"identity_secret"`
}

// SMS is a gateway for text messages.
type SMS struct {
	Name        string        `yaml:"name"`
	Driver      string        `yaml:"driver"`
	Address     string        `yaml:"address"`
	SystemID    string        `yaml:"system_id"`
	Password    string        `yaml:"password"`
	Source      string        `yaml:"source"`
	Signature   string        `yaml:"signature"`
	EnquireLink time.Duration `yaml:"enquire_link"`
	MaxParts    int           `yaml:"max_parts"`
	Reassembly  time.Duration `yaml:"reassembly"`
	AccountSID  string        `yaml:"account_sid"`
	AuthToken   string        `yaml:"auth_token"`
	APIBase     string        `yaml:"api_base"`
}

// Default returns the embedded default: SQLite, no other service, the two web
// chats.
func Default() Config {
	return Config{
		Listen: ":8080", PublicURL: "", DataDir: "data", Database: "sqlite:data/jiban.db",
		Keys: Keys{File: "data/keys"}, Files: "data/files", Region: "230000", LogLevel: "info", Sample: true,
		Staff: Staff{PasswordAge: 90 * 24 * time.Hour}, OIDC: OIDC{Claim: "preferred_username"}, Open311: Open311{Enabled: true}, Hours: Hours{From: "08:30", To: "17:30"}, SMSText: "12110",
		Channels: Channels{WebChat: []WebChat{{Name: "citizen", Audience: "citizen"}, {Name: "enterprise", Audience: "enterprise"}}},
	}
}

// wechatDefault and its like fill what an entry of a list leaves out.
func wechatDefault() WeChat {
	return WeChat{Kind: "official", PassiveReply: true, ReplayWindow: 5 * time.Minute, APIBase: "https://api.weixin.qq.com",
		MessageBudget: 5, MessageWindow: 48 * time.Hour, ReplyWithin: 4500 * time.Millisecond}
}

func smsDefault() SMS {
	return SMS{Driver: "smpp", Address: "127.0.0.1:2775", EnquireLink: 30 * time.Second, MaxParts: 5,
		Reassembly: 120 * time.Second, APIBase: "https://api.twilio.com"}
}

// UnmarshalYAML fills an account with its defaults before reading it.
func (w *WeChat) UnmarshalYAML(decode func(any) error) error {
	type plain WeChat
	p := plain(wechatDefault())
	if err := decode(&p); err != nil {
		return err
	}
	*w = WeChat(p)
	return nil
}

// UnmarshalYAML fills a gateway with its defaults before reading it.
func (s *SMS) UnmarshalYAML(decode func(any) error) error {
	type plain SMS
	p := plain(smsDefault())
	if err := decode(&p); err != nil {
		return err
	}
	*s = SMS(p)
	return nil
}
