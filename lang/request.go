package lang

import (
	"math"
	"sync"

	"jiban"
)

// requestTypes are the types in the order of the word lists.
var requestTypes = []jiban.RequestType{jiban.Consultation, jiban.Help, jiban.Complaint, jiban.Report, jiban.Suggestion, jiban.Praise}

// Weights of the evidence for a request type.
const (
	saidWeight   = 4.0 // the person names the type: 我要举报
	strongWeight = 2.0
	weakWeight   = 1.0
	askWeight    = 1.5 // the text asks for information
)

// RequestType tells what a person wants (domain C3) and how sure that is, 0 to 1.
// Below about 0.4 nothing in the text speaks for a type, and the answer is
// Consultation for want of a better one.
func RequestType(s string) (jiban.RequestType, float64) {
	v := newView(s, true)
	scores := make([]float64, len(requestTypes))
	seen := map[int]int{}
	requestWords().each(v.r, func(f found) bool {
		if seen[f.group]++; seen[f.group] <= 3 {
			scores[f.group/3] += []float64{saidWeight, strongWeight, weakWeight}[f.group%3] / float64(seen[f.group])
		}
		return true
	})
	if asks(&v) {
		scores[0] += askWeight
	}
	weighTypes(scores)
	return surest(scores)
}

// weighTypes settles conflicts that words alone leave: thanks at the end of a
// complaint is no praise, a wish at the end of a problem no suggestion.
func weighTypes(scores []float64) {
	trouble := scores[1] + scores[2] + scores[3]
	if trouble >= strongWeight && scores[5] < saidWeight {
		scores[5] = 0
	}
	if trouble > 0 && scores[4] < strongWeight {
		scores[4] = 0
	}
	if scores[3] >= saidWeight {
		scores[2] /= 2
	}
}

func surest(scores []float64) (jiban.RequestType, float64) {
	best, sum := 0, 0.0
	for i, x := range scores {
		if x > scores[best] {
			best = i
		}
		sum += math.Exp(x)
	}
	return requestTypes[best], math.Exp(scores[best]) / sum
}

