package lang

// hazard is a kind of danger with the phrases that tell of it. A strong phrase
// is danger by itself, a weak one only in a text that does not talk about rules;
// the phrases of unless, in the same clause, say that something else is meant.
type hazard struct {
	kind   string
	number string
	also   []string
	habit  bool // what happens again and again is a nuisance, not a danger
	wide   bool // the phrases of unless count anywhere in the text
	strong []string
	weak   []string
	unless []string
	rank   int
}

// The people an accident may befall, for phrases.
const somebody = "孩子/小孩/宝宝/婴儿/娃/儿子/女儿/闺女/老人/老太太/老头/大爷/大妈/奶奶/爷爷/姥姥/姥爷/妈/爸/父亲/母亲/老公/老婆/丈夫/妻子/媳妇/爱人/哥/姐/弟/妹/同学/同事/邻居/朋友/室友/工友/工人/师傅/男子/女子/男的/女的/乘客/行人/司机/有人/个人/她/他/人"

// hazardTable lists the hazards, the most pressing first.
func hazardTable() []hazard {
	return []hazard{
		suicideAct(), poisonedSelf(), fire(), smoke(), carbonMonoxide(), gas(), rescue(), weapons(),
		traffic(), medical(), crime(), missing(), selfHarm(), cry(),
	}
}

func suicideAct() hazard {
	return hazard{
		kind: DangerSelfHarm, number: "110", also: []string{"120", "119", "12356"},
		strong: []string{
			"要跳楼|想跳楼|准备跳楼|就跳楼|去跳楼|跳楼了|欲跳楼|跳楼自杀|正在跳楼|闹跳楼|要跳河|想跳河|跳河了|要跳江|跳江了|想跳江|要跳桥|跳桥|要跳下去|想跳下去|准备跳|往下跳|跳下去|跳下来",
			"楼顶/天台/桥上/窗台/阳台/桥边/江边/河边/楼上…不想活/想死/要跳/想跳/轻生/自杀/结束",
			"站在/坐在/爬上/爬到…楼顶/天台/窗台/塔吊/桥栏/栏杆外/护栏外…跳/轻生/不下来/危险/下不来",
			"有人/男子/女子/男的/女的/学生/女孩/男孩/他/她…跳楼/轻生/自杀/寻短见/上吊/割腕/跳河/跳江/自焚",
			"正在/现在/准备/要/打算…自杀/轻生/割腕/上吊/自焚/烧炭",
			"从…楼/桥/阳台/窗/窗户/天台…跳",
			"自焚|同归于尽|死给你们看|死给你看|死给我看|死给他看|浇汽油|浇了汽油|泼汽油|遗书|遗言|绝笔",
			"打开/开了/开着…煤气/燃气…想死/不想活/自杀/轻生",
			"about to jump|going to jump|going to kill myself|i will kill myself|killing myself|going to kill himself|going to kill herself|on the roof…jump",
		},
		weak:   []string{"跳楼|上吊|引爆"},
		unless: []string{"跳楼价|跳楼机|跳楼大甩卖|跳楼甩卖|自杀干预|自杀热线|自杀率|自杀式|跳绳|跳舞|往下跳闸|跳闸|数字…跳|价格…跳"},
	}
}

func poisonedSelf() hazard {
	return hazard{
		kind: DangerSelfHarm, number: "120", also: []string{"110", "12356"},
		strong: []string{
			"割腕了|割了腕|割了手腕|割手腕|服毒|喝了农药|喝农药|喝百草枯|喝了百草枯|喝敌敌畏|喝了敌敌畏|喝了毒药|吃了安眠药|吞了安眠药|吃了一瓶药|吃了很多药|吃了好多药|吞药|服药自杀",
			"吃/吞/喝…瓶/整瓶/一把/大量/几十片/很多…安眠药/药/农药/百草枯",
			"took…pills|overdosed|overdose|cut my wrists|slit my wrists|swallowed…pills",
		},
		unless: []string{"农药残留|农药超标|医生|药店|开药|医保|中药|喝药水|给牛|给羊|庄稼|感冒"},
	}
}

