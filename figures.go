package jiban

// Figures is the part of the event's data that figures are computed from and
// that tells nothing of a person: what kind of ticket, where to, until when, and
// what the survey said. It stays when the event is anonymised; whatever else the
// data holds goes. From what stays the state of the ticket follows but for what
// the person said, and every figure (domain C7).
func (e *TicketEvent) Figures() map[string]string {
	kept := make(map[string]string, len(e.Data))
	for k, v := range e.Data {
		if isFigure(k) || k == "reason" && e.Kind == EventPaused {
			kept[k] = v // the reason of a pause is one of the rules, its words are in the text
		}
	}
	return kept
}

// isFigure lists the entries that may stay. Codes, ids of departments, times and
// yes or no only: never anything that somebody typed.
func isFigure(key string) bool {
	switch key {
	case "kind", "type", "matter", "region", "channel", "urgent", "confidential", "anonymous", "warning", "catalogue",
		"department", "name", "due", "survey_until", "solved", "satisfied",
		"limit", "more", "clock", "counted", "decide_by", "sign_by", "return_by", "contact_by", "review_by",
		"hold", "accused", "decider", "handler", "parent", "repeat_of", "auto_merge", "into", "incident", "task", "take_part",
		"step", "light", "again", "last", "until",
		"code", "result", "method", "how", "contacted", "was", "at", "to", "attempt", "direct", "guesses", "from", "why", "rule", "anyway":
		return true
	default:
		return false
	}
}
