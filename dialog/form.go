package dialog

import (
	"strings"

	"jiban"
)

// fields lists what must be known for the request, in the order it is asked: the
// matter's own form, else the least that its type needs (domain C15).
func (t *turn) fields(r *request) []jiban.Field {
	var out []jiban.Field
	var own []jiban.Field
	if m := t.e.matters[r.Matter]; m != nil {
		own = m.Form.Fields
	}
	if len(own) == 0 || !hasRequired(own) {
		own = defaultForm(r.Type)
	}
	for _, f := range own {
		if (f.Required || f.Key == "place" && r.Type == jiban.Report) && t.applies(r, f.Key) {
			out = append(out, f)
		}
	}
	if t.needsCity(r) && !hasField(out, "city") {
		out = withCity(out)
	}
	return out
}

// applies says whether a field is asked for a request of that kind. Who stays
// unnamed is not asked who they are; reports, suggestions, praise and questions
// need nobody's name or telephone, and the latter three no facts (domain C15).
func (t *turn) applies(r *request, key string) bool {
	if isOneOf(key, "name", "phone") {
		return !r.Anonymous && (r.Type == jiban.Help || r.Type == jiban.Complaint)
	}
	if key == "demand" {
		return r.Type == jiban.Complaint
	}
	if isOneOf(key, "company", "credit_code") && r.Anonymous {
		return t.in.Situation.Audience != jiban.Enterprise
	}
	return asksFacts(r.Type) || isOneOf(key, "description", "city") || key == "unit" && r.Type == jiban.Praise
}

func asksFacts(k jiban.RequestType) bool {
	return k == jiban.Help || k == jiban.Complaint || k == jiban.Report
}

func defaultForm(k jiban.RequestType) []jiban.Field {
	keys := map[jiban.RequestType]string{
		jiban.Consultation: "description",
		jiban.Help:         "description place phone",
		jiban.Complaint:    "description place since unit name phone",
		jiban.Report:       "description place since unit",
		jiban.Suggestion:   "description",
		jiban.Praise:       "description unit",
	}[k]
	var out []jiban.Field
	for _, key := range strings.Fields(keys) {
		out = append(out, jiban.Field{Key: key, Kind: kindOf(key), Required: true})
	}
	return out
}

func kindOf(key string) string {
	switch key {
	case "place", "city", "phone", "name", "amount":
		return key
	case "since":
		return "time"
	case "people":
		return "number"
	default:
		return "text"
	}
}

// needsCity says that the department cannot be found without a city, and that
// none was told.
func (t *turn) needsCity(r *request) bool {
	return len(t.e.cities) > 1 && r.Type != jiban.Praise && t.cityOf(t.region()) == ""
}

func withCity(fields []jiban.Field) []jiban.Field {
	city := jiban.Field{Key: "city", Kind: "city", Required: true}
	at := len(fields)
	for i, f := range fields {
		if f.Key == "place" {
			at = i + 1
		} else if at == len(fields) && (f.Key == "phone" || f.Key == "name") {
			at = i
		}
	}
	out := append([]jiban.Field{}, fields[:at]...)
	return append(append(out, city), fields[at:]...)
}

func hasRequired(fields []jiban.Field) bool {
	for _, f := range fields {
		if f.Required {
			return true
		}
	}
	return false
}

func hasField(fields []jiban.Field, key string) bool { return fieldAt(fields, key) >= 0 }

// missing lists the fields that are still to be asked.
func (t *turn) missing(r *request) []jiban.Field {
	var out []jiban.Field
	for _, f := range t.fields(r) {
		if t.slots()[f.Key] == "" && !r.Skipped[f.Key] {
			out = append(out, f)
		}
	}
	return out
}

// slots are all that is understood of the request, what the house knew before
// included.
func (t *turn) slots() map[string]string {
	out := map[string]string{}
	r := t.st.Request
	if r != nil {
		for k, v := range r.Slots {
			out[k] = v
		}
	}
	if city := t.cityOf(t.region()); city != "" {
		out["city"] = t.e.regions[city].Name
	}
	if r == nil {
		return out
	}
	t.addKnown(out, r)
	return out
}