func fire() hazard {
	return hazard{
		kind: DangerFire, number: "119", also: []string{"110"}, habit: true,
		strong: []string{
			"着火了|着火啦|着大火|着了火|在着火|着火呢|起火了|起火啦|失火了|失火啦|着起来了|烧起来了|烧着了|起大火|火很大|火势|大火|火烧到|火烧大|冒火了|冒火苗|有火苗|火苗|自燃了|爆燃|爆炸了|发生爆炸|炸了|爆炸声|发生火灾|火灾了|有火灾|正在燃烧|冒着火|冒火|着火|起火|失火|走水了|燃起来|山火|火光|纵火|放火",
			"锂电池/电瓶/充电宝/电动车/电动自行车/插座/插排/电箱/配电箱/电表箱/电表/变压器/电线/电缆/空调/冰箱/热水器/井盖/高压锅/电视…冒烟/冒火/打火/火花/着了/燃烧/炸/爆",
			"氨气/液氨/氯气/硫化氢/化学品/危化品/毒气/油罐车/汽油/有毒气体/酸罐…泄漏/泄露/漏了/漏出/在漏/冒出",
			"on fire|caught fire|house fire|there is a fire|there's a fire|something is burning|burning down|flames|exploded|explosion|fire in my|fire in the|building is burning|fire at",
		},
		weak: []string{"火灾|爆炸|焦糊味|烧焦味|烧焦的味|糊味|自燃"},
		unless: []string{
			"大火锅|大火炒|大火煮|火锅|着火点|上火|冒火气|气得冒火|眼睛…冒火|渴得|热得|爆炸性|信息爆炸|爆炸头|火爆|气炸了|肺都炸|肺要炸|心态炸|炸了锅|炸鸡|油炸|人口爆炸|投诉炸|群里炸|头要炸|头都炸|心态…崩|打不着火|打着火|不着火|点不着火|打火|着火车|起火车|火车",
			"抽烟|吸烟|香烟|烧纸|祭祀|鞭炮|烟花|爆竹|秸秆|大火车|怒火|怒气|发火|恼火|生意…火|热火|火了一把|火起来",
			"got fired|fire door|fire department number|fire exit|fire station|fireworks|fire lane|population explosion",
		},
	}
}

// smoke is told apart from fire because most smoke that people write about is
// pollution: the words of that anywhere in the text explain it.
func smoke() hazard {
	return hazard{
		kind: DangerFire, number: "119", also: []string{"110"}, habit: true, wide: true,
		strong: []string{
			"浓烟",
			"窗户/屋里/屋子/房子/房间/家里/楼上/楼下/楼道/楼里/厨房/车间/仓库/库房/地下室/车库/对面楼/邻居家/隔壁/门店/商铺/阳台/单元/车头/发动机…冒烟/冒黑烟/有烟/全是烟/都是烟/烟很大/好多烟/烟雾",
			"smoke coming|smoke is coming|lots of smoke|full of smoke",
		},
		weak: []string{"冒烟|冒黑烟"},
		unless: []string{
			"尾气|烟囱|秸秆|油烟|烧烤|渣土车|黑烟车|焚烧|排放|烧垃圾|垃圾|锅炉|燃煤|烧煤|烧柴|厂子|工厂|厂里|厂区|砖厂|生产|搅拌|企业|烟民|抽烟|吸烟|香烟|二手烟|烧纸|祭祀|鞭炮|烟花|爆竹|炉子|烤火|厨房排烟|排烟|烟道|饭店|餐馆|餐饮|早餐|炒菜|做饭|污染|环保|扬尘|粉尘|嗓子…冒烟|气得…冒烟|抽油烟|施工|道路",
		},
	}
}

func carbonMonoxide() hazard {
	return hazard{
		kind: DangerGas, number: "120", also: []string{"119", "110"},
		strong: []string{
			"煤气/燃气/一氧化碳/煤烟/炭火/炭/天然气/瓦斯/沼气…中毒/熏倒/熏晕/晕倒/昏迷/头晕/恶心/呕吐",
			"carbon monoxide",
		},
		weak:   []string{"一氧化碳"},
		unless: []string{"煤炭|木炭烧烤|中毒事件"},
	}
}

