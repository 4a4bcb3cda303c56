package wechat

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/silenceper/wechat/v2/officialaccount/message"

	"jiban"
)

// Bounds of a callback's XML; WeChat's own stays far below.
const (
	maxDepth    = 8
	maxElements = 512
	maxIDLen    = 256
)

// inbound is a callback as WeChat writes it (documents "Receiving standard
// messages" and "Receiving event pushes"). All fields are text: a number that is
// none must not make the rest unreadable.
type inbound struct {
	XMLName      struct{} `xml:"xml"`
	FromUserName string   `xml:"FromUserName"`
	ToUserName   string   `xml:"ToUserName"`
	CreateTime   string   `xml:"CreateTime"`
	MsgType      string   `xml:"MsgType"`
	MsgID        string   `xml:"MsgId"`
	Content      string   `xml:"Content"`
	MenuID       string   `xml:"bizmsgmenuid"`
	MediaID      string   `xml:"MediaId"`
	MediaID16K   string   `xml:"MediaId16K"`
	Format       string   `xml:"Format"`
	Recognition  string   `xml:"Recognition"`
	LocationX    string   `xml:"Location_X"`
	LocationY    string   `xml:"Location_Y"`
	Label        string   `xml:"Label"`
	Title        string   `xml:"Title"`
	Description  string   `xml:"Description"`
	URL          string   `xml:"Url"`
	Event        string   `xml:"Event"`
	EventKey     string   `xml:"EventKey"`
}

// checkXML walks the tokens once before anything is unmarshalled: valid UTF-8, no
// DTD, no processing instruction but the declaration, bounded depth and number of
// elements.
func checkXML(b []byte) error {
	if !utf8.Valid(b) {
		return fmt.Errorf("%w: invalid UTF-8", errUnreadable)
	}
	d := xml.NewDecoder(bytes.NewReader(b))
	depth, elements := 0, 0
	for {
		t, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("%w: %w", errUnreadable, err)
		}
		switch t := t.(type) {
		case xml.Directive:
			return fmt.Errorf("%w: a DTD is not allowed", errUnreadable)
		case xml.ProcInst:
			if t.Target != "xml" {
				return fmt.Errorf("%w: a processing instruction is not allowed", errUnreadable)
			}
		case xml.StartElement:
			depth, elements = depth+1, elements+1
		case xml.EndElement:
			depth--
		}
		if depth > maxDepth || elements > maxElements {
			return fmt.Errorf("%w: too deep or too many elements", errUnreadable)
		}
	}
	if elements == 0 {
		return fmt.Errorf("%w: no element", errUnreadable)
	}
	return nil
}

// parse reads a plain body.
func parse(plain []byte) (inbound, error) {
	var in inbound
	if err := xml.Unmarshal(plain, &in); err != nil {
		return in, fmt.Errorf("%w: %w", errUnreadable, err)
	}
	for name, v := range map[string]string{"FromUserName": in.FromUserName, "ToUserName": in.ToUserName, "MsgType": in.MsgType} {
		if v == "" || len(v) > maxIDLen {
			return in, fmt.Errorf("%w: %s is missing or too long", errUnreadable, name)
		}
	}
	if _, err := strconv.ParseInt(in.CreateTime, 10, 64); err != nil {
		return in, fmt.Errorf("%w: CreateTime is no number", errUnreadable)
	}
	if len(in.MsgID) > maxIDLen || len(in.EventKey) > maxTextBytes {
		return in, fmt.Errorf("%w: an id is too long", errUnreadable)
	}
	return in, nil
}

// received turns a callback into what the gateway takes; false where nothing is
// to be said or kept.
func (a *Adapter) received(in inbound) (jiban.Received, bool) {
	c, ok := content(in)
	if !ok {
		return jiban.Received{}, false
	}
	sec, err := strconv.ParseInt(in.CreateTime, 10, 64)
	if err != nil {
		sec = a.deps.Clock.Now().Unix()
	}
	return jiban.Received{
		Channel: a.cfg.Name, ChannelKind: jiban.ChannelWeChat,
		ExternalID: externalID(in), Address: jiban.Address("wechat:" + in.FromUserName),
		Audience: a.cfg.Audience, Region: a.cfg.Region, Lang: jiban.Chinese,
		Content: c, At: time.Unix(sec, 0).UTC(),
	}, true
}

