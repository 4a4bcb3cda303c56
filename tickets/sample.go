package tickets

import (
	"jiban"
	"jiban/tickets/sample"
)

// Sample is the catalogue that the program comes with.
func Sample() (jiban.Catalogue, error) {
	c, err := sample.Catalogue()
	if err != nil {
		return c, jiban.Errorf(jiban.CodeInternal, "tickets.Sample", "the embedded catalogue is broken: %w", err)
	}
	return c, nil
}
