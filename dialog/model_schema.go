package dialog

import "encoding/json"

// object is a JSON schema of an object with all of its keys and no others, as strict
// servers want it.
func object(keys map[string]any, order ...string) map[string]any {
	return map[string]any{"type": "object", "properties": keys, "required": order, "additionalProperties": false}
}

func list(of any) map[string]any { return map[string]any{"type": "array", "items": of} }

func oneOf(values []string) map[string]any { return map[string]any{"type": "string", "enum": values} }

// Schema is the JSON schema of the answer.
func (a *ModelAsk) Schema() json.RawMessage {
	text := map[string]any{"type": "string"}
	var schema map[string]any
	switch a.Task {
	case TaskUnderstand:
		slot := object(map[string]any{"key": oneOf(codes(a.Fields)), "words": text}, "key", "words")
		schema = object(map[string]any{"type": oneOf(modelTypes), "matter": oneOf(append(codes(a.Matters), "")), "slots": list(slot)}, "type", "matter", "slots")
	case TaskPhrase:
		sentence := object(map[string]any{"text": text, "cites": list(map[string]any{"type": "integer"})}, "text", "cites")
		schema = object(map[string]any{"sentences": list(sentence)}, "sentences")
	case TaskRewrite:
		schema = object(map[string]any{"question": text}, "question")
	case TaskSummary:
		schema = object(map[string]any{"summary": text}, "summary")
	}
	data, err := json.Marshal(schema)
	if err != nil {
		return nil
	}
	return data
}

func codes(cs []ModelChoice) []string {
	out := make([]string, len(cs))
	for i, c := range cs {
		out[i] = c.Code
	}
	return out
}
