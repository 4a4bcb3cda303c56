package sms

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
)

// portForms are the address with and without the port that its scheme implies.
func portForms(address string) []string {
	u, err := url.Parse(address)
	if err != nil {
		return []string{address}
	}
	implied := map[string]string{"https": ":443", "http": ":80"}[u.Scheme]
	bare, full := *u, *u
	bare.Host = u.Hostname()
	if u.Port() == "" {
		full.Host = u.Host + implied
	}
	forms := []string{address}
	for _, f := range []string{bare.String(), full.String()} {
		if !slices.Contains(forms, f) {
			forms = append(forms, f)
		}
	}
	return forms
}

// TwilioSignature is the signature of a form posted to an address: base64 of the
// HMAC-SHA1 over the address and, by name, each parameter with its values.
func TwilioSignature(authToken, address string, form url.Values) string {
	mac := hmac.New(sha1.New, []byte(authToken))
	var b strings.Builder
	b.WriteString(address)
	names := make([]string, 0, len(form))
	for n := range form {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		values := slices.Clone(form[n])
		slices.Sort(values)
		for _, v := range slices.Compact(values) {
			b.WriteString(n + v)
		}
	}
	// A MAC never fails to be written to.
	_, _ = mac.Write([]byte(b.String()))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
