package probe

import (
	"cmp"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Ports that modems have. A ttyS may be anything, and is examined only by name.
var modemPort = regexp.MustCompile(`^tty(USB|ACM|AMA)[0-9]+$`)

// Find lists the serial ports that may be a modem's, by device. Root is "/" but in
// tests: the tree that has dev and sys.
//
// The enumerator of go.bug.st/serial would open each ttyS and set its line, which
// may be a console's; sysfs tells the same of USB.
func Find(root string) []Device {
	entries, _ := os.ReadDir(filepath.Join(root, "dev")) // an error leaves none
	devices := map[string]*Device{}                      // by directory of sysfs, or port
	for _, e := range entries {
		if !modemPort.MatchString(e.Name()) || isConsole(root, e.Name()) {
			continue
		}
		usb, number := usbOf(root, e.Name())
		p := Port{Path: filepath.Join(root, "dev", e.Name()), Interface: number}
		key := cmp.Or(usb, p.Path)
		if devices[key] == nil {
			devices[key] = describe(usb)
		}
		devices[key].Ports = append(devices[key].Ports, p)
	}
	all := make([]Device, 0, len(devices))
	for _, d := range devices {
		slices.SortFunc(d.Ports, func(a, b Port) int {
			return cmp.Or(a.Interface-b.Interface, natural(a.Path, b.Path))
		})
		all = append(all, *d)
	}
	slices.SortFunc(all, func(a, b Device) int { return natural(a.Ports[0].Path, b.Ports[0].Path) })
	nameForGood(root, all)
	return all
}

// Named gives the port that somebody named, with the device that it belongs to.
func Named(root, path string) Device {
	target, err := filepath.EvalSymlinks(path)
	if err != nil || target == filepath.Clean(path) {
		target = path
	}
	for _, d := range Find(root) {
		for _, p := range d.Ports {
			if p.Path == target {
				if path != target {
					p.Stable = path // a link that somebody made, or chose
				}
				d.Ports = []Port{p}
				return d
			}
		}
	}
	return Device{Ports: []Port{{Path: path}}}
}

// natural orders ttyUSB2 before ttyUSB10.
func natural(a, b string) int { return cmp.Or(len(a)-len(b), strings.Compare(a, b)) }

// isConsole reports whether the kernel talks to people there.
func isConsole(root, name string) bool {
	return slices.Contains(strings.Fields(attribute(filepath.Join(root, "sys/class/tty/console"), "active")), name)
}

// usbOf goes up from a port to its USB device, and tells the number of the
// interface on the way. A port that is not on USB has none.
func usbOf(root, name string) (dir string, number int) {
	at, err := filepath.EvalSymlinks(filepath.Join(root, "sys/class/tty", name, "device"))
	if err != nil {
		return "", 0
	}
	for ; len(at) > len(filepath.Join(root, "sys")); at = filepath.Dir(at) {
		if n, err := strconv.ParseInt(attribute(at, "bInterfaceNumber"), 16, 0); err == nil {
			number = int(n)
		}
		if attribute(at, "idVendor") != "" {
			return at, number
		}
	}
	return "", 0
}

func describe(usb string) *Device {
	if usb == "" {
		return &Device{}
	}
	return &Device{
		Vendor: attribute(usb, "idVendor"), Product: attribute(usb, "idProduct"),
		Manufacturer: attribute(usb, "manufacturer"), Name: attribute(usb, "product"), Serial: attribute(usb, "serial"),
		Place: filepath.Base(usb),
	}
}

// attribute reads a file of sysfs; "" if there is none.
func attribute(dir, name string) string {
	b, _ := os.ReadFile(filepath.Join(dir, name))
	return strings.TrimSpace(string(b))
}

// nameForGood gives ports the names that stay. Those by-id are made of the device's
// own words: two sticks of a kind without serial numbers would have the same, which
// then is one stick's today and the other's tomorrow. Names by-path stay as long as
// a stick is plugged in at the same place.
func nameForGood(root string, all []Device) {
	kinds := map[string]int{}
	kind := func(d Device) string { return d.Vendor + ":" + d.Product + ":" + d.Serial }
	for _, d := range all {
		kinds[kind(d)]++
	}
	byID, byPath := links(filepath.Join(root, "dev/serial/by-id")), links(filepath.Join(root, "dev/serial/by-path"))
	for _, d := range all {
		for i := range d.Ports {
			name := filepath.Base(d.Ports[i].Path)
			d.Ports[i].Stable = cmp.Or(byID[name], byPath[name])
			if kinds[kind(d)] > 1 {
				d.Ports[i].Stable = byPath[name]
			}
		}
	}
}

// links gives the links in a folder by the names of what they lead to.
func links(dir string) map[string]string {
	names := map[string]string{}
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if target, err := os.Readlink(filepath.Join(dir, e.Name())); err == nil {
			names[filepath.Base(target)] = filepath.Join(dir, e.Name())
		}
	}
	return names
}
