package lang

import "time"

// holidays are feasts by name; those of the sun's calendar have a fixed date,
// those of the moon's a table (public facts of the almanac).
var holidays = []struct {
	words []string
	date  string            // MMDD
	moon  map[int]time.Time // first day by year
	days  int
}{
	{words: []string{"国庆节", "国庆", "十一假期", "十一长假", "十一黄金周"}, date: "1001", days: 7},
	{words: []string{"元旦"}, date: "0101", days: 1},
	{words: []string{"五一劳动节", "五一", "劳动节"}, date: "0501", days: 3},
	{words: []string{"清明节", "清明"}, date: "0405", days: 1},
	{words: []string{"儿童节", "六一"}, date: "0601", days: 1},
	{words: []string{"妇女节", "三八节"}, date: "0308", days: 1},
	{words: []string{"教师节"}, date: "0910", days: 1},
	{words: []string{"春节", "过年", "大年初一", "新年"}, moon: newYears, days: 7},
	{words: []string{"端午节", "端午"}, moon: dragonBoats, days: 1},
	{words: []string{"中秋节", "中秋"}, moon: midAutumns, days: 1},
}

func almanac(days ...string) map[int]time.Time {
	out := map[int]time.Time{}
	for _, d := range days {
		if t, err := time.ParseInLocation(time.DateOnly, d, beijing); err == nil {
			out[t.Year()] = t
		}
	}
	return out
}

var (
	newYears    = almanac("2015-02-19", "2016-02-08", "2017-01-28", "2018-02-16", "2019-02-05", "2020-01-25", "2021-02-12", "2022-02-01", "2023-01-22", "2024-02-10", "2025-01-29", "2026-02-17", "2027-02-06", "2028-01-26", "2029-02-13", "2030-02-03")
	dragonBoats = almanac("2015-06-20", "2016-06-09", "2017-05-30", "2018-06-18", "2019-06-07", "2020-06-25", "2021-06-14", "2022-06-03", "2023-06-22", "2024-06-10", "2025-05-31", "2026-06-19", "2027-06-09", "2028-05-28", "2029-06-16", "2030-06-05")
	midAutumns  = almanac("2015-09-27", "2016-09-15", "2017-10-04", "2018-09-24", "2019-09-13", "2020-10-01", "2021-09-21", "2022-09-10", "2023-09-29", "2024-09-17", "2025-10-06", "2026-09-25", "2027-09-15", "2028-10-03", "2029-09-22", "2030-09-12")
)

// holiday reads a feast; the one that lies nearest looking back, or soon ahead.
func (r *reader) holiday(i int) (span, int) {
	p, j := r.holidayOf(i, r.today.Year())
	if j > i && p.from.After(r.today.AddDate(0, 0, 60)) {
		return r.holidayOf(i, r.today.Year()-1)
	}
	return p, j
}

func (r *reader) holidayOf(i, year int) (span, int) {
	for _, h := range holidays {
		n := r.hasAny(i, h.words)
		if n == 0 || r.at(i-1) == '十' || r.has(i, "五一路") || r.has(i, "过年龄") || r.has(i+n, "路") || r.has(i+n, "街") || r.has(i+n, "小区") {
			continue
		}
		from, ok := h.moon[year]
		if h.date != "" {
			from, ok = time.Date(year, time.Month(h.date[0]-'0')*10+time.Month(h.date[1]-'0'), int(h.date[2]-'0')*10+int(h.date[3]-'0'), 0, 0, 0, 0, beijing), true
		}
		if ok {
			return span{from: from, to: from.AddDate(0, 0, h.days)}, i + n
		}
	}
	return span{}, i
}
