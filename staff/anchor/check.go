package anchor

import (
	"bufio"
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"jiban"
)

// The limits of what is read of a file of anchors.
const (
	longestLine = 64 << 10 // bytes
	pageSize    = 1000     // entries read at once
	// leastKept is how long the record is kept at least (domain D1: six months): an
	// anchor that is younger must lie on the chain that is there.
	leastKept = 180 * 24 * time.Hour
)

// Report says what was compared.
type Report struct {
	Anchors int       // that lie on the chain
	Before  int       // that lie before its beginning: cut off by the rules of retention
	Last    int64     // the entry of the youngest anchor
	LastAt  time.Time // of the youngest anchor
}

// Check reads anchors, from a file of ours or the log of a log server, and
// compares each with the chain, which must have been verified in itself. An
// anchor that is not ours, that the chain does not pass through, or that lies
// beyond its end, is an error of CodeConflict that says where; no anchor at all is
// one of CodeInvalid.
func Check(ctx context.Context, r io.Reader, d Deps) (Report, error) {
	anchors, err := read(r, d.Signer)
	if err != nil {
		return Report{}, err
	}
	if len(anchors) == 0 {
		return Report{}, jiban.Errorf(jiban.CodeInvalid, "anchor.check", "there is no anchor in the file: name the file that audit.anchor writes, or the log of the server that it is sent to")
	}
	slices.SortFunc(anchors, func(a, b Anchor) int { return int(min(max(a.Seq-b.Seq, -1), 1)) })
	c := checker{d: d}
	for len(anchors) > 0 {
		n, err := c.page(ctx, anchors)
		if err != nil {
			return c.report, err
		}
		anchors = anchors[n:]
	}
	return c.report, nil
}

// read returns the anchors of a file. One that is not ours was put in by somebody.
func read(r io.Reader, s Signer) ([]Anchor, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 4096), longestLine)
	var all []Anchor
	for n := 1; lines.Scan(); n++ {
		a, ok := parse(lines.Text())
		if !ok {
			continue // somebody else's line, or one that was cut off in the middle
		}
		if !a.genuine(s) {
			return nil, jiban.Errorf(jiban.CodeConflict, "anchor.check", "the anchor in line %d was not made with the keys of this installation: the file was changed, or is another's", n)
		}
		all = append(all, a)
	}
	if err := lines.Err(); err != nil {
		if errors.Is(err, bufio.ErrTooLong) {
			return nil, jiban.Errorf(jiban.CodeInvalid, "anchor.check", "a line is longer than %d bytes", longestLine)
		}
		return nil, jiban.Errorf(jiban.CodeUnavailable, "anchor.check", "read the anchors: %w", err)
	}
	return all, nil
}

type checker struct {
	d      Deps
	report Report
}

// page compares the first anchors, in order of their entries, with a page of the
// chain, and returns how many.
func (c *checker) page(ctx context.Context, anchors []Anchor) (int, error) {
	if anchors[0].Seq == 0 { // of a record without an entry: nothing to pass through
		return 1, c.note(anchors[0], true)
	}
	es, err := c.d.Chain.SearchAudit(ctx, jiban.AuditFilter{After: anchors[0].Seq - 1, Forward: true, Limit: pageSize})
	if err != nil {
		return 0, err
	}
	if len(es) == 0 {
		return 0, off(anchors[0], "the record ends before it: entries at the end were removed")
	}
	for i, a := range anchors {
		if a.Seq > es[len(es)-1].Seq {
			return i, nil
		}
		at := slices.IndexFunc(es, func(e jiban.ChainedEntry) bool { return e.Seq == a.Seq })
		if at >= 0 && es[at].Hash != a.Hash {
			return i, off(a, "the record says something else there: it was rewritten")
		}
		if err := c.note(a, at >= 0); err != nil {
			return i, err
		}
	}
	return len(anchors), nil
}

// note counts an anchor that is where it should be.
func (c *checker) note(a Anchor, there bool) error {
	at, err := time.Parse(time.RFC3339Nano, a.At)
	if err != nil {
		return off(a, "its time cannot be read")
	}
	if there {
		c.report.Anchors++
	} else {
		if c.d.Clock.Now().Sub(at) < leastKept {
			return off(a, "the entry is not there any more, although it is too young to have been cut off")
		}
		c.report.Before++
	}
	if a.Seq >= c.report.Last {
		c.report.Last, c.report.LastAt = a.Seq, at
	}
	return nil
}

func off(a Anchor, what string) error {
	return jiban.Errorf(jiban.CodeConflict, "anchor.check", "the anchor of %s at entry %d: %s", a.At, a.Seq, what)
}
