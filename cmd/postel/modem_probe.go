package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"path/filepath"

	"github.com/postel-mail/postel/smsengine/gateway/modem/at"
	"github.com/postel-mail/postel/smsengine/gateway/modem/port"
	"github.com/postel-mail/postel/smsengine/gateway/modem/probe"
)

func modemProbeCommand() *command {
	return &command{
		name: "probe", args: "[DEV...]", short: "find modems, say what each can do, and print its configuration",
		long: "Without DEV it asks every port that may be a modem's: /dev/ttyUSB*, ttyACM* and ttyAMA*,\n" +
			"with ESC, Ctrl-Z and AT; what is no modem may wonder. A port that is silent takes some\n" +
			"seconds. Nothing lasting is changed, no PIN is tried, and no text is sent or taken.",
		setup: func(fs *flag.FlagSet) runner {
			asJSON := fs.Bool("json", false, "one JSON object a line, for each device")
			baud := fs.Int("baud", port.Baud, "`speed` of a real serial line, bits/s")
			return func(ctx context.Context, t *terminal, args []string) error {
				return probeModems(ctx, t, "/", args, *baud, *asJSON)
			}
		},
	}
}

// probed is what probe --json writes of a device.
type probed struct {
	probe.Finding
	Block string `json:"block,omitempty"` // its configuration
}

func probeModems(ctx context.Context, t *terminal, root string, names []string, baud int, asJSON bool) error {
	var devices []probe.Device
	for _, name := range names {
		devices = append(devices, probe.Named(root, name))
	}
	if len(names) == 0 {
		devices = probe.Find(root)
	}
	if len(devices) == 0 {
		return errors.New("there is no port that may be a modem's (ttyUSB*, ttyACM*, ttyAMA*): plug one in, see whether the kernel " +
			"knows it (dmesg), or name the port, such as /dev/ttyS0")
	}
	found := 0
	for _, f := range probe.All(ctx, devices, baud, at.Options{}) {
		p := probed{Finding: f}
		if f.Best >= 0 {
			found++
			p.Block = probe.Block(gatewayID(found), f.Reports[f.Best])
		}
		if asJSON {
			if err := json.NewEncoder(t.out).Encode(p); err != nil {
				return err
			}
			continue
		}
		printFinding(t, p)
	}
	if found == 0 {
		return errors.New("no modem was found that can be used")
	}
	return nil
}

// gatewayID is a name for the first, second... modem.
func gatewayID(n int) string {
	if n == 1 {
		return "modem"
	}
	return fmt.Sprintf("modem%d", n)
}

func printFinding(t *terminal, p probed) {
	if name := cmp.Or(p.Name, p.Manufacturer, p.Vendor); name != "" {
		t.printf("%s (USB %s:%s", clean(name), p.Vendor, p.Product)
		if p.Serial != "" {
			t.printf(", serial number %s", clean(p.Serial))
		}
		t.printf(") in %s, %s\n\n", p.Place, count(len(p.Reports), "port"))
	}
	for _, r := range p.Reports {
		t.printf("%s\n", r.Text())
	}
	if p.Best < 0 {
		return
	}
	best := p.Reports[p.Best]
	if len(p.Reports) > 1 {
		t.printf("Best for texts is %s.\n\n", filepath.Base(best.Path))
	}
	t.printf("For postel.toml:\n\n%s\n", p.Block)
}
