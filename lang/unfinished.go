package lang

import (
	"regexp"
	"strings"
)

// Unfinished reports whether a message looks as if its writer goes on in the next:
// it breaks off at a comma or a connecting word, or only announces that something
// is to come. A question, a sentence with its full stop and a bare greeting are
// finished.
func Unfinished(s string) bool {
	text := strings.TrimSpace(s)
	if text == "" || len([]rune(text)) > unfinishedMost {
		return false
	}
	return opensList.MatchString(text) || breaksOff.MatchString(text) || announces.MatchString(text)
}

// unfinishedMost is the length in runes above which a message stands for itself.
const unfinishedMost = 60

var (
	// opensList ends in a sign after which more must come.
	opensList = regexp.MustCompile(`[,，、:：—(（]$`)
	// breaksOff ends in a word that joins what was said to what is to come.
	breaksOff = regexp.MustCompile(`(?:[^\p{Han}]|\p{Han}{2,}|^)(?:然后呢?|还有就?是?|因为|所以|但是|可是|不过|而且|另外|就是说?|后来|比如|例如|并且|以及|或者|包括|要么|首先|第一|其一|其次)$|(?:[^\p{Han}]|^)结果$`)
	// announces says that there is something, and not yet what.
	announces = regexp.MustCompile(`^(?:您好|你好|喂|哎|嗯|那个|请问|[,，!！。 ])*(?:` +
		`是这样的?|事情是这样的?|情况是这样的?|我?(?:跟|和|给)?(?:你们?|您)?(?:说|讲|反映|反应|反馈|咨询|问|打听|投诉|举报)(?:一下|一?个?(?:事儿?|问题|情况|事情))+|` +
		`我?(?:想|要|需要|准备)(?:跟|和|给|向)?(?:你们?|您)?(?:说|讲|反映|反应|反馈|咨询|问|打听)(?:一下|一?个?(?:事儿?|问题|情况|事情))*|` +
		`有一?(?:个|件)(?:事儿?|问题|情况|事情)(?:想|要)?(?:问|说|反映|咨询|请教)?(?:一下|你们?|您)*|请问一下|我们?(?:家|这儿?|这里|小区|单位|村))(?:啊|呀|吧|哈|呢|[,，.。…~～ ])*$`)
)