// requestWords has three groups a type: said, strong, weak.
var requestWords = sync.OnceValue(func() *phraseBook {
	return newPhraseBook(
		[]string{"我要咨询|想咨询|咨询一下|咨询|请问|想问|问一下|问下|请教|想了解|了解一下|打听"},
		[]string{"怎么办理|如何办理|怎么申请|如何申请|怎么查|怎样办|怎样报销|怎么报销|如何报销|需要什么|什么材料|哪些材料|什么条件|什么手续|什么流程|在哪办|在哪里办|去哪办|去哪里办|哪里可以|能不能办|可以办|能报销|怎么交|怎么缴|怎么打印|可以打印|怎么转移|怎么提取|能领|怎么领|证丢了|证丢失|证明丢了|卡丢了|户口本丢了|户口簿丢了|几点停运|几点开门|几点下班|几点到几点|how to|how do i|where can i|what documents|can i apply|am i eligible"},
		[]string{"政策|标准是|规定|流程|条件|是否|多少钱|多久|几点上班|电话是多少|有没有补贴|补贴|资格|what|when|where|which|how|can i"},

		[]string{"求助|请求帮助|请帮忙|帮帮我|帮帮忙|请帮帮|帮我解决|请求救助|需要帮助|help me"},
		[]string{"滴水|停机|被冻结|打不上|迁不进|被卡|要掉下来|祸害|病了|补贴…没了|取不出来|发黄|老冷|哇凉|冰凉|凉哇|冻死|贼冷|下水/马桶/厕所/地漏/排水…堵|批不下来|办不成|发黄|发黑|发浑|浑浊|有异味|水压低|水压不足|水压太低|水流小|洗不了|取不了|办不下来|办不了|挂不上|登不上|打不开|用不了|用不上|上不了|淹了|被淹|进水了|被取消|停发|少发|没有到账|没到账|没发放|一直没发|还没发|没领到|金/补贴/工资/款/钱/待遇/房/暖气~没发/没到/没给/没下来|没办下来|很冷|太冷|冻得|感冒|停水|停电|停气|停暖|没水|没有水|没电|没有电|没气|没暖气|没有暖气|没有热水|不来水|断水|断电|断气|不供热|暖气…不热|不热|不亮|坏了|坏掉|漏水|漏雨|漏了|堵了|堵塞|爆裂|爆管|跑水|冒水|返水|积水|塌陷|塌了|破损|损坏|断裂|倒了|掉了|缺失|丢失|没信号|没网|断网|停运|故障|has been off|been off since|went off|off since|no hot water|freezing|so cold|is cold|too cold|very cold|no electricity|out of power|clogged|leak|stopped working|does not work|doesn't work|no water|no power|no heating|no heat|broken|leaking|not working|power cut|water is off|blocked"},
		[]string{"嗡嗡响|维修|修一下|修复|恢复|急需|困难|生活不便|尽快解决|尽快处理|没恢复|还没有恢复|走失|丢了|捡到|帮助|解决|协调|repair|fix"},

		[]string{"我要投诉|我想投诉|投诉|不满意|控诉|complain|complaint|file a complaint"},
		[]string{"骂人|太挤|扣押金|虐童|不送上门|骚扰|不理赔|拒赔|不赔|不给赔|不给交|不给批|不给加班费|没有加班费|收费高|收费太高|太慢|被占|挡光|遮光|不兑现|不履行|大处方|倒油|乱倒|尿味|漂白粉味|有股…味|跑得快|裁员|被辞退|退不了|吵|假货|收红包|态度…不好|态度…不行|不给办|不给开|不给修|不给装|不给取|不给用|不给安检|不让|没人通知|不通知|太贵|涨价|贵了|翻倍|多一倍|走得快|超载|虐待|退费难|总是不来|老不来|总不来|不来车|甩站|拒载|绕路|不打表|乱扣|跑路|关门了…钱|卡里还有|半夜/大半夜/夜里/凌晨/深夜/天天~装修/施工/装/拆/放音乐/唱歌/打桩/卸货|态度…差|态度恶劣|服务差|乱收费|多收|不退|拒绝|推诿|推脱|扯皮|不作为|不管|没人管|无人管|没人处理|无人处理|没人清|无人清|扰民|噪音|噪声|太吵|吵得|拖欠|欠薪|不给工资|不发工资|没给钱|不给钱|占了我|没发工资|欠我|不给退|欺骗|骗|霸王|强制|强迫|违约|延期交房|烂尾|虚假宣传|质量问题|臭味|恶臭|很臭|发臭|黑臭|油烟|异味|占道|乱停|垃圾…没|物业…不|随意涨价|克扣|辱骂|刁难|dumping|garbage…everywhere|not collected|cheated|won't refund|late at night|noise|noisy|rude|unpaid wages|not paid|hasn't paid|has not paid|overcharged|refuse to refund|scam"},
		[]string{"臭|脏|差|吵|烂|乱|严重影响|影响…休息|影响…生活|反映|不合理|不公平|一直没有|多次反映|多次|至今|迟迟|为什么不|凭什么|什么时候能解决|施工|污染|黑"},

		[]string{"我要举报|我想举报|举报|检举|揭发|实名举报|匿名举报|report illegal|i want to report|whistleblow"},
		[]string{"违法|违规|违建|违章建筑|私搭乱建|偷排|无证|无照|无资质|假冒|伪劣|造假|假药|假酒|黑作坊|偷税|漏税|逃税|非法|赌博|聚赌|传销|作弊|贪污|受贿|行贿|盗采|偷采|滥伐|盗伐|围标|串标|套取|冒领|骗保|使用童工|卖假|过期食品|非法集资|偷工减料|illegal|fake|counterfeit|bribe|tax evasion"},
		[]string{"私自|擅自|偷偷|涉嫌|严查|查处|取缔"},

		[]string{"我建议|建议|提个建议|提个意见|意见建议|提议|倡议|suggest|suggestion|i propose"},
		[]string{"希望增加|希望增设|希望能增加|希望能增设|希望设置|希望开通|希望能开通|能否增加|能否增设|能否设置|可否增设|可否增加|应该增设|应增设|应该增加|应当增加|增设|加装|改进|优化|能否开通|it would be better|could you add"},
		[]string{"希望能|不妨|合理化|更好|完善"},

		[]string{"我要表扬|我想表扬|表扬|点赞|好人好事|送锦旗|锦旗|赞扬|称赞|嘉奖|praise|commend|compliment"},
		[]string{"感谢…师傅/工作人员/民警/警察/医生/护士/司机/社区/老师/人员/志愿者/部门/同志/工人|热心|服务周到|服务好|服务热情|拾金不昧|见义勇为|态度很好|非常负责|thank the|very helpful|great job"},
		[]string{"感谢|谢谢你们|太好了|给力|贴心|耐心"},
	)
})

// Question reports whether a text asks for information. Reproaches in the form of
// a question (为什么没人管) are none.
func Question(s string) bool {
	v := newView(s, true)
	return asks(&v)
}

func asks(v *view) bool {
	hit := 0
	q := questionWords()
	q.each(v.r, func(f found) bool {
		hit |= 1 << f.group
		return true
	})
	if hit&2 != 0 && hit&4 == 0 {
		return false
	}
	return hit&5 != 0 || len(v.r) > 2 && v.r[len(v.r)-1] == '?'
}

// questionWords: words that ask, reproaches, and words that ask beyond doubt.
var questionWords = sync.OnceValue(func() *phraseBook {
	return newPhraseBook(
		[]string{"吗|怎么|怎样|如何|哪里|哪儿|哪个|哪些|哪家|在哪|去哪|什么|多少|几点|几天|多久|多长时间|是否|能否|可否|能不能|可不可以|是不是|有没有|要不要|会不会|为什么|为何|几时|何时|谁|呢|么|啥|咋|can i|can we|could i|may i|do i|is it|is there|are there|does|should i|what|when|where|which|how|who|why"},
		[]string{"怎么没人|怎么还|怎么不|怎么就|怎么能|怎么老|怎么总|怎么这么|怎么回事|为什么没|为什么不|为什么还|为什么总|凭什么|什么时候能解决|什么时候解决|什么时候处理|有没有人管|有人管吗|没人管吗|管不管|还让不让|是不是人|有没有王法|什么玩意|什么东西|什么态度|什么破|怎么活|算什么|像什么|不知道为什么|没什么|谁来管|谁管|why is nobody|why does nobody"},
		[]string{"请问|咨询|想问|问一下|问下|请教|想了解|怎么办理|如何办理|怎么申请|如何申请|how do i|how to|could you tell me"},
	)
})
