package smssim

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// Run plays a carrier at a terminal until the input ends or ctx does: it lets the
// gateway bind at cfg.Listen, sends each line as a text message and prints what
// reaches the phone.
func Run(ctx context.Context, in io.Reader, out io.Writer, cfg Config) error {
	sim := New(cfg)
	if err := sim.Start(ctx); err != nil {
		return err
	}
	defer sim.Close()
	var mu sync.Mutex
	say := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(out, format, args...)
	}
	sim.OnSent(func(m Sent) { say("[%s → %s, %d 条/parts] %s\n", m.From, m.To, m.Parts, m.Text) })
	say("SMSC 替身 / stand-in: %s\n直接输入文字即以 %s 发送短信 / what you type is sent as a text message\n/wait 3s 等待回复 / wait for replies\n/quit 退出 / leave\n", sim.Addr(), sim.cfg.Phone)
	if err := sim.WaitBound(ctx); err != nil {
		return nil //nolint:nilerr // stopped before anybody bound
	}
	say("已连接 / bound\n")
	lines := read(ctx, in)
	for {
		select {
		case <-ctx.Done():
			return nil
		case line, ok := <-lines:
			if !ok {
				return linger(ctx, sim.cfg.Linger)
			}
			if line == "/quit" {
				return nil
			}
			if err := sim.line(ctx, line); err != nil {
				say("! %v\n", err)
			}
		}
	}
}

// line sends what was typed; "/wait 3s" lets replies come in first, for scripts.
func (s *Sim) line(ctx context.Context, line string) error {
	if arg, ok := strings.CutPrefix(line, "/wait "); ok {
		d, err := time.ParseDuration(strings.TrimSpace(arg))
		if err != nil {
			return fmt.Errorf("/wait 3s: %w", err)
		}
		return linger(ctx, d)
	}
	if line == "" {
		return nil
	}
	return s.Push(ctx, s.cfg.Phone, line)
}

// linger waits, or less when ctx ends.
func linger(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return nil
}

// read passes lines on. It ends with the input; a reader that blocks for ever, as
// a terminal does, is left to the end of the process.
func read(ctx context.Context, in io.Reader) <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		sc := bufio.NewScanner(in)
		for sc.Scan() {
			select {
			case lines <- strings.TrimSpace(sc.Text()):
			case <-ctx.Done():
				return
			}
		}
	}()
	return lines
}
