package lang

import (
	"strings"
	"time"
)

// date reads a date or a longer stretch of the calendar at rune i.
func (r *reader) date(i int) (span, int) {
	for _, read := range []func(*reader, int) (span, int){
		(*reader).relativeDay, (*reader).week, (*reader).loose, (*reader).holiday, (*reader).month, (*reader).quarter, (*reader).year, (*reader).calendarDate,
	} {
		if p, j := read(r, i); j > i {
			return p, j
		}
	}
	return span{}, i
}

func day(t time.Time) span { return span{from: t, to: t.AddDate(0, 0, 1)} }

// relativeDays are words for days and how far from today they are.
var relativeDays = []struct {
	word   string
	offset int
}{
	{"大前天", -3}, {"前天", -2}, {"前日", -2}, {"昨天", -1}, {"昨日", -1}, {"昨儿", -1}, {"今天", 0}, {"今日", 0}, {"今儿", 0}, {"本日", 0},
	{"大后天", 3}, {"后天", 2}, {"明天", 1}, {"明日", 1}, {"the day before yesterday", -2}, {"yesterday", -1}, {"today", 0}, {"tomorrow", 1},
}

// shortDays stand before a part of the day: 昨晚, 今早.
var shortDays = map[rune]int{'昨': -1, '今': 0, '明': 1, '前': -2}

func (r *reader) relativeDay(i int) (span, int) {
	for _, d := range relativeDays {
		if r.has(i, d.word) {
			return day(r.today.AddDate(0, 0, d.offset)), i + len([]rune(d.word))
		}
	}
	offset, ok := shortDays[r.at(i)]
	if !ok || r.hasAny(i+1, []string{"早", "晨", "晚", "夜"}) == 0 {
		return span{}, i
	}
	d := r.today.AddDate(0, 0, offset)
	p, j := r.clock(day(d), i+1, false)
	if j == i+1 { // 今晨
		return span{from: d.Add(5 * time.Hour), to: d.Add(9 * time.Hour)}, i + 2
	}
	return p, j
}

// looseTimes are words for times that nobody can pin down, in days back from now.
var looseTimes = []struct {
	word     string
	from, to int
}{
	{"前一阵子", 60, 7}, {"前段时间", 60, 7}, {"前一段时间", 60, 7}, {"前阵子", 60, 7}, {"前几个月", 180, 30}, {"前几天", 7, 2}, {"前些天", 14, 2}, {"前两天", 3, 1}, {"前些日子", 30, 3},
	{"这几天", 5, 0}, {"这两天", 2, 0}, {"这些天", 10, 0}, {"这段时间", 30, 0}, {"这阵子", 30, 0}, {"最近几天", 5, 0}, {"近几天", 5, 0}, {"近日", 7, 0}, {"近期", 30, 0}, {"近来", 30, 0}, {"最近", 30, 0},
	{"刚才", 0, 0}, {"刚刚", 0, 0}, {"方才", 0, 0}, {"recently", 30, 0},
}

func (r *reader) loose(i int) (span, int) {
	for _, l := range looseTimes {
		if r.has(i, l.word) && !r.has(i, "最近的") && !r.has(i, "近日常") {
			from, to := r.today.AddDate(0, 0, -l.from), r.today.AddDate(0, 0, 1-l.to)
			if l.to == 0 {
				to = r.now
			}
			if l.from == 0 {
				from = r.now.Add(-time.Hour)
			}
			return span{from: from, to: to, vague: true}, i + len([]rune(l.word))
		}
	}
	return span{}, i
}

var weekdays = map[rune]int{'一': 0, '二': 1, '三': 2, '四': 3, '五': 4, '六': 5, '日': 6, '天': 6, '1': 0, '2': 1, '3': 2, '4': 3, '5': 4, '6': 5, '7': 6}

