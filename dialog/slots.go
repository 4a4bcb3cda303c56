package dialog

import (
	"regexp"
	"strings"
	"unicode"

	"jiban"
	"jiban/lang"
)

// absorb takes everything that a text tells into the request, so that nothing
// said is asked again. Without overwrite, what is known already stays.
func (t *turn) absorb(text string, overwrite bool) {
	r := t.st.Request
	put := func(key, value string) {
		if value != "" && (overwrite || r.Slots[key] == "") {
			r.set(key, value)
			t.st.know(key, value)
		}
	}
	if !overwrite || r.Slots["place"] == "" {
		t.absorbPlace(text, put)
	}
	if phones := lang.Phones(text); len(phones) > 0 {
		put("phone", phones[0].Value)
	}
	if asksFacts(r.Type) {
		put("since", t.beginning(text))
	}
	for _, found := range [][]lang.Slot{
		lang.Names(text), lang.Companies(text), lang.CreditCodes(text), lang.Amounts(text), lang.Counts(text), lang.Plates(text), lang.Temperatures(text),
	} {
		if len(found) > 0 {
			put(found[0].Key, calledFirm.ReplaceAllString(found[0].Value, ""))
		}
	}
	if hasField(t.fields(r), "amount") {
		put("amount", sumSaid.FindString(text))
	}
	if m := calledSo.FindStringSubmatch(text); m != nil {
		put("name", m[1])
	}
	put("name", nameBesidePhone(text))
	if hasField(t.fields(r), "noise_time") {
		put("noise_time", hours.FindString(text))
	}
	t.absorbUnit(put)
	if m := employerEN.FindStringSubmatch(text); m != nil {
		put("unit", strings.TrimSpace(m[1]))
	}
	if m := accused.FindStringSubmatch(text); m != nil && !anyOne.MatchString(m[1]) && (asksFacts(r.Type) || r.Type == jiban.Praise) {
		put("unit", m[1])
	}
	if demand := demandIn(text); demand != "" {
		put("demand", demand)
	}
	t.absorbPrivacy(text)
}

// calledFirm stands before the name of a firm and is no part of it.
var calledFirm = regexp.MustCompile(`^(?:我们|咱们|我|本)?(?:公司|企业|厂子?|单位)?(?:的?名称|全称)?(?:就?叫做?|名叫|名为)`)

// organisations are the fields that hold the name of a body or firm.
const organisations = " unit heat_company company "

// hourOnly is a time of day, which tells when something happens, not since when.
var hourOnly = regexp.MustCompile(`^(?:每天|天天|每晚|每到|一到)?(?:半夜|深夜|夜间|夜里|晚上|凌晨|早上|清晨|上午|中午|下午|傍晚|白天|周末|每天|天天|平时)?(?:到|至)?(?:半夜|深夜|夜间|夜里|晚上|凌晨|早上|清晨)?$`)

// hours tells at what time of day something goes on.
var hours = regexp.MustCompile(`(?:每天|天天|每晚|大)?(?:半夜|深夜|夜间|夜里|凌晨|晚上|清晨|早上|大清早|中午|傍晚|后半夜)(?:[0-9一二两三四五六七八九十]{1,3}点(?:半|多|钟)?)?(?:(?:到|至|-)(?:第二天|次日)?(?:半夜|深夜|凌晨|晚上|清晨|早上)?[0-9一二两三四五六七八九十]{1,3}点(?:半|多|钟)?)?`)

// beginning is the time since which it lasts, or at which it happened.
func (t *turn) beginning(text string) string {
	for _, s := range lang.Phones(text) {
		// The digits of a number are no date: 九零四五一 is not the first of May.
		text = strings.Replace(text, s.Text, " ", 1)
	}
	for _, s := range lang.Times(text, t.in.Now) {
		if t.st.Request != nil && hasField(t.fields(t.st.Request), "noise_time") && hours.FindString(s.Text) == s.Text {
			continue
		}
		if !hourOnly.MatchString(s.Text) {
			return s.Text
		}
	}
	return ""
}

