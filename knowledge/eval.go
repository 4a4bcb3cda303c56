package knowledge

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"slices"
	"time"

	"jiban"
	"jiban/knowledge/index"
)

// EvalArticle is a row of the articles to evaluate on.
type EvalArticle struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Text  string `json:"text"`
}

// EvalQuestion is a question with the ids of the articles that answer it. In
// JSON the answer may be one id or a list.
type EvalQuestion struct {
	ID       string  `json:"id"`
	Question string  `json:"question"`
	Answer   Answers `json:"answer"`
}

// Answers are ids of articles.
type Answers []string

// UnmarshalJSON takes one id or a list of them.
func (a *Answers) UnmarshalJSON(b []byte) error {
	b = bytes.TrimSpace(b)
	if len(b) > 0 && b[0] == '[' {
		var many []string
		if err := json.Unmarshal(b, &many); err != nil {
			return err
		}
		*a = many
		return nil
	}
	var one string
	if err := json.Unmarshal(b, &one); err != nil {
		return err
	}
	*a = Answers{one}
	return nil
}

// EvalResult says how well the questions were answered: the share with a right
// article first, among the first five and ten, the mean reciprocal rank of the
// first right one among ten, and how long a search took.
type EvalResult struct {
	Questions int     `json:"questions"`
	Hit1      float64 `json:"hit1"`
	Hit5      float64 `json:"hit5"`
	Hit10     float64 `json:"hit10"`
	MRR10     float64 `json:"mrr10"`
	P50       float64 `json:"p50_ms"`
	P99       float64 `json:"p99_ms"`
}

// ReadEvalArticles reads rows {id, title?, text}, one JSON object a line.
func ReadEvalArticles(r io.Reader) ([]EvalArticle, error) {
	rows, err := readLines[EvalArticle](r, "knowledge.ReadEvalArticles")
	for i := range rows {
		if rows[i].ID == "" && err == nil {
			err = jiban.Errorf(jiban.CodeInvalid, "knowledge.ReadEvalArticles", "row %d has no id", i+1)
		}
	}
	return rows, err
}

// ReadEvalQuestions reads rows {id, question, answer}, one JSON object a line.
func ReadEvalQuestions(r io.Reader) ([]EvalQuestion, error) {
	return readLines[EvalQuestion](r, "knowledge.ReadEvalQuestions")
}

func readLines[T any](r io.Reader, op string) ([]T, error) {
	var rows []T
	in := bufio.NewScanner(r)
	in.Buffer(nil, maxLine)
	for line := 1; in.Scan(); line++ {
		if len(bytes.TrimSpace(in.Bytes())) == 0 {
			continue
		}
		var row T
		if err := json.Unmarshal(in.Bytes(), &row); err != nil {
			return nil, jiban.Errorf(jiban.CodeInvalid, op, "line %d: %w", line, err)
		}
		rows = append(rows, row)
	}
	if err := in.Err(); err != nil {
		return nil, jiban.Errorf(jiban.CodeInvalid, op, "after line %d: %w", len(rows), err)
	}
	return rows, nil
}

// maxLine is the longest line of a JSONL file, in bytes.
const maxLine = 4 << 20

// Eval builds an index of the articles, exactly as the service would, and asks
// all questions of it.
func Eval(articles []EvalArticle, questions []EvalQuestion, clock jiban.Clock) EvalResult {
	b, ar := index.NewBuilder(), newArchive("")
	for _, a := range articles {
		b.Add(ar.document(jiban.Article{ID: a.ID, Title: a.Title, Body: a.Text, Audience: jiban.Everyone}))
	}
	ix := b.Index()
	r := EvalResult{Questions: len(questions)}
	took := make([]time.Duration, 0, len(questions))
	for _, q := range questions {
		start := clock.Now()
		found := rank(ix, jiban.SearchQuery{Text: q.Question, At: start}, 10)
		took = append(took, clock.Now().Sub(start))
		r.count(placeOf(found, q.Answer))
	}
	r.finish(took)
	return r
}

// placeOf returns the place of the first right article, from 1; 0 for none among
// the first ten.
func placeOf(found []candidate, answer Answers) int {
	for i, c := range found[:min(10, len(found))] {
		if slices.Contains(answer, c.hit.ID) {
			return i + 1
		}
	}
	return 0
}

func (r *EvalResult) count(place int) {
	if place == 0 {
		return
	}
	r.Hit10++
	r.MRR10 += 1 / float64(place)
	if place <= 5 {
		r.Hit5++
	}
	if place == 1 {
		r.Hit1++
	}
}

func (r *EvalResult) finish(took []time.Duration) {
	if r.Questions == 0 {
		return
	}
	n := float64(r.Questions)
	r.Hit1, r.Hit5, r.Hit10, r.MRR10 = r.Hit1/n, r.Hit5/n, r.Hit10/n, r.MRR10/n
	slices.SortFunc(took, cmp.Compare)
	at := func(share float64) float64 {
		return float64(took[int(share*float64(len(took)-1))].Microseconds()) / 1000
	}
	r.P50, r.P99 = at(0.5), at(0.99)
}
