package listen

import (
	"context"
	"errors"
	"net"
	"net/http"
)

// HTTP is an http.Server as doors need it. It bounds times itself, so the
// Listener's bounds are left out (see Direct).
type HTTP struct{ http.Server }

// Serve answers until Shutdown, and gives nil then. It speaks TLS if there is a
// TLSConfig.
func (h *HTTP) Serve(l net.Listener) error {
	serve := h.Server.Serve
	if h.TLSConfig != nil {
		serve = func(l net.Listener) error { return h.ServeTLS(l, "", "") }
	}
	if err := serve(Direct(l)); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Shutdown takes no more connections and lets requests under way end. When ctx
// ends first it cuts them off and gives the error of ctx.
func (h *HTTP) Shutdown(ctx context.Context) error {
	err := h.Server.Shutdown(ctx)
	if err != nil {
		_ = h.Close()
	}
	return err
}