// absorbUnit takes an organisation that was named as the one that the form asks
// for. Without such a field a company is what a citizen's request is about.
func (t *turn) absorbUnit(put func(key, value string)) {
	r := t.st.Request
	named := r.Slots["company"]
	if named == "" {
		return
	}
	for _, f := range t.fields(r) {
		if f.Key == "company" {
			return
		}
		if strings.Contains(organisations, " "+f.Key+" ") {
			put(f.Key, named)
			delete(r.Slots, "company")
			return
		}
	}
	if t.in.Situation.Audience != jiban.Enterprise {
		put("unit", named)
		delete(r.Slots, "company")
	}
}

func (t *turn) absorbPlace(text string, put func(key, value string)) {
	places := t.e.places.FindNear(text, t.region())
	r := t.st.Request
	for _, p := range places {
		if p.Outside || r.Slots["place"] != "" && t.cityOf(r.Region) != "" && t.cityOf(p.Region) != t.cityOf(r.Region) {
			// The place is known: another city is told in passing.
			continue
		}
		t.learnRegion(p)
		if exact(p) {
			put("place", placeText(p))
			return
		}
	}
	put("place", strings.Trim(englishAddress.FindString(text), trailing))
}

// englishAddress is a road or estate with its number, in English or pinyin.
var englishAddress = regexp.MustCompile(`(?:(?:No\.? ?)?[0-9]{1,5}[A-Za-z]? )?(?:[A-Z][A-Za-z'-]+ ){1,3}(?:Street|Road|Avenue|Lane|Alley|Community|Estate|Compound|Garden|Gardens|Residence|Square)(?: (?:No\.? ?)?[0-9]{1,5})?(?:,? (?:Building|Block|Unit|Room|Apt|No)\.? ?[0-9A-Z-]+)*`)

// exact says that a place is told down to a street, a community or a building: a
// division alone is not where a person can be helped, and neither is 楼下.
func exact(p lang.Place) bool {
	if p.Street == "" && notWhere.MatchString(p.Detail) {
		return false
	}
	if p.Street != "" || p.Detail != "" && p.Region != "" {
		return true
	}
	return namedPlace.MatchString(p.Detail) && !vaguePlace.MatchString(p.Detail) && !wishedPlace.MatchString(p.Detail)
}

// notWhere is what stands behind a division and names no place: 南岗区为什么停水.
var notWhere = regexp.MustCompile(`^(?:现在|今天|这边|那边|这里|都|还|的)*(?:为什么|为啥|怎么|咋|什么|哪|啥|几点|多久|何时|停水|停电|没水|没电|有没有|是不是|能不能)`)

// namedPlace is a place with a name of its own, which can be found without its
// division.
var namedPlace = regexp.MustCompile(`\p{Han}{2,}(?:路|街|大道|巷|胡同|小区|花园|家园|苑|新村|新城|公寓|大厦|广场|公园|市场|商场|学校|小学|中学|大学|医院|村|屯|镇|乡|号|栋)`)

// wishedPlace is a place that does not exist yet, or any: 多建几个公园.
var wishedPlace = regexp.MustCompile(`几个|多建|增加|增设|新建|没有|应该|能不能|一些|每个|所有|各`)

var vaguePlace = regexp.MustCompile(`^(?:我们?|你们|他们)?(?:家|小区|楼|单位|学校|公司|村|附近|门口|旁边|对面|这里|那里|路边|隔壁|这|那|本|某|一)(?:里|上|下|外|前|门|的|边|口|旁|对面|个|附近)*`)

var lineInPlace = regexp.MustCompile(`的?\s*\n\s*`)

func placeText(p lang.Place) string {
	return lineInPlace.ReplaceAllString(strings.Trim(p.Text, "，,。；; \n"), "")
}

