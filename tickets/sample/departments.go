package sample

import (
	"fmt"
	"strings"

	"jiban"
)

// departmentTable is the table of kinds of department with what deviates from it.
type departmentTable struct {
	Kinds  []kindRow         `yaml:"kinds"`
	Names  map[string]string `yaml:"names"` // by department id
	Duties []dutyRow         `yaml:"duties"`
}

type kindRow struct {
	Kind     string `yaml:"kind"`
	ID       string `yaml:"id"`
	Province string `yaml:"province"`
	City     string `yaml:"city"`
	County   string `yaml:"county"`
	Up       string `yaml:"up"`
}

type dutyRow struct {
	Duty   string            `yaml:"duty"`
	By     string            `yaml:"by"`
	Also   string            `yaml:"also"`
	Cities map[string]string `yaml:"cities"`
}

// builder turns the table into departments and owners, region by region.
type builder struct {
	table       *departmentTable
	ids         map[string]string // of kinds
	exists      map[string]bool   // by department id
	departments []jiban.Department
	owners      []jiban.Owner
}

// The ranks of a region, from its place in the tree.
const (
	rankProvince = iota
	rankCity
	rankCounty
)

func (t *departmentTable) build(regions []jiban.Region) ([]jiban.Department, []jiban.Owner, error) {
	b := &builder{table: t, ids: map[string]string{}, exists: map[string]bool{}}
	for _, k := range t.Kinds {
		b.ids[k.Kind] = k.ID
	}
	parents := map[string]string{}
	for _, r := range regions {
		parents[r.Code] = r.Parent
		rank := rankCounty
		if r.Parent == "" {
			rank = rankProvince
		} else if parents[r.Parent] == "" {
			rank = rankCity
		}
		b.region(r, rank)
		if rank == rankCounty {
			continue
		}
		if err := b.duties(r); err != nil {
			return nil, nil, err
		}
	}
	return b.departments, b.owners, nil
}

// region makes the departments of one region. Those above it are made already.
func (b *builder) region(r jiban.Region, rank int) {
	for _, k := range b.table.Kinds {
		if name := k.name(r, rank); name != "" {
			b.exists[r.Code+"."+k.ID] = true
		}
	}
	for _, k := range b.table.Kinds {
		name := k.name(r, rank)
		if name == "" {
			continue
		}
		id := r.Code + "." + k.ID
		if other, ok := b.table.Names[id]; ok {
			name = other
		}
		b.departments = append(b.departments, jiban.Department{ID: id, Name: name, Region: r.Code, Superior: b.superior(k, r)})
		b.owners = append(b.owners, jiban.Owner{Kind: k.Kind, Region: r.Code, Department: id})
	}
}

// superior is the kind named in the table within the region, else the same kind
// one level higher, else nobody.
func (b *builder) superior(k kindRow, r jiban.Region) string {
	for _, id := range []string{r.Code + "." + b.ids[k.Up], r.Parent + "." + k.ID} {
		if b.exists[id] {
			return id
		}
	}
	return ""
}

func (k kindRow) name(r jiban.Region, rank int) string {
	ending := [...]string{k.Province, k.City, k.County}[rank]
	if ending == "" || strings.Contains(ending, "{") {
		return strings.NewReplacer("{region}", r.Name, "{short}", short(r.Name)).Replace(ending)
	}
	return r.Name + ending
}

// short is a region's name without the word for what it is.
func short(name string) string {
	for _, ending := range []string{"地区", "省", "市"} {
		if s, ok := strings.CutSuffix(name, ending); ok {
			return s
		}
	}
	return name
}

// duties gives each duty its leading and its taking-part department in a region.
// A region without the kind of department has no owner of its own.
func (b *builder) duties(r jiban.Region) error {
	for _, d := range b.table.Duties {
		by := d.By
		if other, ok := d.Cities[r.Code]; ok {
			by = other
		}
		seen, rank := map[string]bool{"": true}, 0
		for _, kind := range []string{by, d.Also, d.By} {
			if _, known := b.ids[kind]; !known && kind != "" {
				return fmt.Errorf("sample: the duty %s names the unknown kind %s", d.Duty, kind)
			}
			if id := r.Code + "." + b.ids[kind]; b.exists[id] && !seen[kind] {
				b.owners = append(b.owners, jiban.Owner{Kind: d.Duty, Region: r.Code, Department: id, Rank: rank})
				rank++
			}
			seen[kind] = true
		}
	}
	return nil
}
