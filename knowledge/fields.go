package knowledge

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"jiban"
	"jiban/lang"
)

// columnNames lists the ways in which a column may be named, beside its English
// name. All are compared folded and without blanks.
var columnNames = map[string][]string{
	"id":         {"编号", "知识编号", "序号", "标识", "知识id"},
	"title":      {"标题", "知识标题", "名称", "事项名称", "问题", "question"},
	"body":       {"text", "正文", "内容", "知识内容", "答案", "答复", "回答", "content", "answer"},
	"department": {"部门", "责任部门", "责任单位", "主管部门", "承办单位", "提供单位", "实施主体"},
	"region":     {"regions", "区划", "地区", "区域", "适用地区", "适用区域", "行政区划"},
	"audience":   {"对象", "服务对象", "适用对象", "受众"},
	"theme":      {"主题", "分类", "类别", "知识分类"},
	"source":     {"来源", "依据", "政策依据", "设定依据", "出处", "文号"},
	"valid_from": {"validfrom", "生效日期", "生效时间", "有效期起", "开始日期"},
	"valid_to":   {"validto", "失效日期", "失效时间", "有效期止", "截止日期", "有效期至"},
	"similar":    {"相似问法", "相似问", "相似问题", "问法", "别名", "alias", "aliases"},
	"keywords":   {"keyword", "关键词", "关键字"},
}

// columnName returns the English name of a column, "" for one that is not ours.
func columnName(header string) string {
	folded := strings.ReplaceAll(lang.Fold(header), " ", "")
	for name, others := range columnNames {
		if folded == name || slices.Contains(others, folded) {
			return name
		}
	}
	return ""
}

// Limits on one article, in characters and pieces.
const (
	maxID      = 128
	maxTitle   = 300
	maxBody    = 50_000
	maxWord    = 2_000
	maxPieces  = 200
	autoTitle  = 60 // of a title made from the body
	autoIDSize = 12 // bytes of the hash that makes an id
)

// article makes an article of the row, or tells what is wrong with it.
func (r row) article(p places) (jiban.Article, []RowError) {
	var errs []RowError
	fail := func(column, format string, args ...any) {
		errs = append(errs, RowError{Column: column, Problem: fmt.Sprintf(format, args...)})
	}
	a := jiban.Article{
		ID:         r.one("id", maxID, fail),
		Title:      r.one("title", maxTitle, fail),
		Body:       r.one("body", maxBody, fail),
		Department: r.one("department", maxWord, fail),
		Source:     r.one("source", maxWord, fail),
		Theme:      strings.Join(r.many("theme", maxWord, fail), "、"),
		Similar:    r.many("similar", maxWord, fail),
		Keywords:   r.many("keywords", maxWord, fail),
	}
	a.Audience = r.audience(fail)
	a.Regions = r.regions(p, fail)
	a.ValidFrom = r.date("valid_from", false, fail)
	a.ValidTo = r.date("valid_to", true, fail)
	if !a.ValidTo.IsZero() && a.ValidTo.Before(a.ValidFrom) {
		fail("valid_to", "lies before valid_from")
	}
	if a.Body == "" {
		fail("body", "is empty")
	}
	if a.Title == "" {
		a.Title = firstSentence(a.Body)
	}
	if a.ID == "" {
		a.ID = autoID(a)
	}
	return a, errs
}

type failing = func(column, format string, args ...any)

// one returns the single value of a column.
func (r row) one(column string, limit int, fail failing) string {
	value := strings.Join(r.cells[column], "\n")
	if strings.ContainsRune(value, 0) || !utf8.ValidString(value) {
		fail(column, "holds bytes that are no text")
		return ""
	}
	if n := utf8.RuneCountInString(value); n > limit {
		fail(column, "has %d characters, at most %d are allowed", n, limit)
		return ""
	}
	if column == "id" && strings.ContainsAny(value, "\n\r\t ") {
		fail(column, "must not hold blanks")
	}
	return value
}

// many returns the pieces of a column: those of a list, or of a text that is
// divided by lines, bars or semicolons.
func (r row) many(column string, limit int, fail failing) []string {
	var all []string
	for _, value := range r.cells[column] {
		if strings.ContainsRune(value, 0) || !utf8.ValidString(value) {
			fail(column, "holds bytes that are no text")
			return nil
		}
		for _, piece := range strings.FieldsFunc(value, func(c rune) bool { return strings.ContainsRune("\n\r|;；", c) }) {
			piece = strings.TrimSpace(piece)
			if utf8.RuneCountInString(piece) > limit {
				fail(column, "a piece has more than %d characters", limit)
				return nil
			}
			if piece != "" && !slices.Contains(all, piece) {
				all = append(all, piece)
			}
		}
	}
	if len(all) > maxPieces {
		fail(column, "has %d pieces, at most %d are allowed", len(all), maxPieces)
		return nil
	}
	return all
}

