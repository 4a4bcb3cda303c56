package knowledge

import (
	"bytes"
	"embed"
	"path"

	"gopkg.in/yaml.v3"

	"jiban"
)

//go:embed sample/*.yaml sample/questions.jsonl
var sampleFiles embed.FS

// sampleVersion is the time from which the sample counts as updated: that of its
// writing, so that the same build always gives the same articles.
const sampleVersion = "2026-11-01"

// Sample returns the sample knowledge base, published: articles for citizens and
// businesses of one province, written for this project. They are plausible and
// careful but no official statement.
func Sample() ([]jiban.Article, error) {
	const op = "knowledge.Sample"
	files, err := sampleFiles.ReadDir("sample")
	if err != nil {
		return nil, jiban.Errorf(jiban.CodeInternal, op, "list the embedded files: %w", err)
	}
	var articles []jiban.Article
	for _, f := range files {
		if path.Ext(f.Name()) != ".yaml" {
			continue
		}
		more, err := sampleFile(f.Name())
		if err != nil {
			return nil, jiban.Errorf(jiban.CodeInternal, op, "%w", err)
		}
		articles = append(articles, more...)
	}
	return articles, nil
}

// usualText returns what articles usually say, to pack others against.
func usualText() string {
	data, err := sampleFiles.ReadFile("sample/social.yaml")
	if err != nil {
		return "" // packs less well, all else is the same
	}
	text := []rune(string(data))
	return string(text[max(0, len(text)-usualSize):])
}

// usualSize is in characters: more packs better and slower.
const usualSize = 3000

func sampleFile(name string) ([]jiban.Article, error) {
	data, err := sampleFiles.ReadFile("sample/" + name)
	if err != nil {
		return nil, err
	}
	var objects []map[string]any
	if err := yaml.Unmarshal(data, &objects); err != nil {
		return nil, err
	}
	t := table{file: name}
	for i, o := range objects {
		t.number = i + 1
		t.object(o)
	}
	if len(t.errs) > 0 {
		return nil, t.errs[0]
	}
	updated, _ := parseDay(sampleVersion)
	articles := make([]jiban.Article, len(t.rows))
	for i, r := range t.rows {
		a, errs := r.article(places{})
		if len(errs) > 0 {
			errs[0].File, errs[0].Row = name, r.number
			return nil, errs[0]
		}
		a.Version, a.Status, a.UpdatedAt = 1, jiban.ArticlePublished, updated.UTC()
		articles[i] = a
	}
	return articles, nil
}

// SampleQuestions returns labelled questions on the sample articles, with those
// that it cannot answer: what the default calibration was fitted on.
func SampleQuestions() ([]Labelled, error) {
	data, err := sampleFiles.ReadFile("sample/questions.jsonl")
	if err != nil {
		return nil, jiban.Errorf(jiban.CodeInternal, "knowledge.SampleQuestions", "%w", err)
	}
	return ReadLabelled(bytes.NewReader(data))
}
