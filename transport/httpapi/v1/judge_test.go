package v1_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"
	"github.com/pb33f/libopenapi-validator/errors"
)

// judge holds requests and answers to the description. It is not ours.
var judge = sync.OnceValue(func() validator.Validator {
	text, err := os.ReadFile("openapi.json")
	if err != nil {
		panic(err)
	}
	doc, err := libopenapi.NewDocument(text)
	if err != nil {
		panic(err)
	}
	v, errs := validator.NewValidator(doc, config.WithFormatAssertions(), config.WithContentAssertions(), config.WithoutSecurityValidation(), config.WithStrictMode(),
		config.WithStrictIgnoredHeadersExtra("Content-Security-Policy", "X-Content-Type-Options", "Cross-Origin-Resource-Policy", "Referrer-Policy", "Retry-After", "Www-Authenticate", "Allow"))
	if len(errs) > 0 {
		panic(errs[0])
	}
	return v
})

// judged demands that every answer is described, and that every request that was
// served is.
func (b *bed) judged(r *http.Request, body string, a answer) {
	b.Helper()
	if _, described := paths[strings.SplitN(strings.TrimPrefix(r.URL.Path, "/v1/"), "/", 2)[0]]; !described || strings.HasSuffix(r.URL.Path, "/") ||
		a.status == http.StatusMethodNotAllowed || r.Header.Get("Sec-Fetch-Site") != "" || strings.Contains(r.URL.Path, "..") {
		return // it never came to an operation
	}
	r.Body = io.NopCloser(strings.NewReader(body))
	if ok, errs := judge().ValidateHttpRequestSync(r); !ok && a.status < 400 {
		b.Errorf("%s %s %.100s was served, and is not described: %s", r.Method, r.URL, body, said(errs))
	}
	r.Body = io.NopCloser(strings.NewReader(body))
	answered := &http.Response{StatusCode: a.status, Header: a.header, Body: io.NopCloser(bytes.NewReader([]byte(a.body))), Request: r}
	if ok, errs := judge().ValidateHttpResponse(r, answered); !ok {
		b.Errorf("%s %s %.100s: the answer is not described: %d %s\n%s", r.Method, r.URL, body, a.status, a.body, said(errs))
	}
}

var paths = map[string]bool{"messages": true, "incoming": true, "usage": true, "webhooks": true}

func said(errs []*errors.ValidationError) string {
	var all []string
	for _, e := range errs {
		all = append(all, fmt.Sprintf("%s: %.500s", e.Message, e.Reason))
		for _, s := range e.SchemaValidationErrors {
			all = append(all, "  "+s.FieldPath+" "+s.Reason)
		}
	}
	return strings.Join(all, "\n")
}
