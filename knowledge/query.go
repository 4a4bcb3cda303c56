package knowledge

import (
	"strings"

	"jiban/knowledge/index"
	"jiban/lang"
)

// fillers are the words by which a question is a question, politeness and
// particles. They say nothing of the matter, so they count for less. Longer ones
// stand before those they contain.
var fillers = byFirstRune(strings.Fields(`
	请问一下 请问 想问一下 想问 我想问 问一下 问下 请教 咨询一下 想咨询 咨询 你好 您好 谢谢 麻烦 帮我 帮忙
	我想知道 想知道 想了解 告诉我 告诉 一下 怎么办 怎么样 怎么 怎样 咋整 咋办 咋 如何 为什么 为啥 什么 啥 哪里 哪儿 哪个 哪些 哪
	是不是 是否 能不能 能否 可不可以 可以 可否 有没有 需不需要 需要 要不要 应该 多少 几 谁
	听说 已经 一直 突然 刚刚 怎么回事 去哪 上哪 弄 办 能 会 去 到 来 说 做 没 不 很 太 再 才 只 个 从 对 为 用
	吗 嘛 呢 吧 啊 呀 哦 哈 的 了 着 过 我 我们 俺 你 您 你们 他 她 是 在 有 要 想 就 都 也 还 又 和 跟 与 把 被 给 让 请 这 那 这个 那个 现在 目前
	how what where when why who which can could may do does did is are the a an of to for in on at i my me you your please`))

// fillerWeight is what a filler counts beside a word of the matter. It is not
// zero: where nothing else tells two articles apart, fillers may.
const fillerWeight = 0.5

// wordWeight is what a word or number of another script counts beside one Han
// character or pair: a Han word of two characters counts three times, in its
// characters and as a pair.
const wordWeight = 2

func byFirstRune(words []string) map[rune][]string {
	m := map[rune][]string{}
	for _, w := range words {
		first := []rune(w)[0]
		m[first] = append(m[first], w)
	}
	return m
}

// weighTerms calls visit for each term of a folded text with its weight: 1, less
// the more of it is filler.
func weighTerms(folded string, visit func(t index.Term, weight float32)) {
	filler := markFillers(folded)
	index.Walk(folded, func(t index.Term, start, end int) {
		marked := 0
		for _, m := range filler[start:end] {
			if m {
				marked++
			}
		}
		share := float32(marked) / float32(end-start)
		weight := 1 - share*(1-fillerWeight)
		if t.Word() {
			weight *= wordWeight
		}
		visit(t, weight)
	})
}

// markFillers tells which bytes of the folded text belong to fillers. A filler
// of Latin letters must be a whole word.
func markFillers(s string) []bool {
	marks := make([]bool, len(s))
	skip := 0
	for i, r := range s {
		if i < skip {
			continue
		}
		for _, w := range fillers[r] {
			if !strings.HasPrefix(s[i:], w) || r < 0x80 && !wholeWord(s, i, i+len(w)) {
				continue
			}
			if end := i + len(w); end > skip {
				skip = end
			}
		}
		for j := i; j < skip; j++ {
			marks[j] = true
		}
	}
	return marks
}

func wholeWord(s string, start, end int) bool {
	return (start == 0 || !isLatin(s[start-1])) && (end == len(s) || !isLatin(s[end]))
}

func isLatin(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// maxQuery bounds how much of a message is searched with, in bytes. Who writes
// more tells a story; its beginning says what it is about.
const maxQuery = 1500

// queryTerms returns the terms of a question, each once, with its weight.
func queryTerms(text string) []index.QueryTerm {
	if len(text) > maxQuery {
		text = strings.ToValidUTF8(text[:maxQuery], "")
	}
	var terms []index.QueryTerm
	at := map[index.Term]int{}
	weighTerms(lang.Fold(text), func(t index.Term, weight float32) {
		if i, seen := at[t]; seen {
			terms[i].Weight = max(terms[i].Weight, weight)
			return
		}
		at[t] = len(terms)
		terms = append(terms, index.QueryTerm{Term: t, Weight: weight})
	})
	return terms
}
