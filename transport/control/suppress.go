package control

import (
	"context"
	"net/http"

	"github.com/postel-mail/postel/smsengine"
)

// Suppress does what a phone's STOP or START would. See [smsengine.Accounts].
func (c *Client) Suppress(ctx context.Context, s smsengine.Suppress) error {
	return c.post(ctx, "/suppressions", s)
}

func (s *Server) suppress(r *http.Request) error {
	var what smsengine.Suppress
	if err := read(r, &what); err != nil {
		return err
	}
	if what.Theirs.Scheme != smsengine.SMS || what.Theirs.Value == "" {
		return wrong("whose number is it? theirs is missing")
	}
	if err := s.o.Accounts.Suppress(r.Context(), what); err != nil {
		return missing(err, "texts to this phone are not suppressed")
	}
	done := "texts suppressed"
	if what.Since.IsZero() {
		done = "texts allowed again"
	}
	s.log.Info(done, "to", what.Theirs.Value, "number", what.Ours.Value, "by", by(r))
	return nil
}
