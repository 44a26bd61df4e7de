package sqlite

import (
	"context"
	"errors"
	"maps"
	"path/filepath"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/store/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T, dir string) smsengine.Store {
		s, err := Open(filepath.Join(dir, "postel.db"), Options{})
		if err != nil {
			t.Fatal(err)
		}
		return &audited{s, t}
	})
}

// audited counts once more at the end: whatever the suite's cases and its random
// histories have done, what was counted meanwhile is what the table has.
type audited struct {
	*Store
	t *testing.T
}

func (a *audited) Close() error {
	var kept, there map[place]int
	for range 100 { // who writes meanwhile makes them differ
		var err error
		if kept, err = a.places(context.Background()); errors.Is(err, errClosed) {
			return a.Store.Close()
		}
		if err == nil {
			there, err = a.countNow(context.Background())
		}
		if err != nil {
			a.t.Error(err)
		}
		if maps.Equal(kept, there) {
			return a.Store.Close()
		}
		time.Sleep(10 * time.Millisecond)
	}
	a.t.Errorf("counted %v\nwhile the table has %v", kept, there)
	return a.Store.Close()
}
