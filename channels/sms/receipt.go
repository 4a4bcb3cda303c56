package sms

import (
	"regexp"
	"strconv"
	"strings"

	"jiban"
)

// receipt is a delivery receipt.
type receipt struct {
	ID   string
	Stat string // DELIVRD, UNDELIV …, upper case
	Err  string
}

// The fields of a receipt's text that count (SMPP 3.4, appendix B); gateways
// differ in the case of the names and in what they leave out.
var (
	receiptID   = regexp.MustCompile(`(?i)(?:^|\s)id:\s*([0-9A-Za-z_.\-]{1,64})`)
	receiptStat = regexp.MustCompile(`(?i)\bstat:\s*([A-Za-z]{1,16})`)
	receiptErr  = regexp.MustCompile(`(?i)\berr:\s*([0-9A-Za-z_.\-:]{1,16})`)
)

// states are the values of message_state.
var states = [...]string{1: "ENROUTE", 2: "DELIVRD", 3: "EXPIRED", 4: "DELETED", 5: "UNDELIV", 6: "ACCEPTD", 7: "UNKNOWN", 8: "REJECTD"}

// parseReceipt reads a receipt from its text and, before that, from the parameters
// that newer gateways send. False: it names no message or no state.
func parseReceipt(d deliver) (receipt, bool) {
	text, _ := decode(d.Coding, d.Text)
	r := receipt{ID: d.ReceiptID, Stat: strings.ToUpper(firstMatch(receiptStat, text)), Err: firstMatch(receiptErr, text)}
	if r.ID == "" {
		r.ID = firstMatch(receiptID, text)
	}
	if int(d.State) < len(states) && states[d.State] != "" {
		r.Stat = states[d.State]
	}
	return r, r.ID != "" && r.Stat != ""
}

func firstMatch(re *regexp.Regexp, s string) string {
	if m := re.FindStringSubmatch(s); m != nil {
		return m[1]
	}
	return ""
}

// status is what a receipt means for the part; false for a state on the way.
func (r receipt) status() (jiban.DeliveryStatus, bool) {
	switch {
	case strings.HasPrefix(r.Stat, "DELIV"):
		return jiban.DeliveryDelivered, true
	case r.Stat == "ACCEPTD" || r.Stat == "ENROUTE" || r.Stat == "UNKNOWN":
		return "", false
	default: // EXPIRED, DELETED, UNDELIV, REJECTD and the carriers' own
		return jiban.DeliveryFailed, true
	}
}

// idForms are the ways in which a receipt's id may relate to the one in the answer
// to the submit: on some gateways the two differ in base (domain B5). Their order
// is fixed, so that the one that fits can be remembered. "" means: not this way.
func (r receipt) idForms() [5]string {
	forms := [5]string{r.ID}
	if n, err := strconv.ParseUint(r.ID, 10, 64); err == nil {
		forms[1], forms[2], forms[3] = strconv.FormatUint(n, 16), strings.ToUpper(strconv.FormatUint(n, 16)), strconv.FormatUint(n, 10)
	}
	if n, err := strconv.ParseUint(r.ID, 16, 64); err == nil {
		forms[4] = strconv.FormatUint(n, 10)
	}
	return forms
}
