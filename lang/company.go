package lang

import "strings"

// Companies finds firms, shops and public bodies: 哈尔滨某某热力有限公司 (key company),
// and such as are known by their trade only: 供热公司, 物业 (key unit, for which Norm
// is "generic"). A name reaches left to the nearest word that cannot belong to it.
func Companies(s string) []Slot {
	v := newView(s, true)
	var out []Slot
	floor := 0
	for i := 0; i < len(v.r); i++ {
		n := firmSuffixes.at(&v, i)
		if n == 0 || firmSuffixNot.at(&v, i) > n {
			continue
		}
		end := v.firmEnd(i + n)
		start := v.firmStart(i, floor)
		if slot, ok := v.firm(start, i, end); ok {
			out = append(out, slot)
			floor = end
			i = end - 1
		}
	}
	return out
}

// firmEnd takes in further suffixes: 物业服务有限公司, 热力集团有限公司哈尔滨分公司.
func (v *view) firmEnd(end int) int {
	for {
		best := end
		for k := end; k <= end+6 && k < len(v.r) && !firmStop(v.r[k]); k++ {
			if n := firmSuffixes.at(v, k); n > 0 && (k <= end+2 || strings.HasPrefix(string(v.r[k:k+n]), "分公司")) {
				best = k + n
				break
			}
		}
		if best == end {
			return end
		}
		end = best
	}
}

func (v *view) firmStart(i, floor int) int {
	k := i
	for k > floor && i-k < 20 && !firmStop(v.r[k-1]) && firmStopWords.before(v, k) == 0 {
		k--
	}
	for k < i && strings.ContainsRune("到和与跟及由向对叫有来往等该本某个各这那找家", v.r[k]) {
		k++
	}
	return k
}

func firmStop(r rune) bool {
	return !han(r) && !alnum(r) && r != '(' && r != ')' || strings.ContainsRune("的是我你您他她们住被给让把说问请吗呢了没就也都还在从去很太不", r)
}

// firm decides whether runes start to end, whose suffix begins at i, are a name.
func (v *view) firm(start, i, end int) (Slot, bool) {
	whole := string(v.r[start:end])
	if genericFirms[whole] {
		s := v.slot("unit", v.text(start, end), start, end)
		s.Norm = "generic"
		return s, true
	}
	suffix := string(v.r[i:end])
	if start == i {
		if genericFirms[suffix] {
			s := v.slot("unit", v.text(i, end), i, end)
			s.Norm = "generic"
			return s, true
		}
		return Slot{}, false
	}
	if i-start < 2 || placeGeneric[string(v.r[start:i])] {
		return Slot{}, false
	}
	return v.slot("company", v.text(start, end), start, end), true
}

var firmSuffixes = newWordIndex(strings.Fields(`有限责任公司 股份有限公司 有限公司 分公司 集团公司 公司 集团 物业 物业公司 热力公司 供热公司 供热站 燃气公司 自来水公司 供水公司 电力公司 供电公司 供电局 供排水集团 公交公司 开发商 房地产 合作社 经营部 商行 事务所 中介 工厂 制造厂 加工厂 食品厂 化工厂 砖厂 药店 药房 大药房 连锁店 专卖店 4s店 旗舰店 便利店 超市 酒店 宾馆 饭店 火锅店 烧烤店 餐厅 酒楼 健身房 健身俱乐部 俱乐部 驾校 培训学校 培训中心 美容院 理发店 网吧 ktv 医院 卫生院 诊所 幼儿园 学校 小学 中学 大学 学院 银行 支行 派出所 居委会 村委会 街道办 街道办事处 办事处 管理局 监督局 公安局 人社局 住建局 城管局 教育局 医保局 社保局 民政局 项目部 劳务公司`))

var firmSuffixNot = newWordIndex(strings.Fields(`公司法 集团军 物业费 物业管理费 物业服务费 银行卡 医院里 学校里 大学生 中学生 小学生 中介费 超市里 公司里`))

var firmStopWords = newWordIndex(strings.Fields(`投诉 举报 反映 咨询 关于 以及 因为 由于 位于 请问 我家 你家 我们 咱们 这个 那个 一个 一家 这家 那家 某家 旁边 附近 对面 小区 希望 建议 表扬 感谢 查询 工作于 欠薪 拖欠 联系 拨打 打电话 打给 楼下 楼上 隔壁 名称 名字 名为 单位 企业 老板 属于 负责 通过 要求 起诉 入职 购买 买的 每次 现在 目前 导致 发现 已经 昨天 今天 最近 这边 当地 本地 辖区 所属`))

// genericFirms are bodies known by their trade only.
var genericFirms = wordSet(`物业 物业公司 供热公司 热力公司 供热站 热力 燃气公司 自来水公司 供水公司 电力公司 供电公司 供电局 供排水集团 公交公司 开发商 施工方 中介 中介公司 村委会 居委会 街道办 街道办事处 派出所 劳务公司 房地产公司 物业管理公司 保险公司 快递公司 装修公司 培训机构 健身房 驾校 小区物业 幼儿园 房地产开发商 建筑公司`)
