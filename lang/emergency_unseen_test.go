package lang

import "testing"

// unseenDanger is one sentence and the main number that has to come, or ""
// for a near miss.
type unseenDanger struct{ say, number string }

// unseenDangers were written by a tester who had not read the rules: dangers
// told the way people tell them (indirect, misspelt, in English or in
// traditional characters), and everyday sentences that only look like one.
// The rules may be generalised by what this list shows, never fitted to it.
var unseenDangers = []unseenDanger{
	// Fire and rescue.
	{"楼下电动车棚冒好大的烟，火苗都窜上来了", "119"},
	{"对面那栋楼在往外窜火", "119"},
	{"我家厨房油锅着了扑不灭啊", "119"},
	{"隔壁阳台烧起来了 快点来人", "119"},
	{"仓库那边着了，烟特别大", "119"},
	{"孩子的手卡在防盗门里拔不出来了", "119"},
	{"電梯停在半空中，我們五個人困在裡面出不來", "119"},
	{"电梯卡住了里边还有老人，没人管", "119"},
	{"there's smoke pouring out of the flat upstairs", "119"},
	{"My kitchen caught fire, please help", "119"},
	{"有人掉冰窟窿里了", "119"},
	{"小孩掉井里了快救命", "119"},
	{"河里有人在扑腾，快沉下去了", "119"},
	{"发大水了，我们一家在房顶上下不来", "119"},
	{"墙塌了，下面压着人", "119"},
	{"山上起火了，正往村子这边烧", "119"},
	{"失火啦！！！三单元", "119"},
	{"屋里一股焦糊味还冒黑烟 门打不开", "119"},
	{"we are trapped in the lift, doors won't open", "119"},
	{"化工厂那边炸了，火光冲天", "119"},
	// Gas.
	{"一进屋就闻着煤气味，头有点晕", "119"},
	{"楼道里瓦斯味好浓", "119"},
	{"天然气管子被挖断了，呲呲往外冒气", "119"},
	{"灶台那块一直嘶嘶响，味儿大得呛人，是不是漏气了", "119"},
	{"I can smell gas all over the building", "119"},
	{"煤气漏了咋整啊", "119"},
	{"燃汽泄露了，味道很冲", "119"},
	{"樓道裡聞到很重的瓦斯味", "119"},
	// Medical.
	{"我爸突然倒地上叫不醒了", "120"},
	{"老伴儿嘴歪了，半边身子动不了", "120"},
	{"孩子把纽扣电池吞下去了", "120"},
	{"我媳妇要生了，羊水破了", "120"},
	{"我奶奶喘不上气脸都紫了", "120"},
	{"邻居大爷晕倒在楼道里，没反应", "120"},
	{"我吃了整整一瓶安眠药", "120"},
	{"有人触电了躺着不动", "120"},
	{"胸口疼得厉害，冒冷汗，左胳膊发麻", "120"},
	{"my father collapsed and is not breathing", "120"},
	{"she is unconscious and bleeding heavily", "120"},
	{"孩子抽过去了眼睛往上翻", "120"},
	{"手指头让机器绞断了，血止不住", "120"},
	{"我媽心口痛到昏過去了", "120"},
	{"屋里烧炉子 一家三口都中煤气了 叫不醒", "120"},
	{"误喝了农药，快点救救他", "120"},
	{"高烧41度一直抽搐", "120"},
	{"从三楼掉下来了，人还有气", "120"},
	// Crime and violence.
	{"有人正在撬我家的门", "110"},
	{"我老公又在打我，我躲在卫生间", "110"},
	{"隔壁传来女人惨叫和砸东西的声音，好像在打人", "110"},
	{"有个男的一直跟着我，我不敢回家", "110"},
	{"刚有人把我手机抢走了往南跑", "110"},
	{"孩子在商场门口被陌生人抱走了", "110"},
	{"楼下一帮人拿着棍子砍刀打起来了", "110"},
	{"someone is breaking into my house right now", "110"},
	{"he has a knife and he is threatening me", "110"},
	{"我被关在传销窝点里出不去", "110"},
	{"我被锁在一个屋子里 他们不让我走", "110"},
	{"老板带人把我们堵在工地不让走还动手了", "110"},
	{"刚被骗了三万块，钱刚转过去", "110"},
	{"有人在公交车上持刀", "110"},
	{"救命！！他要杀我", "110"},
	{"家暴，现在，不敢出声", "110"},
	{"我女儿放学到现在没回来，电话也打不通，找不着人了", "110"},
	{"有人拿槍", "110"},
	{"家裡進賊了，人還在裡面", "110"},
	// Traffic.
	{"路口两车撞了，有人卡在驾驶室里", "122"},
	{"刚才被车撞了，司机想跑", "122"},
	{"高速上追尾了，好几辆车", "122"},
	{"一辆大货车翻沟里了", "122"},
	{"there has been a car crash, people are hurt", "122"},
	{"出車禍了，在二環橋上", "122"},
	{"电动车和轿车撞上了 骑车的躺地上呢", "122"},
	// Self-harm.
	{"我不想活了", "12356"},
	{"活着没意思，想一走了之，药都准备好了", "12356"},
	{"撑不下去了，我站在天台上", "110"},
	{"有个姑娘站在桥栏杆外面要跳", "110"},
	{"I want to end my life", "12356"},
	{"我割腕了", "120"},
	{"孩子发微信跟我说永别了，人找不到了", "110"},
	{"真想死了算了，谁也别拦我", "12356"},
	{"不想再拖累孩子们了，今晚就走", "12356"},
	// Near misses.
	{"灭火器过期了物业不换", ""},
	{"消防通道被堵，万一着火怎么办", ""},
	{"上个月家里着过火，现在想申请救助", ""},
	{"燃气费怎么交", ""},
	{"天然气什么时候能通到我们小区", ""},
	{"昨天被打了已经报警了，现在想问问法律援助", ""},
	{"120的救护车收费标准是多少", ""},
	{"老人去世了怎么销户", ""},
	{"交通事故处理完了，保险公司不赔", ""},
	{"打火机质量不合格我要举报", ""},
	{"热死了，空调坏了也没人修", ""},
	{"气死我了，你们到底管不管", ""},
	{"饭店生意火爆，油烟扰民", ""},
	{"火车站怎么走", ""},
	{"电梯老出故障，上次还困过人", ""},
	{"怎么学习心肺复苏", ""},
	{"小区里有人卖刀具没有执照", ""},
	{"急死了，孩子上学的事还没办", ""},
	{"我想杀价，菜市场不让", ""},
	{"广场舞吵死人了", ""},
	{"没有人受伤，就是车刮了一下，现在想问怎么走保险", ""},
	{"这条路坑太多，早晚要出车祸", ""},
	{"希望增加消防演练", ""},
	{"煤气罐哪里可以换", ""},
	{"之前有人跳楼的那栋楼一直没人管理", ""},
	{"烧烤店冒烟，熏得睡不着", ""},
	{"no gas smell, I just want to pay the gas bill", ""},
	{"How do I apply for a fire safety certificate?", ""},
	{"路灯不亮，走夜路怕被抢", ""},
	{"我妈去年脑梗，现在能申请残疾证吗", ""},
	{"冒黑烟的公交车能不能换掉", ""},
	{"物业要是再不修，迟早得爆炸", ""},
	{"感谢消防员救出被困的孩子", ""},
	{"煤气味已经没有了，修好了，谢谢", ""},
	{"暖气片爆了，水流了一地", ""},
	{"河水发臭，鱼都死了", ""},
	{"割草机噪音太大", ""},
	{"安眠药医保能报吗", ""},
	{"新開的火鍋店排油煙", ""},
	{"快递被偷了，上周的事，派出所让我找12345", ""},
}

func TestEmergencyUnseen(t *testing.T) {
	dangers, hit, misses, alarms := 0, 0, 0, 0
	for _, c := range unseenDangers {
		d, ok := Emergency(c.say)
		if c.number == "" {
			misses++
			if ok {
				alarms++
				t.Errorf("false alarm %s (%s, %q): %s", d.Number, d.Kind, d.Words, c.say)
			}
			continue
		}
		dangers++
		switch {
		case !ok:
			t.Errorf("missed, want %s: %s", c.number, c.say)
		case d.Number != c.number && !hasNumber(d.Also, c.number):
			hit++
			t.Errorf("number %s %v, want %s: %s", d.Number, d.Also, c.number, c.say)
		default:
			hit++
		}
	}
	t.Logf("recall %d/%d, false alarms %d/%d", hit, dangers, alarms, misses)
}

func hasNumber(all []string, n string) bool {
	for _, a := range all {
		if a == n {
			return true
		}
	}
	return false
}
