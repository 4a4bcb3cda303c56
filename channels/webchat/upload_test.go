package webchat

import (
	"context"
	"errors"
	"testing"

	"jiban"
)

// shelf shows every file but the one named bad.
type shelf struct{}

func (shelf) Shown(_ context.Context, m *jiban.Message, viewer jiban.Address) ([]ShownFile, error) {
	if m.Content.Attachments[0].Ref == "media-bad" {
		return nil, errors.New("down")
	}
	return []ShownFile{{Name: "漏水.jpg", Type: "image/jpeg", Size: 9, Link: "/for/" + string(viewer)}}, nil
}

func aPicture(ref string) jiban.Content {
	return jiban.Content{Kind: jiban.KindImage, Attachments: []jiban.Attachment{{Ref: ref, Type: "image/jpeg"}}}
}

func (d *desk) attach(a jiban.Address, id, ref string) (int64, jiban.Code) {
	d.t.Helper()
	r, err := d.chat.Attach(context.Background(), a, id, jiban.Chinese, aPicture(ref))
	return r.Seq, jiban.CodeOf(err)
}

// A file may come before any page has said a word, and without an open page.
func TestFilesComeBesideTheConnection(t *testing.T) {
	d := open(t)
	d.chat.d.Files = shelf{}
	if seq, code := d.attach(visitorA, id(1), "media-1"); seq != 1 || code != "" {
		t.Fatal(seq, code)
	}
	p, _ := d.hello(d.chat, visitorA, 0)
	if m := p.want("message"); m.ID != id(1) || m.Kind != "image" || len(m.Files) != 1 || m.Files[0].Link != "/for/"+string(visitorA) {
		t.Errorf("%+v", m)
	}
	if seq, code := d.attach(visitorA, id(2), "media-bad"); seq != 2 || code != "" {
		t.Error(seq, code)
	}
	if m := p.want("message"); m.ID != id(2) || len(m.Files) != 0 {
		t.Errorf("files that cannot be shown keep the message away: %+v", m)
	}
	if seq, code := d.attach(visitorA, id(1), "media-1"); seq != 1 || code != "" {
		t.Errorf("a repeat: %d %s", seq, code)
	}
	if _, code := d.attach("web:bbbb", id(1), "media-1"); code != jiban.CodeInvalid {
		t.Errorf("another's id: %s", code)
	}
	if _, code := d.attach(visitorA, "short", "media-1"); code != jiban.CodeInvalid {
		t.Errorf("a short id: %s", code)
	}
}

func TestFilesCountAsMessages(t *testing.T) {
	d := open(t)
	for i := range sayBurst {
		if _, code := d.attach(visitorA, id(i), "media-1"); code != "" {
			t.Fatal(i, code)
		}
	}
	if _, code := d.attach(visitorA, id(99), "media-1"); code != jiban.CodeLimited {
		t.Errorf("%s", code)
	}
	d.fail = func() error { return jiban.Errorf(jiban.CodeUnavailable, "test", "disk full") }
	if _, code := d.attach("web:cccc", id(100), "media-1"); code != jiban.CodeUnavailable {
		t.Errorf("%s", code)
	}
}
