package v1

import (
	_ "embed" // of the description
	"net/http"
)

// openAPI describes this interface (OpenAPI 3.1). openapi_test.go holds it to the
// code: routes, parameters, fields and scopes.
//
//go:embed openapi.json
var openAPI []byte

// description serves the description, to anybody.
func description(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(openAPI)
}
