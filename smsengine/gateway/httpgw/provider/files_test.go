package provider_test

import (
	"testing"

	"github.com/postel-mail/postel/contrib/gateways"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw/provider"
)

func TestFilesAreRead(t *testing.T) {
	ids, err := provider.List(gateways.Files)
	if err != nil || len(ids) < 7 {
		t.Fatalf("%q, %v", ids, err)
	}
	for _, id := range ids {
		if _, err := provider.Load(id, gateways.Files); err != nil {
			t.Error(err)
		}
	}
}
