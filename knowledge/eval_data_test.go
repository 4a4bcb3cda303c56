package knowledge

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"jiban"
)

// The sets of real questions are for measuring only and lie outside the project.
const measured = "../../shared/data"

func TestEvalOnRealQuestions(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	sets := []struct {
		name, articles, questions string
		hit1, hit5                float64
	}{
		{"kbqa all", "kbqa/answers.jsonl", "kbqa/questions.dev.jsonl", .540, .660},
		{"kbqa hard", "kbqa/answers.jsonl", "kbqa/questions_hard.dev.jsonl", .478, .662},
		{"ncp", "retrieval_ncp/passages.jsonl", "retrieval_ncp/questions.dev.jsonl", .796, .961},
		{"cmrc2018", "retrieval_cmrc2018/passages.jsonl", "retrieval_cmrc2018/questions.dev.jsonl", .964, .995},
		{"drcd", "retrieval_drcd/passages.jsonl", "retrieval_drcd/questions.dev.jsonl", .924, .986},
		{"faq", "retrieval_faq/passages.jsonl", "retrieval_faq/questions.dev.jsonl", .826, .990},
	}
	for _, set := range sets {
		t.Run(set.name, func(t *testing.T) {
			articles := open(t, set.articles, ReadEvalArticles)
			questions := open(t, set.questions, ReadEvalQuestions)
			r := Eval(articles, questions, jiban.SystemClock{})
			t.Logf("n %d hit1 %.3f (%.3f) hit5 %.3f (%.3f) hit10 %.3f mrr10 %.3f p50 %.2f ms p99 %.2f ms",
				r.Questions, r.Hit1, set.hit1, r.Hit5, set.hit5, r.Hit10, r.MRR10, r.P50, r.P99)
		})
	}
}

func open[T any](t *testing.T, name string, read func(io.Reader) ([]T, error)) []T {
	t.Helper()
	f, err := os.Open(filepath.Join(measured, name))
	if err != nil {
		t.Skipf("the data for measuring is not here: %v", err)
	}
	defer f.Close()
	rows, err := read(f)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}