func gas() hazard {
	return hazard{
		kind: DangerGas, number: "119", also: []string{"110"},
		strong: []string{
			"煤气/燃气/天然气/液化气/瓦斯/沼气/气罐/气瓶/煤气罐/液化气罐/灶~味/味道/气味/的味/的气味/的味道/味儿",
			"煤气/燃气/天然气/液化气/瓦斯/沼气/气罐/气瓶/燃气灶/煤气灶/燃气表/燃气管/煤气管/煤气表/煤气阀/燃气阀/气阀…泄漏/泄露/漏气/漏了/漏出/在漏/跑气/嘶嘶/呲呲/滋滋/漏得/一直漏/往外冒/喷气/喷出/关不上/关不住/挖断/破裂/爆裂/挖破/断裂/漏",
			"泄漏/泄露/漏出/漏了…煤气/燃气/天然气/液化气",
			"闻到/闻着…煤气/燃气/天然气/液化气/瓦斯",
			"燃气报警器/煤气报警器/气体报警器/可燃气报警/燃气报警…响/叫/报警/鸣",
			"挖断/挖破/挖漏…燃气/天然气/煤气",
			"煤气/燃气/天然气…很大/很重/很浓/好大/好重/刺鼻",
			"屋里/家里/厨房/楼道/室内…臭鸡蛋",
			"gas leak|gas is leaking|leaking gas|smell gas|smell of gas|gas smell|smells like gas|smelling gas|smell natural gas|gas leaking",
		},
		unless: []string{
			"漏水|漏雨|漏电|漏油|公司排放|排放|没味|没有味|汽油味|尾气|口气|压力很大|用量很大|费用很大|气费|涨价|价格|气价|很大的麻烦|影响很大|气味相投|公司…很大|意见很大|漏收|漏抄|漏登|漏缴|漏发|漏通|漏接|信息泄露|泄露…信息|隐私",
			"gas bill|gas price",
		},
	}
}

func rescue() hazard {
	return hazard{
		kind: DangerRescue, number: "119", also: []string{"110", "120"}, habit: true,
		strong: []string{
			"困在/卡在/关在/锁在/被困/困住…电梯/轿厢/车里/车内/火场/火里/水里/雪里/井里/洞里/山上/山里/废墟/屋里/楼上/缝里/柜/冰",
			"电梯…困住/被困/困人/困在/困了/卡住了/卡着/出不来/关在里面/夹住/夹到/坠落/往下掉/掉下去/急坠/下坠",
			"车/车子/轿车/面包车/大巴…掉进/掉下/冲进/坠入/开进/翻进…河/沟/坑/水/桥/江/湖/井",
			"迷路…山/林/野",
			"山里/林子/森林/野外/深山…迷路",
			"孩子/小孩/宝宝/有人/老人…窗外/阳台外/防盗网外/外机上/悬在/吊在",
			"头/手/脚/腿/胳膊…卡在/夹在/卡住/夹住/绞进…里/栏杆/机器/门/缝/出不来",
			"被困电梯|电梯被困|被洪水困|被水困|被大水困|洪水…围困|有人被困|人被困|被困人员|困在里面|困在里边|被困了|我被困",
			somebody + "…落水/溺水/掉水里/掉河/掉进河/掉井/掉进井/掉下井/掉江/掉进江/掉湖/掉冰/掉进水/掉进冰/掉进湖/掉坑/掉进坑/掉进下水道/掉下水道/掉进洞/坠井/坠河/坠江/坠湖/被水冲走/被冲走/被淹/沉下去/淹着/淹水里",
			"有人落水|落水了|溺水了|掉冰窟窿|掉河里了|掉水里了|掉井里了|掉江里了|快淹死|要淹死|淹死了|快被淹",
			somebody + "…被埋/被压/压在下面/埋在下面/埋在里面/埋住/压住了/压在底下/压底下/埋土里/卡住/夹住/锁在车/反锁在/锁在屋/锁在家/锁在里面/掉进去/卡在栏杆/被水淹/被水围/触电/电着了/电到了/被电/电击",
			"房子/房屋/楼/墙/屋顶/棚/脚手架/塔吊/桥/广告牌/工地/矿/隧道/基坑…塌了/倒塌/坍塌/垮塌/塌下来/塌方了/倒下来/塌陷了/砸到人/砸伤/砸中人/砸人了",
			"电线/高压线/电缆/电线杆…掉地/掉下来/落地/断了/断落/垂到地/垂到路/冒火花/打火花/漏电/掉在地/掉路上/掉水里/砸",
			"漏电…电人/电到/电伤/电死/麻人/危险",
			"山体滑坡|泥石流|决堤|溃坝|溃堤|洪水来了|洪水进|大水进|水漫进|地震了|雪崩",
			"trapped in|stuck in the elevator|stuck in the lift|stuck in an elevator|stuck in a lift|stuck in elevator|stuck in lift|drowning|fell into the river|fell into the water|fell into a well|fell into the well|fell through the ice|building collapsed|collapsed building|wall collapsed|power line is down|live wire|electrocuted|power line…ground",
		},
		weak: []string{"落水|溺水|触电|坍塌|倒塌|漏电"},
		unless: []string{
			"漏电保护|漏电开关|跳闸|电话|客服|手机…掉|钱包…掉|钥匙…掉|车掉|猫|狗…掉|被压价|被压工资|被压缩|压住房价|卡住了流程|卡住…审批|防溺水|溺水警示|楼价|房价|股价|桥牌|房子…漏水|交房|收房|困难|贫困|维修基金|电影|被压榨|被压力|堵车|办不|卡里|银行卡|医保卡|社保卡|电卡|身份证|饭卡|卡在…环节|卡在…流程|卡在…部门|卡在…阶段",
			"声控|灯不亮|没装|楼市|崩塌|价格|信用|人设|网络断了|网断了|信号断|电线断了…网|电缆断了…电视|宽带|路灯不亮",
		},
	}
}

