package wechatsim

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

const terminalHelp = `直接输入文字即发送一条消息 / what you type is sent as a text
/tap N              点选上一条菜单的第 N 项 / tap item N of the last menu
/location LAT,LNG,LABEL   发送位置 / send a position
/image              发送图片 / send a picture
/subscribe          关注 / follow the account
/click KEY          点击自定义菜单 / click a menu of the account
/wait 3s            等待回复 / wait for replies
/quit               退出 / leave
`

// terminal is one person at a keyboard.
type terminal struct {
	sim *Sim

	mu   sync.Mutex
	out  io.Writer
	menu []MenuItem
}

// Run plays WeChat at a terminal until the input ends or ctx does: it serves the
// API on cfg.Listen, sends each line to the callback and prints what comes back.
func Run(ctx context.Context, in io.Reader, out io.Writer, cfg Config) error {
	sim := New(cfg)
	t := &terminal{sim: sim, out: out}
	sim.OnSent(t.print)
	stop, err := serve(ctx, sim, func(err error) { t.say("! API: %v\n", err) })
	if err != nil {
		return err
	}
	defer stop()
	t.say("WeChat API 替身 / stand-in: http://%s (api_base)\n回调 / callback: %s\n%s", sim.cfg.Listen, sim.cfg.Callback, terminalHelp)
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
			if err := t.line(ctx, line); err != nil {
				t.say("! %v\n", err)
			}
		}
	}
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

// serve starts the API and returns how to stop it.
func serve(ctx context.Context, sim *Sim, broken func(error)) (func(), error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", sim.cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("wechatsim: listen on %s: %w", sim.cfg.Listen, err)
	}
	sim.cfg.Listen = l.Addr().String()
	srv := &http.Server{Handler: sim.Handler(), ReadHeaderTimeout: 5 * time.Second}
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := srv.Serve(l); err != nil && !errors.Is(err, http.ErrServerClosed) {
			broken(err)
		}
	})
	return func() {
		if err := srv.Close(); err != nil {
			broken(err)
		}
		serving.Wait()
	}, nil
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

func (t *terminal) line(ctx context.Context, line string) error {
	if arg, ok := strings.CutPrefix(line, "/wait "); ok {
		d, err := time.ParseDuration(strings.TrimSpace(arg))
		if err != nil {
			return fmt.Errorf("/wait 3s: %w", err)
		}
		return linger(ctx, d)
	}
	m, err := t.parse(line)
	if err != nil || m.Type == "" {
		return err
	}
	reply, err := t.sim.Push(ctx, m)
	if err != nil {
		return err
	}
	if !reply.Acknowledged {
		t.say("[WeChat] 该公众号提供的服务出现故障，请稍后再试 (status %d, %d deliveries)\n", reply.Status, reply.Deliveries)
	}
	return nil
}

func (t *terminal) parse(line string) (Message, error) {
	command, arg, _ := strings.Cut(line, " ")
	arg = strings.TrimSpace(arg)
	switch command {
	case "":
		return Message{}, nil
	case "/help":
		t.say("%s", terminalHelp)
		return Message{}, nil
	case "/tap":
		return t.tap(arg)
	case "/location":
		return location(arg)
	case "/image":
		return Message{Type: "image", MediaID: "media-sim"}, nil
	case "/subscribe":
		return Message{Type: "event", Event: "subscribe"}, nil
	case "/click":
		return Message{Type: "event", Event: "CLICK", EventKey: arg}, nil
	}
	return Message{Type: "text", Text: line}, nil
}

func (t *terminal) tap(arg string) (Message, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n, err := strconv.Atoi(arg)
	if err != nil || n < 1 || n > len(t.menu) {
		return Message{}, fmt.Errorf("上一条消息有 %d 项可选 / the last message offers %d items", len(t.menu), len(t.menu))
	}
	item := t.menu[n-1]
	return Message{Type: "text", Text: item.Content, MenuID: item.ID}, nil
}

func location(arg string) (Message, error) {
	parts := strings.SplitN(arg, ",", 3)
	if len(parts) < 2 {
		return Message{}, errors.New("/location LAT,LNG,LABEL")
	}
	lat, errLat := strconv.ParseFloat(strings.TrimSpace(parts[0]), 64)
	lng, errLng := strconv.ParseFloat(strings.TrimSpace(parts[1]), 64)
	if errLat != nil || errLng != nil {
		return Message{}, errors.New("/location LAT,LNG,LABEL: LAT and LNG are numbers")
	}
	m := Message{Type: "location", Lat: lat, Lng: lng}
	if len(parts) == 3 {
		m.Label = strings.TrimSpace(parts[2])
	}
	return m, nil
}

// print shows what reached the person and remembers what can be tapped: the items
// of a menu message, or the numbered lines of a text, which are tapped by writing
// their words.
func (t *terminal) print(s Sent) {
	menu := s.Menu
	if len(menu) == 0 {
		menu = numberedLines(s.Text)
	}
	t.mu.Lock()
	t.menu = menu
	t.mu.Unlock()
	t.say("[%s] %s\n", s.Path, s.Text)
	for i, m := range s.Menu {
		t.say("  %d. %s\n", i+1, m.Content)
	}
}

func numberedLines(text string) []MenuItem {
	var items []MenuItem
	for _, l := range strings.Split(text, "\n") {
		if label, ok := strings.CutPrefix(l, strconv.Itoa(len(items)+1)+". "); ok {
			items = append(items, MenuItem{Content: label})
		}
	}
	return items
}

func (t *terminal) say(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Fprintf(t.out, format, args...)
}
