package index

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// terms returns the distinct terms of a text, for queries and for the scan.
func terms(text string) []QueryTerm {
	var out []QueryTerm
	seen := map[Term]bool{}
	Walk(text, func(t Term, _, _ int) {
		if !seen[t] {
			seen[t] = true
			out = append(out, QueryTerm{t, 1})
		}
	})
	return out
}

func doc(id, text string) Document {
	return Document{ID: id, Fields: []Field{{Text: text, Weight: 1}}, Class: "all", Data: []byte(text)}
}

func TestWalk(t *testing.T) {
	cases := []struct{ text, want string }{
		{"社保卡", "社 社保 保 保卡 卡"},
		{"社保，卡", "社 社保 保 卡"},
		{"打12345热线", "打 12345 热 热线 线"},
		{"wi-fi 6", "wi fi 6"},
		{"", ""},
		{"。。。", ""},
		{"a\xff社", "a 社"},
	}
	for _, c := range cases {
		var got []string
		Walk(c.text, func(_ Term, start, end int) { got = append(got, c.text[start:end]) })
		// A pair is told after its second character.
		want := strings.Fields(c.want)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", c.text, got, want)
		}
	}
}

func FuzzWalk(f *testing.F) {
	f.Add("社保卡 abc 123，办")
	f.Add("\xff\xfe社\x00")
	f.Fuzz(func(t *testing.T, text string) {
		Walk(text, func(_ Term, start, end int) {
			if start < 0 || start >= end || end > len(text) {
				t.Fatalf("term from %d to %d of %d bytes", start, end, len(text))
			}
		})
	})
}

// scan is the slow and obvious way to search.
func scan(ix *Index, live []Document, mean float64, q Query) []Hit {
	var hits []Hit
	for _, d := range live {
		if d.From != 0 && q.At < d.From || d.To != 0 && q.At > d.To || !q.Accept(d.Class) {
			continue
		}
		counts := map[Term]float64{}
		length := 0.0
		for _, f := range d.Fields {
			Walk(f.Text, func(t Term, _, _ int) {
				counts[t] += float64(f.Weight)
				if !f.Aside {
					length++
				}
			})
		}
		score := 0.0
		for _, qt := range q.Terms {
			if c := counts[qt.Term]; c > 0 {
				score += ix.idf(qt.Term) * float64(qt.Weight) * (k1 + 1) * float64(impact(min(c, 255), length/mean)) / 255
			}
		}
		if score > 0 {
			hits = append(hits, Hit{ID: d.ID, Score: score})
		}
	}
	slices.SortFunc(hits, func(x, y Hit) int {
		return cmp.Or(cmp.Compare(y.Score, x.Score), strings.Compare(x.ID, y.ID))
	})
	return hits[:min(q.K, len(hits))]
}