// learnRegion keeps the narrowest division that the catalogue knows.
func (t *turn) learnRegion(p lang.Place) {
	code := p.Region
	if _, known := t.e.regions[code]; !known {
		code = p.City
	}
	if t.cityOf(code) == "" {
		return
	}
	if t.out.Region == "" || t.cityOf(t.out.Region) != code {
		t.out.Region = code
	}
	if r := t.st.Request; r != nil && (r.Region == "" || t.cityOf(r.Region) != t.cityOf(code) || code[4:] != "00") {
		r.Region = code
		r.Confirmed = false
	}
}

var (
	wish     = regexp.MustCompile(`(?:希望|要求|请求|恳请|恳求|盼望|诉求是|想要|请(?:你们|有关部门|相关部门|政府|领导|尽快|帮忙|督促|解决|处理|协调|查处))[^。！!？?，,；;\n]{2,60}`)
	wishEN   = regexp.MustCompile(`(?i)\b(?:i (?:want|hope|would like|wish|demand)|please)\b[^.!?\n]{3,100}`)
	secret   = regexp.MustCompile(`保密|不要(?:告诉|透露|泄露|公开)|别(?:告诉|透露|泄露|让.{0,6}知道)|不想让.{0,8}知道|(?i:confidential)`)
	unnamed  = regexp.MustCompile(`匿名|不留(?:姓名|名字|电话)|不想(?:留|透露)(?:姓名|名字|电话|身份)|(?i:anonymous)`)
	notThat  = regexp.MustCompile(`不(?:用|需要|必|要|想)(?:匿名|保密)|(?i:not (?:anonymous|confidential))`)
	onlyAsks = regexp.MustCompile(`(?i)\bto (?:complain|report|ask|know|file|make|tell|inquire|praise|suggest)\b`)
	trailing = "，,。；;、！!？? \t\n"
)

// calledSo finds a name that is said in passing: 电话139…，叫李强.
var calledSo = regexp.MustCompile(`[，,。；;\s]我?叫(\p{Han}{2,4})(?:[，,。；;\s]|$)`)

// accused finds whom a complaint, report or praise names right after its verb.
var accused = regexp.MustCompile(`(?:表扬|感谢|投诉|举报)(?:一下)?([\p{Han}A-Za-z0-9（）()]{0,18}?(?:有限公司|公司|物业|派出所|政务大厅|服务大厅|办事大厅|医院|小学|中学|大学|幼儿园|银行|超市|饭店|酒店|商场|街道办|居委会|社区|驾校|健身房|工地|中心|供热站))`)

// employerEN finds the firm that an English text names.
var employerEN = regexp.MustCompile(`\b(?:company|employer|firm|shop|school|hospital) is (?:called )?([A-Z][A-Za-z0-9&'-]*(?: [A-Z][A-Za-z0-9&'-]*){0,6})`)

// anyOne names nobody: 一家饭店.
var anyOne = regexp.MustCompile(`^(?:一|某|这|那|有|哪)(?:个|家|所|些)?`)

func demandIn(text string) string {
	if m := wish.FindString(text); m != "" {
		return strings.Trim(m, trailing)
	}
	if m := wishEN.FindString(text); m != "" && !onlyAsks.MatchString(m) {
		return strings.Trim(m, trailing)
	}
	return ""
}

// absorbPrivacy hears the wish to stay unnamed or to be kept secret, where the
// type allows it.
func (t *turn) absorbPrivacy(text string) {
	r := t.st.Request
	if notThat.MatchString(text) {
		r.Anonymous, r.Confidential = false, false
		return
	}
	if unnamed.MatchString(text) {
		r.Anonymous, r.Confirmed = true, false
	}
	if secret.MatchString(text) {
		r.Confidential, r.Confirmed = true, false
	}
}

