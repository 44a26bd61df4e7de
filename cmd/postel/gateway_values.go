package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/postel-mail/postel/smsengine/gateway/httpgw/provider"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw/template"
)

// goodValue says what is wrong with an answer. It repeats nothing of it: it may
// be a secret.
func goodValue(p *provider.Provider, n provider.Need, s string) error {
	switch {
	case s == "" && n.Default == "" && !n.Optional:
		return errors.New("it cannot do without")
	case s == "":
		return nil
	case !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl):
		return errors.New("there are characters in it that cannot be printed; type it, or paste it again")
	case n.Template:
		return goodTemplate(s)
	case strings.HasPrefix(p.Send.URL.Source, "%"+n.Name+"%"):
		return goodBase(s)
	}
	return nil
}

// goodTemplate looks at a whole URL that the site writes itself.
func goodTemplate(s string) error {
	t, err := provider.NewTemplate(s, template.URL)
	switch {
	case err != nil:
		return err
	case !t.Uses("number"):
		return errors.New("it says nowhere who gets the text: write %number% where the provider wants the number")
	case !t.Uses("data"):
		return errors.New("the text is missing: write %data% where the provider wants it")
	}
	return nil
}

// goodBase looks at the beginning of a URL.
func goodBase(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return fmt.Errorf("want the beginning of a URL, such as %q", "https://sms.example.org")
	}
	if strings.HasSuffix(u.Path, "/") {
		return errors.New(`leave out the "/" at its end`)
	}
	return nil
}

// goodCertificate looks at a file with a certificate and its key.
func goodCertificate(path string) error {
	if !filepath.IsAbs(path) {
		return errors.New("write the whole path of the file")
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if _, err := tls.X509KeyPair(data, data); err != nil {
		return errors.New("there is no certificate with its key in it, in PEM")
	}
	return nil
}
