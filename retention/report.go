package retention

import "time"

// Report is what a run did or, dry, what one would do.
type Report struct {
	ID        string    `json:"id,omitempty"`
	DryRun    bool      `json:"dry_run"`
	By        string    `json:"by"` // "system" or a staff id
	StartedAt time.Time `json:"started_at"`
	EndedAt   time.Time `json:"ended_at"`
	Partial   bool      `json:"partial"`  // of some kinds only
	Complete  bool      `json:"complete"` // false when it was interrupted: it goes on at the next opportunity
	Lines     []Line    `json:"lines"`
}

// Line is what a report says of one kind.
type Line struct {
	Kind   Kind      `json:"kind"`
	Deed   Deed      `json:"deed"`
	Days   int       `json:"days"`
	Before time.Time `json:"before"`          // records that were over before this time are due
	Due    int       `json:"due"`             // how many were
	Done   int       `json:"done"`            // how many went
	Held   int       `json:"held"`            // how many stay, because something is open
	Oldest time.Time `json:"oldest,omitzero"` // of those that were due
	Error  string    `json:"error,omitempty"` // why not all of it could be done
}

// Failed lists the kinds with an error.
func (r *Report) Failed() []string {
	var kinds []string
	for i := range r.Lines {
		if r.Lines[i].Error != "" {
			kinds = append(kinds, string(r.Lines[i].Kind))
		}
	}
	return kinds
}

// Total counts what went.
func (r *Report) Total() int {
	n := 0
	for i := range r.Lines {
		n += r.Lines[i].Done
	}
	return n
}