// unname takes out of a text who wrote it: an anonymous ticket must not tell it in
// its story either.
func (t *turn) unname(text string) string {
	for _, found := range [][]lang.Slot{lang.Phones(text), lang.Names(text)} {
		for _, s := range found {
			text = strings.ReplaceAll(text, s.Text, "＊＊")
		}
	}
	for _, key := range []string{"name", "phone"} {
		if v := firstOf(t.st.Request.Slots[key], t.st.Known[key]); len([]rune(v)) > 1 {
			text = strings.ReplaceAll(text, v, "＊＊")
		}
	}
	return text
}

// accept tries to read the answer to one field from what was said. It reports
// whether the field is filled in now.
// Alone says that nothing else was asked with it: only then loose words count.
func (t *turn) accept(f jiban.Field, text string, alone bool) bool {
	r := t.st.Request
	switch {
	case len(f.Choices) > 0:
		o, ok := t.said.choice(f.Choices)
		if ok {
			r.set(f.Key, o.Value)
		}
		return ok
	case f.Kind == "city":
		return t.acceptCity(text)
	case f.Kind == "place":
		return t.acceptPlace(f.Key, text)
	case f.Kind == "phone":
		return t.acceptFound(f.Key, lang.Phones(text))
	case f.Kind == "name":
		return t.acceptName(f.Key, text)
	case f.Kind == "time":
		return t.acceptTime(f.Key, text, alone)
	case f.Kind == "amount":
		return t.acceptFound(f.Key, lang.Amounts(text)) || t.acceptPattern(f.Key, text, roundSum) || alone && t.acceptPattern(f.Key, text, looseNumber)
	case f.Kind == "number" && f.Key == "temperature" && bareDegrees.MatchString(text):
		r.set(f.Key, strings.Trim(text, trailing))
		return true
	case f.Kind == "number":
		return t.acceptNumber(f.Key, text, alone)
	case f.Key == "noise_time" && (hours.MatchString(text) || len(lang.Phones(text)) > 0):
		return t.acceptPattern(f.Key, text, hours)
	case f.Key == "credit_code":
		return t.acceptFound(f.Key, lang.CreditCodes(text))
	default:
		return f.Takes(strings.TrimSpace(text)) && t.acceptText(f.Key, text)
	}
}

var bareDegrees = regexp.MustCompile(`^\s*[0-9]{1,2}(?:\.[0-9])?\s*[。.]?$`)

func (t *turn) acceptFound(key string, found []lang.Slot) bool {
	if len(found) == 0 {
		return false
	}
	t.st.Request.set(key, found[0].Value)
	t.st.know(key, found[0].Value)
	return true
}

var (
	looseNumber = regexp.MustCompile(`[0-9０-９]+(?:\.[0-9]+)?|[一二两三四五六七八九十百千万几]+`)
	sumSaid     = regexp.MustCompile(`[0-9.]+\s*(?:多)?[万千](?:多)?|[一二两三四五六七八九十几]+[万千](?:[一二三四五六七八九][千百]?)?(?:多)?`)
	roundSum    = regexp.MustCompile(`[0-9.]+\s*[万千百]|[一二两三四五六七八九几]+[万千百][一二两三四五六七八九十百千几多]*`)
	onlyMe      = regexp.MustCompile(`(?:就|只有|只)(?:有)?我(?:自己|一个人?|一人)?|我自己|我一个人`)
	timeWords   = regexp.MustCompile(`昨|今|前|天|日|月|年|周|星期|礼拜|点|小时|分钟|刚|最近|一直|早|晚|上午|中午|节|去年|久|号|每|期间|以来|(?i:yesterday|today|since|ago|week|day|month|hour|last|morning|evening|night|always)`)
	placeWords  = regexp.MustCompile(`小区|路|街|巷|胡同|道|村|屯|镇|乡|楼|栋|幢|号|单元|广场|市场|商场|超市|学校|中学|小学|大学|医院|公园|附近|门口|门前|桥|站|大厦|花园|家园|城|苑|院|园|庭|府|区|县|市|旁|对面|工地|厂|公司|酒店|店|河|湖|(?i:road|street|building|estate|district|near|no\.|community)`)
	dontKnow    = regexp.MustCompile(`^(?:我)?(?:也|真|都|可)?(?:不知道|不太?清楚|不记得|记不清|记不住|说不好|说不准|忘了|不方便说|没有|无|(?i:i don'?t know|not sure|none))(?:具体)?(?:是)?(?:什么时候|啥时候|几点|多久|时间|哪天|哪一天|多少|多少度|几度|叫什么|叫啥|是谁|哪家)?(?:的|开始的?|停的|坏的)?[了啊呀呢。.！!]*$`)
)