func weapons() hazard {
	return hazard{
		kind: DangerCrime, number: "110", also: []string{"120"},
		strong: []string{
			"拿/持/举/挥/握/提/拎/带…刀/砍刀/菜刀/斧/枪/棍/钢管/凶器/匕首/铁棍/锤子/砖头…人/我/要/冲/追/砍/打/堵/威胁/乱/闹/砸/捅",
			"有人/男子/一个人/歹徒/邻居/他/她/老公/丈夫/前夫/儿子/父亲/醉汉/精神病…拿刀/持刀/拿着刀/举着刀/挥刀/提着刀/带着刀/动刀/拿枪/持枪/拿斧/拿着斧/拿菜刀/拿着菜刀",
			"拿刀|持刀|持枪|开枪|枪声|枪击|动刀子|砍人|砍我|砍伤|被砍|捅人|捅我|捅伤|被捅|捅了|砍了|刀架|行凶|打死人|杀人了|要杀我|想杀我|杀了我|杀人啦|要杀人|杀我全家|要弄死我|弄死我|打死我|要打死|往死里打|快被打死|快打死|见血了",
			"拿/用/抄…刀/斧/棍/钢管/酒瓶/砖头/锤…砍/捅/打/砸/追…我/人/他/她/孩子/老人",
			"绑架|劫持|挟持|被绑|人质|炸弹|爆炸物|恐怖袭击|歹徒|暴徒|泼硫酸|投毒|下毒|可疑包裹|可疑物品|疑似炸弹|跟我拼命|和我拼命|找我拼命",
			"抢劫|抢包|抢我的包|抢我包|抢我手机|抢我钱|抢我东西|抢我孩子|抢孩子|抢走孩子|抢走我|被抢劫|被抢了|打劫|抢了我",
			"with a knife|has a knife|with a gun|has a gun|shooting|gunshots|stabbed|stabbing|stab me|kidnapped|kidnapping|hostage|bomb|robbing|robbed|being robbed|mugged|kill me|attacking me|attacking|attacked me|is attacking",
		},
		unless: []string{
			"捅马蜂窝|人质疑|趁火打劫|毒鱼|绑架…客户|app绑架|app…绑架|树|林木|捅破|砍树|砍伐|砍价|砍头息|砍柴|砍了树|砍了我|砍掉|刀鱼|手术刀|剪刀…工|水枪|喷枪|焊枪|电枪|打枪|枪手|刀削面|刀具管制|价格|磨刀|一刀切|抢车位|抢我车位|抢购|抢票|抢修|炸弹客|快递|加油枪|充电枪|订单…砍|补助…砍|工资…砍|绑架消费|道德绑架|道德…绑架|捆绑|被绑定|绑定|打死我也|打死也|砍了预算|行凶犯",
		},
	}
}

