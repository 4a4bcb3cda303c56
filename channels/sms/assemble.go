package sms

import (
	"bytes"
	"strings"
	"sync"
	"time"

	"github.com/linxGnu/gosmpp/data"
)

// maxOpen bounds how many long messages may be incomplete at a time: whoever
// sends only first parts must not fill the memory.
const maxOpen = 10_000

// unansweredFor is how long a part that was refused and then stored is remembered:
// the SMSC delivers it again after pauses that it chooses.
const unansweredFor = 24 * time.Hour

// gapMark stands where parts of a long message are missing.
const gapMark = "［…］"

// answer tells the SMSC what became of one delivery of a part and reports whether
// the answer could be written.
type answer func(data.CommandStatusType) bool

// whole names a long message.
type whole struct {
	from, to string
	ref      uint16
	of       int
}

// held is one delivery of a part whose answer is held back.
type held struct {
	since  time.Time
	answer answer
}

// piece is one part of a long message.
type piece struct {
	coding   byte
	text     []byte
	waiting  []held
	answered bool // the SMSC was told that it is on disk
}

// joint is a long message in the making. While it is being stored, busy is set
// and nobody else stores it; parts in stored are on disk.
type joint struct {
	key    whole
	first  deliver // for the sender and the receiver
	since  time.Time
	pieces map[int]*piece
	stored map[int]bool
	busy   bool
	doneAt time.Time // zero while nothing of it is on disk
	// before is the stored message under the same reference that this one took the
	// place of. Parts equal to its own are deliveries made twice, unless all come.
	before *joint
}

// assembler joins the parts of long messages. It stores nothing itself: add and
// due return what is to be stored now, and the caller says how it went.
type assembler struct {
	hold, reassembly time.Duration

	mu   sync.Mutex
	open map[whole]*joint
}

// batch is what of a long message is to be stored as one text.
type batch struct {
	joint *joint
	parts []int
	text  string
}

func newAssembler(hold, reassembly time.Duration) *assembler {
	return &assembler{hold: hold, reassembly: reassembly, open: map[whole]*joint{}}
}

// add takes one part in. It returns what can be stored now.
func (a *assembler) add(d deliver, reply answer, now time.Time) []batch {
	a.mu.Lock()
	defer a.mu.Unlock()
	key := whole{d.From, d.To, d.Part.Ref, d.Part.Of}
	j, known := a.open[key]
	var ready []batch
	var before *joint
	if known && j.other(d) {
		// The sender's reference came round: the one before is not going to be
		// completed any more.
		ready, before = a.flush(j), j
		known = false
	}
	if !known {
		if len(a.open) >= maxOpen {
			reply(data.ESME_RMSGQFUL)
			return ready
		}
		j = &joint{key: key, first: d, since: now, pieces: map[int]*piece{}, stored: map[int]bool{}, before: before}
		if before != nil {
			before.before = nil
		}
		a.open[key] = j
	}
	p, seen := j.pieces[d.Part.N]
	if !seen {
		p = &piece{coding: d.Coding, text: d.Text}
		j.pieces[d.Part.N] = p
	}
	if j.stored[d.Part.N] {
		p.answered = reply(data.ESME_ROK)
		return ready
	}
	p.waiting = append(p.waiting, held{now, reply})
	return append(ready, a.ready(j)...)
}

// other reports whether a part belongs to another message under the same
// reference: its text differs, or it was answered as stored, after which the SMSC
// has no reason to deliver it again.
func (j *joint) other(d deliver) bool {
	p, seen := j.pieces[d.Part.N]
	return seen && (p.coding != d.Coding || !bytes.Equal(p.text, d.Text) || p.answered)
}

// ready returns the message when all parts are there, or what came after the
// rest was stored without it.
func (a *assembler) ready(j *joint) []batch {
	if j.busy || (j.doneAt.IsZero() && len(j.pieces) < j.key.of) {
		return nil
	}
	return a.take(j)
}