// maxNumber is how many digits a loosely said number may have: a longer one is a
// telephone or identity number.
const maxNumber = 9

func (t *turn) acceptPattern(key, text string, p *regexp.Regexp) bool {
	for _, s := range lang.Phones(text) {
		text = strings.Replace(text, s.Text, " ", 1)
	}
	m := p.FindString(text)
	if m == "" || len([]rune(m)) > maxNumber {
		return false
	}
	t.st.Request.set(key, m)
	return true
}

func (t *turn) acceptNumber(key, text string, alone bool) bool {
	if key == "temperature" && t.acceptFound(key, lang.Temperatures(text)) {
		return true
	}
	if key == "people" && t.acceptFound(key, lang.Counts(text)) {
		return true
	}
	if key == "people" && onlyMe.MatchString(text) {
		t.st.Request.set(key, "1人")
		return true
	}
	return alone && t.acceptPattern(key, text, looseNumber)
}

func (t *turn) acceptTime(key, text string, alone bool) bool {
	if since := t.beginning(text); since != "" {
		t.st.Request.set(key, since)
		return true
	}
	text = strings.Trim(text, trailing)
	if !alone || dontKnow.MatchString(text) || len([]rune(text)) > 30 || !timeWords.MatchString(text) {
		return false
	}
	t.st.Request.set(key, text)
	return true
}

var nameShape = regexp.MustCompile(`^(?:我?(?:叫|姓|是)|姓名是?|名字是?|免贵姓|(?i:my name is|i am|i'm|call me))?[：: ]*(\p{Han}{1,4}(?:·\p{Han}{1,6})?(?:先生|女士|小姐|师傅|同志|阿姨|大爷|大妈)?|[A-Za-z][A-Za-z .'-]{1,40})$`)

// notNames are short answers that look like a name and are none.
var notNames = regexp.MustCompile(`^(?:好|好的|行|可以|是|是的|对|对的|不|不是|没有|谢谢|嗯|哦|啊|你好|您好|确认|提交|为什么|不想说|不方便|保密|没|无|什么|怎么|多少|不知道|随便|都行|再见)`)

// acceptName takes a name said alone, beside a telephone number or in a phrase.
func (t *turn) acceptName(key, text string) bool {
	if t.acceptFound(key, lang.Names(text)) {
		return true
	}
	for _, p := range lang.Phones(text) {
		text = strings.Replace(text, p.Text, " ", 1)
	}
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("，,。；;、\n", r) || unicode.IsDigit(r) }) {
		part = strings.TrimSpace(part)
		m := nameShape.FindStringSubmatch(part)
		if m == nil || notNames.MatchString(part) || lang.Question(part) {
			continue
		}
		t.st.Request.set(key, m[1])
		t.st.know(key, m[1])
		return true
	}
	return false
}

func (t *turn) acceptCity(text string) bool {
	for _, p := range t.e.places.FindNear(text, t.e.region) {
		if !p.Outside {
			t.learnRegion(p)
		}
	}
	if t.cityOf(t.region()) == "" {
		t.shortCity(text)
	}
	city := t.cityOf(t.region())
	if city == "" {
		return false
	}
	if r := t.st.Request; r != nil {
		r.set("city", t.e.regions[city].Name)
	}
	return true
}

// shortCity finds a city by its name without the suffix.
func (t *turn) shortCity(text string) {
	for _, c := range t.e.cities {
		if strings.Contains(text, shortName(c.Name)) {
			t.learnRegion(lang.Place{Region: c.Code, City: c.Code})
			return
		}
	}
}

