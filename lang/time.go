package lang

import (
	"slices"
	"time"
)

// beijing is the time of all China; it has had no summer time since 1991.
var beijing = time.FixedZone("CST", 8*60*60)

// reader reads times from a text, as seen from now.
type reader struct {
	view
	now   time.Time
	today time.Time
}

// span is a time under construction: from up to to, the latter exclusive.
type span struct {
	from, to time.Time
	vague    bool
}

// Times finds dates, clock times, durations and loose times, as seen from now
// (read in Beijing time): 昨晚八点, 三天了, 上周五, 国庆前, 超过24小时, 半个月, 从10月1号开始.
// A day without year or month is the nearest that makes sense looking back, as
// people who report something do.
func Times(s string, now time.Time) []TimeSpan {
	now = now.In(beijing)
	r := &reader{view: newView(s, false), now: now, today: midnight(now)}
	var out []TimeSpan
	for i := 0; i < len(r.r); {
		if !timeStarts[r.r[i]] {
			i++
			continue
		}
		t, end, ok := r.timeAt(i)
		if !ok {
			i = r.next(i)
			continue
		}
		out = append(out, t)
		i = end
	}
	return out
}

// next moves on by one rune, and past a whole number.
func (r *reader) next(i int) int {
	if digit(r.at(i)) {
		return r.skipDigits(i)
	}
	return i + 1
}

func midnight(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, beijing)
}

func (r *reader) timeAt(i int) (TimeSpan, int, bool) {
	if r.at(i) == ' ' || digit(r.at(i)) && (digit(r.at(i-1)) || latin(r.at(i-1))) {
		return TimeSpan{}, i, false
	}
	p, j := r.shortYear(i)
	if j == i {
		if t, j, ok := r.durations(i); ok {
			return t, j, true
		}
		p, j = r.point(i)
	}
	if j == i {
		return TimeSpan{}, i, false
	}
	if q, k := r.rangeEnd(p, j); k > j {
		p, j = q, k
	}
	p, j, since := r.aspect(p, i, j)
	return TimeSpan{Text: r.text(i, j), Start: r.start[i], End: r.end[j-1], From: p.from, To: p.to, Since: since, Vague: p.vague}, j, true
}

// rangeWords join the two ends of a stretch of time.
var rangeWords = []string{"到", "至", "-", "--", "~", "to ", "起至", "起到"}

// rangeEnd reads 到X, 至X or -X after a time; an end without day or part of the
// day has those of the beginning (下午一点到三点).
func (r *reader) rangeEnd(p span, j int) (span, int) {
	k := r.blanks(j)
	n := r.hasAny(k, rangeWords)
	if n == 0 {
		return p, j
	}
	if now := r.hasAny(k, []string{"到现在", "至今", "到今天", "到目前"}); now > 0 {
		return p, j
	}
	k = r.blanks(k + n)
	q, end := r.sameDay(p, k)
	if end == k {
		q, end = r.point(k)
	}
	if end == k || r.hasAny(end, rangeWords) > 0 && digit(r.at(end-1)) {
		return p, j
	}
	if !q.to.After(p.from) && q.to.AddDate(0, 0, 1).After(p.from) { // past midnight
		q.to = q.to.AddDate(0, 0, 1)
	}
	if !q.to.After(p.from) {
		return p, j
	}
	return span{from: p.from, to: q.to, vague: p.vague || q.vague}, end
}

// sameDay reads a clock time as one of the day on which p begins (次日: the next),
// a bare one as of its part of the day, if p is a clock time itself.
func (r *reader) sameDay(p span, k int) (span, int) {
	today := midnight(p.from)
	if n := r.hasAny(k, []string{"次日", "第二天", "翌日"}); n > 0 {
		q, end := r.clock(day(today.AddDate(0, 0, 1)), k+n, false)
		return q, end - n*boolInt(end == k+n)
	}
	if part, _ := r.part(k, false); part != nil && p.to.Sub(p.from) <= 24*time.Hour {
		return r.clock(day(today), k, false)
	}
	if p.to.Sub(p.from) > time.Hour {
		return p, k
	}
	hour, minute, end := r.hours(k, false)
	if end == k {
		return p, k
	}
	from := today.Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute)
	if p.from.Hour() >= 12 && hour < 12 && from.Add(12*time.Hour).After(p.from) {
		from = from.Add(12 * time.Hour)
	}
	return span{from: from, to: from.Add(clockWidth(minute))}, end
}

func clockWidth(minute int) time.Duration {
	if minute > 0 {
		return time.Minute
	}
	return time.Hour
}

