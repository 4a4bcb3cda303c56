package prompts

import (
	"testing"

	"jiban"
)

// What staff write goes into our sentences: no mark is doubled, none is missing.
func TestWhatOthersWroteFitsIntoASentence(t *testing.T) {
	b, err := New()
	if err != nil {
		t.Fatal(err)
	}
	const number = "2611020000018"
	extended := func(reason string) map[string]string {
		return map[string]string{"number": number, "reason": reason, "due": "2026-11-28T18:00:00+08:00"}
	}
	message := func(text string) map[string]string {
		return map[string]string{"number": number, "department": "水务局", "text": text}
	}
	for _, c := range []struct {
		lang   jiban.Lang
		kind   jiban.NoticeKind
		params map[string]string
		want   string
	}{
		{jiban.Chinese, jiban.NoticeTicketExtended, extended("管件明日到货。"), "工单编号：2611020000018，因为管件明日到货，办理时间延长到11月28日18:00，请您谅解。"},
		{jiban.Chinese, jiban.NoticeTicketExtended, extended("管件明日到货"), "工单编号：2611020000018，因为管件明日到货，办理时间延长到11月28日18:00，请您谅解。"},
		{jiban.Chinese, jiban.NoticeTicketExtended, extended(""), "工单编号：2611020000018，办理时间延长到11月28日18:00，请您谅解。"},
		{jiban.Chinese, jiban.NoticeTicketMessage, message("请储备生活用水"), "工单编号：2611020000018，水务局的办理人员说：请储备生活用水。您可以直接在这里回答。"},
		{jiban.Chinese, jiban.NoticeTicketMessage, message("请拨打 0451-12345678"), "工单编号：2611020000018，水务局的办理人员说：请拨打 0451-12345678。您可以直接在这里回答。"},
		{jiban.Chinese, jiban.NoticeTicketMessage, message("现在有水了吗？"), "工单编号：2611020000018，水务局的办理人员说：现在有水了吗？您可以直接在这里回答。"},
		{jiban.Chinese, jiban.NoticeTicketMessage, message("现在有水了吗"), "工单编号：2611020000018，水务局的办理人员说：现在有水了吗？您可以直接在这里回答。"},
		{jiban.Chinese, jiban.NoticeTicketMessage, message("通知写着“停水。”"), "工单编号：2611020000018，水务局的办理人员说：通知写着“停水。”您可以直接在这里回答。"},
		{jiban.English, jiban.NoticeTicketMessage, message("Please store water"), "Ticket number: 2611020000018, the person in charge at 水务局 writes: Please store water. You can answer right here."},
	} {
		if got, err := b.Notice(c.lang, c.kind, c.params); err != nil || got != c.want {
			t.Errorf("%s:\n%s (%v), not\n%s", c.kind, got, err, c.want)
		}
	}
	lacking := map[string]string{"number": number, "department": "水务局"}
	if got, err := b.Notice(jiban.Chinese, jiban.NoticeTicketMessage, lacking); err == nil {
		t.Errorf("a message without words is told as %q", got)
	}
}
