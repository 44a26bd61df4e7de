package hooks

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"net/url"
	"strings"
)

// secretLength is how long the unguessable part of an address is: 160 bits.
const secretLength = 32

var letters = base32.StdEncoding.WithPadding(base32.NoPadding)

// Secret makes the unguessable part of a gateway's address of a key that the
// site keeps to itself. It is the same for the same key and ID, so that there is
// nothing to configure, and says nothing about that of another gateway.
func Secret(key []byte, gateway string) string {
	m := hmac.New(sha256.New, key)
	m.Write([]byte("postel hook\x00" + gateway))
	return strings.ToLower(letters.EncodeToString(m.Sum(nil)))[:secretLength]
}

// path is what the addresses of hooks have behind the site's part.
const path = "/hooks/"

// URL is the address that a provider calls for a gateway, to be pasted into its
// console. It is as good as a password. base is what the Internet reaches the
// door by, "https://sms.example.org".
func URL(base, gateway, secret string) string {
	return strings.TrimRight(base, "/") + path + url.PathEscape(gateway) + "/" + secret
}

// ParseBase reads the base of all addresses.
func ParseBase(base string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimRight(base, "/"))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" ||
		u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Opaque != "" {
		return nil, errors.New(`want a URL such as "https://sms.example.org"`)
	}
	return u, nil
}
