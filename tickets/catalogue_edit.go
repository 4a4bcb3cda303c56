package tickets

import (
	"fmt"
	"maps"
	"slices"

	"jiban"
)

// Edit is a set of changes to a draft: entries that are put in, in place of those
// with the same key, and keys of entries that are taken out. Everything is
// optional; Limits and UrgentLimits replace the defaults whole.
type Edit struct {
	Note         string                                            `json:"note,omitempty"`
	Categories   []jiban.Category                                  `json:"categories,omitempty"`
	Matters      []jiban.Matter                                    `json:"matters,omitempty"`
	Owners       []jiban.Owner                                     `json:"owners,omitempty"`
	Departments  []jiban.Department                                `json:"departments,omitempty"`
	Regions      []jiban.Region                                    `json:"regions,omitempty"`
	Limits       map[jiban.RequestType]jiban.Limit                 `json:"limits,omitempty"`
	UrgentLimits map[jiban.Grade]map[jiban.RequestType]jiban.Limit `json:"urgent_limits,omitempty"`
	Remove       Removal                                           `json:"remove"`
}

// Removal names entries by their keys. An owner's key is "kind region rank".
type Removal struct {
	Categories  []string `json:"categories,omitempty"`
	Matters     []string `json:"matters,omitempty"`
	Owners      []string `json:"owners,omitempty"`
	Departments []string `json:"departments,omitempty"`
	Regions     []string `json:"regions,omitempty"`
}

// The keys by which entries of a catalogue are known.
func categoryKey(g jiban.Category) string     { return g.Code }
func matterKey(m jiban.Matter) string         { return m.Code }
func departmentKey(d jiban.Department) string { return d.ID }
func regionKey(r jiban.Region) string         { return r.Code }
func rankKey(o jiban.Owner) string            { return fmt.Sprintf("%s %s %d", o.Kind, o.Region, o.Rank) }

// apply returns the catalogue as the edit leaves it. The one given is not
// changed.
func (e *Edit) apply(c jiban.Catalogue) jiban.Catalogue {
	c.Categories = edited(c.Categories, categoryKey, e.Categories, e.Remove.Categories)
	c.Matters = edited(c.Matters, matterKey, e.Matters, e.Remove.Matters)
	c.Owners = edited(c.Owners, rankKey, e.Owners, e.Remove.Owners)
	c.Departments = edited(c.Departments, departmentKey, e.Departments, e.Remove.Departments)
	c.Regions = edited(c.Regions, regionKey, e.Regions, e.Remove.Regions)
	if e.Limits != nil {
		c.Limits = maps.Clone(e.Limits)
	}
	if e.UrgentLimits != nil {
		c.UrgentLimits = maps.Clone(e.UrgentLimits)
	}
	return c
}

// edited puts entries into a list and takes others out. A new entry comes before
// the first one with a greater key: lists that are in order of their keys stay so.
func edited[T any](all []T, key func(T) string, put []T, remove []string) []T {
	gone := make(map[string]bool, len(remove))
	for _, k := range remove {
		gone[k] = true
	}
	list := slices.DeleteFunc(slices.Clone(all), func(v T) bool { return gone[key(v)] })
	for _, v := range put {
		k := key(v)
		if i := slices.IndexFunc(list, func(o T) bool { return key(o) == k }); i >= 0 {
			list[i] = v
			continue
		}
		i := slices.IndexFunc(list, func(o T) bool { return key(o) > k })
		if i < 0 {
			i = len(list)
		}
		list = slices.Insert(list, i, v)
	}
	return list
}
