// Package config is the configuration of the program: one structure, defaults in
// code, one YAML file, every key also as an environment variable, validated
// once at the start. It knows nothing of what the values are used for.
package config

import "time"

// Config is the whole configuration. The yaml tags are the names people write.
type Config struct {
	Listen    string `yaml:"listen"`
	PublicURL string `yaml:"public_url"`
	DataDir   string `yaml:"data_dir"`
	Database  string `yaml:"database"` // sqlite:PATH or postgres://…
	Redis     string `yaml:"redis"`    // redis://…, empty for one node
	Keys      Keys   `yaml:"keys"`
	Files     string `yaml:"files"` // folder, or s3://…
	// Attachments are the limits of what people send.
	Attachments Attachments `yaml:"attachments"`
	Region      string      `yaml:"region"`
	LogLevel    string      `yaml:"log_level"`
	Sample      bool        `yaml:"sample"` // load the sample content into an empty embedded store
	LLM         LLM         `yaml:"llm"`
	Staff       Staff       `yaml:"staff"`
	OIDC        OIDC        `yaml:"oidc"`
	Audit       Audit       `yaml:"audit"`
	People      People      `yaml:"people"`
	Open311     Open311     `yaml:"open311"`
	Retention   Retention   `yaml:"retention"`
	Channels    Channels    `yaml:"channels"`
	Hours       Hours       `yaml:"hours"`
	// JoinWait is how long a turn waits for the rest of a thought that somebody splits
	// over several messages; 0 for no wait.
	JoinWait   time.Duration `yaml:"join_wait"`
	SMSText    string        `yaml:"sms_emergency_text"` // how the speechless reach the police, e.g. 12110
	TrustProxy bool          `yaml:"trust_proxy"`        // take the visitor's address from X-Forwarded-For
}

// Keys says where the root key is.
type Keys struct {
	File  string `yaml:"file"`
	Value string `yaml:"value"` // the key itself, instead of a file; meant for the environment (JIBAN_KEYS_VALUE)
	Suite string `yaml:"suite"` // aes or sm, chosen before the first start
	// FreeText seals what people said, too; names, numbers, addresses and the fields
	// of tickets are always sealed.
	FreeText bool `yaml:"free_text"`
}

// Attachments says which files are taken from people.
type Attachments struct {
	MaxBytes                 int           `yaml:"max_bytes"` // of one file
	MaxPerMessage            int           `yaml:"max_per_message"`
	MaxPerConversationPerDay int           `yaml:"max_per_conversation_per_day"`
	Allow                    []string      `yaml:"allow"`     // kinds, told by content
	Scan                     string        `yaml:"scan"`      // clamd: tcp:HOST:PORT or unix:PATH, "" for none
	ScanDown                 string        `yaml:"scan_down"` // refuse, or quarantine until it is up
	LinkLife                 time.Duration `yaml:"link_life"`
}

// LLM is an OpenAI-compatible endpoint, and what it may take and cost; without
// base_url everything works without a model. A limit of tokens is 0 for none.
type LLM struct {
	BaseURL            string        `yaml:"base_url"`
	APIKey             string        `yaml:"api_key"`
	Model              string        `yaml:"model"`
	EmbeddingModel     string        `yaml:"embedding_model"`
	CallTime           time.Duration `yaml:"call_time"` // of one call
	TurnTime           time.Duration `yaml:"turn_time"` // of a turn, for all calls
	PromptChars        int           `yaml:"prompt_chars"`
	AnswerTokens       int           `yaml:"answer_tokens"`
	ResponseBytes      int           `yaml:"response_bytes"`
	ConversationTokens int           `yaml:"conversation_tokens"` // in 24 hours
	DayTokens          int           `yaml:"day_tokens"`          // of the house, day in Beijing
	Failures           int           `yaml:"failures"`            // in a row, then nothing is asked for …
	Pause              time.Duration `yaml:"pause"`
}

