package lang

import (
	"math"
	"sync"
)

// Sentiment measures anger in a text, 0 (calm) to 1 (furious). Above 0.6 a person
// should take over; a report of something bad in calm words stays below 0.3.
func Sentiment(s string) (anger float64) {
	v := newView(s, true)
	weight := 0.0
	seen := map[int]int{}
	angerWords().each(v.r, func(f found) bool {
		if seen[f.group]++; seen[f.group] <= 4 {
			weight += angerWeights[f.group]
		}
		return true
	})
	return 1 - math.Exp(-(weight + shouting(s)))
}

// shouting weighs rows of exclamation and question marks.
func shouting(s string) float64 {
	marks, row := 0.0, 0
	for _, r := range s {
		if r != '!' && r != '！' && r != '?' && r != '？' {
			row = 0
			continue
		}
		if row++; row > 1 {
			marks++
		}
	}
	return math.Min(marks*0.15, 0.6)
}

// angerWeights belong to the groups of angerWords: abuse, fury, reproach, growing
// impatience.
var angerWeights = []float64{1.1, 0.8, 0.45, 0.25}

var angerWords = sync.OnceValue(func() *phraseBook {
	return newPhraseBook(
		[]string{"他妈|你妈|妈的|妈逼|傻逼|傻b|煞笔|沙比|操你|草你|我操|我草|卧槽|混蛋|王八蛋|畜生|狗东西|狗日|去死|滚蛋|滚开|放屁|放狗屁|废物|蠢货|脑残|白痴|智障|垃圾客服|垃圾机器人|垃圾部门|垃圾热线|垃圾平台|什么玩意|什么东西|吃屎|吃干饭|人渣|sb|nmsl|fuck|shit|bullshit|asshole|idiot|stupid|useless|moron"},
		[]string{"什么破|破热线|破平台|破客服|破机器人|气死|气炸|气愤|愤怒|忍无可忍|怒了|火大|火冒|恼火|太过分|太欺负人|欺人太甚|无法无天|草菅人命|丧尽天良|黑心|良心|天理|不要脸|无耻|可恶|太可恨|曝光你|曝光|找媒体|找记者|上访|闹大|拼了|受够|够了|再也忍|furious|outrageous|ridiculous|disgusting|unacceptable|angry|fed up|sick of|shame on you"},
		[]string{"太差|差劲|太慢|太烂|不作为|推诿|踢皮球|敷衍|糊弄|骗人|骗子|坑人|坑爹|离谱|荒唐|可笑|无语|无奈|恶劣|嚣张|霸道|什么态度|管不管|没人管|到底|凭什么|不负责|官僚|答非所问|听不懂人话|听不懂|没用|没有用|白搭|terrible|awful|horrible|worst|pathetic|incompetent|nobody cares|waste of time"},
		[]string{"多少次|好几次|很多次|无数次|一遍又一遍|第三次|第四次|第五次|几次三番|反复|还不|还没|一直不|迟迟|拖了|等了|烦|受不了|严重|强烈|again and again|how many times|still not|keep asking"},
	)
})
