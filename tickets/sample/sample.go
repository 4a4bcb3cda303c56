// Package sample holds the catalogue that the program comes with: the regions of
// one province, the departments that handle requests there and the matters with
// their forms and limits. It is written down compactly as tables and put together
// here; once in the store, staff edit it. It must not know what a ticket does.
package sample

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"

	"gopkg.in/yaml.v3"

	"jiban"
)

//go:embed regions.yaml departments.yaml forms.yaml tree.yaml matters/*.yaml
var files embed.FS

// Catalogue puts the sample catalogue together.
func Catalogue() (jiban.Catalogue, error) {
	c := jiban.Catalogue{Version: 1}
	var regions regionTable
	if err := read("regions.yaml", &regions); err != nil {
		return c, err
	}
	var err error
	if c.Regions, err = regions.list(); err != nil {
		return c, err
	}
	var departments departmentTable
	if err := read("departments.yaml", &departments); err != nil {
		return c, err
	}
	if c.Departments, c.Owners, err = departments.build(c.Regions); err != nil {
		return c, err
	}
	var forms formTable
	if err := read("forms.yaml", &forms); err != nil {
		return c, err
	}
	if c.Limits, c.UrgentLimits, err = forms.limits(); err != nil {
		return c, err
	}
	var tree treeTable
	if err := read("tree.yaml", &tree); err != nil {
		return c, err
	}
	c.Categories = tree.list()
	c.Matters, err = matters(&forms)
	return c, err
}

// matters reads every table of matters, in the order of their names.
func matters(forms *formTable) ([]jiban.Matter, error) {
	names, err := fs.Glob(files, "matters/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("sample: cannot list the matters: %w", err)
	}
	var all []jiban.Matter
	for _, name := range names {
		var t matterTable
		if err := read(name, &t); err != nil {
			return nil, err
		}
		some, err := t.list(forms)
		if err != nil {
			return nil, fmt.Errorf("sample: %s: %w", name, err)
		}
		all = append(all, some...)
	}
	return all, nil
}

// read decodes a file strictly: a misspelt key is an error, not a silent gap.
func read(name string, into any) error {
	text, err := files.ReadFile(name)
	if err != nil {
		return fmt.Errorf("sample: %w", err)
	}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("sample: %s: %w", name, err)
	}
	return nil
}