func traffic() hazard {
	return hazard{
		kind: DangerTraffic, number: "122", also: []string{"120", "110"}, habit: true,
		strong: []string{
			"出车祸|发生车祸|有车祸|车祸了|遇到车祸|出了车祸|撞人了|撞到人|撞了人|撞死人|轧到人|压到人|撞伤人|撞飞|肇事逃逸|肇事逃跑|撞人逃逸|撞了就跑|撞人后跑|撞完人跑|翻车了|车翻了|侧翻|翻沟里|追尾了|撞车了|两车相撞|连环撞|连环追尾|撞上了|撞一起了|撞到我|撞了我|被撞了|被撞倒|被撞伤",
			"被/让…车/摩托/电动车/出租车/公交车/货车/大车/渣土车/三轮~撞/轧/碾/压/刮倒/带倒",
			"车/轿车/货车/客车/摩托/大巴/校车…撞/翻…人/沟/河/老人/孩子/护栏/行人/学生/桥下/树上",
			"发生/出了/遇到/出…交通事故/车祸",
			"车祸/事故/撞车/翻车…受伤/流血/伤了/出血/昏迷/不动/被困/有人伤",
			"car accident|car crash|traffic accident|road accident|hit by a car|hit by a truck|hit by a bus|hit and run|crashed into|been hit by",
		},
		weak:   []string{"车祸|追尾|撞车"},
		unless: []string{"车位|路面…压|压烂|压坏|压碎|所幸|不少…事故|多起…事故|很多…事故|几起…事故|车门|停车|撞杆|追尾责任|撞坏|撞衫|时间…撞|撞脸|多车|限行|电梯|车道被压|压价|压线|翻新|翻修|翻倍|翻浆|冲洗|冲卡|冲红灯|冲突|容易|噪音|人行道|撞上…节|高发|频发"},
	}
}

