package lang

import (
	"slices"
	"strings"
	"sync"
)

// Command is what a person orders the desk to do.
type Command string

// The commands.
const (
	CommandHuman      Command = "human"      // speak to a person
	CommandStatus     Command = "status"     // how far is my request
	CommandUrge       Command = "urge"       // hurry it up
	CommandSupplement Command = "supplement" // add to a ticket
	CommandWithdraw   Command = "withdraw"   // take a ticket back
	CommandCancel     Command = "cancel"     // drop what is being filled in
	CommandOptOut     Command = "opt_out"    // no more notices
	CommandOptIn      Command = "opt_in"     // notices again
	CommandHelp       Command = "help"       // what can you do
	CommandBack       Command = "back"       // from the queue back to the robot
	CommandLeave      Command = "leave"      // leave the queue, or leave a message
	CommandYes        Command = "yes"
	CommandNo         Command = "no"
	CommandSkip       Command = "skip"      // this field stays empty
	CommandRestart    Command = "restart"   // begin again
	CommandAnonymous  Command = "anonymous" // no name, or not to be passed on
)

// The commands about oneself and one's data.
const (
	CommandPrivacy       Command = "privacy"         // what is kept, and why
	CommandBind          Command = "bind"            // prove a telephone number
	CommandResend        Command = "resend"          // send the code again
	CommandRevoke        Command = "revoke"          // take a consent back
	CommandSeeData       Command = "see_data"        // what is held about me
	CommandCopyData      Command = "copy_data"       // a copy of it
	CommandCorrectData   Command = "correct_data"    // it is wrong
	CommandDeleteData    Command = "delete_data"     // delete it
	CommandOutOfProgress Command = "out_of_progress" // no news of tickets
	CommandOutOfSurvey   Command = "out_of_survey"   // no questions afterwards
	CommandIntoProgress  Command = "into_progress"
	CommandIntoSurvey    Command = "into_survey"
)

// commandLine is the length in runes above which a message is no bare command.
const commandLine = 48

// ParseCommand reads a message that is a command: the whole of it, but for a few
// words of politeness, or a command word followed by what it is about, which
// comes back as arg (查进度 2611020000017, 补充：电梯也坏了). A sentence that only
// contains a command's words (我要投诉人工服务) is none.
func ParseCommand(s string) (c Command, arg string, ok bool) {
	v := newView(strings.TrimSpace(s), false)
	bare := compact(v.r)
	if bare == "" {
		return "", "", false
	}
	t := commandTable()
	if c, ok := t.exact[bare]; ok {
		return c, "", true
	}
	if c, ok := t.exact[withoutThanks(bare)]; ok {
		return c, "", true
	}
	if len([]rune(bare)) <= commandLine {
		if c, ok := t.unwrap(bare, wrapDepth); ok && unwrapped(c) {
			return c, "", true
		}
	}
	return t.leading(&v)
}

// withoutThanks takes a closing word of thanks off a message.
func withoutThanks(s string) string {
	for _, w := range []string{"谢谢", "谢谢你", "谢谢您", "谢谢了", " thanks", " thank you", " please"} {
		if rest, ok := strings.CutSuffix(s, w); ok {
			return rest
		}
	}
	return s
}

// unwrapped reports whether a command may come with words of politeness around
// it: a lone 退订 or 是 must be the whole message.
func unwrapped(c Command) bool {
	return c != CommandOptOut && c != CommandYes && c != CommandNo && c != CommandDeleteData
}

// compact drops punctuation and blanks at the edges and all punctuation within;
// words of Latin letters stay apart.
func compact(rs []rune) string {
	var b strings.Builder
	gap := false
	for _, r := range rs {
		if blank(r) && r != '\'' {
			gap = b.Len() > 0
			continue
		}
		if gap && latin(r) && latin(lastRune(b.String())) {
			b.WriteByte(' ')
		}
		gap = false
		b.WriteRune(r)
	}
	return b.String()
}

func lastRune(s string) rune {
	if s == "" {
		return 0
	}
	rs := []rune(s)
	return rs[len(rs)-1]
}

// wrapDepth is how many words of politeness may stand around a command.
const wrapDepth = 6

// unwrap looks a message up with words of politeness and impatience taken off
// either end.
func (t *commands) unwrap(s string, depth int) (Command, bool) {
	if c, ok := t.exact[s]; ok || depth == 0 {
		return c, ok
	}
	for _, w := range commandAfter {
		if rest, ok := strings.CutSuffix(s, w); ok && rest != "" {
			if c, ok := t.unwrap(rest, depth-1); ok {
				return c, true
			}
		}
	}
	for _, w := range commandBefore {
		if rest, ok := strings.CutPrefix(s, w); ok && rest != "" {
			if c, ok := t.unwrap(rest, depth-1); ok {
				return c, true
			}
		}
	}
	return "", false
}

