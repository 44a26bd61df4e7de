package listen

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
)

// HTTP is an http.Server as doors need it. It bounds times itself, so the
// Listener's bounds are left out (see Direct).
//
// When its listener has been handed over (see Listener.Heir), it answers one more
// request on each connection that it has, and asks the client to come again
// ("Connection: close", in HTTP/2 a GOAWAY). It never closes one unasked: a
// request may be on its way.
type HTTP struct {
	http.Server
	ready sync.Once
}

// Serve answers until Shutdown or until the listener is handed over, and gives
// nil then. It speaks TLS if there is a TLSConfig.
func (h *HTTP) Serve(l net.Listener) error {
	h.ready.Do(func() {
		h.ConnContext = withListener
		h.Handler = farewell(h.Handler)
	})
	serve := h.Server.Serve
	if h.TLSConfig != nil {
		serve = func(l net.Listener) error { return h.ServeTLS(l, "", "") }
	}
	if err := serve(Direct(l)); !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
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

type listenerKey struct{}

// withListener lets requests know the listener of their connection.
func withListener(ctx context.Context, c net.Conn) context.Context {
	for {
		switch outer := c.(type) {
		case direct:
			return context.WithValue(ctx, listenerKey{}, outer.listener)
		case interface{ NetConn() net.Conn }: // tls.Conn, and what doors put around connections
			c = outer.NetConn()
		default:
			return ctx
		}
	}
}

// farewell asks clients to close connections whose listener takes no more.
func farewell(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if l, ok := r.Context().Value(listenerKey{}).(*Listener); ok && l.isOver() {
			w.Header().Set("Connection", "close")
		}
		h.ServeHTTP(w, r)
	})
}
