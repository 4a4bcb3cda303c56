package dialog

import (
	"regexp"

	"jiban"
)

var companyProfile = regexp.MustCompile(`公司|企业|工厂|厂子|个体|行业|员工|[0-9一二两三四五六七八九十百]+(?:多)?(?:个)?人|营业收入|营收|年销售|注册|成立|高新|科技型|小微|规上`)

// profile takes what a business tells of itself after a question for policies as
// the rest of that question, and offers what fits.
func (t *turn) profile(text string, r reading) bool {
	if t.in.Situation.Audience != jiban.Enterprise || t.st.Topic == "" || r.question || !companyProfile.MatchString(text) ||
		r.kind != jiban.Consultation && r.sure >= weakType || len([]rune(text)) > longQuestion {
		return false
	}
	found, ok := t.search(policiesFor(text))
	if !ok {
		return true
	}
	var fresh []jiban.Found
	for _, f := range found.Found {
		if !contains(t.st.Articles, f.Article.ID) {
			fresh = append(fresh, f)
		}
	}
	if len(fresh) == 0 {
		return false
	}
	t.out.Intent, t.out.RequestType = "consult", jiban.Consultation
	return t.clarify(text+" "+t.st.Topic, fresh)
}

// trades tells by words of a business's own what it may ask policies for: the words
// that such policies are written in.
var trades = []struct {
	pattern *regexp.Regexp
	words   string
}{
	{regexp.MustCompile(`软件|科技|技术|研发|信息|网络|互联网|生物|医药|高新|专利`), "高新技术企业 研发费用加计扣除"},
	{regexp.MustCompile(`制造|机械|加工|生产|工厂|厂子|装备|设备`), "专精特新中小企业 研发费用加计扣除"},
	{regexp.MustCompile(`出口|外贸|进口|对俄|跨境`), "企业首次做外贸 出口退税"},
	{regexp.MustCompile(`招人|招聘|毕业生|招用|就业`), "招用高校毕业生的补贴"},
	{regexp.MustCompile(`缺钱|贷款|融资|资金`), "企业贷款融资服务 创业担保贷款"},
}

// policiesFor is what to look up for a business that tells of itself.
func policiesFor(text string) string {
	words := ""
	for _, trade := range trades {
		if trade.pattern.MatchString(text) {
			words += trade.words + " "
		}
	}
	return words + "小微企业税费减免 失业保险稳岗返还"
}
