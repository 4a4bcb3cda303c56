package people

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/width"

	"jiban"
)

// ImportOptions says how a file is imported.
type ImportOptions struct {
	DryRun   bool   // read and report, write nothing
	Delta    bool   // change the list by the rows; otherwise the file replaces it
	SkipBad  bool   // import the good rows of a file with bad ones; otherwise nothing of it
	Encoding string // UTF8 or GB18030, "" to tell by the file
	By       string // staff id, for the audit record
	Progress func(ImportProgress)
	// Bad, when set, hears of every row that cannot be taken, of more than the
	// report keeps.
	Bad func(RowError)
}

// ImportProgress is how far an import is. Writing begins when all rows are read.
type ImportProgress struct {
	Rows    int
	Bytes   int64 // read
	Written int   // of Buckets
	Buckets int
}

// ImportReport says what a file held and what became of it. It repeats nothing
// of a row but its number.
type ImportReport struct {
	Encoding string
	Rows     int            // but the header
	Bad      int            // rows that cannot be taken
	Expired  int            // rows whose year is over: left out
	Removed  int            // rows that take numbers off the list (delta)
	Kinds    map[string]int // good rows by kind
	Ignored  []string       // columns that were not read, the name among them
	Errors   []RowError     // the first thousand
	Before   int            // numbers on the list before
	Phones   int            // numbers on the list after
	Applied  bool
}

// RowError says why a row cannot be taken.
type RowError struct {
	Row  int // as a table program numbers them: the header is row 1
	Text string
}

const (
	maxErrors    = 1000
	progressStep = 10_000
	blocksAtOnce = 128 // buckets of one transaction: some 200 KB, so that the house goes on
	maxKindRunes = 32
	usualKind    = "特服"
	// abandoned is the age at which a roster that never came into use is swept.
	abandoned = 24 * time.Hour
)

// columns of the file: places of what is read, -1 for none.
type columns struct {
	phones              []int
	kind, until, action int
	width               int
}

// Names of columns, folded; a number behind a telephone's column is allowed.
var (
	phoneColumns  = []string{"号码", "phone", "phones", "telephone", "telephones", "tel", "mobile"}
	phoneEndings  = []string{"电话", "手机", "手机号", "手机号码", "电话号码", "联系方式"} // 备用电话, 监护人手机 …
	kindColumns   = []string{"类别", "类型", "人员类别", "人员类型", "名单类别", "特服类别", "kind", "type", "category"}
	untilColumns  = []string{"有效期", "有效期至", "有效年份", "到期年份", "到期年度", "截止年份", "年度", "年份", "expiry", "expires", "until", "year", "expiry year"}
	actionColumns = []string{"操作", "变更", "action", "change"}
	addWords      = []string{"", "新增", "增加", "增", "修改", "变更", "add", "update"}
	removeWords   = []string{"删除", "移除", "减少", "减", "注销", "delete", "remove"}
	endlessWords  = []string{"", "长期", "永久", "无", "none"}
)

// Import reads a roster file (csv; columns: one or several telephones, kind, year
// of expiry, and for a delta the action; the name is not kept) and puts it in the
// place of the list, or changes the list by it. Whoever looks meanwhile sees the
// old list, then, from one transaction on, the new one. With bad rows nothing is
// imported, unless SkipBad: the error is then of CodeInvalid and the report names
// the rows.
func (r *Roster) Import(ctx context.Context, in io.Reader, o ImportOptions) (ImportReport, error) {
	im := &rosterImport{r: r, o: o, now: r.d.Clock.Now(), entries: newBuckets(), report: ImportReport{Kinds: map[string]int{}}}
	if o.Progress == nil {
		im.o.Progress = func(ImportProgress) {}
	}
	if err := im.base(ctx); err != nil {
		return im.report, err
	}
	if err := im.readAll(ctx, in); err != nil {
		return im.report, err
	}
	if im.report.Bad > 0 && !o.SkipBad {
		return im.report, jiban.Errorf(jiban.CodeInvalid, "people.Import",
			"%d of %d rows cannot be taken, nothing was imported: correct them, or import without them", im.report.Bad, im.report.Rows)
	}
	return im.report, im.apply(ctx)
}

// rosterImport is one file on its way in.
type rosterImport struct {
	r       *Roster
	o       ImportOptions
	now     time.Time
	was     jiban.Roster // the list in use, zero for none
	kinds   *kindList
	cols    columns
	entries buckets
	report  ImportReport
}

func (im *rosterImport) base(ctx context.Context) error {
	was, err := im.r.d.Store.ActiveRoster(ctx)
	if err != nil && jiban.CodeOf(err) != jiban.CodeNotFound {
		return err
	}
	im.was, im.report.Before = was, was.Phones
	im.kinds = newKindList(nil)
	if im.o.Delta {
		im.kinds = newKindList(was.Kinds)
	}
	return nil
}

