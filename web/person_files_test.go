package web_test

import (
	"bytes"
	"path/filepath"
	"testing"

	"jiban"
	"jiban/files"
	"jiban/store"
	"jiban/store/blob"
	"jiban/web"
)

// chest lets a house keep files, and hands over the room.
func chest(t *testing.T, into **files.Service) option {
	return func(d *web.Deps) {
		blobs, err := blob.OpenDisk(filepath.Join(t.TempDir(), "files"))
		if err != nil {
			t.Fatal(err)
		}
		*into, err = files.New(files.Limits{}, files.Deps{Records: d.Records.(*store.Store), Blobs: blobs, Keys: plainKeys{}, Clock: d.Clock, IDs: d.IDs, Temp: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		d.Files = *into
	}
}

// A person's page lists what they sent, within the region of who looks; each file
// that is opened is recorded.
func TestThePersonsPageListsTheirFiles(t *testing.T) {
	var room *files.Service
	f := newResidence(t, chest(t, &room))
	conv := f.hears("citizen", jiban.ChannelWebChat, "web:0123456789abcdef0123456789abcdef", "230100", "停水了")
	k, err := room.Take(t.Context(), files.Upload{ContactID: conv.ContactID, Name: "现场.png", Body: bytes.NewReader(somePNG())})
	f.must(err)
	_, _, err = f.store.Receive(t.Context(), jiban.Received{Channel: "citizen", ChannelKind: jiban.ChannelWebChat, ExternalID: "photo",
		Address: "web:0123456789abcdef0123456789abcdef", Audience: jiban.Citizen,
		Content: jiban.Content{Kind: jiban.KindImage, Attachments: []jiban.Attachment{k.Attachment()}}, At: f.clock.Now()})
	f.must(err)
	f.files("2611020000018", conv, func(t *jiban.Ticket) { t.Region = "230200" })
	type page struct {
		Files []struct{ ID, Name, Link string }
	}
	near := f.as(jiban.RoleSupervisor, func(a *jiban.Account) { a.Region = "230100" })
	seen := into[page](t, near.get("/api/v1/persons/"+conv.ContactID).want(t, 200)).Files
	if len(seen) != 1 || seen[0].Name != "现场.png" {
		t.Fatalf("%+v", seen)
	}
	near.get(seen[0].Link).want(t, 200)
	if !f.books.recorded(near.account.ID, "view", "file:"+seen[0].ID) {
		t.Error("the view of the file is not recorded")
	}
	far := f.as(jiban.RoleSupervisor, func(a *jiban.Account) { a.Region = "230200" })
	if hidden := into[page](t, far.get("/api/v1/persons/"+conv.ContactID).want(t, 200)).Files; len(hidden) != 0 {
		t.Errorf("who sees only a ticket elsewhere sees %+v", hidden)
	}
	far.get(seen[0].Link).want(t, 403)
}