func (r *reader) blanks(i int) int {
	for r.at(i) == ' ' {
		i++
	}
	return i
}

// aspect reads what surrounds a point in time: X前, X后, X期间; and tells whether
// it has lasted since then (从X开始, X到现在, X就).
func (r *reader) aspect(p span, i, j int) (span, int, bool) {
	before, after := p.from, p.to
	if r.at(j) == '或' || r.at(j) == '及' { // 及以前: the day itself too
		before, after = after, before
	}
	if n := r.hasAny(j, []string{"之前", "以前", "前夕", "前", "或之前", "或以前", "及之前", "及以前"}); n > 0 && !r.has(j, "前面") && !r.has(j, "前后") && !r.counted(j+1) {
		return span{from: p.from.AddDate(0, 0, -7), to: before, vague: true}, j + n, r.lasting(i, j+n)
	}
	if n := r.hasAny(j, []string{"之后", "以后", "过后", "后", "或之后", "或以后", "及之后", "及以后"}); n > 0 && !r.counted(j+1) && !r.has(j, "后面") && !r.has(j, "后期") && !r.has(j, "后院") {
		return span{from: after, to: later(p.to, r.now), vague: true}, j + n, r.lasting(i, j+n)
	}
	if n := r.hasAny(j, []string{"期间", "前后", "左右", "那几天", "那天", "当天"}); n > 0 {
		return span{from: p.from, to: p.to, vague: true}, j + n, r.lasting(i, j+n)
	}
	since := r.lasting(i, j)
	if since && p.from.Before(r.now) {
		p.to = r.now
	}
	return p, j, since
}

// counted reports whether a number with a unit of time stands at rune j: 今年前五个月
// is no time before this year.
func (r *reader) counted(j int) bool {
	_, k, _ := r.count(j)
	if k == j {
		return false
	}
	u, _, _ := r.unit(k)
	return u != nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// lasting reports whether words around runes i to j say "since then".
func (r *reader) lasting(i, j int) bool {
	if r.hasAny(r.blanks(j), []string{"开始", "起", "以来", "到现在", "至今", "到今天", "到目前", "就开始", "就没", "就一直", "一直"}) > 0 {
		return true
	}
	return r.endsWith(i, []string{"从", "自从", "自", "打从", "打", "since "}) > 0
}

// point reads a date, a clock time, or both.
func (r *reader) point(i int) (span, int) {
	p, j := r.date(i)
	if j == i {
		return r.clock(span{from: r.today, to: r.today.AddDate(0, 0, 1)}, i, true)
	}
	k := j
	for r.at(k) == ' ' || r.at(k) == ',' || r.at(k) == '的' || r.at(k) == 't' {
		k++
	}
	if p.to.Sub(p.from) <= 24*time.Hour {
		if q, end := r.clock(p, k, false); end > k {
			return q, end
		}
	}
	return p, j
}

// dayPart is a part of the day with the hours it spans, and the hours to add to
// a clock time of one to eleven.
type dayPart struct {
	words    []string
	from, to int
	add      int
}

var dayParts = []dayPart{
	{[]string{"凌晨", "后半夜"}, 0, 6, 0},
	{[]string{"清晨", "早晨", "早间", "早上", "清早", "一早", "大早上", "早"}, 5, 9, 0},
	{[]string{"上午"}, 8, 12, 0},
	{[]string{"中午", "正午"}, 11, 14, 12},
	{[]string{"下午", "午后"}, 12, 18, 12},
	{[]string{"傍晚"}, 17, 19, 12},
	{[]string{"晚上", "晚间", "夜晚", "晚"}, 18, 24, 12},
	{[]string{"夜里", "半夜", "深夜", "夜间", "午夜", "大半夜", "夜"}, 21, 30, 12},
}

// clock reads a part of the day and a clock time within a day. Standing alone, a
// bare 早, 晚, 夜 or 一点 is no time.
func (r *reader) clock(p span, i int, alone bool) (span, int) {
	part, j := r.part(i, alone)
	hour, minute, k := r.hours(r.blanks(j), alone && part == nil)
	if k == r.blanks(j) {
		if part == nil {
			return p, i
		}
		return span{from: p.from.Add(time.Duration(part.from) * time.Hour), to: p.from.Add(time.Duration(part.to) * time.Hour)}, j
	}
	if part != nil {
		hour += partHours(part, hour)
	}
	if n := r.hasAny(r.blanks(k), []string{"pm", "p.m."}); n > 0 {
		hour, k = hour+12*boolInt(hour < 12), r.blanks(k)+n
	} else if n := r.hasAny(r.blanks(k), []string{"am", "a.m."}); n > 0 {
		hour, k = hour%12, r.blanks(k)+n
	}
	from := p.from.Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute)
	return span{from: from, to: from.Add(clockWidth(minute))}, k
}

