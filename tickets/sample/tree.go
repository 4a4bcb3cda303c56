package sample

import (
	"strings"

	"jiban"
)

// treeTable is the two upper levels of the tree, as "name|English name".
type treeTable struct {
	Categories []branchRow `yaml:"categories"`
}

type branchRow struct {
	Code     string              `yaml:"code"`
	Name     string              `yaml:"name"`
	Below    []map[string]string `yaml:"below"`    // by the code's last two digits
	Pressing string              `yaml:"pressing"` // words that make a request urgent, parted by 、
	Critical string              `yaml:"critical"`
}

// list returns each category of the first level followed by those below it.
func (t *treeTable) list() []jiban.Category {
	var all []jiban.Category
	for _, r := range t.Categories {
		name, en, _ := strings.Cut(r.Name, "|")
		all = append(all, jiban.Category{Code: r.Code, Name: name, NameEN: en, Urgency: r.urgency()})
		for _, row := range r.Below {
			for code, words := range row {
				name, en, _ := strings.Cut(words, "|")
				all = append(all, jiban.Category{Code: r.Code + code, Name: name, NameEN: en, Parent: r.Code})
			}
		}
	}
	return all
}

func (r branchRow) urgency() []jiban.UrgencyRule {
	var rules []jiban.UrgencyRule
	if w := split(r.Critical); w != nil {
		rules = append(rules, jiban.UrgencyRule{Level: jiban.GradeCritical, Words: w})
	}
	if w := split(r.Pressing); w != nil {
		rules = append(rules, jiban.UrgencyRule{Level: jiban.GradePressing, Words: w})
	}
	return rules
}
