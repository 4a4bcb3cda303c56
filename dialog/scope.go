package dialog

import (
	"regexp"
	"strings"

	"jiban"
	"jiban/lang"
)

// door is where something goes that the hotline may not take (domain C8). Hard
// ones are closed to questions too.
type door struct {
	key     string
	pattern *regexp.Regexp
	hard    bool
}

// doors are tried in this order.
var doors = []door{
	{"secret", regexp.MustCompile(`(?:国家|军事)(?:秘密|机密)|机密文件|绝密|涉密(?:文件|材料)`), true},
	{"discipline", regexp.MustCompile(`(?:贪污|受贿|行贿|索贿|贿赂|以权谋私|贪腐|腐败|买官|违纪|收(?:了)?(?:红包|黑钱|好处费|回扣)|滥用职权|公款(?:吃喝|旅游))|(?:局长|书记|主任|干部|当官的|领导|村长|镇长|县长|公务员|官员).{0,12}(?:收钱|要钱|捞钱|包庇|私吞|侵占)|(?i:bribe|corruption|corrupt official)`), true},
	{"police", regexp.MustCompile(`(?:民警|警察|派出所|交警|辅警|公安).{0,14}(?:打人|骂人|态度(?:恶劣|差|不好)|乱罚|不作为|不立案|刑讯|殴打|违法|粗暴)`), true},
	{"procuratorate", regexp.MustCompile(`检察院|检察官|批捕|公诉|(?i:procuratorate)`), false},
	{"court", regexp.MustCompile(`法院|法官|判决|一审|二审|再审|上诉|庭审|强制执行|执行局|申请执行|诉讼(?:中|案|费|时效)|立案庭|(?:已经|正在)(?:起诉|打官司)|(?i:court|verdict|lawsuit)`), false},
	{"arbitration", regexp.MustCompile(`(?:正在|已经|已)(?:申请)?(?:劳动|商事)?仲裁|仲裁.{0,12}(?:没结果|没消息|没判|没开庭|没下来|拖|不公|输了|裁决|什么时候(?:有结果|开庭|判))|仲裁(?:结果|裁决|委(?:员会)?(?:不|拖|没)|庭|中|期间)|不服(?:劳动)?仲裁`), false},
	{"review", regexp.MustCompile(`行政复议|不服.{0,8}(?:行政)?处罚|处罚决定.{0,6}不服|复议`), false},
	{"disclosure", regexp.MustCompile(`(?:政府)?信息公开(?:申请)?|申请公开`), false},
	{"petition", regexp.MustCompile(`(?:已经|正在|已).{0,6}信访|(?:我要|想|去|要去)信访|信访.{0,6}(?:没|不|未|拖)|信访(?:件|答复|复查|复核|编号|局.{0,6}(?:没|不|拖))|上访|不服信访`), true},
	{"military", regexp.MustCompile(`(?:部队|军队|军区|武警|营区).{0,16}(?:施工|噪音|噪声|欠|拖欠|扰民|占地|纠纷|训练|退役)|现役军人`), false},
}

// noOfficial are people whose taking of money is a matter of their own trade's
// supervisors.
var noOfficial = regexp.MustCompile(`医生|大夫|护士|医院|老师|教师|教练|驾校`)

// A short message is about all it names; a long story names courts and officials in
// passing, and only its beginning tells what it is about. In doubt it is taken
// down: staff may decline it, a machine should not.
const (
	shortStory = 100
	storyHead  = 50
)

func subject(text string) string {
	if len([]rune(text)) <= shortStory {
		return text
	}
	return firstRunes(text, storyHead)
}

// closedDoor tells where a thing goes that the hotline may not take. A question
// about it is answered first where the knowledge base can.
func (t *turn) closedDoor(text string) bool {
	head := subject(lang.Fold(text))
	if t.elsewhere(head) {
		return true
	}
	for _, d := range doors {
		if !d.pattern.MatchString(head) || d.key == "discipline" && noOfficial.MatchString(head) {
			continue
		}
		if !d.hard && lang.Question(text) {
			found, ok := t.search(text)
			if !ok {
				return true
			}
			if found.Verdict == jiban.VerdictAnswer && len(found.Found) > 0 {
				return t.byVerdict(text, found)
			}
		}
		t.decline("scope."+d.key, nil, text)
		return true
	}
	return false
}

// closedBetween tells the right door for something that may not be taken and was
// said in the middle of a form; the form goes on.
func (t *turn) closedBetween(p pending, text string) bool {
	for _, d := range doors {
		if d.hard && d.pattern.MatchString(subject(lang.Fold(text))) && !t.tells(p, text) {
			t.out.Decision, t.out.Intent = DecideDecline, "out_of_scope"
			t.say("scope."+d.key, nil)
			return t.resume()
		}
	}
	return false
}

