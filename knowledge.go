package jiban

import "time"

// ArticleStatus is where an article stands in review.
type ArticleStatus string

// The states of an article.
const (
	ArticleDraft     ArticleStatus = "draft"
	ArticleReview    ArticleStatus = "review"
	ArticlePublished ArticleStatus = "published"
	ArticleWithdrawn ArticleStatus = "withdrawn"
)

// Article is a knowledge item. Only a published one that is valid today, for
// this region and audience, may be answered from.
type Article struct {
	ID         string        `json:"id"`
	Version    int           `json:"version"`
	Title      string        `json:"title"`
	Body       string        `json:"body"`              // Markdown
	Similar    []string      `json:"similar,omitempty"` // other ways people ask it
	Keywords   []string      `json:"keywords,omitempty"`
	Department string        `json:"department"` // owner, Chinese name
	Source     string        `json:"source"`     // document with number
	Regions    []string      `json:"regions"`    // GB/T 2260; each serves itself and all below; "000000" is the country
	Audience   Audience      `json:"audience"`
	Theme      string        `json:"theme,omitempty"`
	ValidFrom  time.Time     `json:"valid_from,omitzero"`
	ValidTo    time.Time     `json:"valid_to,omitzero"` // last moment in force; zero: open end
	Status     ArticleStatus `json:"status"`
	UpdatedAt  time.Time     `json:"updated_at,omitzero"`
	Author     string        `json:"author,omitempty"` // who wrote this version, "" when unknown; somebody else must publish it
}

// InForce reports whether the article may be answered from at the given time.
func (a *Article) InForce(at time.Time) bool {
	return a.Status == ArticlePublished &&
		(a.ValidFrom.IsZero() || !at.Before(a.ValidFrom)) &&
		(a.ValidTo.IsZero() || !at.After(a.ValidTo))
}

// RegionServes reports whether a rule of region owner holds in region here: the
// country's everywhere, a province's in all its cities, a city's in its
// counties. Codes are GB/T 2260, six digits.
func RegionServes(owner, here string) bool {
	prefix := owner
	for len(prefix) >= 2 && prefix[len(prefix)-2:] == "00" {
		prefix = prefix[:len(prefix)-2]
	}
	return len(here) >= len(prefix) && here[:len(prefix)] == prefix
}

// SearchQuery asks the knowledge base a question on behalf of a person.
type SearchQuery struct {
	Text     string    `json:"text"`
	Region   string    `json:"region,omitempty"` // "" while unknown: the installation's articles of every region are considered
	Audience Audience  `json:"audience,omitempty"`
	K        int       `json:"k,omitempty"` // how many; 5 when zero
	At       time.Time `json:"at"`
}

// Found is one article with its score; scores compare within one result only.
type Found struct {
	Article Article `json:"article"`
	Score   float64 `json:"score"`
}

// Verdict says what the knowledge base advises to do with a result.
type Verdict string

// The verdicts.
const (
	VerdictAnswer  Verdict = "answer"   // the first article answers, above the calibrated threshold
	VerdictClarify Verdict = "clarify"  // two or three articles are close: ask which is meant
	VerdictAskCity Verdict = "ask_city" // the answer depends on the city
	VerdictDecline Verdict = "decline"  // nothing good enough: never guess
)

// SearchResult is what a search found and what it is worth.
type SearchResult struct {
	Found      []Found `json:"found"`
	Verdict    Verdict `json:"verdict"`
	Confidence float64 `json:"confidence"` // 0 to 1, calibrated
}
