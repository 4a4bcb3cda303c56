package lang

import "strings"

func wordSet(s string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(s) {
		out[w] = true
	}
	return out
}

// looseNames are names of divisions that are also everyday words.
var looseNames = wordSet(`友谊 东风 向阳 前进 爱民 西安 新兴 南山 大同 友好 东山 平房 木兰 方正 富裕 延寿 宁安 安达 建华 兴安 工农 明水 庆安 龙江
	集贤 宝山 梨树 恒山 新林 桃山 东安 阳明 北林 北安 尖山 四方台 岭东 兴山 来宾 白银 安康 朝阳 中山 和田 保定 普洱 黄山 玉树 吉安 长治 林口 通河 铁锋
	郊区 城区 矿区 东区 西区 南区 新城区 城中区 市中区 新区 城关区 桥东区 桥西区 金林 松岭 呼中`)

// placeSuffixes end the names of roads, communities, buildings and landmarks.
var placeSuffixes = newWordIndex(strings.Fields(`路 街 大街 大道 道街 胡同 巷 弄 村 屯 镇 乡 街道 社区 小区 花园 家园 公寓 新村 嘉园 庄园 别墅 名苑 雅苑 佳苑 华苑 丽苑 学苑 苑 华府 府邸 公馆 豪庭 名邸 名城 新城
	广场 大厦 大楼 写字楼 商场 商城 市场 批发市场 菜市场 早市 夜市 购物中心 超市 医院 卫生院 学校 小学 中学 大学 学院 幼儿园 火车站 客运站 汽车站 地铁站 公交站 车站 公园 大桥 立交桥 高架桥 桥 酒店 宾馆 饭店
	工业区 园区 科技园 产业园区 创业园 物流园 国道 省道 县道 商贸城 汽配城 五金城 服装城 家居城 科技城 山庄 华庭 商厦 校区 机场 支行 派出所 家属楼 家属院 工业园 工业园区 产业园 开发区 农场 林场 水库 体育馆 体育场 图书馆 博物馆 加油站 高速口 收费站 工地 建材城 美食城 世纪城 步行街 体育中心 会展中心 政务中心 服务大厅 政务服务中心 幼儿园 养老院 敬老院 铁路局 热电厂 污水处理厂`))

// placeSuffixNot are words that begin like a suffix and are none.
var placeSuffixNot = newWordIndex(strings.Fields(`路面 路灯 路人 路过 路上 路段 路边 路程 路政 路费 路线 路费 街上 街边 街坊 村民 村里 村委 村干部 村长 村书记 村支书 村官 村医 村务 乡亲 乡下 乡里 桥梁 桥面 镇上 镇里 镇政府 镇长 乡政府 乡长 街道办 巷子 弄虚 弄得 弄好 弄坏 弄清 弄不 弄了 大学生 小学生 中学生 市场监管 市场监督 市场价 市场化 公园里 学校里 医院里 学院派 超市里`))

// placeRelations may follow a place and belong to it.
var placeRelations = newWordIndex(strings.Fields(`附近 交汇口 交岔口 门口 门前 对面 旁边 旁 楼下 楼上 交口 交叉口 交汇处 交界处 十字路口 路口 东侧 西侧 南侧 北侧 东门 西门 南门 北门 正门 后门 大门口 大门 后面 前面 后身 院内 院里 里面 地下车库 车库 地下停车场 停车场 地下室 东头 西头 南头 北头 中段 东段 西段 南段 北段 沿线 桥下 桥上 一带 周边 出口 入口 站台 楼道 电梯`))

// placeNumbers follow a number within an address.
var placeNumbers = newWordIndex(strings.Fields(`号楼 号院 号门 号栋 号室 房间 号 栋 幢 座 号座 楼 层 单元 门 室 户 弄 组 队 区 期 巷 街区 米 #楼 #`))

// placeStopWords bound a name on the left.
var placeStopWords = newWordIndex(strings.Fields(`投诉 举报 反映 咨询 关于 以及 因为 由于 位于 请问 我家 你家 他家 咱们 咱家 这个 那个 这边 那边 一个 这条 那条 某个 整个 地址 地点 位置 发现 看到 来到 路过 经过 到了 本人 自己 居住 旁边 附近 对面 小区 希望 建议 现在 今天 昨天 最近 每天 晚上 早上 到底 还有 已经 今年 去年 目前 麻烦 帮忙 反应 家住 就是 因此 但是 而且 并且 如果 正在 导致 造成 要求 针对 感谢 表扬 查询 查一下 我想 想问 想要 属于 靠近 紧邻 这里 那里 全部 所有 有些 有的 有人`))

// nameNotFirst are characters that begin no name.
const nameNotFirst = "到和与跟及或由向对叫为有来家往等得地过上下里处条座个些只该本"

// placeGeneric are words before a suffix that make no name of it.
var placeGeneric = wordSet(`老旧 整个 全 各 某 本 该 每个 几个 多个 新 旧 老 高层 封闭 附近 隔壁 同一 一个 居民 住宅 自己 咱 回迁 安置 住 马 道 公 铁 线 电 思 出 修 走 半 过 迷 堵 让 一 条 农 山 乡 全 大 小 上 逛 步行 天
	开放式 商业 物业 业主 我们 咱们 家 你们 他们 周边 周围 整条 这条 那条 主 主干 人行 机动车 非机动车 两条 多条 十字 丁字 三岔 三甲 公立 私立 民办 公办 重点 大型 小型 综合 人民 县 市 省 区 镇 村 国 高速 快速 单行 双向 一条 进 去 住院 门诊 三级 普通 当地 本地 外地 城市 多层 新建 在建 无物业 弃管 老 红 部分 其他 其它 其 另 有个 那个 这个 哪个 什么 此 所在 学区 农贸 建筑 施工 菜 水果 二手 房地产 劳动力 人才 资本 旅游 城中 棚户区 安全 消防 绿色 生命 救命 过街 天 断 土 泥 沙 柏油 水泥 砂石 石子 地下 商品 附属 妇幼 两个 三个 分 总 中 高 初 不 没 修 铺 拓 乱 占 满 走 开 收 指 引 绕 认 同`)

// placeGenericWhole are whole words that only look like a name and a suffix.
var placeGenericWhole = wordSet(`农民工地 高等学校 义务教育学校 步行街 菜市场 早市 夜市 批发市场 购物中心 家属楼 家属院 工业园区 城乡 老乡 下乡 回乡 家乡 故乡 他乡 异乡 返乡 同乡 城镇 乡镇 市镇 小镇 古镇 坐镇 集镇 重镇 建制镇 中心小学 立交桥 高架桥 天桥 过街天桥 人行天桥
	公交车站 火车站 汽车站 客运站 地铁站 公交站 加油站 收费站 水库 热电厂 养老院 敬老院 服务大厅 政务服务中心 政务中心 医疗机构 派出所 辖区派出所 当地派出所 街道 大街 胡同 公租房小区 行路 网络 道路 公路 铁路 马路 线路 电路 退路 后路 套路 销路 门路 活路 赶路 带路 指路 开路 修路 铺路 走路 让路 迷路 绕路 问路 半路 一路 上路 挡路 占路 断路 短路 通路 土路 水泥路 柏油路 人行路 环路 小路 大路 岔路 弯路 思路 陆路 水路 盲道 街巷 背街小巷 小巷 农村 乡村 山村 全村 本村 我村 该村 各村 村村 行政村 自然村 城中村 贫困村 示范村 新农村 空心村`)
