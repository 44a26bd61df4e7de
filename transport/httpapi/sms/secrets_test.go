package sms

import (
	"bytes"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// However a secret comes, right or wrong, whole or broken, it is in no log, in no
// answer and in nothing that is stored.
func TestNoSecretAnywhere(t *testing.T) {
	b := newBed(t, nil)
	to := "number=%2B15555550123&data=x"
	secret := url.QueryEscape(password)
	var answers bytes.Buffer
	for _, c := range []struct {
		target, body string
		header       []string
	}{
		{"/sms/?" + to + login, "", nil},
		{"/sms/?" + to + "&user=shop&pass=hush-wrong", "", nil},
		{"/sms/?" + to + "&user=hush-user&pass=" + secret, "", nil},
		{"/sms/?" + to + "&user=shop&pass=hush-a&hush-b=1", "", nil}, // an "&" in the password
		{"/sms/?" + to + "&key=hush-a&hush-b=1", "", nil},
		{"/sms/deliver?" + to + "&id=office&pass=hush-a&hush-b=1", "", nil},
		{"/sms/?" + to + "&user=shop&pass=" + password, "", nil},
		{"/sms/?" + to + "&pass=" + secret, "", nil},
		{"/sms/?" + to + "&user=shop&pass=hush%0a", "", nil},
		{"/sms/?" + to + "&user=shop&pass=" + secret + "&pass=hush-other", "", nil},
		{"/sms/?" + to + "&PASS=" + secret + "&user=shop", "", nil},
		{"/sms/?" + to + "&password=" + secret, "", nil},
		{"/sms/?number=hush&data=hush&id=hush" + login, "", nil},
		{"/sms/?" + to + "&id=hush&sender=hush" + login, "", nil},
		{"/sms/?" + to + "&key=" + b.key, "", nil},
		{"/sms/?" + to + "&key=" + b.key + "x", "", nil},
		{"/sms/hush?" + login, "", nil},
		{"/sms/", to + login, nil},
		{"/sms/", `{"number": "+15555550123", "data": "x", "user": "shop", "pass": "hush-password+&", "hush": 1}`, nil},
		{"/sms/", `{"pass": "hush`, nil},
		{"/sms/?" + to, "", []string{"Authorization", "Bearer " + token}},
		{"/sms/?" + to, "", []string{"Authorization", "hush"}},
		{"/sms/?" + to + login, "", []string{"Referer", "https://evil.example/?hush"}},
		{"/sms/deliver?id=office&pass=" + pin + "&" + to, "", nil},
		{"/sms/deliver?id=office&pass=" + pin + "x&" + to, "", nil},
		{"/sms/deliver?id=office&pass=" + pin + "&hush=1", "", nil},
	} {
		for _, accept := range []string{"*/*", "application/json"} {
			w := b.ask(c.target, c.body, append([]string{"Accept", accept, "User-Agent", "hush"}, c.header...)...)
			answers.WriteString(w.Body.String())
			if err := w.Header().Write(&answers); err != nil {
				t.Fatal(err)
			}
		}
	}
	for where, text := range map[string]string{"log": b.log.String(), "answers": answers.String()} {
		if text == "" {
			t.Fatalf("there is no %s", where)
		}
		// "there is no parameter hush" would be an answer that repeats a word; it is
		// one that looks like a name, and stands behind no password.
		for _, word := range []string{"hush-", "hush%", "=hush", b.key} {
			if strings.Contains(text, word) {
				t.Errorf("the %s: %q\n%s", where, word, text)
			}
		}
	}
	if err := b.store.Close(); err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(filepath.Join(b.dir, "*"))
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{"hush-", "hush%", b.key} {
			if bytes.Contains(data, []byte(word)) {
				t.Errorf("%s has %q", filepath.Base(f), word)
			}
		}
	}
	if len(files) == 0 {
		t.Error("nothing is stored")
	}
}
