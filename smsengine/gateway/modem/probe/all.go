package probe

import (
	"context"
	"sync"

	"github.com/postel-mail/postel/smsengine/gateway/modem/at"
)

// Finding is a device with what its ports said, in their order.
type Finding struct {
	Device
	Reports []Report `json:"reports"`
	Best    int      `json:"best"` // which port is for texts; -1: none
}

// All examines the ports of devices: several devices at a time, the ports of one
// after the other, for they lead to one modem.
func All(ctx context.Context, devices []Device, baud int, o at.Options) []Finding {
	findings := make([]Finding, len(devices))
	var group sync.WaitGroup
	for i, d := range devices {
		group.Go(func() {
			f := Finding{Device: d}
			for _, p := range d.Ports {
				f.Reports = append(f.Reports, Examine(ctx, p, baud, o))
			}
			f.Best = Best(f)
			findings[i] = f
		})
	}
	group.Wait()
	return findings
}

// Best says which port of a device is for texts, -1 if none is. Where several
// answer, they lead to the same modem, but only one tells of texts at once: that
// behind the one for data connections with Huawei, whose first port it is, and the
// first one with the others.
func Best(f Finding) int {
	best := -1
	for i, r := range f.Reports {
		if r.Answers && (r.PDU || !r.SIM.Open()) && (best < 0 || f.Vendor == huawei) {
			best = i
		}
	}
	return best
}

const huawei = "12d1"
