package lang

import (
	"testing"

	"jiban"
)

func TestRequestType(t *testing.T) {
	for in, want := range map[string]jiban.RequestType{
		"异地医保怎样报销": jiban.Consultation, "请问社保卡在哪办": jiban.Consultation, "办护照需要什么材料": jiban.Consultation, "How do I apply for a passport": jiban.Consultation,
		"小区停水超过24小时还没有恢复": jiban.Help, "路灯坏了": jiban.Help, "下水道堵了往外冒水": jiban.Help, "There is no water at home": jiban.Help,
		"投诉物业乱收费": jiban.Complaint, "楼下烧烤店油烟扰民": jiban.Complaint, "老板拖欠工资三个月": jiban.Complaint, "小区门前的建筑垃圾一直没人处理": jiban.Complaint,
		"举报有人私搭乱建": jiban.Report, "我要举报一家黑作坊卖假药": jiban.Report, "有工厂夜里偷排污水": jiban.Report,
		"建议在路口增设红绿灯": jiban.Suggestion, "希望能增加一趟早班公交": jiban.Suggestion,
		"我要表扬派出所的民警": jiban.Praise, "感谢社区工作人员帮我找到孩子": jiban.Praise, "给公交司机点赞": jiban.Praise,
		"投诉供热公司，暖气不热，谢谢": jiban.Complaint,
	} {
		if got, p := RequestType(in); got != want || p < 0.3 || p > 1 {
			t.Errorf("RequestType(%q) = %s %.2f, want %s", in, got, p, want)
		}
	}
	if got, p := RequestType("张伟"); got != jiban.Consultation || p > 0.3 {
		t.Errorf("nothing said: %s %.2f", got, p)
	}
}

func TestQuestion(t *testing.T) {
	for _, in := range []string{"社保怎么交", "几点上班？", "可以异地打印吗", "公积金能提取多少", "办事大厅在哪里", "what documents do I need", "什么时候能来水"} {
		if !Question(in) {
			t.Errorf("%q asks", in)
		}
	}
	for _, in := range []string{"小区停水", "为什么没人管", "怎么还不来修", "张伟", "13800001234", "三天了", "凭什么收钱", "my water is off", ""} {
		if Question(in) {
			t.Errorf("%q asks nothing", in)
		}
	}
}

func TestSentiment(t *testing.T) {
	for _, in := range []string{"你们这帮废物，气死我了！！！", "忍无可忍！打了多少次电话都没人管，到底管不管", "什么垃圾热线，推诿扯皮不作为，我要曝光你们", "This is ridiculous, you are useless!!"} {
		if a := Sentiment(in); a < 0.6 || a > 1 {
			t.Errorf("Sentiment(%q) = %.2f, want anger", in, a)
		}
	}
	for _, in := range []string{"小区停水了", "请问怎么办社保", "投诉楼下噪音", "谢谢", "老板拖欠工资三个月", "", "my heating is broken"} {
		if a := Sentiment(in); a >= 0.3 || a < 0 {
			t.Errorf("Sentiment(%q) = %.2f, want calm", in, a)
		}
	}
}

func TestChitchat(t *testing.T) {
	for in, want := range map[string]string{
		"你好": ChatGreeting, "您好！": ChatGreeting, "Hello": ChatGreeting, "在吗": ChatGreeting, "早上好呀": ChatGreeting,
		"谢谢": ChatThanks, "好的，谢谢你": ChatThanks, "Thank you!": ChatThanks, "再见": ChatBye, "谢谢，再见": ChatBye, "bye bye": ChatBye,
		"你是谁": ChatWho, "你是机器人吗？": ChatWho, "are you a robot?": ChatWho, "你真棒": ChatPraise, "傻逼": ChatInsult, "滚蛋": ChatInsult,
		"": ChatNoise, "……": ChatNoise, "😀": ChatNoise, "aaaa": ChatNoise, "asdf": ChatNoise, "哈哈哈": ChatNoise,
	} {
		if got, ok := Chitchat(in); !ok || got != want {
			t.Errorf("Chitchat(%q) = %q %v, want %s", in, got, ok, want)
		}
	}
	for _, in := range []string{"你好，小区停水了", "谢谢，那社保怎么办", "停水", "转人工", "12", "张伟", "感谢社区工作人员", "你们物业就是垃圾，乱收费不作为"} {
		if got, ok := Chitchat(in); ok {
			t.Errorf("Chitchat(%q) = %s, want none", in, got)
		}
	}
}

func FuzzUnderstanding(f *testing.F) {
	for _, s := range []string{"你好", "小区停水", "？？？", "a\xffb", "我叫张", "三千", "黑A", "公司公司公司"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if _, p := RequestType(s); !(p >= 0 && p <= 1) {
			t.Fatalf("RequestType(%q) = %v", s, p)
		}
		if a := Sentiment(s); !(a >= 0 && a <= 1) {
			t.Fatalf("Sentiment(%q) = %v", s, a)
		}
		Question(s)
		Chitchat(s)
		Detect(s)
		Terms(s)
		if got, ok := BareName(s); ok {
			inBounds(t, s, []Slot{got})
		}
		for _, find := range []func(string) []Slot{Phones, TicketNumbers, CreditCodes, Plates, Amounts, Counts, Temperatures, Names, Companies} {
			inBounds(t, s, find(s))
		}
	})
}

func inBounds(t *testing.T, s string, slots []Slot) {
	t.Helper()
	end := 0
	for _, x := range slots {
		if x.Start < end || x.End <= x.Start || x.End > len(s) || s[x.Start:x.End] != x.Text || x.Key == "" || x.Value == "" {
			t.Fatalf("%q: %+v", s, x)
		}
		end = x.End
	}
}
