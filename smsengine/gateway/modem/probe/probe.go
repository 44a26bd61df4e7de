// Package probe finds modems and asks them what they are.
//
// [Find] lists the serial ports of this computer, those of one USB device
// together, from what the kernel tells: no port is opened for it. [Examine] asks
// one port; [All] asks all, several devices at a time. A [Report] is for people
// ([Report.Text]) and for programs (as JSON), and [Block] makes of it what stands
// in a configuration. [Best] says which of a device's ports is for texts.
//
// Nothing that it asks changes anything lasting, sends a text or a PIN, or
// takes a text from the modem: what is switched for the time of an examination
// is switched back.
package probe

// Device is what was plugged in once: a USB stick with its ports, or a port of the
// computer's own.
type Device struct {
	Vendor       string `json:"vendor,omitempty"`  // USB number of it, "12d1"
	Product      string `json:"product,omitempty"` // USB number of it, "1001"
	Manufacturer string `json:"manufacturer,omitempty"`
	Name         string `json:"name,omitempty"`   // as the device calls itself
	Serial       string `json:"serial,omitempty"` // number of this one; many sticks have none
	Place        string `json:"place,omitempty"`  // where it is plugged in, "1-1.2"
	Ports        []Port `json:"ports"`
}

// Port is a serial port.
type Port struct {
	Path      string `json:"path"`                // "/dev/ttyUSB0", which may be another one next time
	Stable    string `json:"stable,omitempty"`    // below /dev/serial/by-id, or by-path where two devices cannot be told apart
	Interface int    `json:"interface,omitempty"` // of the USB device
}

// Device gives the name for a configuration.
func (p Port) Device() string {
	if p.Stable != "" {
		return p.Stable
	}
	return p.Path
}