func medical() hazard {
	return hazard{
		kind: DangerMedical, number: "120",
		strong: []string{
			"喘不上气|喘不过气|喘不上来气|上不来气|呼吸困难|不能呼吸|呼吸不了|没有呼吸|没呼吸了|没呼吸|停止呼吸|呼吸停|没有心跳|没心跳|没了心跳|心跳停|心脏骤停|没有脉搏|没脉搏|没气了|没了气|快没气",
			"心梗了|心梗发作|突发心梗|急性心梗|心肌梗|犯心脏病|心脏病犯|心脏病发|突发脑梗|突发脑溢血|脑出血了|脑溢血了|中风了|突然中风|突发疾病|突发心脏病|癫痫|抽风了|抽过去|抽搐|口吐白沫|吐白沫|翻白眼|休克|窒息|噎住|噎着|呛住了|卡住喉|卡喉咙|卡嗓子|卡到喉咙|卡在喉咙|气管…卡|吐血|咯血|血流不止|大出血|流血不止|流了很多血|流了好多血|好多血|一地血|全是血|满脸是血|浑身是血|止不住血|血止不住|头破血流",
			"没了呼吸|断气了|咽气|嘴唇发紫|嘴唇…紫|脸色发紫|脸都紫|脸发紫|发紫|惊厥|头破了|脑袋破|磕破头|呼吸不上来|透不过气|呼吸急促|头被砸|动脉|站不起来了|爬不起来|动弹不得|晕了过去|昏了过去",
			"我/人…快死了/要死了/快不行了",
			"砸到/砸中/砸伤/砸着…人/孩子/老人/小孩/头/路人/行人",
			"昏迷|昏倒|晕倒|晕过去|昏过去|昏厥|晕厥|不省人事|失去意识|没有意识|没意识了|没知觉|没了知觉|失去知觉|叫不醒|喊不醒|叫不应|倒地不起|倒在地上|突然倒|倒下了|躺在地上不动|一动不动|起不来了|摔晕|摔昏|打晕|中暑了|热射病|冻僵|冻晕",
			somebody + "…晕了/昏了/昏过去/晕过去/动不了/躺在路/躺在地/倒在路/倒在地/躺路边/快不行了/要不行了/不行了/快死了/要死了/没反应/没有反应/不动了/抽了/摔下来/摔下楼/掉下楼/坠楼/坠落/掉下来了/烫伤/烧伤/中毒/误食/误服/误喝/吃错药/吞了/喝错/休克/从楼上掉/摔下去/掉下去/摔得很重/摔得/骨折/断了腿/腿断/咬得/咬伤了/被蛇咬",
			"羊水破|羊水破了|要生了|快生了|马上生|孩子出来了|难产|大出血|早产|临产|宫缩",
			"胸口疼|胸口痛|胸痛|胸闷…喘|心口疼|心绞痛|胸口…闷|胸口…疼|心脏…疼|心脏…难受|心脏…不舒服|胸口…压",
			"叫救护车|叫个救护车|派救护车|要救护车|需要救护车|救护车快|救护车来|急救车…来|叫急救|需要急救|快叫120|帮我叫120|打120|我要120",
			"食物中毒|农药中毒|药物中毒|酒精中毒|误食|误服|误喝|蛇咬|被蛇咬|过敏…喘|过敏…肿|过敏…呼吸|马蜂…蜇|触电|断指|手指…断了|手…切断|被机器|绞进|伤得很重|受重伤|伤势严重|重伤|奄奄一息|生命垂危|生命危险|有生命危险|坠楼|坠亡",
			"heart attack|can't breathe|cannot breathe|can not breathe|not breathing|stopped breathing|unconscious|passed out|collapsed and|fainted|bleeding badly|bleeding heavily|bleeding a lot|won't stop bleeding|having a stroke|had a stroke|seizure|choking|chest pain|need an ambulance|call an ambulance|send an ambulance|ambulance please|poisoned|in labor|water broke|is dying|about to die|no pulse|allergic reaction|badly hurt|seriously injured",
		},
		weak: []string{
			"救护车|急救|中毒|心梗|脑梗|中风|受伤了|流血了|摔倒了|骨折了|出血了|难产了",
			somebody + "…受伤/流血/摔倒/骨折/摔伤",
		},
		unless: []string{
			"救护车…占|救护车收费|救护车怎么收费|救护车…进不|急救包|急救箱|急救证|急救培训|中暑补贴|饿晕|气晕|晕车|忙晕|绕晕|累晕|笑晕|算得晕|看晕|搞晕|房价|生意…不行了|网…不行了|手机…不行|车子…不行了|要不行了吗|下个月|下周|预产期|月份|窒息感|废气|臭气|空气|村民|居民|热死|热…要死|累…要死|累…死了|饿…死|渴…死|困…死|吵…死|冻…死|气…死|急…死|烦…死|笑…死|臭…死|手机|充血|打针…没反应|疫苗…没反应|吃药…没反应|battery|phone|laptop|business|plant|tree|电话…没反应|投诉…没反应|反映…没反应|举报…没反应|没反应…投诉|系统…没反应|按…没反应|点…没反应|一点…反应|部门…没反应|物业…没反应|打了…没反应|12345…没反应|喝醉|压力…喘不过|压得…喘不|房贷…喘|热得…喘|闷得…喘|气得…吐血|吐血…价|心脏…老|骨折后|骨折的|老旧…不行|窗口|名额|要死了算|累得|饿得|热得|气得|冻得要死|忙得|臭得|吵得|难闻|吵死|烦死|心脏病…药|心脏病…能|药…断了|信号断了|电脑|暖气…不行|水…不行了|下水…堵|大出血价|亏本|设备…坠落|东西…掉下来|墙皮…掉|瓷砖…掉|玻璃…掉|掉下来的|外墙|路…不行|树枝|牌…掉|急救中心|救护车站|招|志愿|树…要死|花…要死|车牌|鱼塘|鱼死|树苗|庄稼|牲畜|养猪|养牛|养羊|母牛|母猪|小羊|羊群|鸡鸭",
		},
	}
}

