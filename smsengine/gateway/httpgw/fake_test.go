package httpgw

import "testing"

func certificate(t *testing.T) string { return "" }
