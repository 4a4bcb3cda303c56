package jiban

import (
	"regexp"
	"time"
	"unicode/utf8"
)

// Category is a branch of the catalogue's tree: one of the first level (two
// digits, no parent) or of the second (four digits, below one of the first). The
// matters are the leaves.
type Category struct {
	Code    string        `json:"code"`
	Name    string        `json:"name"`
	NameEN  string        `json:"name_en"`
	Parent  string        `json:"parent,omitempty"`  // code, "" for the first level
	Urgency []UrgencyRule `json:"urgency,omitempty"` // for every matter below
}

// Grade says how much a request can wait (domain C4: 一般, 紧急, 特急).
type Grade string

// The grades of urgency, the least first.
const (
	GradeOrdinary Grade = ""
	GradePressing Grade = "pressing" // 紧急
	GradeCritical Grade = "critical" // 特急
)

// UrgencyRule raises the urgency of a request that says one of the words.
type UrgencyRule struct {
	Level Grade    `json:"level"`
	Words []string `json:"words"`
}

// ConfidentialRule says when a ticket of a matter is kept confidential.
type ConfidentialRule string

// The rules of confidentiality. What a person wishes always holds.
const (
	ConfidentialOnWish  ConfidentialRule = ""        // only when the person wishes it
	ConfidentialReports ConfidentialRule = "reports" // reports always (domain C9)
	ConfidentialAlways  ConfidentialRule = "always"
)

// CatalogueState is where a version of the catalogue is in its life.
type CatalogueState string

// The states of a version. One at most is a draft and one is in force.
const (
	CatalogueDraft    CatalogueState = "draft"
	CatalogueInForce  CatalogueState = "in_force"
	CatalogueReplaced CatalogueState = "replaced"
)

// CatalogueVersion is one version of the catalogue with how it came about. A
// version that was in force is never changed again.
type CatalogueVersion struct {
	Version   int            // 1, 2, 3 …
	State     CatalogueState //
	Base      int            // the version that it was made from, 0 for none
	Revision  int64          // of a draft: rises with each edit, compared when it is saved
	Authors   []string       // staff ids of all who edited it, the first began it
	Note      string         // what was changed and why, for the record
	ForcedBy  string         // staff id of who put it into force
	CreatedAt time.Time
	UpdatedAt time.Time
	ForcedAt  time.Time
	Catalogue Catalogue // empty in lists
}

// Offered lists the matters that new requests may be of: retired ones are only
// kept for the tickets that have them.
func (c *Catalogue) Offered() []Matter {
	offered := make([]Matter, 0, len(c.Matters))
	for i := range c.Matters {
		if !c.Matters[i].Retired {
			offered = append(offered, c.Matters[i])
		}
	}
	return offered
}

// Takes reports whether a text value keeps to the field's length and pattern. A
// pattern that is none asks for nothing: the check of the catalogue finds it.
func (f Field) Takes(value string) bool {
	if f.MaxLength > 0 && utf8.RuneCountInString(value) > f.MaxLength {
		return false
	}
	if f.Pattern == "" {
		return true
	}
	p, err := regexp.Compile(`^(?:` + f.Pattern + `)$`)
	return err != nil || p.MatchString(value)
}
