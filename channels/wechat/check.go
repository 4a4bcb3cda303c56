package wechat

import (
	"context"
	"net/http"
)

// Check asks the platform for the account's access token, which changes nothing:
// whether it can be reached, and whether it knows the id, the secret and this
// machine's address.
func Check(ctx context.Context, cfg Config) error {
	cfg = withDefaults(cfg)
	t := &tokenSource{cfg: cfg, metrics: noMetrics{}, api: &api{base: cfg.APIBase, client: &http.Client{Timeout: apiTimeout}}}
	_, _, err := t.call(ctx, false)
	return err
}