func (im *rosterImport) readAll(ctx context.Context, in io.Reader) error {
	t, err := newTable(in, im.o.Encoding)
	if err != nil {
		return err
	}
	im.report.Encoding = t.encoding
	header, _, err := t.next()
	if err != nil {
		return jiban.Errorf(jiban.CodeInvalid, "people.Import", "the file has no header that can be read: %w", err)
	}
	if err := im.header(header); err != nil {
		return err
	}
	for {
		fields, fatal, err := t.next()
		if errors.Is(err, io.EOF) {
			im.o.Progress(ImportProgress{Rows: im.report.Rows, Bytes: t.read})
			return nil
		}
		if fatal {
			return err
		}
		im.report.Rows++
		if err == nil {
			err = im.row(fields)
		}
		if err != nil {
			im.bad(t.row, err)
		}
		if im.report.Rows%progressStep == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			im.o.Progress(ImportProgress{Rows: im.report.Rows, Bytes: t.read})
		}
	}
}

func (im *rosterImport) bad(row int, err error) {
	im.report.Bad++
	e := RowError{Row: row, Text: err.Error()}
	if len(im.report.Errors) < maxErrors {
		im.report.Errors = append(im.report.Errors, e)
	}
	if im.o.Bad != nil {
		im.o.Bad(e)
	}
}

func fold(s string) string {
	if !ascii([]byte(s)) {
		s = width.Fold.String(s)
	}
	return strings.ToLower(strings.TrimSpace(s))
}

// header finds the columns by their names.
func (im *rosterImport) header(names []string) error {
	c := columns{kind: -1, until: -1, action: -1, width: len(names)}
	for i, name := range names {
		folded := fold(name)
		switch {
		case isPhoneColumn(strings.TrimRight(folded, "0123456789 _")):
			c.phones = append(c.phones, i)
		case c.kind < 0 && slices.Contains(kindColumns, folded):
			c.kind = i
		case c.until < 0 && slices.Contains(untilColumns, folded):
			c.until = i
		case c.action < 0 && slices.Contains(actionColumns, folded):
			c.action = i
		default:
			im.report.Ignored = append(im.report.Ignored, cut(name, maxKindRunes))
		}
	}
	if len(c.phones) == 0 {
		return jiban.Errorf(jiban.CodeInvalid, "people.Import", "the first row names no column with telephones: call it 电话 or phone")
	}
	if c.action >= 0 && !im.o.Delta {
		return jiban.Errorf(jiban.CodeInvalid, "people.Import", "the file has a column of changes: import it as a delta, or take the column out")
	}
	im.cols = c
	return nil
}

func isPhoneColumn(name string) bool {
	return slices.Contains(phoneColumns, name) ||
		slices.ContainsFunc(phoneEndings, func(end string) bool { return strings.HasSuffix(name, end) })
}

// row takes one row in.
func (im *rosterImport) row(fields []string) error {
	if len(fields) != im.cols.width {
		return fmt.Errorf("列数不符 %d columns, the header has %d", len(fields), im.cols.width)
	}
	numbers, err := im.numbers(fields)
	if err != nil {
		return err
	}
	until, err := year(at(fields, im.cols.until))
	if err != nil {
		return err
	}
	off, err := removes(at(fields, im.cols.action))
	if err != nil {
		return err
	}
	kind := strings.TrimSpace(at(fields, im.cols.kind))
	if kind == "" {
		kind = usualKind
	}
	if utf8.RuneCountInString(kind) > maxKindRunes {
		return errors.New("类别过长 the kind is too long")
	}
	return im.take(numbers, kind, until, off)
}

func (im *rosterImport) take(numbers []string, kind string, until int, off bool) error {
	number := byte(removed)
	switch {
	case off:
		im.report.Removed++
	case until != 0 && until < im.now.In(jiban.Beijing).Year():
		im.report.Expired++
		if !im.o.Delta {
			return nil
		}
	default:
		var ok bool
		if number, ok = im.kinds.number(kind); !ok {
			return fmt.Errorf("类别过多 there are more than %d kinds", maxKinds)
		}
		im.report.Kinds[kind]++
	}
	for _, n := range numbers {
		im.entries.add(newEntry(im.r.d.Hash.Digest(rosterDomain, n), number, uint16(until)))
	}
	return nil
}

func at(fields []string, i int) string {
	if i < 0 {
		return ""
	}
	return fields[i]
}

func cut(s string, runes int) string {
	if r := []rune(s); len(r) > runes {
		return string(r[:runes])
	}
	return s
}

