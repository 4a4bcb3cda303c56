package dialog

import (
	"regexp"
	"strings"
)

var (
	houseLead  = regexp.MustCompile(`^(?:改一下|不对|错了|说错了|写错了|更正|应该|就|是|在|住|[，,：: ])+`)
	houseParts = regexp.MustCompile(`^(?:(?:在|住|就是|是)?[0-9一二三四五六七八九十]{1,4}(?:号楼|号院|号|栋|幢|座|单元|门|层|楼|室))+$`)
	housePart  = regexp.MustCompile(`([0-9一二三四五六七八九十]{1,4})(号楼|号院|号|栋|幢|座|单元|门|层|楼|室)`)
)

// housed puts a house, entrance or room that is told alone into the place known so
// far: it takes the place of the one of its kind, or stands behind.
func housed(place, told string) (string, bool) {
	told = houseLead.ReplaceAllString(strings.Trim(told, trailing), "")
	if place == "" || !houseParts.MatchString(told) {
		return "", false
	}
	for _, m := range housePart.FindAllStringSubmatch(told, -1) {
		at := lastOfKind(place, m[2])
		if at == nil {
			place += m[0]
			continue
		}
		place = place[:at[0]] + m[0] + place[at[1]:]
	}
	return place, true
}

// lastOfKind finds the last number with that unit in a place.
func lastOfKind(place, unit string) []int {
	var last []int
	for _, at := range housePart.FindAllStringSubmatchIndex(place, -1) {
		if place[at[4]:at[5]] == unit {
			last = at[:2]
		}
	}
	return last
}

// houseTold takes a house or room that is told after the road.
func (t *turn) houseTold(text string) bool {
	r := t.st.Request
	place, ok := housed(r.Slots["place"], text)
	if ok {
		r.set("place", place)
		t.st.calm()
	}
	return ok
}
