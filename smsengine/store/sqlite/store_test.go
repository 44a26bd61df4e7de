package sqlite

import (
	"path/filepath"
	"testing"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/store/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T, dir string) smsengine.Store {
		s, err := Open(filepath.Join(dir, "postel.db"), Options{})
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}
