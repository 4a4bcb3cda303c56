package lang

import (
	"strings"
)

// surnames are common single surnames; doubleSurnames those of two characters.
const surnames = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛伍韦申尤毕聂丛焦向柳邢路岳齐沿梅莫庄辛管祝左涂谷祁时舒耿牟卜路詹关苗凌费纪靳盛童欧甄项曲成游阳裴席卫查屈鲍位覃霍翁隋植甘景薄单包司柏宁柯阮桂闵解强柴华车冉房边辜吉饶刁瞿戚丘古米池滕晋苑邬臧畅宫来嵺苟全褚廉简娄盖符奚木穆党燕郎邸冀谈姬屠连郜晏栾郁商蒙计喻揭窦迟宇敖糜鄢冷卓花仇艾蓝都巩稽井练仲乐虞卞封竺冼原官衣楚佟栗匡宗应台巫鞠僧桑荆谌银扬明沙薄伏岑习胥保和蔺"

var doubleSurnames = strings.Fields("欧阳 司马 上官 诸葛 东方 皇甫 尉迟 公孙 慕容 令狐 宇文 长孙 司徒 夏侯 端木 独孤 南宫 呼延 闻人 申屠 轩辕 百里 东郭 西门 第五 爱新觉罗")

// nameIntroductions stand before a person's own name.
var nameIntroductions = []string{"我叫", "我的名字叫", "我的名字是", "我名字叫", "名字叫", "名字是", "姓名", "姓名是", "我是", "本人叫", "本人", "联系人", "联系人是", "联系人叫", "称呼我", "叫我", "大名", "报告人", "申请人", "投诉人", "反映人", "举报人"}

// titles follow a surname.
var titles = []string{"女士", "先生", "小姐", "师傅", "大爷", "大妈", "阿姨", "老师", "同志", "大姐", "大哥", "叔叔"}

// Names finds names of the person who writes, where words introduce them: 我叫张伟,
// 本人李娜, 姓名：王芳, 我姓王, 王女士, my name is John Smith. Words that only begin like
// a name are left alone.
func Names(s string) []Slot {
	v := newView(s, false)
	var out []Slot
	for i := 0; i < len(v.r); i++ {
		for _, read := range []func(*view, int) (int, int){(*view).introduced, (*view).surnameOnly, (*view).titled, (*view).englishName} {
			if from, to := read(&v, i); to > from {
				out = append(out, v.slot("name", strings.TrimSpace(v.text(from, to)), from, to))
				i = to - 1
				break
			}
		}
	}
	return out
}

// BareName reads a message that is a name and nothing else, as people answer when
// asked for it: 张伟, 王女士, 欧阳娜娜, 叫张伟.
func BareName(s string) (Slot, bool) {
	if found := Names(s); len(found) == 1 {
		return found[0], true
	}
	v := newView(s, false)
	from, to := 0, len(v.r)
	for from < to && blank(v.r[from]) {
		from++
	}
	for to > from && blank(v.r[to-1]) {
		to--
	}
	if n := v.hasAny(from, []string{"叫", "是", "我", "就叫"}); n > 0 && to-from > 2 {
		from += n
	}
	end := v.fullName(from)
	if end != to || end == from || notNames[string(v.r[from:to])] || notNames[string(v.r[from:from+2])] || placeSuffixes.before(&v, to) > 0 {
		return Slot{}, false
	}
	return v.slot("name", v.text(from, to), from, to), true
}

func (v *view) introduced(i int) (int, int) {
	n := v.hasAny(i, nameIntroductions)
	if n == 0 {
		return 0, 0
	}
	from := i + n
	for r := v.at(from); r == ':' || r == ' ' || r == '是' || r == '叫'; r = v.at(from) {
		from++
	}
	if to := v.titledName(from); to > from {
		return from, to
	}
	to := v.fullName(from)
	weak := v.has(i, "我是") || v.has(i, "本人") && !v.has(i, "本人叫")
	if to == from || notNames[string(v.r[from:to])] || weak && to-from == 2 && !v.nameEnds(to) {
		return 0, 0
	}
	return from, to
}

