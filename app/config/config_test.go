package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jiban"
	"jiban/app/config"
)

func load(t *testing.T, yaml string, env ...string) (config.Config, error) {
	t.Helper()
	if yaml == "" {
		return config.Load("", env)
	}
	path := filepath.Join(t.TempDir(), "jiban.yaml")
	if err := os.WriteFile(path, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	return config.Load(path, env)
}

func TestDefaultsAreTheEmbeddedStore(t *testing.T) {
	c, err := load(t, "")
	if err != nil {
		t.Fatal(err)
	}
	if c.Database != "sqlite:data/jiban.db" || c.Redis != "" || c.Listen != ":8080" || len(c.Channels.WebChat) != 2 {
		t.Fatalf("unexpected defaults: %+v", c)
	}
}

func TestFileAndEnvironment(t *testing.T) {
	c, err := load(t, `
listen: ":9"
data_dir: /srv/jiban
channels:
  wechat:
    - {name: gzh, app_id: wx1, token: tok, passive_reply: false, replay_window: 1m}
  sms:
    - {name: main, signature: "【12345热线】"}
`, "JIBAN_LISTEN=:10", "JIBAN_LLM_BASE_URL=https://models.example/v1", "JIBAN_LLM_MODEL=m", "JIBAN_CHANNELS_WECHAT_0_APP_SECRET=s3", "JIBAN_CHANNELS_SMS_1_NAME=second", "HOME=/x")
	if err != nil {
		t.Fatal(err)
	}
	w := c.Channels.WeChat[0]
	if c.Listen != ":10" || c.LLM.BaseURL != "https://models.example/v1" || w.AppSecret != "s3" {
		t.Fatalf("the environment does not override: %+v", c)
	}
	if w.PassiveReply || w.ReplayWindow != time.Minute || w.APIBase != "https://api.weixin.qq.com" || w.MessageBudget != 5 {
		t.Fatalf("the entry's own values and defaults are mixed up: %+v", w)
	}
	if len(c.Channels.SMS) != 2 || c.Channels.SMS[1].Name != "second" || c.Channels.SMS[1].MaxParts != 5 {
		t.Fatalf("a list entry from the environment: %+v", c.Channels.SMS)
	}
	if c.Database != "sqlite:/srv/jiban/jiban.db" || c.Keys.File != "/srv/jiban/keys" {
		t.Fatalf("the data folder is not followed: %s %s", c.Database, c.Keys.File)
	}
}

func TestEveryErrorNamesTheKeyAndWhatIsExpected(t *testing.T) {
	cases := []struct{ name, yaml, env, want string }{
		{"unknown key", "lisen: x", "", `unknown key "lisen"`},
		{"unknown nested key", "channels:\n  wechat:\n    - {name: a, tokn: x}", "", `unknown key "channels.wechat[0].tokn"`},
		{"not a number", "channels:\n  sms:\n    - {name: a, max_parts: many}", "", "channels.sms[0].max_parts must be a whole number"},
		{"not a duration", "channels:\n  sms:\n    - {name: a, reassembly: 120}", "", "channels.sms[0].reassembly must be a duration"},
		{"not a list", "channels: {sms: {name: a}}", "", "channels.sms must be a list"},
		{"not a group", "llm: yes", "", "llm must be a group of keys"},
		{"not yaml", "a: [", "", "not YAML"},
		{"wrong database", "database: mysql://x", "", "database: must begin with sqlite:"},
		{"redis without postgres", "redis: redis://x", "", "redis: several nodes need PostgreSQL"},
		{"wrong region", "region: heilongjiang", "", "region: must be a GB/T 2260 code"},
		{"short aes key", "channels:\n  wechat:\n    - {name: a, app_id: w, token: t, aes_key: short}", "", "channels.wechat[0].aes_key: must be the EncodingAESKey of 43 characters"},
		{"same name twice", "channels:\n  webchat:\n    - {name: a, audience: citizen}\n    - {name: a, audience: citizen}", "", `"a" is the name of channels.webchat[0] already`},
		{"wrong environment", "", "JIBAN_OPEN311_ENABLED=perhaps", "JIBAN_OPEN311_ENABLED must be true or false"},
		{"signature without brackets", "channels:\n  sms:\n    - {name: a, signature: x}", "", "channels.sms[0].signature: must stand in 【】"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := load(t, c.yaml, c.env)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want %q in it", err, c.want)
			}
			if jiban.CodeOf(err) != jiban.CodeInvalid {
				t.Fatalf("code %s", jiban.CodeOf(err))
			}
		})
	}
}

func TestErrorsShowNoSecret(t *testing.T) {
	_, err := load(t, "channels:\n  wechat:\n    - {name: a, app_id: w, token: t, app_secret: TOPSECRET, aes_key: TOPSECRETTOO}")
	if err == nil || strings.Contains(err.Error(), "TOPSECRET") {
		t.Fatalf("got %v", err)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add("listen: x\nchannels: {sms: [{name: a}]}")
	f.Add("a: &a [*a]")
	f.Add("channels: [1, {x: ]")
	f.Fuzz(func(t *testing.T, yaml string) {
		if yaml == "" {
			return
		}
		if _, err := load(t, yaml); err != nil && jiban.CodeOf(err) != jiban.CodeInvalid {
			t.Fatalf("a wrong file is not our defect: %v", err)
		}
	})
}
