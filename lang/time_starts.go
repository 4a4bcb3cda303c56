package lang

// timeStarts are the runes that a time may begin with: all others are passed at
// once.
var timeStarts = startRunes()

func startRunes() map[rune]bool {
	starts := map[rune]bool{}
	words := append([]string{"年", "月", "上", "下", "这", "本", "周", "星", "礼", "第", "首", "大半", "半", "几", "好", "数", "多", "若", "俩", "仨"}, durationBefore...)
	for _, p := range dayParts {
		words = append(words, p.words...)
	}
	for _, h := range holidays {
		words = append(words, h.words...)
	}
	for _, d := range relativeDays {
		words = append(words, d.word)
	}
	for _, l := range looseTimes {
		words = append(words, l.word)
	}
	for _, y := range yearWords {
		words = append(words, y.word)
	}
	for _, w := range words {
		starts[[]rune(w)[0]] = true
	}
	for r := range shortDays {
		starts[r] = true
	}
	for r := '0'; r <= '9'; r++ {
		starts[r] = true
	}
	for r := range numeralDigits {
		starts[r] = true
	}
	for r := range numeralUnits {
		starts[r] = true
	}
	return starts
}