var commandBefore = []string{
	"你好", "您好", "请问", "请", "麻烦", "劳驾", "能不能", "能否", "可不可以", "可以", "能", "帮我", "帮忙", "给我", "替我", "我想要", "我想", "我要", "我需要", "我要求", "需要", "想", "要", "直接", "马上", "立刻", "立即", "快点", "快", "赶紧", "赶快", "现在", "还是", "那", "那就", "先", "再", "我", "一下", "就", "嗯", "好的", "好", "算了",
	"please ", "pls ", "can you ", "could you ", "can i ", "could i ", "may i ", "i want to ", "i would like to ", "i'd like to ", "i need to ", "i want ", "i need ", "let me ", "hi ", "hello ", "just ",
}

var commandAfter = []string{
	"谢谢", "谢谢你", "谢谢您", "好吗", "可以吗", "行吗", "行不行", "好不好", "吧", "吗", "啊", "呀", "呢", "哦", "了", "一下", "下", "谢", "好么", "么", "嘛", "哈", "可以不", "行不", "啦", "服务吧", "快点", "快",
	" please", " pls", " now", " thanks", " thank you",
}

// leadWord is a command word that may be followed by what it is about.
type leadWord struct {
	word    string
	command Command
	number  bool // only a ticket number may follow
}

type commands struct {
	exact map[string]Command
	leads []leadWord
}

// leading reads a command word followed by a colon, a blank or a ticket number.
func (t *commands) leading(v *view) (Command, string, bool) {
	start := skipPolite(v)
	for _, l := range t.leads {
		if !v.has(start, l.word) {
			continue
		}
		i := start + len([]rune(l.word))
		rest := i
		for blank(v.at(rest)) && rest < len(v.r) {
			rest++
		}
		if rest >= len(v.r) {
			continue
		}
		arg := v.src[v.start[rest]:]
		numbers := TicketNumbers(arg)
		switch {
		case l.number && len(numbers) == 1 && onlyNumber(arg, numbers[0]):
			return l.command, numbers[0].Value, true
		case !l.number && rest > i:
			return l.command, strings.TrimSpace(arg), true
		case !l.number && len(numbers) > 0:
			return l.command, arg, true
		}
	}
	return t.trailing(v)
}

// trailing reads a ticket number followed by a command: 2611020000017催一下.
func (t *commands) trailing(v *view) (Command, string, bool) {
	numbers := TicketNumbers(v.src)
	if len(numbers) != 1 {
		return "", "", false
	}
	n := numbers[0]
	rest := compact([]rune(Fold(v.src[:n.Start] + " " + v.src[n.End:])))
	for _, w := range []string{"工单编号", "工单号", "编号", "工单", "单号", "受理号", "这个", "的", "number", "ticket", "是"} {
		rest = strings.ReplaceAll(rest, w, "")
	}
	rest = strings.TrimSpace(rest)
	if rest == "" {
		return CommandStatus, n.Value, true
	}
	c, ok := t.unwrap(rest, wrapDepth)
	switch c {
	case CommandStatus, CommandUrge, CommandWithdraw, CommandSupplement:
		return c, n.Value, ok
	}
	return "", "", false
}

func skipPolite(v *view) int {
	i := 0
	for {
		n := v.hasAny(i, []string{"请", "麻烦", "帮我", "我要", "我想", "你好", "您好", ",", " ", "给我", "please ", "!"})
		if n == 0 {
			return i
		}
		i += n
	}
}

// onlyNumber reports whether arg is a ticket number and little else.
func onlyNumber(arg string, n Slot) bool {
	rest := compact([]rune(Fold(arg[:n.Start] + arg[n.End:])))
	for _, w := range []string{"工单编号", "工单号", "编号", "工单", "单号", "的", "进度", "是", "一下", "吧", "谢谢", "ticket", "number"} {
		rest = strings.ReplaceAll(rest, w, "")
	}
	return strings.TrimSpace(rest) == ""
}

var commandTable = sync.OnceValue(func() *commands {
	t := &commands{exact: map[string]Command{}}
	for _, l := range slices.Concat(commandWords(), personalWords()) {
		for w := range strings.SplitSeq(l.words, "|") {
			t.exact[w] = l.command
		}
	}
	for _, l := range []struct {
		command Command
		number  bool
		words   string
	}{
		{CommandStatus, true, "查询进度|查进度|查一下进度|查询工单|查工单|查询|查一下|查|进度|status|check status|check|track|ticket number|工单编号|工单号|单号"},
		{CommandUrge, true, "催办一下|催办|催一下|催单|催|urge"},
		{CommandWithdraw, true, "撤销工单|撤销|撤单|撤回|撤诉|取消工单|withdraw"},
		{CommandSupplement, false, "补充说明|补充一下|补充一点|补充材料|补充|再补充|supplement|add to ticket|to add"},
	} {
		for w := range strings.SplitSeq(l.words, "|") {
			t.leads = append(t.leads, leadWord{w, l.command, l.number})
		}
	}
	return t
})
