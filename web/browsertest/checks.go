package browsertest

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	"github.com/chromedp/chromedp"
)

// mostFetched is how much a page may fetch, in bytes.
const mostFetched = 1 << 20

// Accessible runs axe-core in the page: every violation fails the test. Where
// axe-core is not installed this is only said.
func (b *Tab) Accessible(page string) {
	b.T.Helper()
	axe, err := os.ReadFile(filepath.Join(b.root, "web/ui/node_modules/axe-core/axe.min.js"))
	if err != nil {
		b.T.Logf("%s was not checked with axe: %v", page, err)
		return
	}
	b.Still()
	Eval[bool](b, string(axe)+"; true")
	Eval[bool](b, "window.axeResult = ''; axe.run().then(r => { window.axeResult = JSON.stringify(r.violations.map(v => ({id: v.id, impact: v.impact, nodes: v.nodes.slice(0, 3).map(n => n.html.slice(0, 160))}))) }) && true")
	b.Until("window.axeResult !== ''")
	var violations []struct {
		ID, Impact string
		Nodes      []string
	}
	if err := json.Unmarshal([]byte(Eval[string](b, "window.axeResult")), &violations); err != nil {
		b.T.Fatal(err)
	}
	for _, v := range violations {
		b.T.Errorf("%s: axe %s (%s): %s", page, v.ID, v.Impact, strings.Join(v.Nodes, "\n  "))
	}
}

// Still waits until nothing on the page moves: what fades in has colours that are
// neither here nor there.
func (b *Tab) Still() {
	b.T.Helper()
	b.Until("document.getAnimations().every(a => a.playState !== 'running' || a.effect?.getComputedTiming().iterations === Infinity)")
}

// OwnHostOnly checks that the page asked nobody but the given origin for anything,
// and fetched one MiB at most.
func (b *Tab) OwnHostOnly(origin string) {
	b.T.Helper()
	type resource struct {
		Name string
		Size int
	}
	var total int
	for _, r := range Eval[[]resource](b, "performance.getEntriesByType('resource').map(r => ({Name: r.name, Size: r.transferSize}))") {
		total += r.Size
		if !strings.HasPrefix(r.Name, origin) && !strings.HasPrefix(r.Name, "data:") {
			b.T.Errorf("the page asked for %s", r.Name)
		}
	}
	if total > mostFetched {
		b.T.Errorf("the page fetched %d bytes", total)
	}
}

// Fits checks that the page is not wider than the window: nobody must scroll
// sideways to read (a table may scroll inside of its own frame).
func (b *Tab) Fits(page string) {
	b.T.Helper()
	if over := Eval[int](b, "document.documentElement.scrollWidth - document.documentElement.clientWidth"); over > 0 {
		b.T.Errorf("%s is %d pixels wider than its window of %d", page, over, Eval[int](b, "innerWidth"))
	}
}

// Picture takes a picture of the window. It is kept in docs/images when
// JIBAN_PICTURES is 1, and in the folder that it names otherwise.
func (b *Tab) Picture(name string) {
	b.T.Helper()
	b.Still()
	ctx, cancel := context.WithTimeout(b.ctx, stepLimit)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.T.Fatal(err)
	}
	if !bytes.HasPrefix(png, []byte("\x89PNG")) {
		b.T.Fatalf("the picture of %s is no PNG", name)
	}
	dir := os.Getenv("JIBAN_PICTURES")
	switch dir {
	case "":
		dir = b.T.TempDir()
	case "1":
		dir = filepath.Join(b.root, "docs/images")
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		b.T.Fatal(err)
	}
}