// externalID is MsgId; events have none and are known by person, time, event and
// key (domain A5).
func externalID(in inbound) string {
	if in.MsgID != "" && !isEvent(in) {
		return in.MsgID
	}
	name := in.Event
	if !isEvent(in) {
		name = in.MsgType
	}
	return strings.Join([]string{in.FromUserName, in.CreateTime, name, in.EventKey}, ":")
}

func isEvent(in inbound) bool { return strings.EqualFold(in.MsgType, string(message.MsgTypeEvent)) }

func content(in inbound) (jiban.Content, bool) {
	switch message.MsgType(strings.ToLower(in.MsgType)) {
	case message.MsgTypeText:
		return textContent(in), true
	case message.MsgTypeImage:
		return media(jiban.KindImage, in.MediaID, "image/jpeg"), true
	case message.MsgTypeVoice:
		c := media(jiban.KindVoice, firstOf(in.MediaID16K, in.MediaID), "audio/"+strings.ToLower(firstOf(in.Format, "amr")))
		c.Text = strings.TrimSpace(in.Recognition)
		return c, true
	case message.MsgTypeVideo, message.MsgTypeShortVideo:
		return media(jiban.KindFile, in.MediaID, "video/mp4"), true
	case message.MsgTypeLocation:
		return locationContent(in), true
	case message.MsgTypeLink:
		lines := []string{in.Title, in.Description, in.URL}
		return jiban.Content{Kind: jiban.KindText, Text: joinNonEmpty(lines)}, true
	case message.MsgTypeEvent:
		return eventContent(in)
	default:
		return jiban.Content{Kind: jiban.KindUnknown, Text: in.MsgType}, true
	}
}

// textContent: a tap on an item of our menu comes as text with the menu's id; the
// item's words stand in Content and are what was meant.
func textContent(in inbound) jiban.Content {
	kind := jiban.KindText
	if in.MenuID != "" {
		kind = jiban.KindTap
	}
	return jiban.Content{Kind: kind, Text: in.Content}
}

func media(k jiban.MessageKind, id, mime string) jiban.Content {
	return jiban.Content{Kind: k, Attachments: []jiban.Attachment{{Ref: id, Type: mime}}}
}

// locationContent reads a position; WeChat's are GCJ-02 (domain A3).
func locationContent(in inbound) jiban.Content {
	lat, errLat := strconv.ParseFloat(in.LocationX, 64)
	lng, errLng := strconv.ParseFloat(in.LocationY, 64)
	if errLat != nil || errLng != nil || math.IsNaN(lat) || math.IsNaN(lng) || math.Abs(lat) > 90 || math.Abs(lng) > 180 {
		return jiban.Content{Kind: jiban.KindUnknown, Text: in.MsgType}
	}
	return jiban.Content{Kind: jiban.KindLocation,
		Location: &jiban.Location{Lat: lat, Lng: lng, Label: in.Label, Datum: "gcj02"}}
}

// eventContent: WeChat is inconsistent about the case of event names. All events
// that are not named here are only acknowledged: positions sent in the background,
// opened links, finished jobs, people who unfollow.
func eventContent(in inbound) (jiban.Content, bool) {
	switch event := strings.ToLower(in.Event); event {
	case string(message.EventSubscribe), "scan":
		return jiban.Content{Kind: jiban.KindEvent, Event: event, Text: strings.TrimPrefix(in.EventKey, "qrscene_")}, true
	case "click":
		return jiban.Content{Kind: jiban.KindTap, Text: in.EventKey}, in.EventKey != ""
	default:
		return jiban.Content{}, false
	}
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func joinNonEmpty(lines []string) string {
	var kept []string
	for _, l := range lines {
		if l != "" {
			kept = append(kept, l)
		}
	}
	return strings.Join(kept, "\n")
}
