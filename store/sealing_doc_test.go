package store_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"jiban/store"
)

// sealedElsewhere are columns that hold sealed values which other rooms made.
var sealedElsewhere = []string{"files.sealed", "accounts.second_factor", "keys.wrapped"}

// verdicts reads the table of docs/sealing.md: for each table the columns always
// sealed, sealed as free text, hashed, and in the clear.
func verdicts(t *testing.T) map[string][4][]string {
	t.Helper()
	text, err := os.ReadFile("../docs/sealing.md")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][4][]string{}
	for line := range strings.SplitSeq(string(text), "\n") {
		cells := strings.Split(line, "|")
		if len(cells) != 7 || strings.TrimSpace(cells[1]) == "table" || strings.HasPrefix(cells[1], "---") {
			continue
		}
		var v [4][]string
		for i := range v {
			v[i] = strings.Fields(cells[i+2])
		}
		all[strings.TrimSpace(cells[1])] = v
	}
	return all
}

// TestEveryColumnHasAVerdict keeps docs/sealing.md complete, and true.
func TestEveryColumnHasAVerdict(t *testing.T) {
	p := sqlitePlace(t)
	p.open(t)
	db := p.sql(t)
	said, done := verdicts(t), store.SealedColumns()
	for _, table := range p.tables(t, db) {
		if table == "goose_db_version" || strings.HasPrefix(table, "sqlite_") {
			continue
		}
		v := said[table]
		delete(said, table)
		listed := slices.Concat(v[0], v[1], v[2], v[3])
		columns := must[[]string](t)(texts(db.QueryContext(t.Context(), "SELECT name FROM pragma_table_xinfo('"+table+"')")))
		slices.Sort(listed)
		slices.Sort(columns)
		if !slices.Equal(listed, columns) {
			t.Errorf("docs/sealing.md lists %s with %v, it has %v", table, listed, columns)
		}
		for _, c := range columns {
			free, sealed := done[table][c]
			if sealed != (slices.Contains(v[0], c) || slices.Contains(v[1], c)) && !slices.Contains(sealedElsewhere, table+"."+c) {
				t.Errorf("%s.%s is sealed: %v, docs/sealing.md says otherwise", table, c, sealed)
			}
			if sealed && free != slices.Contains(v[1], c) {
				t.Errorf("%s.%s is free text: %v, docs/sealing.md says otherwise", table, c, free)
			}
		}
	}
	for table := range said {
		t.Errorf("docs/sealing.md lists %s, which there is not", table)
	}
}
