package main

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/smsengine/gateway/modem"
	"github.com/postel-mail/postel/smsengine/gateway/modem/port"
)

// modems looks whether the ports of the modems are there, and ours. It does not
// open them: a modem may be at work, or somebody may be talking to it.
func (f *findings) modems(file string, cfg *config.Config) {
	for _, g := range cfg.Gateways {
		m, ok := g.Options.(*modem.Config)
		if !ok {
			continue
		}
		err := unix.Access(m.Device, unix.R_OK|unix.W_OK)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			f.doubtful("plug it in, it is used as soon as it is there; \"postel modem probe\" lists what is", "gateway %s: there is no port %s", g.ID, m.Device)
		case err != nil:
			denied := &port.Error{Port: m.Device, Kind: port.Denied}
			f.wrong(denied.Remedy(), "gateway %s: %s: %s", g.ID, m.Device, denied.Problem())
		default:
			f.fine("gateway %s: the port %s is there", g.ID, m.Device)
		}
		if info, err := os.Stat(file); m.PIN != "" && err == nil && info.Mode().Perm()&0o004 != 0 {
			f.doubtful("chmod o= "+file, "gateway %s: everybody on this machine can read its PIN in %s", g.ID, file)
		}
	}
}
