package app

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"

	"jiban"
	"jiban/app/config"
	"jiban/knowledge"
	"jiban/staff"
)

// loadSample puts the sample knowledge base into a store that has no article yet.
// (The sample catalogue is taken by the tickets room itself.)
func (h *house) loadSample(ctx context.Context) error {
	have, err := h.store.ListArticles(ctx, "", "", "", 1)
	if err != nil || len(have) > 0 {
		return err
	}
	articles, err := knowledge.Sample()
	if err != nil {
		return err
	}
	err = h.store.SaveArticles(ctx, articles, nil)
	if jiban.CodeOf(err) == jiban.CodeConflict {
		return nil // another node was faster
	}
	return err
}

// makeFolder creates the data folder, readable by its owner only.
func makeFolder(c config.Config) error {
	folders := []string{c.DataDir}
	if file := sqliteFile(c); file != "" {
		folders = append(folders, filepath.Dir(file))
	}
	for _, f := range folders {
		if err := os.MkdirAll(f, 0o700); err != nil {
			return jiban.Errorf(jiban.CodeUnavailable, "app", "cannot make the data folder: %w", err)
		}
	}
	return nil
}

// welcome prints the addresses, and the first accounts the one time they are
// made.
func welcome(out io.Writer, addr string, c config.Config, first []staff.First) error {
	base := "http://" + visible(addr)
	if c.PublicURL != "" {
		base = strings.TrimRight(c.PublicURL, "/")
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n即办 Jiban 已启动 is running\n\n")
	for _, p := range [][2]string{{"/chat", "群众对话 citizens"}, {"/enterprise", "企业服务 businesses"}, {"/console", "工作台 staff"}, {"/track", "进度查询 progress"}} {
		fmt.Fprintf(&b, "  %-40s %s\n", base+p[0], p[1])
	}
	if len(first) > 0 {
		fmt.Fprintf(&b, "\n首批账号和一次性密码，只显示这一次 first accounts with one-time passwords, shown this once:\n\n")
		for _, f := range first {
			fmt.Fprintf(&b, "  %-12s %s  %s\n", f.Login, f.Name, f.Password)
		}
	}
	b.WriteString("\nCtrl-C 停止 stops\n")
	if _, err := io.WriteString(out, b.String()); err != nil {
		return fmt.Errorf("cannot print the addresses: %w", err)
	}
	return nil
}

// visible turns a listening address into one that can be opened.
func visible(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}