// Staff are the rules for staff accounts.
type Staff struct {
	SecondFactor []string      `yaml:"second_factor"` // roles that need one
	PasswordAge  time.Duration `yaml:"password_age"`  // then it must be changed; 0: never
	OneSession   bool          `yaml:"one_session"`   // a login ends the account's other sessions
}

// Audit says where the end of the audit record is anchored, outside of the
// database: a file, udp://HOST:PORT, tcp://HOST:PORT or syslog; nowhere when empty.
type Audit struct {
	Anchor string        `yaml:"anchor"`
	Every  time.Duration `yaml:"every"`
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

// People are the rules for what citizens are told unasked, and for proving a
// telephone number.
type People struct {
	QuietHours  string `yaml:"quiet_hours"`  // 22:00-07:00 in Beijing, empty for none
	RequestDays int    `yaml:"request_days"` // working days in which a person's request about their data is answered
	Codes       Codes  `yaml:"codes"`
}

// Codes are the rules for verification codes. The rates are for one telephone,
// for one visitor (a conversation), for one network address, and for the house.
type Codes struct {
	Channel        string        `yaml:"channel"` // an SMS channel, the first one when empty
	Life           time.Duration `yaml:"life"`
	Tries          int           `yaml:"tries"`
	PhoneMinute    int           `yaml:"phone_minute"`
	PhoneHour      int           `yaml:"phone_hour"`
	PhoneDay       int           `yaml:"phone_day"`
	VisitorMinute  int           `yaml:"visitor_minute"`
	VisitorHour    int           `yaml:"visitor_hour"`
	VisitorDay     int           `yaml:"visitor_day"`
	NetworkMinute  int           `yaml:"network_minute"`
	NetworkDay     int           `yaml:"network_day"`
	HouseDay       int           `yaml:"house_day"`
	QuarantineDays int           `yaml:"quarantine_days"` // without a sign of its holder a number is taken for somebody else's
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
		Attachments: Attachments{MaxBytes: 10 << 20, MaxPerMessage: 9, MaxPerConversationPerDay: 50, ScanDown: "refuse", LinkLife: 10 * time.Minute,
			Allow: []string{"jpeg", "png", "gif", "webp", "pdf", "docx", "xlsx", "mp3", "amr", "amr-wb", "silk", "m4a", "mp4", "mov"}},
		Keys: Keys{File: "data/keys", FreeText: true}, Files: "data/files", Region: "230000", LogLevel: "info", Sample: true,
		Staff: Staff{PasswordAge: 90 * 24 * time.Hour}, OIDC: OIDC{Claim: "preferred_username"}, Audit: Audit{Every: time.Minute}, People: peopleDefault(), Open311: Open311{Enabled: true}, Retention: retentionDefault(), Hours: Hours{From: "08:30", To: "17:30"}, SMSText: "12110", JoinWait: 1500 * time.Millisecond, LLM: llmDefault(),
		Channels: Channels{WebChat: []WebChat{{Name: "citizen", Audience: "citizen"}, {Name: "enterprise", Audience: "enterprise"}}},
	}
}

// llmDefault lets nobody wait longer for a model than for a person to read on, and
// costs a province of ten thousand phrased answers a day.
func llmDefault() LLM {
	return LLM{CallTime: 4 * time.Second, TurnTime: 5 * time.Second, PromptChars: 8000, AnswerTokens: 800, ResponseBytes: 256 << 10,
		ConversationTokens: 50_000, DayTokens: 20_000_000, Failures: 5, Pause: 30 * time.Second}
}

// peopleDefault holds what carriers allow for codes to one telephone (1, 5 and 10
// in a minute, an hour and a day) and limits in proportion for who asks.
func peopleDefault() People {
	return People{QuietHours: "22:00-07:00", RequestDays: 15, Codes: Codes{
		Life: 5 * time.Minute, Tries: 3, PhoneMinute: 1, PhoneHour: 5, PhoneDay: 10, VisitorMinute: 2, VisitorHour: 6, VisitorDay: 10,
		NetworkMinute: 10, NetworkDay: 200, HouseDay: 50_000, QuarantineDays: 180,
	}}
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