// take returns all that is not stored yet, as one text.
func (a *assembler) take(j *joint) []batch {
	var parts []int
	for n := range j.key.of {
		if _, ok := j.pieces[n+1]; ok && !j.stored[n+1] {
			parts = append(parts, n+1)
		}
	}
	if len(parts) == 0 {
		return nil
	}
	j.busy = true
	return []batch{{joint: j, parts: parts, text: j.text(parts)}}
}

// flush gives a message up for complete: what is there is stored, and its place is
// free.
func (a *assembler) flush(j *joint) []batch {
	delete(a.open, j.key)
	if j.busy {
		return nil
	}
	return a.take(j)
}

// text joins parts in their order, with a mark where some are missing. Neighbours
// of one coding are decoded together: a character may be cut between two parts.
func (j *joint) text(parts []int) string {
	var out strings.Builder
	var raw []byte
	coding, last := byte(0), 0
	flush := func() {
		s, _ := decode(coding, raw)
		out.WriteString(s)
		raw = nil
	}
	for _, n := range parts {
		p := j.pieces[n]
		if n != last+1 || p.coding != coding {
			flush()
		}
		if n != last+1 {
			out.WriteString(gapMark)
		}
		raw, coding, last = append(raw, p.text...), p.coding, n
	}
	flush()
	if last != j.key.of {
		out.WriteString(gapMark)
	}
	return out.String()
}

// settle tells how the storing of a batch went, and answers what waited for it.
// It returns whether any answer was written, and what has become ready meanwhile.
func (a *assembler) settle(b batch, status data.CommandStatusType, now time.Time) (written bool, next []batch) {
	a.mu.Lock()
	defer a.mu.Unlock()
	b.joint.busy = false
	ok := status == data.ESME_ROK
	for _, n := range b.parts {
		p := b.joint.pieces[n]
		if ok {
			b.joint.stored[n] = true
		}
		for _, h := range p.waiting {
			if h.answer(status) && ok {
				p.answered, written = true, true
			}
		}
		p.waiting = nil
	}
	if !ok {
		return false, nil
	}
	b.joint.doneAt = now
	return written, a.ready(b.joint)
}

// due refuses what was held too long, gives up waiting for parts that do not
// come, and forgets what can be no repeat any more. It returns what is to be
// stored now.
func (a *assembler) due(now time.Time) []batch {
	a.mu.Lock()
	defer a.mu.Unlock()
	var ready []batch
	for key, j := range a.open {
		j.release(now.Add(-a.hold))
		switch {
		case j.busy:
		case !j.doneAt.IsZero():
			age := now.Sub(j.doneAt)
			if age >= unansweredFor || (age >= repeatWithin && j.answered()) {
				delete(a.open, key)
			}
		case now.Sub(j.since) < a.reassembly:
		case j.twice():
			delete(a.open, key)
		default:
			ready = append(ready, a.take(j)...)
		}
	}
	return ready
}

// known reports whether a part is on disk as part of the message before.
func (j *joint) known(n int) bool {
	p, b := j.pieces[n], j.before
	return b != nil && b.stored[n] && b.pieces[n].coding == p.coding && bytes.Equal(b.pieces[n].text, p.text)
}

// answered reports whether the SMSC knows of every part that is on disk.
func (j *joint) answered() bool {
	for n, p := range j.pieces {
		if j.stored[n] && !p.answered {
			return false
		}
	}
	return true
}

// twice reports whether nothing came but parts of the message before.
func (j *joint) twice() bool {
	for n := range j.pieces {
		if !j.known(n) {
			return false
		}
	}
	return true
}

// release answers the deliveries held since before the given time: a part that is
// on disk with the message before has been received, others are refused for now. A
// refused part stays: when the SMSC delivers it again it may be on disk already.
func (j *joint) release(before time.Time) {
	for n, p := range j.pieces {
		kept := p.waiting[:0]
		for _, h := range p.waiting {
			if h.since.After(before) || j.busy {
				kept = append(kept, h)
				continue
			}
			status := data.ESME_RX_T_APPN
			if j.known(n) {
				status = data.ESME_ROK
			}
			h.answer(status)
		}
		p.waiting = kept
	}
}
