// Package talk plays one conversation through the real house: lines of a terminal
// or a script go in, one JSON line for each turn comes out. It knows the formats
// and the order of things; it must not know how the house is built (see House).
package talk

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"jiban"
)

// Setup is what is said of a conversation before its first turn.
type Setup struct {
	Name     string `yaml:"name"`
	Channel  string `yaml:"channel"`
	Contact  string `yaml:"contact"`
	Region   string `yaml:"region"`
	Audience string `yaml:"audience"`
	Roster   bool   `yaml:"roster"`
}

// Script is a conversation to replay.
type Script struct {
	Setup `yaml:",inline"`
	Turns []Turn `yaml:"turns"`
}

// Turn is one thing that happens. Exactly one of its fields is set; Expect belongs
// to whoever wrote the script and is not looked at here.
type Turn struct {
	Say      *string         `yaml:"say"`
	Tap      *string         `yaml:"tap"`
	Location *jiban.Location `yaml:"location"`
	Image    *string         `yaml:"image"`
	Wait     *string         `yaml:"wait"`
	Resolve  *string         `yaml:"resolve"`
	Return   *string         `yaml:"return"`
	Expect   yaml.Node       `yaml:"expect"`
}

// maxScript bounds a script file.
const maxScript = 8 << 20

// ReadScripts reads one script or a list of such.
func ReadScripts(r io.Reader) ([]Script, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxScript+1))
	if err != nil {
		return nil, fmt.Errorf("cannot read the script: %w", err)
	}
	if len(data) > maxScript {
		return nil, fmt.Errorf("the script is larger than %d bytes", maxScript)
	}
	var root yaml.Node
	if err := yaml.Unmarshal(data, &root); err != nil {
		return nil, fmt.Errorf("the script is not YAML: %w", err)
	}
	if len(root.Content) == 0 {
		return nil, errors.New("the script is empty")
	}
	var scripts []Script
	if root.Content[0].Kind == yaml.SequenceNode {
		err = root.Decode(&scripts)
	} else {
		var one Script
		err = root.Decode(&one)
		scripts = []Script{one}
	}
	if err != nil {
		return nil, fmt.Errorf("the script: %w", err)
	}
	return scripts, check(scripts)
}

func check(scripts []Script) error {
	for _, s := range scripts {
		for i := range s.Turns {
			if n := s.Turns[i].count(); n != 1 {
				return fmt.Errorf("script %q, turn %d: exactly one of say, tap, location, image, wait, resolve, return is expected, %d are set", s.Name, i+1, n)
			}
		}
		if err := s.valid(); err != nil {
			return fmt.Errorf("script %q: %w", s.Name, err)
		}
	}
	return nil
}

func (t *Turn) count() int {
	n := 0
	for _, set := range []bool{t.Say != nil, t.Tap != nil, t.Location != nil, t.Image != nil, t.Wait != nil, t.Resolve != nil, t.Return != nil} {
		if set {
			n++
		}
	}
	return n
}