// nameEnds reports whether a name may end at rune i: the text does, or what
// follows is no part of a longer word.
func (v *view) nameEnds(i int) bool {
	return i >= len(v.r) || blank(v.r[i]) || digit(v.r[i]) || strings.ContainsRune(afterName, v.r[i])
}

// afterName are characters that follow names more often than they belong to one.
const afterName = "住在电手联我的是你您他她，今现想要有年因反投诉号女男身家于从被把给没不来去就也这那,和与住"

// fullName returns the end of a full name that begins at rune i, i for none.
func (v *view) fullName(i int) int {
	s := v.surname(i)
	if s == 0 {
		return i
	}
	end := i + s
	for end < len(v.r) && end-i-s < 2 && han(v.r[end]) && !strings.ContainsRune(afterName, v.r[end]) {
		end++
	}
	if end == i+s || !v.nameEnds(end) && end-i-s < 2 {
		return i
	}
	if end < len(v.r) && han(v.r[end]) && !v.nameEnds(end) {
		return i
	}
	return end
}

func (v *view) surname(i int) int {
	if n := v.hasAny(i, doubleSurnames); n > 0 {
		return n
	}
	if r := v.at(i); r != 0 && strings.ContainsRune(surnames, r) {
		return 1
	}
	return 0
}

// surnameOnly reads 我姓王, 免贵姓李.
func (v *view) surnameOnly(i int) (int, int) {
	n := v.hasAny(i, []string{"我姓", "免贵姓", "本人姓", "姓"})
	if n == 0 || v.at(i) == '姓' && i > 0 && !blank(v.at(i-1)) {
		return 0, 0
	}
	from := i + n
	s := v.surname(from)
	if s == 0 || !v.nameEnds(from+s) && v.hasAny(from+s, []string{"叫", "名"}) == 0 {
		return 0, 0
	}
	return from, from + s
}

// titled reads 王女士 where it stands alone or begins a clause.
func (v *view) titled(i int) (int, int) {
	if i > 0 && !blank(v.r[i-1]) || v.hasAny(i, nameIntroductions) > 0 {
		return 0, 0
	}
	end := v.titledName(i)
	if end > i && !v.nameEnds(end) {
		return 0, 0
	}
	return i, end
}

func (v *view) titledName(i int) int {
	s := v.surname(i)
	if s == 0 {
		return i
	}
	if n := v.hasAny(i+s, titles); n > 0 {
		return i + s + n
	}
	return i
}

// englishName reads my name is John Smith: up to three words.
func (v *view) englishName(i int) (int, int) {
	n := v.hasAny(i, []string{"my name is ", "my name's ", "name: "})
	if n == 0 || latin(v.at(i-1)) {
		return 0, 0
	}
	from := i + n
	to, words := from, 0
	for words < 3 && latin(v.at(to)) {
		end := to
		for latin(v.at(end)) || v.at(end) == '\'' || v.at(end) == '-' {
			end++
		}
		if word := string(v.r[to:end]); word == "and" || word == "i" || word == "my" || word == "from" {
			break
		}
		to, words = end, words+1
		if v.at(to) != ' ' || !latin(v.at(to+1)) {
			break
		}
		to++
	}
	for to > from && v.r[to-1] == ' ' {
		to--
	}
	return from, to
}

