package prompts

import (
	"embed"
	"fmt"
	"sort"
	"strings"
	"sync/atomic"
	"text/template"

	"gopkg.in/yaml.v3"

	"jiban"
)

//go:embed zh.yaml en.yaml
var files embed.FS

// The prefixes that tell notices and errors from the sentences of a dialogue.
const (
	noticePrefix = "notice."
	errorPrefix  = "error."
	sorryKey     = "sorry"
)

// blank is what text/template prints for a parameter that was not given.
const blank = "<no value>"

// Book holds the sentences of all languages. It is safe for concurrent use.
type Book struct {
	langs  map[jiban.Lang]map[string]*template.Template
	sorry  string
	misses atomic.Int64

	periods Periods
}

// New parses the embedded sentences. It fails when a template is broken or a key
// is missing in one of the languages.
func New() (*Book, error) {
	b := &Book{langs: map[jiban.Lang]map[string]*template.Template{}, periods: DefaultPeriods()}
	for _, l := range []jiban.Lang{jiban.Chinese, jiban.English} {
		data, err := files.ReadFile(string(l) + ".yaml")
		if err != nil {
			return nil, jiban.Errorf(jiban.CodeInternal, "prompts.New", "the sentences of language %s are missing: %w", l, err)
		}
		if b.langs[l], err = parse(data); err != nil {
			return nil, jiban.Errorf(jiban.CodeInternal, "prompts.New", "the sentences of language %s: %w", l, err)
		}
	}
	if err := b.sameKeys(); err != nil {
		return nil, err
	}
	sorry, err := render(b.langs[jiban.Chinese][sorryKey], nil)
	b.sorry = sorry
	return b, err
}

func parse(data []byte) (map[string]*template.Template, error) {
	var tree yaml.Node
	if err := yaml.Unmarshal(data, &tree); err != nil {
		return nil, fmt.Errorf("not YAML: %w", err)
	}
	out := map[string]*template.Template{}
	if len(tree.Content) == 0 {
		return nil, fmt.Errorf("the file is empty")
	}
	return out, collect(out, "", tree.Content[0])
}

// collect walks the tree: the key of a sentence is its path, joined by dots. A
// key named "_" is the sentence of the branch itself.
func collect(out map[string]*template.Template, path string, n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		key := strings.TrimSuffix(path, "._")
		t, err := template.New(key).Funcs(template.FuncMap{"clause": clause, "sentence": sentence}).Parse(strings.TrimSpace(n.Value))
		if err != nil {
			return fmt.Errorf("line %d: %w", n.Line, err)
		}
		if _, twice := out[key]; twice {
			return fmt.Errorf("line %d: %s is given twice", n.Line, key)
		}
		out[key] = t
		return nil
	}
	if n.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: a sentence or a branch is expected", n.Line)
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		next := n.Content[i].Value
		if path != "" {
			next = path + "." + next
		}
		if err := collect(out, next, n.Content[i+1]); err != nil {
			return err
		}
	}
	return nil
}

func (b *Book) sameKeys() error {
	zh, en := b.langs[jiban.Chinese], b.langs[jiban.English]
	for _, pair := range []struct {
		have, want map[string]*template.Template
		name       jiban.Lang
	}{{zh, en, jiban.Chinese}, {en, zh, jiban.English}} {
		for key := range pair.want {
			if pair.have[key] == nil {
				return jiban.Errorf(jiban.CodeInternal, "prompts.New", "language %s has no sentence %q", pair.name, key)
			}
		}
	}
	if zh[sorryKey] == nil {
		return jiban.Errorf(jiban.CodeInternal, "prompts.New", "there is no sentence %q", sorryKey)
	}
	return nil
}

// Keys lists all keys in order.
func (b *Book) Keys() []string {
	zh := b.langs[jiban.Chinese]
	keys := make([]string, 0, len(zh))
	for key := range zh {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}

// Has reports whether there is a sentence of that key.
func (b *Book) Has(key string) bool { return b.langs[jiban.Chinese][key] != nil }

// Say words the sentence of a key. Nobody is ever told nothing: a key that does
// not exist, or a parameter that was not given, is a defect of ours, counted by
// Misses, and the person reads a plain apology.
func (b *Book) Say(l jiban.Lang, key string, params map[string]any) string {
	text, err := b.word(l, key, params)
	if err != nil {
		b.misses.Add(1)
		return b.sorry
	}
	return text
}

// Misses counts the sentences that could not be worded.
func (b *Book) Misses() int64 { return b.misses.Load() }

// Notice words a notice from its kind and parameters; a parameter that is a time
// in RFC 3339 is told as people say it, in Beijing. CodeInvalid when a
// parameter is missing or there is no wording for the kind, as for those that
// carry their own text.
func (b *Book) Notice(l jiban.Lang, k jiban.NoticeKind, params map[string]string) (string, error) {
	given := make(map[string]any, len(params))
	for name, value := range params {
		given[name] = timed(l, value)
	}
	text, err := b.word(l, noticePrefix+string(k), given)
	if err != nil {
		return "", jiban.Errorf(jiban.CodeInvalid, "prompts.Notice", "%w", err)
	}
	return text, nil
}

// Error turns an error code into words for a citizen.
func (b *Book) Error(l jiban.Lang, c jiban.Code) string {
	key := errorPrefix + string(c)
	if !b.Has(key) {
		key = errorPrefix + string(jiban.CodeInternal)
	}
	return b.Say(l, key, nil)
}

func (b *Book) word(l jiban.Lang, key string, params map[string]any) (string, error) {
	if b.langs[l] == nil {
		l = jiban.Chinese
	}
	t := b.langs[l][key]
	if t == nil {
		return "", fmt.Errorf("there is no sentence %q", key)
	}
	if strings.HasPrefix(key, noticeOnData) {
		params = b.withPeriods(l, params)
	}
	return render(t, params)
}

func render(t *template.Template, params map[string]any) (string, error) {
	var out strings.Builder
	if err := t.Execute(&out, params); err != nil {
		return "", fmt.Errorf("sentence %q: %w", t.Name(), err)
	}
	if strings.Contains(out.String(), blank) {
		return "", fmt.Errorf("sentence %q lacks a parameter", t.Name())
	}
	return out.String(), nil
}
