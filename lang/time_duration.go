package lang

import (
	"math"
	"strings"
	"time"
)

// durationUnit is a unit of time with the words for it; counted units need 个 or
// take it.
type durationUnit struct {
	words []string
	not   []string // what may not stand here: other words that begin alike
	years int
	month int
	days  int
	short time.Duration
}

var durationUnits = []durationUnit{
	{words: []string{"小时", "个小时", "个钟头", "钟头", "个钟", "hours", "hour", "h", " hours", " hour"}, not: []string{"小时工", "小时候"}, short: time.Hour},
	{words: []string{"分钟", "minutes", " minutes"}, short: time.Minute},
	{words: []string{"刻钟"}, short: 15 * time.Minute},
	{words: []string{"秒钟", "秒"}, short: time.Second},
	{words: []string{"天", "整天", "昼夜", "days", "day", " days", " day"}, not: []string{"天然", "天河", "天气", "天桥", "天台"}, days: 1},
	{words: []string{"周", "个星期", "星期", "个礼拜", "礼拜", "weeks", "week", " weeks", " week"}, not: []string{"周岁", "周边", "周年", "周围", "星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日", "星期天"}, days: 7},
	{words: []string{"个工作日", "工作日"}, days: 1},
	{words: []string{"个月", "months", "month", " months", " month"}, month: 1},
	{words: []string{"年", "整年", "years", "year", " years", " year"}, not: []string{"年级", "年度", "年龄", "年轻", "年检", "年会", "年报", "年货", "年代", "年底", "年初", "年末"}, years: 1},
}

// durationBefore are words that belong to a duration that follows.
var durationBefore = []string{"超过", "将近", "接近", "大概", "大约", "差不多", "不到", "快", "近", "最近", "过去", "过去的", "整整", "足足", "至少", "已经", "已", "连续", "持续", "长达", "未来", "未来的", "今后", "再过", "过", "over ", "more than ", "about ", "almost ", "for "}

// durationAt reads a length of time at rune i: 三天, 超过24小时, 半个月, 两三天, 好几个月,
// 一个半小时, 三天前.
func (r *reader) durationAt(i int) (TimeSpan, int, bool) {
	j := i
	for n := r.hasAny(j, durationBefore); n > 0; n = r.hasAny(j, durationBefore) {
		j = r.blanks(j + n)
	}
	if r.ordinal(i) {
		return TimeSpan{}, i, false
	}
	if r.at(i) == '过' && r.at(i+1) != '去' && i > 0 && !blank(r.at(i-1)) && !strings.ContainsRune("再等先就来", r.at(i-1)) {
		return TimeSpan{}, i, false
	}
	n, k, vague := r.countRange(j)
	if k == j {
		return TimeSpan{}, i, false
	}
	u, end, half := r.unit(k)
	if u == nil || u.years > 0 && n >= 1900 {
		return TimeSpan{}, i, false
	}
	n += half
	if r.at(end) == '半' && u.short == 0 && u.month == 0 { // 一年半, 两天半
		n, end = n+0.5, end+1
	}
	if r.at(end) == '多' {
		end++
	}
	start := r.tidyStart(i, j)
	ahead, within := r.hasAny(i, []string{"未来", "今后", "再过", "过"}), r.hasAny(end, []string{"内", "以内", "之内"})
	if ahead > 0 && !r.has(i, "过去") || within > 0 && r.hasAny(i, []string{"近", "最近", "过去"}) == 0 {
		end += within
		t := TimeSpan{Text: r.text(i, end), Start: r.start[i], End: r.end[end-1], From: r.now, To: u.from(r.now, n), Duration: true, Vague: true}
		return t, end, true
	}
	return r.durationSpan(start, end, u, n, vague || j > i)
}

// countRange reads a number, or two with the larger counting: 3-5天, 三到五天.
func (r *reader) countRange(j int) (float64, int, bool) {
	n, k, vague := r.count(j)
	w := r.hasAny(k, rangeWords)
	if k == j || w == 0 || r.has(k, "、") {
		return n, k, vague
	}
	if more, end, _ := r.count(k + w); end > k+w && more > n {
		if u, _, _ := r.unit(end); u != nil && u.years == 0 {
			return more, end, true
		}
	}
	return n, k, vague
}

// ordinal reports whether the number at rune i, or one it is a part of, counts a
// place in a row or repeats: 第三天, 第三十七个星期, 每两天.
func (r *reader) ordinal(i int) bool {
	for i > 0 && isNumeral(r.at(i-1)) && isNumeral(r.at(i)) {
		i--
	}
	c := r.at(i - 1)
	return c == '第' || c == '每' || c == '同'
}