// week reads 上周五, 这个星期, 下下周, 周末, 礼拜天. A bare weekday is the last one
// that has been.
func (r *reader) week(i int) (span, int) {
	offset, j, said := r.weekOffset(i)
	n := r.hasAny(j, []string{"周", "星期", "礼拜"})
	if n == 0 {
		return span{}, i
	}
	j += n
	if again := r.hasAny(j, []string{"周", "星期", "礼拜"}); said && again > 0 { // 上周星期三
		j += again
	}
	monday := r.today.AddDate(0, 0, -(int(r.today.Weekday())+6)%7+7*offset)
	if d, ok := weekdays[r.at(j)]; ok && !(n == 1 && r.hasAny(j, []string{"日常", "一下", "天然"}) > 0) && numeralUnits[r.at(j+1)] == 0 {
		t := monday.AddDate(0, 0, d)
		if !said && t.After(r.today) {
			t = t.AddDate(0, 0, -7)
		}
		return day(t), j + 1
	}
	if r.at(j) == '末' {
		return span{from: monday.AddDate(0, 0, 5), to: monday.AddDate(0, 0, 7)}, j + 1
	}
	if !said {
		return span{}, i
	}
	return span{from: monday, to: monday.AddDate(0, 0, 7)}, j
}

func (r *reader) weekOffset(i int) (offset, j int, said bool) {
	j = i
	for r.at(j) == '上' || r.at(j) == '下' {
		if r.r[j] == '上' {
			offset--
		} else {
			offset++
		}
		j++
	}
	if j == i && (r.at(j) == '这' || r.at(j) == '本') {
		j++
	}
	said = j > i
	if said && r.at(j) == '一' && r.hasAny(j+1, []string{"周", "星期", "礼拜", "个月", "个星期", "个礼拜", "季度", "个季度"}) > 0 {
		j++
	}
	if said && r.at(j) == '个' {
		j++
	}
	return offset, j, said
}

// month reads 上个月, 本月初, 上月15号, 月底.
func (r *reader) month(i int) (span, int) {
	offset, j, said := r.weekOffset(i)
	if !said && r.hasAny(i, []string{"月初", "月底", "月末", "月中"}) == 0 || r.at(j) != '月' {
		return span{}, i
	}
	j++
	first := time.Date(r.today.Year(), r.today.Month()+time.Month(offset), 1, 0, 0, 0, 0, beijing)
	p := span{from: first, to: first.AddDate(0, 1, 0)}
	if q, k := r.monthPart(p, j); k > j {
		return q, k
	}
	if d, k := r.dayOfMonth(j); k > j {
		return day(first.AddDate(0, 0, d-1)), k
	}
	if !said {
		return span{}, i
	}
	return p, j
}

// monthPart narrows a month by 初, 上旬, 中旬, 底 …
func (r *reader) monthPart(p span, j int) (span, int) {
	parts := []struct {
		words    []string
		from, to int
	}{{[]string{"初", "月初", "上旬"}, 0, 10}, {[]string{"中旬", "中", "月中"}, 10, 20}, {[]string{"底", "末", "月底", "月末", "下旬"}, 20, 31}}
	for _, part := range parts {
		if n := r.hasAny(j, part.words); n > 0 && !r.moonDay(j) {
			to := p.from.AddDate(0, 0, part.to)
			if to.After(p.to) {
				to = p.to
			}
			return span{from: p.from.AddDate(0, 0, part.from), to: to, vague: true}, j + n
		}
	}
	return p, j
}

// moonDay reports whether a day of the moon's calendar stands at rune j: 初五.
// 月初一直 is none.
func (r *reader) moonDay(j int) bool {
	return r.at(j) == '初' && isNumeral(r.at(j+1)) && !isNumeral(r.at(j+2)) && !strings.ContainsRune("直次个样些般共定起天年月下条户元", r.at(j+2))
}

// dayOfMonth reads 15号, 三日, 1.
func (r *reader) dayOfMonth(j int) (int, int) {
	n, k := r.number(r.blanks(j))
	if k == r.blanks(j) || n < 1 || n > 31 || n != float64(int(n)) {
		return 0, j
	}
	if c := r.at(r.blanks(k)); c == '号' || c == '日' {
		return int(n), r.blanks(k) + 1
	}
	if r.blanks(j) > j {
		return 0, j
	}
	if r.at(k) == '.' || r.at(k) == '个' || r.at(k) == '份' {
		return 0, j
	}
	return int(n), k
}

