package prompts

import (
	"embed"
	"fmt"
	"strings"
	"text/template"

	"jiban"
)

//go:embed models/*.txt
var modelFiles embed.FS

// Models are the prompts that a language model gets, each with its version. A
// changed text needs another version: turns record which one they were made with.
// It is safe for concurrent use.
type Models struct {
	prompts map[string]modelTemplate // by task and language
}

type modelTemplate struct {
	version      string
	system, user *template.Template
}

// ModelPrompt is what a model is sent.
type ModelPrompt struct {
	Version string
	System  string
	User    string
}

// ModelParams fill a prompt. Boundary is a word that nobody outside can guess: it
// marks where the words of others begin and end.
type ModelParams struct {
	Boundary string
	Text     string // what the person wrote
	Before   string // the question before it
	Limit    int    // characters that the answer may have
	Matters  []ModelChoice
	Fields   []ModelChoice
	Articles []ModelArticle
}

// ModelChoice is one of those that the model may choose from.
type ModelChoice struct{ Code, Name string }

// ModelArticle is one of those that an answer may come from, numbered from 1.
type ModelArticle struct {
	N    int
	Text string
}

// fences cannot be closed from inside: what could pass for one is written in full
// width.
var fences = strings.NewReplacer("<<", "＜＜", ">>", "＞＞")

// Fence puts words of others between the marks of the boundary.
func (p ModelParams) Fence(kind, text string) string {
	text = fences.Replace(strings.ReplaceAll(text, p.Boundary, ""))
	return "<<" + p.Boundary + " " + kind + "\n" + text + "\n" + p.Boundary + ">>"
}

// NewModels parses the embedded prompts. It fails when one is broken.
func NewModels() (*Models, error) {
	entries, err := modelFiles.ReadDir("models")
	if err != nil {
		return nil, jiban.Errorf(jiban.CodeInternal, "prompts.NewModels", "the prompts are missing: %w", err)
	}
	m := &Models{prompts: map[string]modelTemplate{}}
	for _, e := range entries {
		data, err := modelFiles.ReadFile("models/" + e.Name())
		if err == nil {
			err = m.add(e.Name(), string(data))
		}
		if err != nil {
			return nil, jiban.Errorf(jiban.CodeInternal, "prompts.NewModels", "the prompt %s: %w", e.Name(), err)
		}
	}
	return m, nil
}

// add reads one file: a header, the system text and the user text, parted by lines
// of three dashes. Its name repeats task and language.
func (m *Models) add(name, data string) error {
	parts := strings.SplitN(data, "\n---\n", 3)
	if len(parts) != 3 {
		return fmt.Errorf("a header, a system text and a user text are expected")
	}
	header := map[string]string{}
	for line := range strings.Lines(parts[0]) {
		key, value, _ := strings.Cut(line, ":")
		header[strings.TrimSpace(key)] = strings.TrimSpace(value)
	}
	if header["version"] == "" || header["task"]+"."+header["language"]+".txt" != name {
		return fmt.Errorf("the header must name the version, and the task and language of the file")
	}
	t := modelTemplate{version: header["version"]}
	var err error
	if t.system, err = template.New("system").Parse(strings.TrimSpace(parts[1])); err != nil {
		return err
	}
	t.user, err = template.New("user").Parse(strings.TrimSpace(parts[2]))
	m.prompts[header["task"]+"."+header["language"]] = t
	return err
}

// Prompt words the prompt of a task; where there is none in the language it is the
// Chinese one. CodeNotFound when there is no such task.
func (m *Models) Prompt(task string, l jiban.Lang, p ModelParams) (ModelPrompt, error) {
	t, ok := m.prompts[task+"."+string(l)]
	if !ok {
		t, ok = m.prompts[task+"."+string(jiban.Chinese)]
	}
	if !ok {
		return ModelPrompt{}, jiban.Errorf(jiban.CodeNotFound, "prompts.Prompt", "there is no prompt for the task %q", task)
	}
	var system, user strings.Builder
	if err := t.system.Execute(&system, p); err != nil {
		return ModelPrompt{}, jiban.Errorf(jiban.CodeInternal, "prompts.Prompt", "%s: %w", t.version, err)
	}
	if err := t.user.Execute(&user, p); err != nil {
		return ModelPrompt{}, jiban.Errorf(jiban.CodeInternal, "prompts.Prompt", "%s: %w", t.version, err)
	}
	return ModelPrompt{Version: t.version, System: system.String(), User: user.String()}, nil
}
