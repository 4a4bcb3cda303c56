package runner_test

import (
	"strings"
	"testing"
	"time"

	"jiban"
)

// patient is a house whose turns wait for the rest of what looks unfinished.
func patient(t *testing.T) *house {
	t.Helper()
	h := open(t)
	h.join = 1500 * time.Millisecond
	h.node("n1")
	h.run()
	return h
}

func (h *house) said() string { return strings.Join(h.provider.got(), " / ") }

// One thought over several messages is heard as a whole.
func TestASplitThoughtIsOneTurn(t *testing.T) {
	h := patient(t)
	h.hear("1", "你好，我想反映个问题")
	h.hear("2", "我家楼上天天半夜装修，")
	h.hear("3", "有没有人管")
	until(t, "all was heard", func() bool { return h.said() != "" })
	wantTexts(t, h.provider.got(), "听到了：你好，我想反映个问题｜我家楼上天天半夜装修，｜有没有人管")
}

// When nothing more comes, what was said is answered all the same, also where the
// clock of the house stands still.
func TestNothingMoreComes(t *testing.T) {
	h := patient(t)
	began := time.Now()
	h.hear("1", "我要反映的情况有：")
	until(t, "it was answered", func() bool { return h.said() != "" })
	if took := time.Since(began); took < time.Second {
		t.Errorf("answered after %v, before more could come", took)
	}
}

// The wait counts from the first message.
func TestTheWaitDoesNotGrow(t *testing.T) {
	h := open(t)
	h.join = 1500 * time.Millisecond
	h.node("n1")
	h.hear("1", "是这样的，")
	h.clock.Advance(1490 * time.Millisecond)
	h.hear("2", "楼上装修，")
	began := time.Now()
	h.run()
	until(t, "it was answered", func() bool { return h.said() != "" })
	wantTexts(t, h.provider.got(), "听到了：是这样的，｜楼上装修，")
	if took := time.Since(began); took > time.Second {
		t.Errorf("answered %v after most of the time was over", took)
	}
}

// What is finished, what is dangerous, and what people are to hear waits for nobody.
func TestWhatDoesNotWait(t *testing.T) {
	for name, text := range map[string]string{"finished": "停水了。", "danger": "家里有燃气味，"} {
		t.Run(name, func(t *testing.T) {
			h := patient(t)
			began := time.Now()
			h.hear("1", text)
			until(t, "it was answered", func() bool { return h.said() != "" })
			if took := time.Since(began); took > time.Second {
				t.Errorf("answered after %v", took)
			}
		})
	}
	t.Run("held by an agent", func(t *testing.T) {
		h := patient(t)
		conv := h.hear("1", "停水了。")
		until(t, "it was answered", func() bool { return h.said() != "" })
		c := h.conversation(conv)
		c.Holder, c.AgentID = jiban.HeldByAgent, "a1"
		if _, err := h.store.Store.Apply(t.Context(), jiban.Batch{Conversation: &c}); err != nil {
			t.Fatal(err)
		}
		began, receipt := time.Now(), h.hear("2", "是这样的，")
		until(t, "the agent has it", func() bool {
			all, err := h.store.Messages(t.Context(), receipt, 0, 100)
			return err == nil && len(all) > 0 && all[len(all)-1].TurnID != ""
		})
		if took := time.Since(began); took > time.Second {
			t.Errorf("the agent got it after %v", took)
		}
	})
}