// Echo is the turn in the form in which it would be typed.
func (t *Turn) Echo() string {
	switch {
	case t.Say != nil:
		return *t.Say
	case t.Tap != nil:
		return "/tap " + *t.Tap
	case t.Location != nil:
		return fmt.Sprintf("/location %s,%s,%s", number(t.Location.Lat), number(t.Location.Lng), t.Location.Label)
	case t.Image != nil:
		return "/image " + *t.Image
	case t.Wait != nil:
		return "/wait " + *t.Wait
	case t.Resolve != nil:
		return "/resolve " + *t.Resolve
	default:
		return "/return " + *t.Return
	}
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// Parse reads a typed line. A directive changes the setup and gives no turn;
// so does an empty line. An unknown word after a slash is plain text.
func Parse(line string, setup *Setup) (*Turn, error) {
	line = strings.TrimRight(line, "\r\n")
	word, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	switch word {
	case "":
		if strings.TrimSpace(line) == "" {
			return nil, nil
		}
	case "/channel":
		setup.Channel = rest
		return nil, setup.valid()
	case "/contact":
		setup.Contact = rest
		return nil, setup.valid()
	case "/region":
		setup.Region = rest
		return nil, setup.valid()
	case "/audience":
		setup.Audience = rest
		return nil, setup.valid()
	case "/roster":
		setup.Roster = true
		return nil, nil
	case "/tap":
		return &Turn{Tap: &rest}, nil
	case "/image":
		return &Turn{Image: &rest}, nil
	case "/resolve":
		return &Turn{Resolve: &rest}, nil
	case "/return":
		return &Turn{Return: &rest}, nil
	case "/wait":
		if _, err := time.ParseDuration(rest); err != nil {
			return nil, fmt.Errorf("/wait takes a duration such as 24h, not %q", rest)
		}
		return &Turn{Wait: &rest}, nil
	case "/location":
		loc, err := parseLocation(rest)
		return &Turn{Location: loc}, err
	}
	return &Turn{Say: &line}, nil
}

func parseLocation(s string) (*jiban.Location, error) {
	parts := strings.SplitN(s, ",", 3)
	if len(parts) < 2 {
		return nil, fmt.Errorf("/location takes LAT,LNG,LABEL, not %q", s)
	}
	lat, err1 := strconv.ParseFloat(strings.TrimSpace(parts[0]), 64)
	lng, err2 := strconv.ParseFloat(strings.TrimSpace(parts[1]), 64)
	if err1 != nil || err2 != nil || lat < -90 || lat > 90 || lng < -180 || lng > 180 {
		return nil, fmt.Errorf("/location takes LAT,LNG,LABEL, not %q", s)
	}
	loc := &jiban.Location{Lat: lat, Lng: lng, Datum: "gcj02"}
	if len(parts) == 3 {
		loc.Label = strings.TrimSpace(parts[2])
	}
	return loc, nil
}

func (s *Setup) valid() error {
	switch s.Channel {
	case "", "wechat", "webchat", "sms":
	default:
		return fmt.Errorf("channel must be wechat, webchat or sms, not %q", s.Channel)
	}
	switch s.Audience {
	case "", "citizen", "enterprise":
	default:
		return fmt.Errorf("audience must be citizen or enterprise, not %q", s.Audience)
	}
	if s.Region != "" && (len(s.Region) != 6 || strings.Trim(s.Region, "0123456789") != "") {
		return fmt.Errorf("region must be a GB/T 2260 code of six digits, not %q", s.Region)
	}
	if s.Contact != "" {
		kind, id, ok := strings.Cut(s.Contact, ":")
		if !ok || id == "" || (kind != "wechat" && kind != "tel" && kind != "web") {
			return fmt.Errorf("contact must be wechat:OPENID, tel:+86… or web:UUID, not %q", s.Contact)
		}
	}
	return nil
}

// kind is the kind of channel: as said, else as the contact's address tells,
// else web chat.
func (s *Setup) kind() jiban.ChannelKind {
	switch {
	case s.Channel != "":
		return jiban.ChannelKind(s.Channel)
	case strings.HasPrefix(s.Contact, "wechat:"):
		return jiban.ChannelWeChat
	case strings.HasPrefix(s.Contact, "tel:"):
		return jiban.ChannelSMS
	default:
		return jiban.ChannelWebChat
	}
}

func (s *Setup) address() jiban.Address {
	if s.Contact != "" {
		return jiban.Address(s.Contact)
	}
	switch s.kind() {
	case jiban.ChannelWeChat:
		return "wechat:oTalk00000000000000000000001"
	case jiban.ChannelSMS:
		return "tel:+8613800001234"
	default:
		return "web:00000000-0000-4000-8000-000000000001"
	}
}

func (s *Setup) audience() jiban.Audience {
	if s.Audience == "" {
		return jiban.Citizen
	}
	return jiban.Audience(s.Audience)
}