func crime() hazard {
	return hazard{
		kind: DangerCrime, number: "110",
		strong: []string{
			"打我|打我妈|打我爸|打我孩子|殴打我|暴打我|揍我|掐我|掐住我|勒我|勒住我|踹我|扇我|抽我耳光|打我耳光|按住我|拖我|拽我头发|捂我|扒我衣服|摸我|骚扰我|侵犯我|强奸|强暴|猥亵|性侵|非礼|耍流氓|迷奸",
			"家暴|被家暴|家庭暴力|被老公打|被丈夫打|被打了|被人打|被打伤|被殴打|被群殴|被围殴|挨打了|被他打|被邻居打|被打得",
			"打孩子/打老人/虐待/打老婆/打媳妇/打他妈/打女人/打小孩…正在/在/快/哭/惨/血/死/狠",
			"正在/又在/还在/在~打孩子/打老人/打老婆/打媳妇/打女的/打女人/打小孩/打人/打他/打她/虐待/行凶/偷东西/偷车/偷电瓶/撬门/撬锁/撬车/抢东西/砸门/砸车/砸店/闹事",
			"被…打了/打伤/打得/揍了/欺负了…",
			"把我/把我们/把人…锁/关/扣/捆…里/屋/宿舍/房间/车/不让/不放/起来/在",
			"孩子/小孩/宝宝/女儿/儿子…带走了/抱走了/抢走了/被拐",
			"惨叫|呼救|喊救命|尖叫|不让我下车|不放我下车|不让下车|堵在门口|堵在家门口|堵在我家",
			"打起来了|打起来|打架了|有人打架|在打架|正在打架|打群架|群殴|斗殴|围殴|聚众打|打人了|有人打人|动手打|动手了|打得头破",
			"有人/几个人/一群人/一伙人/陌生人/男人/男的/醉汉/他们/小偷/贼…撬门/撬锁/砸门/踹门/踢门/闯进/闯入/冲进/翻墙/翻窗/爬窗/堵门/堵着我/堵住我/围着我/围住我/跟着我/跟踪我/尾随/拦住我/拦着我/打我/追我/抓我/绑我/关着我/不让我走/要打/偷东西/偷车/偷我",
			"砸我家门|砸我门|踹我家门|撬我家|撬我门|闯进我家|闯入我家|闯我家|冲进我家|进小偷|进贼|有小偷|有贼|入室抢|入室盗|入室行|入室伤|抓小偷|抓住小偷|小偷…还在|一直跟着我|一直跟踪|被跟踪|被尾随|跟踪我|尾随我|被人追|追着我|被拘禁|非法拘禁|被囚禁|被关起来|限制…人身自由|不让我走|被控制|传销…出不|人贩子|拐孩子|拐走|拐卖|偷孩子|威胁…杀|扬言…杀|扬言要|威胁我的生命|人身威胁|要砍|要捅",
			"我要报警|帮我报警|快报警|请报警|需要报警|替我报警|报警啊|赶紧报警|给我报警|想报警",
			"刚被骗|刚刚被骗|刚才被骗|刚…转账…骗|正在被骗|正被骗|吸毒|贩毒|制毒|正在…赌博",
			"hitting me|beating me|beat me|beats me|hit me|hurting me|punching|following me|is following me|stalking|breaking into|breaking in|break into my|broke into my|trying to get in|raped|rape|assaulted|being assaulted|assault|threatening me|threatening to kill|domestic violence|call the police|need the police|send the police|burglar|intruder|held against my will|locked me|choking me|fighting",
		},
		weak: []string{"打人|打架|被打|报警|偷东西|砸车|砸店|闹事|斗殴"},
		unless: []string{
			"打我国|打了折|打了零分|打了差评|打了回|打了水漂|打了电话|打了几|打了好|打了招呼|打了针|打了疫苗|打了报告|打了预防|打了石膏|报了警|打我电话|打我手机|打我的电话|打我的手机|打我工作|打我微信|打我家电话|打我卡|打我账|打我银行|打我身份|打我旗|打我主意|打我的主意|打我名字|打我公司电话|打我座机|打我一个电话|抓我…超速|摸我国|踹我…车|骚扰我…电话|骚扰我…短信|电话…骚扰|短信…骚扰|短信…威胁|追我…要钱|围着我转|不让我走流程|不让我走程序|不让我走…路|不让我走…道|不让我走…门|打人电话|打人工|打他电话|打她电话|打他手机|在打电话|打不通|打起来…电话|打车|打印|打折|打疫苗|打针|打工|打扫|打卡|动手术|偷工减料|偷电|偷水|偷税|偷排|偷倒|偷拍|偷懒|偷换|偷挖|偷采|偷换概念|抢占|抢道|抢车位|抢修|动手了解|打架子|打到我|家暴…怎么|家暴…如何|家暴…能|撬…地砖|撬…路面|砸墙|砸…地面|砸楼板|砸承重|夜里…砸|装修|施工|绑定|砸锅|围住我们小区|围挡|堵门…车|堵着我…车|堵住我…车|偷…井盖|城管|不能报警|不用报警|不需要报警|没必要报警|不想报警|用不用报警|要不要报警|能不能报警|可以报警吗|报警器|报警电话|追我国|抓阄|在抢|抢红包|拦住我…收费|拦住我…狗|狗…追我|狗…跟着|狗…扑|跟着我的|跟着我们|吸毒…帮扶|限制…消费|偷偷|被控制住了|扬言要…投诉",
		},
	}
}

