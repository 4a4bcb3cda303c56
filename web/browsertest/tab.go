package browsertest

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// Tab is one visitor's window. Its methods fail the test when what they wait for
// does not come within 40 s, with what the page says and a picture of it.
type Tab struct {
	T    *testing.T
	ctx  context.Context
	root string
}

// Do runs actions of chromedp; what says in words what they are for.
func (b *Tab) Do(what string, actions ...chromedp.Action[chromedp.Void]) {
	b.T.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, stepLimit)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.T.Fatalf("%s: %v\nthe page is in %s and says: %s", what, err, b.evidence(), b.Body())
	}
}

// Open goes to an address and waits until the page is loaded.
func (b *Tab) Open(url string) {
	b.T.Helper()
	b.Do("open "+url, chromedp.Navigate(url))
}

// Size makes the window so many CSS pixels large. A zoom of two shows everything
// twice as large in the same window, as a person's browser does: half as many CSS
// pixels fit.
func (b *Tab) Size(width, height int64, zoom float64) {
	b.T.Helper()
	w, h := int64(float64(width)/zoom), int64(float64(height)/zoom)
	b.Do("set the size of the window", chromedp.EmulateViewport(w, h, chromedp.EmulateScale(zoom)))
}

// Eval runs an expression in the page and decodes its result.
func Eval[T any](b *Tab, expression string) T {
	b.T.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, stepLimit)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.T.Fatalf("%s: %v", expression, err)
	}
	return v
}

// Until waits for an expression to become true.
func (b *Tab) Until(expression string) {
	b.T.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, stepLimit)
	defer cancel()
	poll := chromedp.Poll[bool](expression, chromedp.WithPollingInterval(pollEvery), chromedp.WithPollingTimeout(stepLimit))
	if _, err := chromedp.Run(ctx, poll); err != nil {
		b.T.Fatalf("waiting for %s: %v\nthe page is in %s and says: %s", expression, err, b.evidence(), b.Body())
	}
}

// Sees waits for words on the page.
func (b *Tab) Sees(words string) {
	b.T.Helper()
	b.Until(fmt.Sprintf("document.body.innerText.includes(%s)", Quote(words)))
}

// Body is what the page says.
func (b *Tab) Body() string {
	ctx, cancel := context.WithTimeout(b.ctx, lastWords)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string]("document.body.innerText"))
	if err != nil {
		return "(nothing: " + err.Error() + ")"
	}
	return text
}

// Press clicks the button, link or entry of a list that bears these words, or has
// them as its label for screen readers.
func (b *Tab) Press(words string) {
	b.T.Helper()
	find := fmt.Sprintf("[...document.querySelectorAll('button,a,[role=option],li')].find(e => e.offsetParent && !e.disabled && (e.innerText.trim() === %[1]s || e.ariaLabel === %[1]s))", Quote(words))
	b.Until("!!" + find)
	Eval[bool](b, "("+find+").click() || true")
}

// Fill types into an input, in the place of what was there, so that the page hears
// of it.
func (b *Tab) Fill(selector, text string) {
	b.T.Helper()
	css := chromedp.CSS(selector)
	b.Do("find "+selector, chromedp.WaitVisible(css), chromedp.Focus(css))
	Eval[bool](b, fmt.Sprintf("document.querySelector(%s).select?.() || true", Quote(selector)))
	b.Do("fill in "+selector, chromedp.SendKeys(css, text))
}

// Keys presses keys where the focus is: text, or keys of chromedp/kb.
func (b *Tab) Keys(keys string) {
	b.T.Helper()
	b.Do("press keys", chromedp.KeyEvent(keys))
}

// Focused says what has the focus: the id, or the label, or the words of it.
func (b *Tab) Focused() string {
	b.T.Helper()
	return Eval[string](b, "(e => e === document.body ? '' : e.id || e.ariaLabel || e.innerText?.trim() || e.tagName)(document.activeElement)")
}

// TabTo presses the tab key until the focus is on what Focused calls so, at most
// sixty times: whoever has only a keyboard reaches it.
func (b *Tab) TabTo(what string) {
	b.T.Helper()
	var passed []string
	for range 60 {
		b.Keys("\t")
		at := b.Focused()
		if at == what {
			return
		}
		passed = append(passed, at)
	}
	b.T.Fatalf("the keyboard does not reach %q; it passes %s", what, strings.Join(passed, " | "))
}

// Quote writes a string as a literal of JavaScript.
func Quote(s string) string {
	q, err := json.Marshal(s)
	if err != nil {
		return `""` // strings can always be written
	}
	return string(q)
}

// evidence keeps a picture of a page on which a step failed.
func (b *Tab) evidence() string {
	ctx, cancel := context.WithTimeout(b.ctx, lastWords)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		return "no picture: " + err.Error()
	}
	name := strings.NewReplacer("/", "-", " ", "-").Replace(b.T.Name())
	path := filepath.Join(os.TempDir(), "jiban-page-"+name+".png")
	if err := os.WriteFile(path, png, 0o600); err != nil {
		return "no picture: " + err.Error()
	}
	return path
}
