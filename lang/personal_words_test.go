package lang

import (
	"strings"
	"testing"
)

func TestCommandsAboutOneself(t *testing.T) {
	for in, want := range map[string]Command{
		"隐私": CommandPrivacy, "隐私政策": CommandPrivacy, "Privacy?": CommandPrivacy, "绑定手机号": CommandBind, "我要验证手机号": CommandBind,
		"帮我绑定一下手机": "", "verify my phone": CommandBind, "没收到验证码": CommandResend, "撤回同意": CommandRevoke, "解绑": CommandRevoke,
		"查看我的数据": CommandSeeData, "导出我的数据": CommandCopyData, "更正我的信息": CommandCorrectData, "删除我的数据": CommandDeleteData,
		"delete my data": CommandDeleteData, "退订进度": CommandOutOfProgress, "退订调查": CommandOutOfSurvey, "恢复进度": CommandIntoProgress,
		"恢复调查": CommandIntoSurvey, "退订": CommandOptOut, "恢复通知": CommandOptIn, "撤回": CommandWithdraw, "stop surveys": CommandOutOfSurvey,
		"STOP": CommandOptOut, "退 订 进 度": CommandOutOfProgress,
	} {
		if got, _, _ := ParseCommand(in); got != want {
			t.Errorf("ParseCommand(%q) = %q, want %q", in, got, want)
		}
	}
}

// A sentence that only speaks of these things is a request like any other.
func TestSentencesAboutPrivacyAreNoCommands(t *testing.T) {
	for _, in := range []string{
		"小区物业泄露我的隐私", "隐私被偷拍了怎么办", "手机号被人绑定了银行卡", "公积金怎么绑定手机号", "营业执照怎么注销", "注销户口需要什么材料", "公司注销流程",
		"怎么删除征信记录", "医院不给复制病历", "回访电话态度不好", "满意度调查造假", "进度太慢", "更正房产证上的姓名怎么办", "怎么解除劳动合同", "解除租房合同押金不退",
		"个人信息被泄露", "修改身份证信息去哪里", "我的快递没收到", "没收到退款",
	} {
		if c, arg, ok := ParseCommand(in); ok {
			t.Errorf("ParseCommand(%q) = %s %q, want none", in, c, arg)
		}
	}
}

// No word may mean two things: the table would keep whichever came last.
func TestPersonalWordsAreNobodyElses(t *testing.T) {
	seen := map[string]Command{}
	for _, l := range commandWords() {
		for w := range strings.SplitSeq(l.words, "|") {
			seen[w] = l.command
		}
	}
	for _, l := range personalWords() {
		for w := range strings.SplitSeq(l.words, "|") {
			if other, twice := seen[w]; twice {
				t.Errorf("%q is %s and %s", w, other, l.command)
			}
			seen[w] = l.command
		}
	}
}