// However documents come, change and go, the index finds what a scan of the
// documents that are there finds.
func TestSearchIsExact(t *testing.T) {
	letters := []rune("社保公积金医办理证电水abc1 ，")
	text := rapid.Custom(func(t *rapid.T) string {
		return string(rapid.SliceOfN(rapid.SampledFrom(letters), 1, 30).Draw(t, "text"))
	})
	rapid.Check(t, func(t *rapid.T) {
		draw := func(id string) Document {
			return Document{
				ID: id, Class: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "class"),
				From: int64(rapid.IntRange(0, 3).Draw(t, "from")), To: int64(rapid.IntRange(0, 5).Draw(t, "to")),
				Fields: []Field{
					{Text: text.Draw(t, "title"), Weight: 3},
					{Text: text.Draw(t, "aside"), Weight: 2, Aside: true},
					{Text: text.Draw(t, "body"), Weight: 1},
				},
			}
		}
		b := NewBuilder()
		live := map[string]Document{}
		for i := range rapid.IntRange(0, 40).Draw(t, "documents") {
			d := draw(fmt.Sprintf("d%02d", i))
			b.Add(d)
			live[d.ID] = d
		}
		ix := b.Index()
		mean := ix.base.mean
		for range rapid.IntRange(0, 4).Draw(t, "changes") {
			put := draw(fmt.Sprintf("d%02d", rapid.IntRange(0, 50).Draw(t, "put")))
			gone := fmt.Sprintf("d%02d", rapid.IntRange(0, 50).Draw(t, "gone"))
			if gone == put.ID {
				continue
			}
			ix = ix.With([]Document{put}, []string{gone})
			live[put.ID] = put
			delete(live, gone)
		}
		var all []Document
		for _, d := range live {
			all = append(all, d)
		}
		if ix.Len() != len(all) {
			t.Fatalf("%d documents, want %d", ix.Len(), len(all))
		}
		q := Query{
			Terms: terms(text.Draw(t, "query")), K: rapid.IntRange(1, 10).Draw(t, "k"),
			At: int64(rapid.IntRange(1, 6).Draw(t, "at")), Accept: func(c string) bool { return c == "a" },
		}
		got, want := ix.Search(q).Hits, scan(ix, all, mean, q)
		if len(got) != len(want) {
			t.Fatalf("%d hits, want %d", len(got), len(want))
		}
		for i := range got {
			if math.Abs(got[i].Score-want[i].Score) > 1e-4*want[i].Score {
				t.Fatalf("hit %d scores %v, want %v", i, got[i].Score, want[i].Score)
			}
		}
	})
}

// Long lists take the way through skip entries and early ends.
func TestSearchIsExactOnLongLists(t *testing.T) {
	words := []string{"办理", "社保", "医保", "公积金", "身份证", "材料", "窗口", "申请", "登记", "补贴", "退休", "居住证"}
	b := NewBuilder()
	var all []Document
	state := uint32(7)
	next := func(n int) int {
		state = state*1664525 + 1013904223
		return int(state>>8) % n
	}
	for i := range 6000 {
		var text strings.Builder
		for range 5 + next(20) {
			// The first words are in most documents, the last in few.
			text.WriteString(words[min(next(len(words)), next(len(words)))] + "，")
		}
		d := doc(fmt.Sprintf("%05d", i), text.String())
		b.Add(d)
		all = append(all, d)
	}
	ix := b.Index()
	for i := range words {
		q := Query{Terms: terms(words[i] + words[(i+5)%len(words)] + words[(i+7)%len(words)]), K: 10, Accept: func(string) bool { return true }}
		got, want := ix.Search(q).Hits, scan(ix, all, ix.base.mean, q)
		for j := range want {
			if math.Abs(got[j].Score-want[j].Score) > 1e-4*want[j].Score {
				t.Errorf("query %d, hit %d: score %v, want %v", i, j, got[j].Score, want[j].Score)
			}
		}
	}
}

func TestCoverageIsTheShareOfTheQuestion(t *testing.T) {
	b := NewBuilder()
	b.Add(doc("1", "社保卡补办"))
	b.Add(doc("2", "公积金提取"))
	ix := b.Index()
	hits := ix.Search(Query{Terms: terms("社保卡补办"), K: 2}).Hits
	if len(hits) != 1 || math.Abs(hits[0].Coverage-1) > 1e-9 {
		t.Errorf("hits %+v, want the first with coverage 1", hits)
	}
	if hits := ix.Search(Query{Terms: terms("天气"), K: 2}).Hits; len(hits) != 0 {
		t.Errorf("hits %+v for words that no document has", hits)
	}
}

func TestEmptyIndex(t *testing.T) {
	ix := NewBuilder().Index()
	if hits := ix.Search(Query{Terms: terms("社保"), K: 5}).Hits; len(hits) != 0 {
		t.Errorf("an empty index found %v", hits)
	}
	ix = ix.With([]Document{doc("1", "社保")}, nil)
	if hits := ix.Search(Query{Terms: terms("社保"), K: 5}).Hits; len(hits) != 1 {
		t.Errorf("found %v, want the one document", hits)
	}
	if ix = ix.With(nil, []string{"1"}); ix.Len() != 0 {
		t.Errorf("%d documents after the last was removed", ix.Len())
	}
}
