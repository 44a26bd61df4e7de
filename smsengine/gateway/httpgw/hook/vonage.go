package hook

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"
)

// vonage is the signature of Vonage's SMS API: the field "sig" has a digest of all
// others, in the order of their names. With "md5hash" the secret stands behind
// them; otherwise it is the key of an HMAC.
type vonage struct {
	algorithm string
	key       []byte
	age       time.Duration
}

// vonageAge is how long Vonage tries to bring a text.
const vonageAge = 25 * time.Hour

func newVonage(algorithm, key string, age time.Duration) (verifier, error) {
	if algorithm == "" {
		algorithm = "sha256"
	}
	if _, ok := hashes[algorithm]; !ok && algorithm != "md5hash" {
		return nil, fmt.Errorf("algorithm %q is not known", algorithm)
	}
	if age == 0 {
		age = vonageAge
	}
	return vonage{algorithm, []byte(key), age}, nil
}

var notInSig = strings.NewReplacer("&", "_", "=", "_")

func (v vonage) verify(c *caller) *Refusal {
	fields := url.Values{}
	maps.Copy(fields, c.doc.Query)
	maps.Copy(fields, c.doc.Form)
	got := fields.Get("sig")
	if got == "" {
		return forged("there is no signature")
	}
	fields.Del("sig")
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		text.WriteString("&" + name + "=" + notInSig.Replace(fields.Get(name)))
	}
	var sum []byte
	if v.algorithm == "md5hash" {
		digest := md5.Sum([]byte(text.String() + string(v.key)))
		sum = digest[:]
	} else {
		sum = mac(hashes[v.algorithm], v.key, []byte(text.String()))
	}
	if !same(strings.ToLower(got), hex.EncodeToString(sum)) {
		return forged("the signature is wrong")
	}
	return fresh(fields.Get("timestamp"), c.now, v.age)
}
