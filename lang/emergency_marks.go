package lang

// The marks: words around a phrase of danger that change what it means.
const (
	markNot     = iota // negation
	markNow            // it happens now
	markPast           // it happened before
	markOver           // it is dealt with
	markGoesOn         // it is dealt with and yet goes on
	markSuppose        // it might happen
	markIf             // a condition
	markRule           // a question of rules, papers, money, equipment
	markHabit          // it happens again and again
	markFiction        // film, drill, dream
	markStory          // words of long letters
	markBlocked        // what would be in the way of rescuers
	markKinds
)

// markTable lists the phrases of each mark, in the order of the constants.
func markTable() [][]string {
	t := make([][]string, markKinds)
	t[markNot] = []string{
		"没有|没|并非|不是|不会|未|无|并没有|从未|不存在|防止|预防|避免|以免|严防|谨防|禁止|严禁|杜绝|谁说|防",
		"no|not|isn't|wasn't|aren't|didn't|doesn't|don't|never|without|prevent",
	}
	t[markNow] = []string{
		"正在|现在|还在|此刻|刚刚|刚才|这会儿|马上|快来|赶紧来|赶快来|救命|快点来|快派|到现在还|仍在|越来越|在线等|快救",
		"right now|now|just now|still|please hurry|come quick|help",
	}
	t[markPast] = []string{
		"昨天|昨晚|昨日|昨夜|前天|前晚|前几天|前些天|前段时间|上周|上星期|上礼拜|上个月|上月|去年|前年|那天|当天|当时|曾|以前|之前|此前|上次|上回|年前|天前|月前|周前|年了|个月了|大半年|年时间|个月时间|多年|小时候|早年|那次|那年|从前",
		"零/一/二/三/四/五/六/七/八/九/十/0/1/2/3/4/5/6/7/8/9~月/年~一/二/三/四/五/六/七/八/九/十/0/1/2/3/4/5/6/7/8/9",
		"yesterday|last week|last month|last year|last night|ago|used to|previously|was once",
	}
	t[markOver] = []string{
		"已经/已/都~报警了/报过警/报了警/报警/处理/解决/扑灭/熄灭/灭了/送医/送到医院/送去医院/出院/结案/修好/没事/好了/控制/关了/救出/找到/痊愈/康复/过去了/结束/脱险/恢复",
		"对方全责|怎么理赔|理赔|走保险|定损|全责|报的案|立案了|上个月的事|上周的事|上星期的事|前几天的事|前阵子的事|昨天的事|去年的事|前年的事|上次的事|以前的事|已经没有了|已经没了|味没了|没味了|没味儿了|不漏了|现在没味|味道没了|散掉了|报过警|报警后|报警之后|处理完|扑灭了|被扑灭|火灭了|没事了|找回来了|找到了|事后|救出来了|后续|善后|问题解决了|虚惊一场|误会|出警了|警察来过|警察处理|抢救过来|缓过来|脱离危险",
		"判了|判刑|被抓了|抓到了|拘留了|身亡|死亡|死者|截肢|已故|去世了|所幸",
		"put out|under control|already|has been fixed|was fixed|is fine now|false alarm",
	}
	t[markGoesOn] = []string{
		"还没来|没来|还没到|没到|还在|又开始|又来|没人来|不来|正在|现在|还没走|没走|没接|打不通|占线",
		"still|nobody came|not here yet",
	}
	t[markSuppose] = []string{
		"早晚|迟早|说不定|保不齐|弄不好|搞不好|容易|差点|险些|担心|怕|恐怕|生怕|隐患|风险|以防|可能会|会不会|会引发|会引起|会导致|引发|导致|造成|将会|易|随时|可能|有没有|是否|出了事|都跑不|都逃不|往哪跑|谁负责|后果|极易|避险",
		"might|could|risk|what happens|worried",
	}
	t[markIf] = []string{
		"如果|万一|假如|要是|假使|倘若|一旦|若是|若",
		"if|in case",
	}
	t[markRule] = []string{
		"赔|工伤|清理|清障|责任|案底|为什么|为何|有用吗|什么责任|保险|验收|审批|年检|检验|收费|费用|缴费|交费|燃气费|补贴|补助|赔偿|赔付|理赔|赔钱|赔多少|责任认定|认定|证明|政策|规定|条例|标准|许可|资质|办理|预案|预防|演习|演练|培训|宣传|知识|讲座|安装|改造|价格|多少钱|费怎么|去哪办|哪里办|怎么办理|怎么申请|如何申请|申请|材料|流程|手续|报销|医保|待遇|伤残|鉴定|调解|诉讼|起诉|法院|判决|仲裁|备案|检查|巡检|整改|招聘|工作人员|证书|学习|考试|科普|电话是多少|号码是|哪个部门|归谁管|由谁|怎么投诉|怎么举报|如何投诉|如何预防|怎么预防|如何处理|怎么处理|应当|怎么报警|如何报警|怎样报警|报警电话|灭火器|消防栓|消火栓|设施|报告|调查结果|原因|进展|罚款|处罚|罚|怎么判|量刑|后遗症|慢性病|离婚|保护令|补偿|救助金|抚恤|立案|能报|报不报|能办|可以办|怎么买|哪里买|排查|普查|检测|复查|定损|低保|宣告|强制送医|怎么强制|犯法|违法吗|坐牢|拘留|判几年|判多少|几年|准生证|生育|津贴|参保|险种|商业险|预约|挂号|门诊|疫苗|体检",
		"law|laws|statistics|reimburse|reimbursed|refund|medicine|subsidy|insurance|inspection|drill|policy|permit|certificate|how to|how do i|fee|bill|training|compensation|claim|license|department handles|regulations|alarm system|extinguisher|hotline number|report a past",
	}
	t[markHabit] = []string{
		"经常|常常|总是|总|每天|天天|每晚|夜夜|长期|老是|每次|屡次|多次|频繁|频发|时常|时不时|常年|一年四季|每年|每到|反复|隔三差五|动不动|常有|多发|有时",
		"often|always|every day|every night|usually|frequently|sometimes",
	}
	t[markFiction] = []string{
		"电影|电视剧|电视里|小说|游戏里|新闻|网上看|网上说|短视频|视频里|做梦|梦见|梦到|作文|演习|演练|谣言|剧本|歌词|听说|报道|抖音",
		"movie|film|novel|in the news|video game|dreamt|dreamed|song",
	}
	t[markStory] = []string{
		"尊敬的|领导|您好|书记|市长|此致|敬礼|反映|举报|控诉|公道|不了了之|迟迟|得不到|无人管|没人管|不管|恳请|建议|投诉|恳求|希望有关部门|相关部门|有关部门|请求|望",
	}
	t[markBlocked] = []string{
		"消防通道|消防车道|消防车…进不|飞线|占用…通道|堵…通道|通道…堵|杂物|堆放|堆满|私拉电线|消防设施|消防栓|没有消防",
	}
	return t
}
