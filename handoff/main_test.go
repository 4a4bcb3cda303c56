package handoff

import (
	"flag"
	"os"
	"testing"
)

// TestMain makes random walks over a database few: make soak asks for more by the
// flag, which comes after this.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "20"); err != nil {
		os.Stderr.WriteString(err.Error())
		os.Exit(1)
	}
	os.Exit(m.Run())
}
