package lang

import (
	"strings"
	"sync"
	"unicode"
)

// The kinds of small talk.
const (
	ChatGreeting = "greeting" // 你好
	ChatThanks   = "thanks"   // 谢谢
	ChatBye      = "bye"      // 再见
	ChatWho      = "who"      // 你是谁, 你是机器人吗
	ChatPraise   = "praise"   // 你真棒, said to the bot
	ChatInsult   = "insult"   // abuse and nothing else
	ChatNoise    = "noise"    // no words: punctuation, emoji, keys hit at random
)

// chatLine is the length in runes above which a message is no small talk.
const chatLine = 16

// Chitchat tells small talk: a message that is that and nothing else.
func Chitchat(s string) (kind string, ok bool) {
	v := newView(strings.TrimSpace(s), false)
	bare := compact(v.r)
	if bare == "" || noise(bare) {
		return ChatNoise, true
	}
	if len([]rune(bare)) > 2*chatLine {
		return "", false
	}
	if kind, ok := chatTable()[trimParticles(bare)]; ok {
		return kind, true
	}
	if kind, ok := chatTable()[bare]; ok {
		return kind, true
	}
	if kind, ok := chatPair(bare); ok {
		return kind, true
	}
	return insult(&v, bare)
}

// chatPair reads two bits of small talk in one message: 你好，谢谢; the second
// counts.
func chatPair(bare string) (string, bool) {
	for i := range bare {
		if i == 0 {
			continue
		}
		_, first := chatTable()[trimParticles(strings.TrimSpace(bare[:i]))]
		kind, second := chatTable()[trimParticles(strings.TrimSpace(bare[i:]))]
		if first && second {
			return kind, true
		}
	}
	return "", false
}

// insult tells abuse: a short message with a word of abuse that says nothing else.
func insult(v *view, bare string) (string, bool) {
	if len([]rune(bare)) > chatLine {
		return "", false
	}
	hit := false
	angerWords().each(v.r, func(f found) bool { hit = hit || f.group == 0; return !hit })
	if _, kind := RequestType(v.src); hit && kind < 0.5 {
		return ChatInsult, true
	}
	return "", false
}

// Gibberish reports whether a text is keys hit at random or signs without a word.
func Gibberish(s string) bool {
	bare := compact([]rune(Fold(s)))
	return bare == "" || noise(bare)
}

// noise reports whether a text has no words: a single letter three times and
// more, keys side by side, numbers of one or two digits are left to the forms.
func noise(s string) bool {
	letters, hans := 0, 0
	distinct := map[rune]bool{}
	for _, r := range s {
		if unicode.IsDigit(r) {
			return false
		}
		if unicode.Is(unicode.Han, r) {
			hans++
		}
		if unicode.IsLetter(r) {
			letters++
			distinct[r] = true
		}
	}
	if letters == 0 {
		return true
	}
	return letters >= 3 && len(distinct) == 1 && hans == 0 || keyboardRows[s] || repeatedRow(s)
}

// repeatedRow reports whether a text is one row of keys hit again and again.
func repeatedRow(s string) bool {
	for n := 3; n <= len(s)/2; n++ {
		if len(s)%n == 0 && keyboardRows[s[:n]] && strings.Repeat(s[:n], len(s)/n) == s {
			return true
		}
	}
	return false
}

var keyboardRows = wordSet(`asdf asdfg asdfgh asdfghjkl qwer qwert qwerty zxcv zxcvb zxcvbnm jkl fdsa sdf sdfg dfg fgh ghj hjk test testing 测试 测试测试 测试一下`)

func trimParticles(s string) string {
	for {
		t := s
		for _, p := range []string{"啊", "呀", "哦", "了", "吧", "哈", "呢", "啦", "滴", "嘞", "哟", "的", "噢", "嘛"} {
			t = strings.TrimSuffix(t, p)
		}
		if t == s || t == "" {
			return s
		}
		s = t
	}
}

var chatTable = sync.OnceValue(func() map[string]string {
	out := map[string]string{}
	for _, l := range []struct{ kind, words string }{
		{ChatGreeting, "你好|您好|你们好|大家好|早|早上好|上午好|中午好|下午好|晚上好|嗨|哈喽|哈罗|hello|hi|hey|hi there|hello there|good morning|good afternoon|good evening|在吗|在么|在不在|有人在|你在吗|您在吗|喂|喂喂|亲|你好你好|您好您好|客服你好|你好客服|nihao|你好机器人|小即你好"},
		{ChatThanks, "谢谢|谢谢你|谢谢您|谢谢你们|多谢|感谢|非常感谢|太感谢|万分感谢|辛苦|您辛苦|谢了|谢谢谢谢|谢谢帮助|谢谢你的帮助|麻烦你|麻烦您|麻烦了|thanks|thank you|thank you very much|thanks a lot|many thanks|thx|ty|thank u|3q|好的谢谢|好谢谢|知道谢谢|明白谢谢|嗯谢谢|行谢谢|ok谢谢|好的谢谢你|好的谢谢您|知道|知道了|明白|明白了|了解|懂了|清楚了|收到|got it|i see|understood"},
		{ChatBye, "再见|拜拜|拜|88|886|回见|bye|bye bye|byebye|goodbye|good bye|see you|see ya|下次再聊|先这样再见|没有其他问题|没有别的|没别的事|没其他事|没有其他问题了|没问题了|就这些|就这样再见|没有问题了"},
		{ChatWho, "你是谁|您是谁|你是什么|你叫什么|你叫什么名字|你是机器人吗|你是机器人|你是不是机器人|你是真人吗|你是真人|你是人吗|你是人还是机器人|你是人工吗|是机器人吗|是真人吗|你是ai吗|你是ai|你是人工智能吗|你们是谁|你们是哪里|你们是什么单位|这是哪里|这里是哪里|你是哪里|你是哪里的|是人工吗|机器人吗|真人吗|你是chatgpt吗|who are you|what are you|are you a robot|are you a bot|are you human|are you a human|are you real|is this a robot|is this a bot|what is your name|what's your name|am i talking to a robot|am i talking to a human"},
		{ChatPraise, "你真棒|真棒|太棒|你真好|你真厉害|真厉害|厉害|你很聪明|你真聪明|真聪明|聪明|真不错|不错|很好|非常好|太好|好评|点赞|赞|给你点赞|真好用|好用|很好用|服务真好|服务很好|服务不错|回答得很好|good|great|well done|good job|nice|awesome|excellent|good bot|you are great|very good|perfect|满意|很满意|非常满意"},
		{ChatNoise, "哈哈|哈哈哈|哈哈哈哈|呵呵|嘿嘿|嘻嘻|额|呃|嗯哼|哦|噢|啊|唉|哎|咦|haha|hahaha|lol|hmm|um|uh|无聊|没事玩玩|随便看看|看看|试试|试一下|玩玩"},
	} {
		for w := range strings.SplitSeq(l.words, "|") {
			out[w] = l.kind
		}
	}
	return out
})