func (t *turn) addKnown(out map[string]string, r *request) {
	if r.Anonymous {
		delete(out, "name")
		delete(out, "phone")
		for k, v := range out {
			out[k] = t.unname(v)
		}
		out["anonymous"] = "true"
		return
	}
	if r.Confidential {
		out["confidential"] = "true"
	}
	if out["phone"] == "" && !r.Skipped["phone"] {
		out["phone"] = firstOf(t.in.Situation.Phone, t.st.Known["phone"])
	}
	if out["name"] == "" {
		out["name"] = t.st.Known["name"]
	}
	for _, key := range []string{"phone", "name"} {
		if out[key] == "" {
			delete(out, key)
		}
	}
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// cityOf is the code of the city that a region lies in, "" when it is not in one
// of the installation's cities.
func (t *turn) cityOf(region string) string {
	if len(region) < 6 {
		return ""
	}
	code := region[:4] + "00"
	for _, c := range t.e.cities {
		if c.Code == code {
			return code
		}
	}
	return ""
}

// goOn asks for the next thing that is missing, or shows the summary.
func (t *turn) goOn() bool {
	r := t.st.Request
	if t.known(r) || t.need != nil {
		return true
	}
	missing := t.missing(r)
	if len(missing) == 0 {
		t.summarise()
		return true
	}
	t.askFields(t.together(missing))
	return true
}

// together takes the fields that are asked in one question: those which people
// answer in one breath. For those on the roster it is one at a time.
func (t *turn) together(missing []jiban.Field) []jiban.Field {
	first := missing[0]
	if t.st.Roster {
		return missing[:1]
	}
	for _, pair := range [][2]string{{"place", "since"}, {"temperature", "since"}, {"name", "phone"}, {"since", "phone"}, {"amount", "people"}} {
		if first.Key != pair[0] && first.Key != pair[1] {
			continue
		}
		var both []jiban.Field
		for _, key := range pair {
			if i := fieldAt(missing, key); i >= 0 {
				both = append(both, missing[i])
			}
		}
		if len(both) == 1 {
			continue
		}
		return both
	}
	return missing[:1]
}

func fieldAt(fields []jiban.Field, key string) int {
	for i, f := range fields {
		if f.Key == key {
			return i
		}
	}
	return -1
}

func (t *turn) askFields(fs []jiban.Field) {
	keys := make([]string, len(fs))
	for i, f := range fs {
		keys[i] = f.Key
	}
	if t.out.Decision == DecideNone || t.out.Decision == "" {
		t.out.Decision = DecideAskField
	}
	t.out.Ask = keys
	l := t.add(line{key: "ask", text: t.question(fs)})
	f := fs[0]
	for _, c := range f.Choices {
		l.options = append(l.options, jiban.Option{Label: c.Label, Value: c.Value})
	}
	if f.Kind == "city" {
		l.options = t.cityOptions()
	}
	t.ask(pending{Kind: askedField, Keys: keys}, l)
}

// cityOptions are the cities to tap; by SMS there are too many of them to list,
// and the name is quickly written.
func (t *turn) cityOptions() []jiban.Option {
	if t.sms() {
		return nil
	}
	out := make([]jiban.Option, len(t.e.cities))
	for i, c := range t.e.cities {
		out[i] = jiban.Option{Label: c.Name, Value: c.Name}
	}
	return out
}

// question words what is asked: two fields in one sentence where there is one for
// them, and that it may be left open where it may.
func (t *turn) question(fs []jiban.Field) string {
	if len(fs) == 2 {
		key := "ask." + fs[0].Key + "_" + fs[1].Key
		if special := t.special(fs[0]); special != "" {
			key = "ask." + special + "_" + fs[1].Key
		} else if special := t.special(fs[1]); special != "" {
			key = "ask." + fs[0].Key + "_" + special
		}
		return t.word(key, nil)
	}
	text := t.questionFor(fs[0])
	if r := t.st.Request; isOneOf(fs[0].Key, "unit", "since") && (r.Type == jiban.Report || t.e.matters[r.Matter] == nil) {
		text += t.gap() + t.word("ask.optional", nil)
	}
	return text
}

// special names the variant of a question that this request needs.
func (t *turn) special(f jiban.Field) string {
	r := t.st.Request
	switch {
	case f.Key == "place" && t.needsCity(r):
		return "place_city"
	case f.Key == "phone" && r.Type == jiban.Complaint:
		return "phone_private"
	case f.Key == "description" && t.e.book.Has("ask.description_"+string(r.Type)):
		return "description_" + string(r.Type)
	}
	return ""
}

func (t *turn) questionFor(f jiban.Field) string {
	if f.Kind == "choice" {
		return t.word("ask.choice", map[string]any{"label": t.label(f)})
	}
	key := "ask." + firstOf(t.special(f), f.Key)
	if !t.e.book.Has(key) {
		return t.word("ask.other", map[string]any{"label": t.label(f)})
	}
	return t.word(key, nil)
}

// label names a field as people read it: the common ones shortly, the matter's
// own as the catalogue says.
func (t *turn) label(f jiban.Field) string {
	switch {
	case t.e.book.Has("label." + f.Key):
		return t.word("label."+f.Key, nil)
	case t.lang == jiban.English && f.LabelEN != "":
		return f.LabelEN
	default:
		return firstOf(f.Label, f.Key)
	}
}

// field finds a field of the request's form by key, required or not.
func (t *turn) field(key string) jiban.Field {
	if m := t.e.matters[t.st.Request.Matter]; m != nil {
		for _, f := range m.Form.Fields {
			if f.Key == key {
				return f
			}
		}
	}
	return jiban.Field{Key: key, Kind: kindOf(key), Required: true}
}

// hasOwn says that the matter's form has a field, required or not.
func (t *turn) hasOwn(key string) bool {
	m := t.e.matters[t.st.Request.Matter]
	return m != nil && hasField(m.Form.Fields, key)
}

// askAgain repeats what the form waits for, and makes sure that the form is what
// is pending.
func (t *turn) askAgain() {
	p := t.st.Pending
	if p != nil && p.Kind == askedConfirm {
		t.confirmAgain(*p)
		return
	}
	decided := t.out.Decision
	t.goOn()
	if decided != DecideNone && decided != "" {
		t.out.Decision = decided
	}
}

func isOneOf(s string, list ...string) bool { return contains(list, s) }
