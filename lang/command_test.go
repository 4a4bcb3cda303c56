package lang

import (
	"strings"
	"testing"
)

func TestParseCommand(t *testing.T) {
	n := withLuhn("261102000001")
	for _, c := range []struct {
		in   string
		want Command
		arg  string
	}{
		{"转人工", CommandHuman, ""}, {"人工", CommandHuman, ""}, {"请转人工", CommandHuman, ""}, {"可以帮我转人工吗", CommandHuman, ""},
		{"轉人工", CommandHuman, ""}, {"我要转人工！", CommandHuman, ""}, {"人工服务", CommandHuman, ""}, {"找客服", CommandHuman, ""},
		{"我要和人说话", CommandHuman, ""}, {"真人", CommandHuman, ""}, {"请帮我转接人工客服，谢谢", CommandHuman, ""}, {"转 人 工", CommandHuman, ""},
		{"我不想跟机器人说话", CommandHuman, ""}, {"Agent please", CommandHuman, ""}, {"I want to talk to a human", CommandHuman, ""}, {"有没有人啊", CommandHuman, ""},
		{"查进度", CommandStatus, ""}, {"进度", CommandStatus, ""}, {"办得怎么样了", CommandStatus, ""}, {"我的工单处理得怎么样了", CommandStatus, ""},
		{"查进度 " + n, CommandStatus, n}, {"查一下工单编号" + n + "的进度", CommandStatus, n}, {n, CommandStatus, n}, {"工单编号" + n, CommandStatus, n},
		{n + "催一下", CommandUrge, n}, {"check status " + n, CommandStatus, n}, {"status", CommandStatus, ""},
		{"催办", CommandUrge, ""}, {"催一下", CommandUrge, ""}, {"帮我催一下吧", CommandUrge, ""}, {"催办" + n, CommandUrge, n},
		{"补充：电梯也坏了", CommandSupplement, "电梯也坏了"}, {"补充 已经三天了", CommandSupplement, "已经三天了"}, {"补充", CommandSupplement, ""},
		{"我要补充：电梯也坏了", CommandSupplement, "电梯也坏了"}, {"supplement: the lift is broken too", CommandSupplement, "the lift is broken too"},
		{"撤单", CommandWithdraw, ""}, {"撤诉", CommandWithdraw, ""}, {"不投诉了", CommandWithdraw, ""}, {"撤单 " + n, CommandWithdraw, n}, {"我要撤销工单", CommandWithdraw, ""},
		{"取消", CommandCancel, ""}, {"算了", CommandCancel, ""}, {"不办了", CommandCancel, ""}, {"那就不办了吧", CommandCancel, ""}, {"cancel", CommandCancel, ""},
		{"退订", CommandOptOut, ""}, {"TD", CommandOptOut, ""}, {"T", CommandOptOut, ""}, {"R", CommandOptOut, ""}, {"拒收", CommandOptOut, ""}, {"td。", CommandOptOut, ""}, {"STOP", CommandOptOut, ""},
		{"恢复通知", CommandOptIn, ""}, {"opt in", CommandOptIn, ""}, {"帮助", CommandHelp, ""}, {"怎么用", CommandHelp, ""}, {"HELP", CommandHelp, ""}, {"你能做什么", CommandHelp, ""},
		{"返回机器人", CommandBack, ""}, {"退出排队", CommandLeave, ""}, {"我要留言", CommandLeave, ""},
		{"是", CommandYes, ""}, {"对的", CommandYes, ""}, {"没错，谢谢", CommandYes, ""}, {"確認", CommandYes, ""}, {"提交", CommandYes, ""}, {"ok", CommandYes, ""}, {"Yes.", CommandYes, ""},
		{"不", CommandNo, ""}, {"不对", CommandNo, ""}, {"有误", CommandNo, ""}, {"no", CommandNo, ""}, {"我要修改", CommandNo, ""}, {"还没有", CommandNo, ""},
		{"跳过", CommandSkip, ""}, {"不知道", CommandSkip, ""}, {"我不清楚", CommandSkip, ""}, {"skip", CommandSkip, ""}, {"重新填写", CommandRestart, ""}, {"start over", CommandRestart, ""},
		{"匿名", CommandAnonymous, ""}, {"我想匿名举报", CommandAnonymous, ""}, {"请为我保密", CommandAnonymous, ""},
	} {
		got, arg, ok := ParseCommand(c.in)
		if !ok || got != c.want || arg != c.arg {
			t.Errorf("ParseCommand(%q) = %s %q %v, want %s %q", c.in, got, arg, ok, c.want, c.arg)
		}
	}
}

func TestParseCommandLeavesSentencesAlone(t *testing.T) {
	for _, in := range []string{
		"我要投诉供热公司的人工服务太差", "人工湖水很臭", "人工授精能报销吗", "客服态度差", "我要投诉客服", "怎么取消社保", "公交卡怎么退订月票",
		"如何取消预约", "补充医疗保险怎么报销", "补充养老保险", "撤销处罚决定怎么申请", "撤诉后还能起诉吗", "查询社保", "查一下我的公积金余额", "进度款没有付",
		"工程进度太慢了", "工人要求加急发工资", "帮助残疾人的政策", "困难补助怎么用", "是否可以异地打印", "对面工地太吵", "不动产怎么过户", "没有暖气",
		"提交材料后多久办好", "T恤质量有问题", "R宝宝", "催熟的水果能吃吗", "匿名信被公开了怎么办", "取消高速收费站的建议", "机器人编程班退费", "不给退款",
		"", "   ", "。。。", "小区停水了", "留言板在哪里", "好的那我问一下医保怎么报销", "I want to cancel my gym membership and get a refund", "help me find the office",
		"行人乱穿马路", "确认劳动关系怎么办", "可以异地就医吗", "真人秀节目扰民", "人工智能专业补贴", "活人墓占地", "没有人管小区垃圾",
	} {
		if c, arg, ok := ParseCommand(in); ok {
			t.Errorf("ParseCommand(%q) = %s %q, want none", in, c, arg)
		}
	}
}

func FuzzParseCommand(f *testing.F) {
	for _, s := range []string{"转人工", "补充：x", "查进度2611020000017", "T", "a'b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, arg, ok := ParseCommand(s)
		if ok != (c != "") || arg != "" && c != CommandSupplement && len(TicketNumbers(arg)) != 1 {
			t.Fatalf("ParseCommand(%q) = %q %q %v", s, c, arg, ok)
		}
		if strings.TrimSpace(s) == "" && ok {
			t.Fatal("a command of nothing")
		}
	})
}