var yearWords = []struct {
	word   string
	offset int
}{{"大前年", -3}, {"前年", -2}, {"去年", -1}, {"上年", -1}, {"上一年", -1}, {"这一年", 0}, {"今年", 0}, {"本年", 0}, {"明年", 1}, {"后年", 2}, {"last year", -1}, {"this year", 0}}

// year reads 去年, 今年3月, 去年10月1号, 年初, 年前.
func (r *reader) year(i int) (span, int) {
	for _, y := range yearWords {
		if r.has(i, y.word) {
			year := r.today.Year() + y.offset
			return r.withinYear(year, i+len([]rune(y.word)))
		}
	}
	if r.moonDay(i + 1) {
		return span{}, i
	}
	if r.has(i, "年初") || r.has(i, "年底") || r.has(i, "年末") {
		p, j := r.withinYear(r.today.Year(), i+1)
		if r.at(i+1) != '初' && p.from.After(r.today) {
			p = span{from: p.from.AddDate(-1, 0, 0), to: p.to.AddDate(-1, 0, 0), vague: true}
		}
		return p, j
	}
	return span{}, i
}

// withinYear reads what may follow a year: a month, a day, 初, 底, a season.
func (r *reader) withinYear(year, j int) (span, int) {
	first := time.Date(year, 1, 1, 0, 0, 0, 0, beijing)
	k := j
	if r.at(k) == '的' {
		k++
	}
	if h, end := r.holidayOf(k, year); end > k {
		return h, end
	}
	if p, end := r.monthDay(year, r.blanks(k)); end > r.blanks(k) {
		return p, end
	}
	if p, end := r.quarterOf(year, k); end > k {
		return p, end
	}
	parts := []struct {
		words    []string
		from, to int
	}{{[]string{"初", "年初"}, 0, 2}, {[]string{"上半年", "前半年"}, 0, 6}, {[]string{"下半年", "后半年"}, 6, 12}, {[]string{"底", "末", "年底", "年末"}, 10, 12}, {[]string{"春天", "春季"}, 2, 5}, {[]string{"夏天", "夏季"}, 5, 8}, {[]string{"秋天", "秋季"}, 8, 11}, {[]string{"冬天", "冬季"}, 10, 14}}
	for _, part := range parts {
		if n := r.hasAny(j, part.words); n > 0 {
			return span{from: first.AddDate(0, part.from, 0), to: first.AddDate(0, part.to, 0), vague: true}, j + n
		}
	}
	return span{from: first, to: first.AddDate(1, 0, 0)}, j
}

// monthDay reads 10月, 10月1号, 十月初 in a year.
func (r *reader) monthDay(year, i int) (span, int) {
	n, j := r.number(i)
	if j > i {
		j = r.blanks(j)
	}
	if from := j + r.hasAny(j, rangeWords); from > j && n >= 1 && n <= 12 { // 1-9月
		if p, end := r.monthDay(year, from); end > from && r.at(end-1) != '号' && r.at(end-1) != '日' {
			first := time.Date(year, time.Month(n), 1, 0, 0, 0, 0, beijing)
			if first.Before(p.from) {
				return span{from: first, to: p.to, vague: p.vague}, end
			}
		}
	}
	if j == i || n < 1 || n > 12 || r.at(j) != '月' || r.has(j, "月租") || r.has(j, "月供") || r.has(j, "月薪") {
		return span{}, i
	}
	j++
	if r.at(j) == '份' {
		j++
	}
	first := time.Date(year, time.Month(n), 1, 0, 0, 0, 0, beijing)
	p := span{from: first, to: first.AddDate(0, 1, 0)}
	if q, k := r.monthPart(p, j); k > j {
		return q, k
	}
	if d, k := r.dayOfMonth(j); k > j {
		return day(first.AddDate(0, 0, d-1)), k
	}
	return p, j
}

