// Package browsertest drives a real Chromium for tests of the pages: a browser,
// windows of visitors with cookies of their own, what a person does there (read,
// press, type), and what every page must keep to (axe finds nothing, no other host
// is asked, nothing is wider than the window).
//
// It is for tests only and must not know the rooms of the house: it sees addresses
// and pages, never a server's insides.
package browsertest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

const (
	// stepLimit bounds everything that a test waits for.
	stepLimit = 40 * time.Second
	// pollEvery is how often a condition is asked for.
	pollEvery = 50 * time.Millisecond
	// lastWords bounds what is still asked of a page on which a step failed.
	lastWords = 5 * time.Second
)

// Browser is a running Chromium. It ends with the test.
type Browser struct {
	ctx  context.Context
	root string // of the module
}

// Start starts the Chromium that JIBAN_TEST_CHROMIUM names, or the one on the
// PATH. The test is skipped where there is none, or where the pages are not built.
func Start(t *testing.T) *Browser {
	t.Helper()
	path := os.Getenv("JIBAN_TEST_CHROMIUM")
	if path == "" {
		var err error
		if path, err = exec.LookPath("chromium"); err != nil {
			t.Skip("chromium is not installed: run by way of scripts/services.sh")
		}
	}
	root := moduleRoot(t)
	if _, err := os.Stat(filepath.Join(root, "web/dist/console.html")); err != nil {
		t.Skip("the pages are not built: run make ui")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox,
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-quic", true),
		chromedp.Flag("lang", "zh-CN"), chromedp.Flag("accept-lang", "zh-CN"),
		// What fades in or out has colours that are neither here nor there.
		chromedp.Flag("force-prefers-reduced-motion", true))
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(cancel)
	return &Browser{ctx, root}
}

// moduleRoot finds the folder of go.mod above the test's own.
func moduleRoot(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("there is no go.mod above the test's folder")
		}
		dir = up
	}
}

// Tab opens a window of so many pixels for one visitor.
func (b *Browser) Tab(t *testing.T, width, height int64) *Tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx)
	t.Cleanup(cancel)
	tab := &Tab{T: t, ctx: ctx, root: b.root}
	// The first action opens the window for as long as its context lives, so it
	// must not have the limit of one step.
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatalf("the browser does not start: %v", err)
	}
	tab.Size(width, height, 1)
	return tab
}
