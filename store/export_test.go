package store

import (
	"context"

	"jiban"
)

// ClearKeys are keys that seal nothing, to weigh the sealing against. The root
// they claim must be recorded with SetRoot.
type ClearKeys struct{}

// ClearRoot is the root key that ClearKeys claim.
const ClearRoot = "clear"

func (ClearKeys) Hash(_, value string) string { return value }

func (ClearKeys) SealNow(_, _ string, plain []byte) (string, bool, error) {
	return string(plain), true, nil
}

func (ClearKeys) Ready(context.Context, string) error { return nil }

func (ClearKeys) Mint(contactID string) (jiban.WrappedKey, func(string, []byte) (string, error), error) {
	return jiban.WrappedKey{ID: "key-" + contactID, Owner: holderOf(contactID), Holder: holderOf(contactID), Serial: 1, Root: ClearRoot, Wrapped: "x"},
		func(_ string, plain []byte) (string, error) { return string(plain), nil }, nil
}

func (ClearKeys) Refresh(context.Context) error { return nil }

func (ClearKeys) Sealed(string) bool { return false }

func (ClearKeys) OpenNow(_, sealed string) ([]byte, string, error) { return []byte(sealed), "", nil }

func (ClearKeys) Load(context.Context, []string) ([]string, error) { return nil, nil }

// SealedColumns lists the columns that are sealed, by table: true for free text.
func SealedColumns() map[string]map[string]bool {
	all := map[string]map[string]bool{}
	for _, t := range sealedTables() {
		all[t.name] = map[string]bool{}
		for _, c := range t.columns {
			all[t.name][c.name] = c.free
		}
		if t.text != "" {
			all[t.name][t.text] = false
		}
	}
	return all
}
