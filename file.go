package jiban

import "time"

// FileState says where a file that a person sent stands.
type FileState string

// The states of a file.
const (
	FileWanted  FileState = "wanted"  // the provider still has it, it must be fetched
	FileKept    FileState = "kept"    // ours, and may be seen
	FileWaiting FileState = "waiting" // ours, but the scanner must look at it before anybody may
	FileRefused FileState = "refused" // looked at and not taken; Why tells
	FileGone    FileState = "gone"    // could not be had, or was deleted; Why tells
)

// File is a file that came with a message, or that staff attached to a ticket. Its bytes lie elsewhere, under Place;
// its name and the key of its bytes are in Sealed, which only the contact's key
// opens: when that is destroyed the file cannot be read again.
type File struct {
	ID             string
	ContactID      string
	ConversationID string // "" until its message is stored
	MessageID      string
	Ticket         string // number of the ticket that it belongs to, "" for none
	State          FileState
	Why            string // one word of the room files
	Sealed         []byte
	Type           string // MIME type, by content
	Size           int64  // bytes as kept
	SHA256         string // of these bytes, hex
	Place          string // "" when nothing is kept
	Scan           string // "", "clean", "waiting"
	Channel        string // which has a wanted one …
	Source         string // … under this id, "" afterwards
	Tries          int
	NextAt         time.Time // when a wanted or waiting one is looked at again
	CreatedAt      time.Time
	DeletedAt      time.Time

	// Of a file that staff attached to the ticket, zero for one that a person sent.
	AttachedBy string    // who did
	Department string    // of whoever did, "" for the hotline
	Internal   bool      // for staff only; else it goes to the person with the answer
	ToldAt     time.Time // when the answer went out; from then on the person may open it
}

// FileFilter selects the files of one conversation, ticket or contact; the first
// that is set counts. Deleted ones are left out.
type FileFilter struct {
	Conversation string
	Ticket       string
	Contact      string
}

// FileRef begins the reference of a file of our own in a message's attachment.
const FileRef = "file:"
