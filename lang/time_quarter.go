package lang

import "time"

// quarter reads 一季度, 第三季度, 上个季度, 本季度末; and 上半年 of this year.
func (r *reader) quarter(i int) (span, int) {
	if r.hasAny(i, []string{"上半年", "下半年"}) > 0 {
		return r.withinYear(r.today.Year(), i)
	}
	if p, j := r.quarterOf(r.today.Year(), i); j > i {
		return p, j
	}
	offset, j, said := r.weekOffset(i)
	if !said || !r.has(j, "季度") {
		return span{}, i
	}
	now := (int(r.today.Month()) - 1) / 3
	return quarterSpan(r.today.Year(), now+offset), j + 2
}

// quarterOf reads a quarter that is named by its number.
func (r *reader) quarterOf(year, i int) (span, int) {
	k := i
	if r.at(k) == '第' {
		k++
	}
	n, j := r.number(k)
	if r.at(k) == '首' {
		n, j = 1, k+1
	}
	if j == k || n < 1 || n > 4 || n != float64(int(n)) || !r.has(j, "季度") {
		return span{}, i
	}
	return quarterSpan(year, int(n)-1), j + 2
}

// quarterSpan is the quarter that begins n quarters after a year does.
func quarterSpan(year, n int) span {
	first := time.Date(year, time.Month(1+3*n), 1, 0, 0, 0, 0, beijing)
	return span{from: first, to: first.AddDate(0, 3, 0)}
}
