package stage

import (
	"context"
	"strings"

	"github.com/postel-mail/postel/smsengine"
)

// empty drops a text that says nothing. An incomplete one says something: that
// a part is missing.
func (c Config) empty(_ context.Context, d *smsengine.Draft) error {
	body := d.Message.Body
	if strings.TrimSpace(body.Text) == "" && len(body.Received.Data) == 0 && d.Set.Complete() {
		d.Drop("the text is empty")
	}
	return nil
}