// notNames are words that begin with a surname and are no names.
var notNames = wordSet(`高兴 高层 高温 高中 高龄 高新 方便 方正 方法 安全 安静 安装 常常 常年 常住 成年 成都 程序 和平 和谐 黄河 金额 江北 江南 林业 林区 明天 明白 钱款 钱包 时间 时候 石油 史上 水电 水费 孙子 孙女 孙吴 万一 万元 王府
	温度 文化 文件 武汉 西安 相关 许多 许可 严重 严格 于是 余额 张贴 张家 周边 周围 周末 周一 周二 周三 周四 周五 周六 周日 左右 白天 包括 包工头 保安 保险 保密 保洁 毕业 毕业生 边上 单位 单元 党员 都是 都没 费用 房东 房主 房子 房租 房产 封闭 关于 关系 官方 管道 管理 管理员 管网 桂花 古城 谷物 全部 全家 全村 华南 华北 花园
	季度 计划 纪检 简单 江苏 解决 解释 景区 井盖 居民 康复 孔子 来自 来电 乐园 雷雨 冷水 冷清 连续 梁山 凌晨 龙江 龙头 鲁莽 陆续 路灯 路边 路口 路面 路人 路过 马上 马路 毛病 米面 苗木 明水 木材 牛奶 农民 农民工 欧洲 农村 平房 祁连 强烈 强制 秦皇岛 曲线 任何 任务 商户 商品 商业 商家 商贩 尚志 申请 申请人 沈阳 盛大 施工 施工方 石头 树木 司机 宋朝 苏州 台风 谈话 汤圆 唐山 田地 童车 外地 外地人 汪洋 卫生 卫生间 位置 魏县 文明 乌鸦 吴江 吴中 伍佰 武警 夏天 夏季 向阳 项目 项目部 萧山 谢谢 谢谢你 谢谢您 辛苦 邢台 徐州 薛城 燕郊 阳台 阳光 杨树 姚安 叶子 易燃 银行 应该 应急 尤其 游客 游泳 余杭 袁州 原来 原因 岳阳 云南 曾经 查询 章丘 赵县 郑州 植物 钟头 仲裁 朱红 祝福 庄稼 卓越 邹城 宗教 祖国 郊区 车主 车库 车位 车辆 池塘 仇人 储户 从来 丛林 杜绝 段落 甘肃 干部 葛根 耿直 宫廷 贡献 辜负 广州 郭村 何时 何地 贺州 衡水 洪水 洪涝 侯门 胡同 胡乱 呼兰 怀疑 霍山 吉林 吉祥 贾汪 蒋村 焦急 焦作 荆州 荆门 靳江 景德镇 柯桥 孔明灯 匡算 兰州 蓝天 郎朗 冷暖 黎明 黎族 李子 柳州 柳树 娄底 卢氏 芦苇 鲁迅 栾川 罗列 吕梁 梅花 梅雨 蒙古 孟州 米饭 明确 莫名 牟利 穆斯林 宁波 宁安 牛羊 欧元 潘家 庞大 裴多菲 彭州 蒲公英 齐全 齐齐哈尔 钱塘 乔木 邱北 曲阜 冉冉 饶河 任丘 任职 阮江 桑树 沙尘 沙子 单身 邵阳 申报 申诉 盛夏 施肥 时常 舒服 舒适 水泥 司法 司法局 松北 隋朝 台阶 谭城 陶瓷 滕州 田间 童年 涂料 屠宰 万年 万达 汪清 韦编 卫健委 温暖 温泉 温州 闻到 翁源 巫山 武术 席位 夏津 香坊 项链 辛集 熊猫 宿舍 徐徐 许昌 宣传 薛家 阎良 颜色 晏子 扬尘 扬州 杨梅 姚家 冶炼 叶片 伊春 易门 殷实 尹家 应届 应届生 于都 余粮 俞家 虞城 喻示 袁家 岳父 岳母 臧否 曾都 翟家 詹天佑 张口 章程 赵家 甄别 郑重 植树 钟点工 周到 周期 朱家 祝贺 祝愿 庄园 卓资 宗旨 邹平 左边 左侧
	业主 老人 学生 家长 老板 农户 员工 工人 职工 党员 孕妇 残疾人 退休 个体 企业 公司 单亲 低保户 退役 军属 外卖员 快递员`)