func missing() hazard {
	return hazard{
		kind: DangerCrime, number: "110",
		strong: []string{
			somebody + "…走失/走丢/失踪/离家出走/被拐",
			somebody + "~不见了/丢了/找不到了/没回来/没了踪影/联系不上了/失联/跑丢了",
			somebody + "…没回家/一夜未归/一晚上没回/一天没回/联系不上了",
			"老人/奶奶/爷爷/妈/爸/邻居…敲门…没人应/没人开/没反应/没动静",
			"失踪了|走失了|走丢了|离家出走|失联了",
			"missing child|child is missing|my son is missing|my daughter is missing|lost my child|kid is missing|is missing and|went missing",
		},
		unless: []string{"丢了一|丢了个|丢了件|丢了…书包|丢了…证|丢了…卡|丢了…户口|宣告|注销户口|狗|猫|宠物|的~不见|开发商|中介|老板|公司|商家|房东|负责人|老赖|包工头|经理|店主|物业|售后|客服|业务员|平台|人找不到了|人不见了踪|人联系不上|施工队|供应商|卖家|健身|培训|机构"},
	}
}

func selfHarm() hazard {
	return hazard{
		kind: DangerSelfHarm, number: "12356", also: []string{"110", "120"},
		strong: []string{
			"不想活|不想再活|不愿意活|不愿活|不想继续活|我活不下去|活够了|活腻了|不活了|想死|想去死|只想死|死了算了|死了一了百了|一了百了|还不如死了|还是死了|去死算了|一死了之|寻死|寻短见|了结自己|了结生命|结束生命|结束自己的生命|结束我的生命|结束这一切|解脱自己|不想在这个世界|离开这个世界|离开人世|活着没意思|活着没意义|活着没劲|活着没有意|活着好累|活着太累|活着真累|活得太累|活得好累|活着太痛苦|活着还有什么|活着有什么|活着的意义|没有活下去|伤害自己|割自己|划自己|拿刀割手|想跳楼|想割腕|想上吊|消失算了|想消失|不想醒来|再也不想醒|永别了|来世再见|下辈子再见|让我死吧|让我去死|我去死|我死了",
			"我/想/要/她/他…自杀/轻生/自残/自尽/想不开",
			"kill myself|suicidal|want to die|end my life|don't want to live|do not want to live|no reason to live|better off dead|hurt myself|harm myself|self harm|cut myself|can't go on living|killing himself|killing herself|kill himself|kill herself|commit suicide",
		},
		weak: []string{"自杀|轻生|自残|自尽|想不开|不如死|活不下去|撑不下去了|熬不下去了|没活路|没有活路|生无可恋|世界再见|以死|结束自己|suicide"},
		unless: []string{
			"生不如死|想死的心|得我们想死|得我想死|还不想死|不想死|怕死|想死我了|死了心|死了这条心|死心|我死了…怎么|我死了…谁继承|遗嘱|遗产|想消失…|想死你|想死了你|热得想死|堵得想死|烦得想死|累得想死|无聊得想死|饿得想死|自杀热线|自杀干预|自杀率|自杀式|心理热线|危机干预|公司…撑不下去|店…撑不下去|生意…撑不下去|企业…撑不下去|厂…撑不下去|生意…活不下去|企业…活不下去|店…活不下去|工厂…活不下去|树…活不下去|鱼|植物|花|想不开发|想不开通|想不开具|想不开证明|想不开户|想不开庭|想不开票|公司想死|你想死|找死|项目|以死亡|以死者|以死因|想死后|不如死工资|想死记",
		},
	}
}

func cry() hazard {
	return hazard{
		kind: DangerUnknown, number: "110", also: []string{"120", "119"},
		strong: []string{
			"救命|救救我|快救人|快来人|来人啊|我有危险|我很危险|我现在很危险|有生命危险|处境危险|快来救|快救救|求救|sos",
			"help me please i am in danger|i am in danger|i'm in danger|save me|my life is in danger",
		},
		unless: []string{"救命路|救命车|快点救救我母亲|万亩|救命钱|救命药|救命的药|救命稻草|救命恩人|救命之恩|救救我们|求救无门|救命的钱|救命款|热死|渴死|救命热死|作业|吵死|臭死|累死|烦死"},
	}
}
