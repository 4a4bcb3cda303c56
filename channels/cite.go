package channels

import (
	"strings"

	"jiban"
)

// Unnamed lists the citations that the text does not name itself. An answer says
// in its own words where it comes from; adapters name only the others, so that
// nobody reads a source twice.
func Unnamed(c jiban.Content) []jiban.Citation {
	var rest []jiban.Citation
	for _, ct := range c.Citations {
		if !strings.Contains(c.Text, ct.Title) {
			rest = append(rest, ct)
		}
	}
	return rest
}