// numbers reads the telephones of a row: several columns, and several in one.
func (im *rosterImport) numbers(fields []string) ([]string, error) {
	var out []string
	for _, c := range im.cols.phones {
		for _, one := range strings.FieldsFunc(fields[c], func(r rune) bool {
			return r == '、' || r == '/' || r == ';' || r == '；' || r == ',' || r == '，' || r == '|'
		}) {
			if strings.TrimSpace(one) == "" {
				continue
			}
			n, ok := Phone(one)
			if !ok {
				return nil, fmt.Errorf("电话号码有误 a telephone number in column %d cannot be read", c+1)
			}
			out = append(out, n)
		}
	}
	if len(out) == 0 {
		return nil, errors.New("没有电话号码 there is no telephone number")
	}
	return out, nil
}

// year reads the last year of an entry: 2027, 2027年, 2027-12-31; 0 for no end.
func year(s string) (int, error) {
	s = fold(s)
	if slices.Contains(endlessWords, s) {
		return 0, nil
	}
	digits := s
	if len(s) > 4 {
		digits = s[:4]
		if rest := s[4:]; !strings.HasPrefix(rest, "年") && rest[0] != '-' && rest[0] != '/' && rest[0] != '.' {
			return 0, errors.New("有效期有误 the year of expiry cannot be read")
		}
	}
	y, err := strconv.Atoi(digits)
	if err != nil || y < 2000 || y > 2200 {
		return 0, errors.New("有效期有误 the year of expiry cannot be read")
	}
	return y, nil
}

func removes(s string) (bool, error) {
	s = fold(s)
	switch {
	case slices.Contains(addWords, s):
		return false, nil
	case slices.Contains(removeWords, s):
		return true, nil
	}
	return false, errors.New("操作有误 the change is neither 新增 (add) nor 删除 (delete)")
}

// apply makes the new list and puts it into the old one's place.
func (im *rosterImport) apply(ctx context.Context) error {
	if err := im.merge(ctx); err != nil {
		return err
	}
	for i := range im.entries {
		im.entries[i] = settle(im.entries[i])
		im.report.Phones += len(im.entries[i])
	}
	if im.o.DryRun {
		return nil
	}
	next := jiban.Roster{ID: im.r.d.IDs.NewID(), Kinds: im.kinds.names, Rows: im.report.Rows, Phones: im.report.Phones,
		By: im.o.By, CreatedAt: im.now}
	if err := im.r.d.Store.AddRoster(ctx, next); err != nil {
		return err
	}
	err := im.write(ctx, next)
	if err == nil {
		err = im.r.d.Store.UseRoster(ctx, next, im.was.ID, []jiban.AuditEntry{{Actor: im.o.By, Action: "roster.imported",
			Object: "roster:" + next.ID, Result: fmt.Sprintf("%d rows, %d numbers, %d before", next.Rows, next.Phones, im.report.Before)}})
	}
	if err != nil {
		// What was written is in nobody's way, but need not wait for the next sweep.
		return errors.Join(err, im.r.d.Store.DropRoster(context.WithoutCancel(ctx), next.ID))
	}
	im.report.Applied = true
	return im.r.d.Store.SweepRosters(ctx, im.now.Add(-abandoned), im.was.ID)
}

// merge puts the present list before the changes of a delta.
func (im *rosterImport) merge(ctx context.Context) error {
	if !im.o.Delta || im.was.ID == "" {
		return nil
	}
	for after := -1; ; {
		found, err := im.r.d.Store.RosterBlocks(ctx, im.was.ID, after, blocksAtOnce)
		if err != nil || len(found) == 0 {
			return err
		}
		for _, b := range found {
			if b.Bucket < 0 || b.Bucket >= bucketCount {
				return jiban.Errorf(jiban.CodeInternal, "people.Import", "the list in use has a bucket %d", b.Bucket)
			}
			im.entries[b.Bucket] = append(unpackEntries(b.Data), im.entries[b.Bucket]...)
		}
		after = found[len(found)-1].Bucket
	}
}

func (im *rosterImport) write(ctx context.Context, next jiban.Roster) error {
	blocks := make([]jiban.RosterBlock, 0, blocksAtOnce)
	flush := func(done int) error {
		if len(blocks) == 0 {
			return nil
		}
		err := im.r.d.Store.AddRosterBlocks(ctx, next.ID, blocks)
		blocks = blocks[:0]
		im.o.Progress(ImportProgress{Rows: im.report.Rows, Written: done, Buckets: bucketCount})
		return err
	}
	for i, all := range im.entries {
		if len(all) > 0 {
			blocks = append(blocks, jiban.RosterBlock{Bucket: i, Data: packEntries(all)})
		}
		if len(blocks) == blocksAtOnce || i == bucketCount-1 {
			if err := flush(i + 1); err != nil {
				return err
			}
		}
	}
	return nil
}