// shortYear reads a year of two digits, spelled one by one (零七年, 一六年) or with
// its month (25年3月): else 25年 is a length of time, as is 三四年.
func (r *reader) shortYear(i int) (span, int) {
	a, ok := anyDigit(r.at(i))
	b, more := anyDigit(r.at(i + 1))
	if !ok || !more || r.at(i+2) != '年' || digit(r.at(i-1)) || isNumeral(r.at(i-1)) {
		return span{}, i
	}
	year := 2000 + 10*a + b
	if year > r.today.Year()+20 {
		year -= 100
	}
	if _, j := r.monthDay(year, i+3); j > i+3 || !digit(r.at(i)) && r.at(i) != '两' && b != a+1 {
		return r.withinYear(year, i+3)
	}
	return span{}, i
}

// calendarDate reads 2026年10月1日, 2026-10-1, 20261001, 10月1号, 3号.
func (r *reader) calendarDate(i int) (span, int) {
	if p, j := r.numericDate(i); j > i {
		return p, j
	}
	n, j := r.number(i)
	if j == i || n != float64(int(n)) {
		return span{}, i
	}
	j = r.blanks(j)
	switch r.at(j) {
	case '年':
		if n >= 1900 && n < 2100 && !r.has(j, "年级") {
			return r.withinYear(int(n), j+1)
		}
	case '月':
		p, k := r.monthDay(r.today.Year(), i)
		if k > i && p.from.After(r.today.AddDate(0, 0, 90)) {
			p, k = r.monthDay(r.today.Year()-1, i)
		}
		return p, k
	case '号', '日':
		return r.bareDay(int(n), i, j+1)
	}
	return span{}, i
}

// bareDay reads a day without month; 3号楼 is none.
func (r *reader) bareDay(n, i, j int) (span, int) {
	follows := []string{"上午", "下午", "晚", "早", "中午", "凌晨", "夜", "开始", "起", "到", "至", "以来", "就", "停", "那天", "之前", "以前", "左右", "前", "后", "当天", "才", "还", "有", "没", "报", "交", "打", "来", "去", "投", "反", "提"}
	said := r.at(j-1) == '日' && r.hasAny(j, []string{"内", "以", "游", "均", "间", "常", "元", "语", "报", "本", "用", "子", "历", "益"}) == 0
	if n < 1 || n > 31 || strings.ContainsRune("第路街道巷弄院村屯区厦座楼栋", r.at(i-1)) || j < len(r.r) && !blank(r.at(j)) && !said && r.hasAny(j, follows) == 0 {
		return span{}, i
	}
	t := time.Date(r.today.Year(), r.today.Month(), n, 0, 0, 0, 0, beijing)
	if t.After(r.today.AddDate(0, 0, 15)) {
		t = time.Date(r.today.Year(), r.today.Month()-1, n, 0, 0, 0, 0, beijing)
	}
	return day(t), j
}

// numericDate reads 2026-10-01, 2026/10/1, 2026.10.1 and 20261001.
func (r *reader) numericDate(i int) (span, int) {
	y, j := r.digits(i, 4, 4)
	if j == i || y < 1900 || y > 2100 {
		return r.compactDate(i)
	}
	sep := r.at(j)
	if sep != '-' && sep != '/' && sep != '.' {
		return span{}, i
	}
	m, k := r.digits(j+1, 1, 2)
	if k == j+1 || m < 1 || m > 12 {
		return span{}, i
	}
	first := time.Date(y, time.Month(m), 1, 0, 0, 0, 0, beijing)
	d, end := r.digits(k+1, 1, 2)
	if r.at(k) != sep || end == k+1 || d < 1 || d > 31 {
		return span{from: first, to: first.AddDate(0, 1, 0)}, k
	}
	return day(first.AddDate(0, 0, d-1)), end
}

func (r *reader) compactDate(i int) (span, int) {
	n, j := r.digits(i, 8, 8)
	y, m, d := n/10000, n/100%100, n%100
	if j == i || y < 1950 || y > 2100 || m < 1 || m > 12 || d < 1 || d > 31 {
		return span{}, i
	}
	return day(time.Date(y, time.Month(m), d, 0, 0, 0, 0, beijing)), j
}

// digits reads a row of least to most Arabic digits that no other follows.
func (r *reader) digits(i, least, most int) (int, int) {
	n, j := 0, i
	for digit(r.at(j)) && j-i <= most {
		n = n*10 + int(r.r[j]-'0')
		j++
	}
	if j-i < least || j-i > most {
		return 0, i
	}
	return n, j
}
