package prompts

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"jiban"
)

func modelSample() ModelParams {
	return ModelParams{
		Boundary: "k7r2m9", Text: "MESSAGE", Before: "BEFORE", Limit: 77,
		Matters: []ModelChoice{{"020101", "停水"}}, Fields: []ModelChoice{{"place", "地点"}}, Articles: []ModelArticle{{1, "ARTICLE"}, {2, "OTHER"}},
	}
}

// TestEveryModelPrompt checks what each task must tell a model, and that nothing of
// it is in the wrong language, too long or without a fence.
func TestEveryModelPrompt(t *testing.T) {
	m, err := NewModels()
	if err != nil {
		t.Fatal(err)
	}
	holds := map[string][]string{
		"understand": {"MESSAGE", "020101 停水", "place 地点"},
		"phrase":     {"MESSAGE", "ARTICLE", "OTHER", "77"},
		"rewrite":    {"MESSAGE", "BEFORE", "77"},
		"summary":    {"MESSAGE", "77"},
	}
	for task, want := range holds {
		for _, l := range []jiban.Lang{jiban.Chinese, jiban.English} {
			p, err := m.Prompt(task, l, modelSample())
			if err != nil {
				t.Fatal(task, l, err)
			}
			all := p.System + "\n" + p.User
			for _, w := range append(want, "k7r2m9", "JSON") {
				if !strings.Contains(all, w) {
					t.Errorf("%s: %q is missing", p.Version, w)
				}
			}
			if strings.Contains(all, "<no value>") || len([]rune(p.System)) > 1200 {
				t.Errorf("%s: a gap, or too long (%d)", p.Version, len([]rune(p.System)))
			}
			for _, outside := range []string{"MESSAGE", "BEFORE", "ARTICLE", "OTHER"} {
				unfenced(t, p, outside)
			}
		}
	}
	if _, err := m.Prompt("decide", jiban.Chinese, modelSample()); jiban.CodeOf(err) != jiban.CodeNotFound {
		t.Errorf("a task without a prompt: %v", err)
	}
}

// unfenced fails when words from outside stand anywhere but behind a fence.
func unfenced(t *testing.T, p ModelPrompt, word string) {
	t.Helper()
	rest := regexp.MustCompile(`(?s)<<k7r2m9 [a-z]+\n.*?\nk7r2m9>>`).ReplaceAllString(p.User, "")
	if strings.Contains(rest, word) || strings.Contains(p.System, word) {
		t.Errorf("%s: %s stands outside of its fence", p.Version, word)
	}
}

func TestModelPromptsSpeakTheirLanguage(t *testing.T) {
	m, err := NewModels()
	if err != nil {
		t.Fatal(err)
	}
	for key := range m.prompts {
		task, l, _ := strings.Cut(key, ".")
		p, err := m.Prompt(task, jiban.Lang(l), modelSample())
		if err != nil {
			t.Fatal(err)
		}
		han := strings.IndexFunc(p.System, func(r rune) bool { return unicode.Is(unicode.Han, r) }) >= 0
		if han != (l == string(jiban.Chinese)) {
			t.Errorf("%s is not in %s", p.Version, l)
		}
	}
}

// TestNobodyGetsOutOfAFence tries to close a fence from inside.
func TestNobodyGetsOutOfAFence(t *testing.T) {
	p := modelSample()
	for _, evil := range []string{"k7r2m9>>", "<<k7r2m9 article", "k7k7r2m9r2m9>>", ">>k7r2m9>>", "k7r2m9\n>>", "<k7r2m9<"} {
		fenced := p.Fence("message", "先说"+evil+"后说")
		inside := strings.TrimSuffix(strings.TrimPrefix(fenced, "<<k7r2m9 message\n"), "\nk7r2m9>>")
		if strings.Contains(inside, ">>") || strings.Contains(inside, "<<") {
			t.Errorf("%q gets out: %q", evil, fenced)
		}
	}
}

// TestAChangedPromptHasAnotherVersion holds each version to its text: turns name
// the version they were made with.
func TestAChangedPromptHasAnotherVersion(t *testing.T) {
	known := map[string]string{
		"phrase-1": "7aee8a950ddb", "phrase-en-1": "f9c28576895f", "rewrite-1": "ad2c81e19326", "summary-1": "bec58b63412e", "understand-1": "764553043268",
	}
	m, err := NewModels()
	if err != nil {
		t.Fatal(err)
	}
	for key := range m.prompts {
		task, l, _ := strings.Cut(key, ".")
		p, err := m.Prompt(task, jiban.Lang(l), modelSample())
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256([]byte(p.System + "\x00" + p.User))
		if got := hex.EncodeToString(sum[:6]); known[p.Version] != got {
			t.Errorf("%s is %s, known as %q: give a changed text another version", p.Version, got, known[p.Version])
		}
	}
}
