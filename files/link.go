package files

import (
	"crypto/subtle"
	"strconv"
	"time"

	"jiban"
)

// Pass lets one viewer fetch one file until a time.
type Pass struct {
	Expires   int64 // seconds of Unix time
	Signature string
}

// Query is the pass as parameters of an address.
func (p Pass) Query() string {
	return "e=" + strconv.FormatInt(p.Expires, 10) + "&s=" + p.Signature
}

// Link signs a pass. The viewer is an account or a visitor's address: nobody else
// can use it. Whether the viewer may see the file is for the caller to know.
func (s *Service) Link(fileID, viewer string) Pass {
	expires := s.d.Clock.Now().Add(s.limits.LinkLife).Unix()
	return Pass{Expires: expires, Signature: s.sign(fileID, viewer, expires)}
}

// Check proves a pass: CodeForbidden where it is not for this file and viewer, or
// its time is over.
func (s *Service) Check(fileID, viewer string, p Pass) error {
	good := subtle.ConstantTimeCompare([]byte(s.sign(fileID, viewer, p.Expires)), []byte(p.Signature)) == 1
	if !good {
		return jiban.Errorf(jiban.CodeForbidden, "files.Check", "the link is not for this file and viewer")
	}
	if s.d.Clock.Now().After(time.Unix(p.Expires, 0)) {
		return jiban.Errorf(jiban.CodeForbidden, "files.Check", "the link is too old")
	}
	return nil
}

func (s *Service) sign(fileID, viewer string, expires int64) string {
	e := strconv.FormatInt(expires, 10)
	return s.d.Keys.Hash("files.link", strconv.Itoa(len(fileID))+":"+fileID+strconv.Itoa(len(viewer))+":"+viewer+e)
}
