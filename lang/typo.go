package lang

import "strings"

// typos are slips of the keyboard in everyday complaints, each with the word meant:
// people type by sound.
var typos = strings.NewReplacer(
	"头诉", "投诉", "投拆", "投诉", "举抱", "举报", "赞气", "暖气", "听水", "停水", "挺水", "停水", "亭水", "停水", "挺电", "停电", "听暖", "停暖",
	"暧气", "暖气", "暖汽", "暖气", "暖器", "暖气", "煖气", "暖气", "供暧", "供暖", "取暧", "取暖",
	"垃极", "垃圾", "拉圾", "垃圾", "燥音", "噪音", "澡音", "噪音", "躁音", "噪音", "燥声", "噪声", "澡声", "噪声",
	"工姿", "工资", "欠新", "欠薪", "下水到", "下水道", "路登", "路灯", "物叶", "物业", "物页", "物业",
	"社宝", "社保", "医宝", "医保", "身份正", "身份证", "身分证", "身份证", "公鸡金", "公积金", "公基金", "公积金",
	"燃汽", "燃气", "煤汽", "煤气", "天燃气", "天然气", "报消", "报销", "抱销", "报销", "护口", "户口", "驾使证", "驾驶证", "结昏", "结婚",
)

// Mend puts the words meant in place of common slips of the keyboard. The text is
// for understanding only: what is kept stays as it was said.
func Mend(s string) string { return typos.Replace(s) }