// audienceWords are the words for whom an article is.
var audienceWords = map[string]jiban.Audience{
	"citizen": jiban.Citizen, "自然人": jiban.Citizen, "个人": jiban.Citizen, "市民": jiban.Citizen,
	"群众": jiban.Citizen, "公民": jiban.Citizen, "居民": jiban.Citizen,
	"enterprise": jiban.Enterprise, "企业": jiban.Enterprise, "企业法人": jiban.Enterprise,
	"法人": jiban.Enterprise, "事业法人": jiban.Enterprise, "社会组织法人": jiban.Enterprise,
	"非法人企业": jiban.Enterprise, "行政机关": jiban.Enterprise, "其他组织": jiban.Enterprise,
	"个体工商户": jiban.Enterprise, "business": jiban.Enterprise,
	"both": jiban.Everyone, "全部": jiban.Everyone, "通用": jiban.Everyone, "不限": jiban.Everyone,
	"所有": jiban.Everyone, "all": jiban.Everyone,
}

// audience returns whom the row is for; everyone when it does not say.
func (r row) audience(fail failing) jiban.Audience {
	var found jiban.Audience
	for _, piece := range r.many("audience", maxWord, fail) {
		for _, word := range strings.FieldsFunc(piece, func(c rune) bool { return strings.ContainsRune(",，、/ ", c) }) {
			a, ok := audienceWords[lang.Fold(word)]
			if !ok {
				fail("audience", "unknown word %q: use citizen, enterprise, both, 自然人, 企业法人 …", cut(word))
				return jiban.Everyone
			}
			if found != "" && found != a {
				a = jiban.Everyone
			}
			found = a
		}
	}
	if found == "" {
		return jiban.Everyone
	}
	return found
}

// regions returns the codes of the row's regions; the country's when it does not
// say.
func (r row) regions(p places, fail failing) []string {
	var codes []string
	for _, piece := range r.many("region", maxWord, fail) {
		for _, word := range strings.FieldsFunc(piece, func(c rune) bool { return strings.ContainsRune(",，、/ ", c) }) {
			code := p.code(word)
			if code == "" {
				fail("region", "unknown region %q: use the six-digit code (GB/T 2260), 000000 for the country", cut(word))
				continue
			}
			if !slices.Contains(codes, code) {
				codes = append(codes, code)
			}
		}
	}
	if len(codes) == 0 {
		return []string{country}
	}
	return codes
}

var dateLayouts = []string{
	time.RFC3339, "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-1-2 15:04", "2006-1-2T15:04",
	"2006/1/2 15:04:05", "2006/1/2 15:04", "2006年1月2日15:04", "2006年1月2日 15:04",
}

var dayLayouts = []string{"2006-1-2", "2006/1/2", "2006.1.2", "2006年1月2日", "20060102"}

// date reads a time as Beijing reads it. A bare day as the end of validity
// includes that whole day.
func (r row) date(column string, end bool, fail failing) time.Time {
	word := strings.TrimSpace(lang.Fold(strings.Join(r.cells[column], "")))
	if word == "" || word == "长期" || word == "永久" || word == "长期有效" {
		return time.Time{}
	}
	for _, layout := range dateLayouts {
		if t, err := time.ParseInLocation(layout, strings.ToUpper(word), jiban.Beijing); err == nil {
			return within(t, column, fail)
		}
	}
	day, ok := parseDay(word)
	if !ok {
		fail(column, "%q is no date: use 2026-01-31 or 2026-01-31 09:00", cut(word))
		return time.Time{}
	}
	if end && day.Hour() == 0 && day.Minute() == 0 && day.Second() == 0 {
		day = day.AddDate(0, 0, 1).Add(-time.Nanosecond)
	}
	return within(day, column, fail)
}

// parseDay reads a day, or the serial number that a table programme keeps for
// one.
func parseDay(word string) (time.Time, bool) {
	for _, layout := range dayLayouts {
		if t, err := time.ParseInLocation(layout, word, jiban.Beijing); err == nil {
			return t, true
		}
	}
	serial, err := strconv.ParseFloat(word, 64)
	if err != nil || !(serial >= 20000 && serial < 80000) { // 1954 to 2119
		return time.Time{}, false
	}
	zero := time.Date(1899, 12, 30, 0, 0, 0, 0, jiban.Beijing)
	return zero.Add(time.Duration(serial*24*3600+0.5) * time.Second), true
}

func within(t time.Time, column string, fail failing) time.Time {
	if t.Year() < 1949 || t.Year() > 2200 {
		fail(column, "the year %d cannot be meant", t.Year())
		return time.Time{}
	}
	return t.UTC()
}

// firstSentence makes a title of a body.
func firstSentence(body string) string {
	line, _, _ := strings.Cut(strings.TrimLeft(body, "# \n"), "\n")
	if i := strings.IndexAny(line, "。！？!?"); i > 0 {
		line = line[:i]
	}
	runes := []rune(strings.TrimSpace(line))
	return string(runes[:min(autoTitle, len(runes))])
}

// autoID makes the same id for the same title, regions and department, so that
// importing a file again changes its articles and does not double them.
func autoID(a jiban.Article) string {
	sum := sha256.Sum256([]byte(a.Title + "\x00" + strings.Join(a.Regions, ",") + "\x00" + a.Department))
	return "auto-" + hex.EncodeToString(sum[:autoIDSize])
}

// cut shortens a word for an error message.
func cut(word string) string {
	runes := []rune(word)
	if len(runes) > 20 {
		return string(runes[:20]) + "…"
	}
	return word
}