// durations reads a length of time said in several units: 两天三小时, 一年又三个月.
func (r *reader) durations(i int) (TimeSpan, int, bool) {
	t, j, ok := r.durationAt(i)
	for ok && t.Duration {
		k := j
		if r.at(k) == '又' || r.at(k) == '零' {
			k++
		}
		if !digit(r.at(k)) && !isNumeral(r.at(k)) && r.at(k) != '半' {
			break
		}
		more, end, another := r.durationAt(k)
		if !another || !more.Duration || more.To.Sub(more.From) >= t.To.Sub(t.From) {
			break
		}
		t.From = t.From.Add(-more.To.Sub(more.From))
		t.End, t.Vague, j = more.End, t.Vague || more.Vague, end
		t.Text = r.src[t.Start:t.End]
	}
	return t, j, ok
}

// tidyStart leaves words like 已经 out of the text but keeps 超过 and 将近.
func (r *reader) tidyStart(i, j int) int {
	for i < j {
		n := r.hasAny(i, []string{"已经", "已", "连续", "持续", "for "})
		if n == 0 {
			break
		}
		i = r.blanks(i + n)
	}
	return i
}

// count reads the number of a duration: 3, 三, 两三, 十几, 几, 好几, 半, 数.
func (r *reader) count(j int) (n float64, k int, vague bool) {
	if w := r.hasAny(j, []string{"大半", "半"}); w > 0 {
		return 0.5, j + w, w > 1
	}
	if w := r.hasAny(j, []string{"几十", "好几十"}); w > 0 {
		return 30, j + w, true
	}
	if w := r.hasAny(j, []string{"俩", "仨"}); w > 0 {
		return float64(2 + boolInt(r.has(j, "仨"))), j + w, false
	}
	if w := r.hasAny(j, []string{"好几", "几", "好多", "数", "多", "若干"}); w > 0 {
		return 3, j + w, true
	}
	n, k = r.number(j)
	if k == j || n == 0 || n > 5000 {
		return 0, j, false
	}
	if a, b := numeralDigits[r.at(j)], numeralDigits[r.at(j+1)]; k == j+2 && a > 0 && b == a+1 {
		n, vague = float64(b), true
	}
	for r.at(k) == '多' || r.at(k) == '几' || r.at(k) == '来' || r.at(k) == '余' || r.at(k) == ' ' {
		vague = vague || r.at(k) != ' '
		k++
	}
	return n, k, vague
}

// unit reads the unit after a number; half is what 个半 adds. 多 may stand inside
// (三个多月).
func (r *reader) unit(k int) (*durationUnit, int, float64) {
	half := 0.0
	if r.at(k) == '个' && (r.at(k+1) == '半' || r.at(k+1) == '多' || r.at(k+1) == '来') {
		if r.at(k+1) == '半' {
			half = 0.5
		}
		for m := range durationUnits {
			u := &durationUnits[m]
			for _, w := range u.words {
				if bare := []rune(w); r.has(k+2, w) || bare[0] == '个' && r.has(k+2, string(bare[1:])) {
					return u, k + 2 + len(bare) - boolInt(bare[0] == '个'), half
				}
			}
		}
		return nil, k, 0
	}
	for m := range durationUnits {
		u := &durationUnits[m]
		n := r.hasAny(k, u.words)
		if n == 0 || r.hasAny(k, u.not) > 0 || latin(r.at(k+n-1)) && latin(r.at(k+n)) {
			continue
		}
		return u, k + n, 0
	}
	return nil, k, 0
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// durationSpan places a duration in time: before now, unless 后 says otherwise.
func (r *reader) durationSpan(i, end int, u *durationUnit, n float64, vague bool) (TimeSpan, int, bool) {
	t := TimeSpan{Duration: true, Vague: vague}
	switch w := r.hasAny(r.blanks(end), []string{"之前", "以前", "前", "ago"}); {
	case w > 0 && !r.has(end, "前面"):
		t.From, t.Duration = u.from(r.now, -n), false
		if u.short == 0 {
			t.From = midnight(t.From)
		}
		t.To, end = t.From.AddDate(0, 0, 1), r.blanks(end)+w
		if u.short > 0 {
			t.To = t.From.Add(u.short)
		}
		t.Since = r.lasting(i, end)
	case r.hasAny(end, []string{"之后", "以后", "后"}) > 0 && !r.has(end, "后面"):
		end += r.hasAny(end, []string{"之后", "以后", "后"})
		t.From, t.Duration = u.from(r.now, n), false
		t.To = t.From.AddDate(0, 0, 1)
	default:
		end += r.hasAny(end, []string{"以上", "左右", "以来", "来", "以内", "之内", "内", "以下"})
		t.From, t.To = u.from(r.now, -n), r.now
		t.Since = true
	}
	t.Text, t.Start, t.End = r.text(i, end), r.start[i], r.end[end-1]
	return t, end, true
}

// from moves t by n units.
func (u *durationUnit) from(t time.Time, n float64) time.Time {
	whole := math.Trunc(n)
	rest := n - whole
	switch {
	case u.short > 0:
		return t.Add(time.Duration(n * float64(u.short)))
	case u.days > 0:
		return t.Add(time.Duration(n * float64(u.days) * 24 * float64(time.Hour)))
	case u.month > 0:
		return t.AddDate(0, int(whole), int(rest*30))
	}
	return t.AddDate(int(whole), int(rest*12), 0)
}