// partHours turns an hour of twelve into one of twenty-four: 中午11点 stays, 夜里2点
// and 晚上12点 are after midnight.
func partHours(p *dayPart, hour int) int {
	switch {
	case hour == 12 && p.from >= 18:
		return 12
	case hour == 12 && p.from == 0:
		return -12
	case hour >= 12:
		return 0
	case p.from == 11 && hour >= 11:
		return 0
	case p.from >= 18 && hour < 6:
		return 24
	}
	return p.add
}

func (r *reader) part(i int, alone bool) (*dayPart, int) {
	for k := range dayParts {
		n := r.hasAny(i, dayParts[k].words)
		if n > 1 || n == 1 && !alone {
			return &dayParts[k], i + n
		}
	}
	return nil, i
}

// hours reads 8:30, 八点半, 20时15分, 3点一刻. Bare, 八点 needs words after it that
// make it a time; 两点意见 and 三点五 are none.
func (r *reader) hours(i int, bare bool) (hour, minute, end int) {
	n, j := r.number(i)
	if a, b := numeralDigits[r.at(i)], numeralDigits[r.at(i+1)]; j == i+2 && a > 0 && b == a+1 && r.at(j) == '点' { // 七八点
		n = float64(a)
	}
	if j == i || n >= 25 || n != float64(int(n)) {
		return 0, 0, i
	}
	hour = int(n)
	if w := r.hasAny(j, rangeWords); w > 0 && !bare { // 9-11点
		if until, k := r.number(j + w); k > j+w && until > n && until < 25 && r.at(k) == '点' {
			return hour, 0, j
		}
	}
	switch {
	case r.at(j) == ':' && digit(r.at(j+1)) && digit(r.at(j+2)) && !digit(r.at(j+3)):
		minute = int(r.r[j+1]-'0')*10 + int(r.r[j+2]-'0')
		if end = j + 3; r.at(end) == ':' && digit(r.at(end+1)) && digit(r.at(end+2)) {
			end += 3
		}
		if minute > 59 {
			return 0, 0, i
		}
		if r.at(end) == '时' && r.at(end+1) != '间' && r.at(end+1) != '候' {
			end++
		}
		return hour, minute, end
	case r.at(j) == '点' || r.at(j) == '时' && !r.has(j, "时间") && !r.has(j, "时候"):
		return r.minutes(hour, i, j+1, bare)
	}
	return 0, 0, i
}

// seconds passes 30秒 after minutes; no report is about a second.
func (r *reader) seconds(j int) int {
	if n, k := r.number(j); k > j && n < 60 && r.at(k) == '秒' {
		return k + 1
	}
	return j
}

// alone reports whether runes i to j are all that is said between marks.
func (r *reader) alone(i, j int) bool {
	return (i == 0 || blank(r.at(i-1)) || r.endsWith(i, []string{"大约", "大概"}) > 0) && (j == len(r.r) || blank(r.at(j)))
}

func (r *reader) minutes(hour, i, j int, bare bool) (int, int, int) {
	if n := r.hasAny(j, []string{"半", "一刻", "三刻", "1刻", "3刻"}); n > 0 {
		return hour, map[rune]int{'半': 30, '一': 15, '1': 15, '三': 45, '3': 45}[r.r[j]], j + n
	}
	n, k := r.number(j)
	switch {
	case k > j && r.at(k) == '分' && n < 60:
		return hour, int(n), r.seconds(k + 1)
	case k >= j+2 && n < 60 && n == float64(int(n)) && (r.at(j) == '零' || slices.Contains(r.r[j:k], '十')) && !unitAfter(&r.view, k):
		return hour, int(n), k
	case k == j+2 && digit(r.at(j)) && n < 60:
		return hour, int(n), k
	case k > j:
		return 0, 0, i
	}
	if bare && !r.alone(i, j) && r.hasAny(j, []string{"钟", "多", "左右", "开始", "到", "整", "之前", "以前", "之后", "以后", "就", "前", "后", "起", "停", "来", "还", "才", "的时候"}) == 0 {
		return 0, 0, i
	}
	if r.hasAny(j, []string{"意见", "建议", "要求", "问题", "诉求", "希望", "疑问", "原因", "都", "也", "不", "儿"}) > 0 {
		return 0, 0, i
	}
	return hour, 0, j + r.hasAny(j, []string{"钟", "整", "多", "钟左右", "多钟"})
}
