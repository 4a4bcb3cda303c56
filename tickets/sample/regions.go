package sample

import (
	"fmt"
	"strings"

	"jiban"
)

// regionTable lists divisions as "code name" pairs.
type regionTable struct {
	Province string `yaml:"province"`
	Cities   []struct {
		City     string `yaml:"city"`
		Counties string `yaml:"counties"`
	} `yaml:"cities"`
}

// list returns the province, then each city followed by its counties.
func (t *regionTable) list() ([]jiban.Region, error) {
	all, err := pairs(t.Province, "")
	if err != nil {
		return nil, err
	}
	province := all[0].Code
	for _, c := range t.Cities {
		city, err := pairs(c.City, province)
		if err != nil {
			return nil, err
		}
		counties, err := pairs(c.Counties, city[0].Code)
		if err != nil {
			return nil, err
		}
		all = append(append(all, city...), counties...)
	}
	return all, nil
}

func pairs(s, parent string) ([]jiban.Region, error) {
	words := strings.Fields(s)
	if len(words) == 0 || len(words)%2 != 0 {
		return nil, fmt.Errorf("sample: %q are no pairs of code and name", s)
	}
	var regions []jiban.Region
	for i := 0; i < len(words); i += 2 {
		regions = append(regions, jiban.Region{Code: words[i], Name: words[i+1], Parent: parent})
	}
	return regions, nil
}
