package talk_test

import (
	"strings"
	"testing"

	"jiban/app/talk"
)

func TestScriptsSayWhatIsWrongWithThem(t *testing.T) {
	cases := []struct{ name, yaml, want string }{
		{"empty", "", "empty"},
		{"no yaml", "a: [", "not YAML"},
		{"two things in a turn", "name: a\nchannel: sms\nturns: [{say: x, tap: y}]", "turn 1: exactly one of"},
		{"nothing in a turn", "name: a\nchannel: sms\nturns: [{say: x}, {expect: y}]", "turn 2: exactly one of"},
		{"unknown channel", "name: a\nchannel: fax\nturns: [{say: x}]", "channel must be"},
		{"unknown audience", "name: a\naudience: all\nturns: []", "audience must be"},
		{"wrong region", "name: a\nregion: harbin\nturns: []", "GB/T 2260"},
		{"wrong contact", "name: a\ncontact: 138\nturns: []", "contact must be"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := talk.ReadScripts(strings.NewReader(c.yaml))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want %q in it", err, c.want)
			}
		})
	}
}

func TestExpectationsInAScriptAreNotLookedAt(t *testing.T) {
	s, err := talk.ReadScripts(strings.NewReader(`
- name: one
  channel: wechat
  group: g
  answers: [a1]
  turns:
    - say: 停水了
      expect: {decision: ask_field, anything: [1, 2]}
      answers: x
    - location: {lat: 45.75, lng: 126.65, label: 道里区}
    - wait: 24h
- name: two
  turns: [{tap: "1"}]
`))
	if err != nil {
		t.Fatal(err)
	}
	if len(s) != 2 || len(s[0].Turns) != 3 || s[0].Channel != "wechat" || *s[0].Turns[0].Say != "停水了" {
		t.Fatalf("got %+v", s)
	}
	if got := s[0].Turns[1].Echo(); got != "/location 45.75,126.65,道里区" {
		t.Fatalf("echo %q", got)
	}
}

func TestTypedLines(t *testing.T) {
	var setup talk.Setup
	for _, directive := range []string{"/channel sms", "/contact tel:+8613800001234", "/region 230100", "/audience enterprise", "/roster", "", "  "} {
		turn, err := talk.Parse(directive, &setup)
		if err != nil || turn != nil {
			t.Fatalf("%q: turn %v, error %v", directive, turn, err)
		}
	}
	if setup.Channel != "sms" || setup.Region != "230100" || !setup.Roster || setup.Audience != "enterprise" {
		t.Fatalf("setup %+v", setup)
	}
	for _, line := range []string{"停水了", "/tap 确认", "/location 45.1,126.2,道里", "/image a.jpg", "/wait 24h0m0s", "/resolve 已修好", "/return 不归我们", "/etc 是什么"} {
		turn, err := talk.Parse(line, &setup)
		if err != nil || turn == nil || turn.Echo() != line {
			t.Fatalf("%q came back as %v, %v", line, turn, err)
		}
	}
	for _, wrong := range []string{"/wait long", "/location here", "/location 91,0,x", "/channel fax", "/region 1"} {
		if turn, err := talk.Parse(wrong, &talk.Setup{}); err == nil {
			t.Fatalf("%q was taken as %v", wrong, turn)
		}
	}
}

func FuzzReadScripts(f *testing.F) {
	f.Add("name: a\nturns: [{say: x}]")
	f.Add("- {name: a, turns: [{location: {lat: 1, lng: 2}}]}")
	f.Fuzz(func(t *testing.T, yaml string) {
		scripts, err := talk.ReadScripts(strings.NewReader(yaml))
		if err != nil {
			return
		}
		for _, s := range scripts {
			for i := range s.Turns {
				_ = s.Turns[i].Echo()
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add("/location 1,2")
	f.Add("/wait 1h")
	f.Fuzz(func(t *testing.T, line string) {
		turn, err := talk.Parse(line, &talk.Setup{})
		if err == nil && turn != nil {
			_ = turn.Echo()
		}
	})
}