// decline says why and where instead. Staff can look at it: the intake keeps the
// words and the result.
func (t *turn) decline(key string, params map[string]any, text string) {
	t.out.Decision, t.out.Intent = DecideDecline, "out_of_scope"
	change := IntakeChange{Question: text, Result: jiban.IntakeDeclined}
	if key == "scope.secret" {
		// What may be secret is not written down once more.
		change.Question = ""
	}
	if kind, sure := lang.RequestType(text); sure >= weakType {
		change.Type, t.out.RequestType = kind, kind
	}
	t.record(change)
	t.say(key, params)
	t.say("scope.tail", nil)
	t.st.Pending = nil
	t.st.calm()
}

// travels marks what concerns two places: care, moving and work away from home
// are matters of our own people.
var travels = regexp.MustCompile(`异地|外地|跨省|转到|转入|转出|转移|转回|迁|看病|就医|住院|门诊|工作|上班|打工|上学|读书|居住|回来|报销|备案|社保|医保|公积金|户口|本地|我们?省|寄|买的|网购|旅游`)

// elsewhere tells the hotline of another province.
func (t *turn) elsewhere(text string) bool {
	var outside *lang.Place
	for _, p := range t.e.places.FindNear(text, t.region()) {
		if !p.Outside {
			return false
		}
		if outside == nil {
			found := p
			outside = &found
		}
	}
	if outside == nil || travels.MatchString(text) {
		return false
	}
	params := map[string]any{"name": firstOf(outside.Name, outside.Text), "area": areaCode(firstOf(outside.City, outside.Region))}
	t.decline("scope.other_city", params, text)
	return true
}

// areaCodes are the telephone area codes of large cities by the first four digits
// of their division (GB/T 2260); a place that is not listed is told without.
const areaCodes = `
1100 010|1200 022|3100 021|5000 023|1301 0311|1302 0315|1303 0335|1304 0310|1306 0312|1401 0351|1402 0352|1501 0471|1502 0472|1504 0476|1505 0475|1507 0470
2101 024|2102 0411|2103 0412|2106 0415|2107 0416|2201 0431|2202 0432|2203 0434|2224 0433|2301 0451|2302 0452|2303 0467|2304 0468|2305 0469|2306 0459|2307 0458
2308 0454|2309 0464|2310 0453|2311 0456|2312 0455|2327 0457|3201 025|3202 0510|3203 0516|3204 0519|3205 0512|3206 0513|3301 0571|3302 0574|3303 0577|3304 0573
3401 0551|3501 0591|3502 0592|3505 0595|3601 0791|3701 0531|3702 0532|3706 0535|3707 0536|3710 0631|4101 0371|4103 0379|4201 027|4205 0717|4301 0731|4401 020
4403 0755|4404 0756|4406 0757|4419 0769|4501 0771|4503 0773|4601 0898|4602 0898|5101 028|5107 0816|5201 0851|5301 0871|5401 0891|6101 029|6201 0931|6301 0971
6401 0951|6501 0991`

func areaCode(region string) string {
	if len(region) < 4 {
		return ""
	}
	if contains([]string{"11", "12", "31", "50"}, region[:2]) {
		// Cities that are provinces have one code for all their districts.
		region = region[:2] + "00"
	}
	if i := strings.Index(areaCodes, region[:4]+" "); i >= 0 {
		code := areaCodes[i+5:]
		if end := strings.IndexAny(code, "|\n"); end >= 0 {
			code = code[:end]
		}
		return code
	}
	return ""
}

// numbers are other lines that know more of a subject; they are told beside our
// own offer, never instead of it.
var numbers = []struct {
	number, key string
	pattern     *regexp.Regexp
}{
	{"12366", "tax", regexp.MustCompile(`税|发票|(?i:\btax)`)},
	{"12360", "customs", regexp.MustCompile(`海关|报关|清关|进出口|(?i:customs)`)},
	{"12367", "migration", regexp.MustCompile(`护照|签证|出入境|港澳通行证|居留|(?i:visa|passport|residence permit)`)},
	{"12315", "consumer", regexp.MustCompile(`退货|退款|假货|消费|商家|过期食品|(?i:refund)`)},
	{"12333", "social", regexp.MustCompile(`社保|养老保险|失业|工伤|工资|劳动合同|就业|退休|(?i:social insurance|wage|pension)`)},
	{"12348", "legal", regexp.MustCompile(`法律援助|律师|打官司|公证|(?i:lawyer|legal)`)},
	{"12350", "safety", regexp.MustCompile(`安全生产|安全隐患|矿`)},
	{"12328", "transport", regexp.MustCompile(`出租车|网约车|客运|公交|货运|驾校|(?i:taxi)`)},
	{"95598", "power", regexp.MustCompile(`停电|电费|电表|供电|(?i:electricity|power cut)`)},
}

// doorFor finds such a line for a question.
func doorFor(text string) (number, key string) {
	for _, n := range numbers {
		if n.pattern.MatchString(text) {
			return n.number, n.key
		}
	}
	return "", ""
}
