package smsengine

import (
	"fmt"
	"regexp"
	"strings"
)

// Bounds of a webhook, octets.
const (
	MaxWebhookName = 64
	MaxWebhookURL  = 2000
)

var webhookName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// CheckWebhookName says what is wrong with a name; the error is for people.
func CheckWebhookName(name string) error {
	if len(name) > MaxWebhookName || !webhookName.MatchString(name) {
		return fmt.Errorf(`write up to %d letters, digits, "-", "_" and ".", the first a letter or a digit`, MaxWebhookName)
	}
	return nil
}

// Hears reports whether the messages of an account are the webhook's to hear of.
func (w Webhook) Hears(account string) bool { return w.Account == "" || w.Account == account }

// PublicURL is the URL for those who may see the webhook: without what may be a
// password. That is the value of each parameter, unless a variable stands there,
// and what stands before an "@" of the server.
func (w Webhook) PublicURL() string {
	url, query, asked := strings.Cut(w.URL, "?")
	scheme, rest, _ := strings.Cut(url, "://")
	server, path, deep := strings.Cut(rest, "/")
	if at := strings.LastIndexByte(server, '@'); at >= 0 {
		server = "…" + server[at:]
	}
	url = scheme + "://" + server
	if deep {
		url += "/" + path
	}
	if !asked {
		return url
	}
	query, _, _ = strings.Cut(query, "#")
	params := strings.Split(query, "&")
	for i, p := range params {
		name, value, assigned := strings.Cut(p, "=")
		switch {
		case !assigned:
			params[i] = "…"
		case value != "" && !isVariable(strings.TrimSpace(value)):
			params[i] = name + "=…"
		}
	}
	return url + "?" + strings.Join(params, "&")
}

// isVariable reports whether a value is one variable, "%%from%%", and nothing
// else.
func isVariable(value string) bool {
	inner, ok := strings.CutPrefix(value, "%%")
	inner, closed := strings.CutSuffix(inner, "%%")
	return ok && closed && inner != "" && !strings.Contains(inner, "%")
}