// shortName is how people say a city.
func shortName(city string) string {
	return strings.TrimSuffix(strings.TrimSuffix(city, "市"), "地区")
}

// acceptPlace takes a place that the gazetteer knows, or words that read like
// one. What is known of the place already is put before it.
func (t *turn) acceptPlace(key, text string) bool {
	for _, p := range t.e.places.FindNear(text, t.region()) {
		if p.Outside {
			continue
		}
		t.learnRegion(p)
		if exact(p) {
			t.st.Request.set(key, placeText(p))
			return true
		}
	}
	rest := text
	for _, s := range lang.Times(text, t.in.Now) {
		rest = strings.Replace(rest, s.Text, "", 1)
	}
	for _, s := range lang.Phones(text) {
		rest = strings.Replace(rest, s.Text, "", 1)
	}
	rest = placeLead.ReplaceAllString(strings.Trim(rest, trailing), "")
	if dontKnow.MatchString(rest) || len([]rune(rest)) > 80 || !placeWords.MatchString(rest) || onlyDivision(t, rest) {
		return false
	}
	t.st.Request.set(key, rest)
	return true
}

var placeLead = regexp.MustCompile(`^(?:就?在|地址是?|地点是?|位于|我家在|我住在?|住在)[：: ]*`)

// onlyDivision says that nothing but a city or district was named.
func onlyDivision(t *turn, text string) bool {
	for _, p := range t.e.places.FindNear(text, t.region()) {
		if !p.Outside && p.Detail == "" && p.Street == "" && strings.Trim(p.Text, trailing) == text {
			return true
		}
	}
	return false
}

// organisationWords tell a body, firm or person.
var organisationWords = regexp.MustCompile(`公司|物业|局|厅|所|院|校|店|中心|街道办|居委会|社区|银行|站|队|委|办|厂|工地|部门|超市|市场|商场|单位|集团|幼儿园|老板|经理|邻居|业主|商家|房东|中介|司机|老师|医生|工头|人|(?i:company|hospital|school|bank|shop|office|bureau)`)

// acceptText takes free text, unless it tells only something else: who is asked
// for a wish and gives a name has not said the wish.
func (t *turn) acceptText(key, text string) bool {
	text = strings.Trim(text, " \t\n")
	if !meaningful(text) || len([]rune(text)) < 2 || dontKnow.MatchString(text) || onlyOrder.MatchString(lang.Fold(strings.Trim(text, trailing))) {
		return false
	}
	if strings.Contains(organisations, " "+key+" ") && lang.Question(text) {
		return false
	}
	known := strings.Contains(organisations, " "+key+" ") && organisationWords.MatchString(text)
	if !known && key != "description" && t.tellsOnlyOthers(text) {
		return false
	}
	t.st.Request.set(key, text)
	return true
}

// onlyOrder is an answer to the summary, no text for a field.
var onlyOrder = regexp.MustCompile(`^(?:确认提交|确认|提交|好的?|可以|是的?|对的?|没问题|yes|no|ok|okay|confirm|submit)$`)

var glue = regexp.MustCompile(`我|叫|姓|是|的|了|在|从|开始|电话|手机|号码|联系|地址|地点|名字|姓名|[\s，,。；;、：:！!？?.]`)

func (t *turn) tellsOnlyOthers(text string) bool {
	rest := text
	cut := func(span string) { rest = strings.Replace(rest, span, " ", 1) }
	for _, s := range lang.Phones(text) {
		cut(s.Text)
	}
	for _, s := range lang.Names(text) {
		cut(s.Text)
	}
	for _, s := range lang.Times(text, t.in.Now) {
		cut(s.Text)
	}
	for _, p := range t.e.places.FindNear(text, t.region()) {
		cut(p.Text)
	}
	return rest != text && len([]rune(glue.ReplaceAllString(rest, ""))) < 2
}
