package probe

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/postel-mail/postel/internal/testbed/modem"
)

// tree is a root with files, and links where a "->" stands.
func tree(t *testing.T, lines string) string {
	t.Helper()
	root := t.TempDir()
	for line := range strings.Lines(lines) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		name, contents, isFile := strings.Cut(line, " = ")
		name, target, isLink := strings.Cut(name, " -> ")
		name = filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if isLink {
			err = os.Symlink(target, name)
		} else if isFile {
			err = os.WriteFile(name, []byte(contents+"\n"), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// A Huawei stick with two ports, a module with one, two adapters of a kind without
// serial numbers, a port of the board's own, its console, and one that is not looked at.
const machine = `
	dev/ttyUSB10 = x
	dev/ttyUSB2 = x
	dev/ttyACM0 = x
	dev/ttyUSB3 = x
	dev/ttyUSB4 = x
	dev/ttyAMA0 = x
	dev/ttyAMA1 = x
	dev/ttyS0 = x
	dev/tty1 = x
	dev/serial/by-id/usb-HUAWEI_Mobile-if00-port0 -> ../../ttyUSB10
	dev/serial/by-id/usb-HUAWEI_Mobile-if02-port0 -> ../../ttyUSB2
	dev/serial/by-id/usb-Quectel_EC25-if02 -> ../../ttyACM0
	dev/serial/by-id/usb-FTDI-if00-port0 -> ../../ttyUSB4
	dev/serial/by-path/pci-usb-0:3:1.0-port0 -> ../../ttyUSB3
	dev/serial/by-path/pci-usb-0:4:1.0-port0 -> ../../ttyUSB4
	dev/modem -> ttyUSB2
	sys/class/tty/console/active = tty0 ttyAMA1
	sys/class/tty/ttyUSB10/device -> ../../../devices/usb1/1-1/1-1:1.0/ttyUSB10
	sys/class/tty/ttyUSB2/device -> ../../../devices/usb1/1-1/1-1:1.2/ttyUSB2
	sys/class/tty/ttyACM0/device -> ../../../devices/usb1/1-2/1-2:1.a
	sys/class/tty/ttyUSB3/device -> ../../../devices/usb1/1-3/1-3:1.0/ttyUSB3
	sys/class/tty/ttyUSB4/device -> ../../../devices/usb1/1-4/1-4:1.0/ttyUSB4
	sys/class/tty/ttyAMA0/device -> ../../../devices/platform/serial0
	sys/devices/platform/serial0/uevent = x
	sys/devices/usb1/1-1/idVendor = 12d1
	sys/devices/usb1/1-1/idProduct = 1001
	sys/devices/usb1/1-1/manufacturer = HUAWEI Technology
	sys/devices/usb1/1-1/product = HUAWEI Mobile
	sys/devices/usb1/1-1/1-1:1.0/bInterfaceNumber = 00
	sys/devices/usb1/1-1/1-1:1.0/ttyUSB10/port_number = 0
	sys/devices/usb1/1-1/1-1:1.2/bInterfaceNumber = 02
	sys/devices/usb1/1-1/1-1:1.2/ttyUSB2/port_number = 0
	sys/devices/usb1/1-2/idVendor = 2c7c
	sys/devices/usb1/1-2/idProduct = 0125
	sys/devices/usb1/1-2/serial = 0123456
	sys/devices/usb1/1-2/1-2:1.a/bInterfaceNumber = 0a
	sys/devices/usb1/1-3/idVendor = 0403
	sys/devices/usb1/1-3/idProduct = 6001
	sys/devices/usb1/1-3/1-3:1.0/bInterfaceNumber = 00
	sys/devices/usb1/1-3/1-3:1.0/ttyUSB3/port_number = 0
	sys/devices/usb1/1-4/idVendor = 0403
	sys/devices/usb1/1-4/idProduct = 6001
	sys/devices/usb1/1-4/1-4:1.0/bInterfaceNumber = 00
	sys/devices/usb1/1-4/1-4:1.0/ttyUSB4/port_number = 0
`

func TestFind(t *testing.T) {
	root := tree(t, machine)
	under := func(name string) string { return filepath.Join(root, "dev", name) }
	huawei := Device{Vendor: "12d1", Product: "1001", Manufacturer: "HUAWEI Technology", Name: "HUAWEI Mobile", Place: "1-1", Ports: []Port{
		{under("ttyUSB10"), under("serial/by-id/usb-HUAWEI_Mobile-if00-port0"), 0},
		{under("ttyUSB2"), under("serial/by-id/usb-HUAWEI_Mobile-if02-port0"), 2},
	}}
	want := []Device{
		{Vendor: "2c7c", Product: "0125", Serial: "0123456", Place: "1-2", Ports: []Port{{under("ttyACM0"), under("serial/by-id/usb-Quectel_EC25-if02"), 10}}},
		{Ports: []Port{{under("ttyAMA0"), "", 0}}},
		{Vendor: "0403", Product: "6001", Place: "1-3", Ports: []Port{{under("ttyUSB3"), under("serial/by-path/pci-usb-0:3:1.0-port0"), 0}}},
		{Vendor: "0403", Product: "6001", Place: "1-4", Ports: []Port{{under("ttyUSB4"), under("serial/by-path/pci-usb-0:4:1.0-port0"), 0}}},
		huawei,
	}
	if got := Find(root); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant\n%+v", got, want)
	}

	second := huawei
	second.Ports = huawei.Ports[1:]
	if got := Named(root, under("ttyUSB2")); !reflect.DeepEqual(got, second) {
		t.Errorf("by the kernel's name: %+v", got)
	}
	second.Ports = []Port{{under("ttyUSB2"), under("modem"), 2}}
	if got := Named(root, under("modem")); !reflect.DeepEqual(got, second) {
		t.Errorf("by a link: %+v", got)
	}
	for _, name := range []string{"ttyS0", "none"} {
		if got, want := Named(root, under(name)), (Device{Ports: []Port{{Path: under(name)}}}); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := Find(t.TempDir()); len(got) != 0 {
		t.Errorf("nothing plugged in: %+v", got)
	}
}

// Of a stick with several ports one is for texts, and one may not answer at all.
func TestBest(t *testing.T) {
	answers, silent, text := Report{Answers: true, PDU: true, SIM: "READY"}, Report{}, Report{Answers: true, SIM: "READY"}
	for _, c := range []struct {
		vendor  string
		reports []Report
		best    int
	}{
		{"12d1", []Report{answers, silent, answers}, 2}, {"12d1", []Report{answers, silent}, 0},
		{"2c7c", []Report{silent, silent, answers, answers}, 2}, {"", []Report{answers}, 0},
		{"19d2", []Report{silent, text}, -1}, {"", nil, -1}, {"", []Report{{Answers: true, SIM: "SIM PIN"}}, 0},
	} {
		if got := Best(Finding{Device: Device{Vendor: c.vendor}, Reports: c.reports}); got != c.best {
			t.Errorf("%s, %d ports: %d", c.vendor, len(c.reports), got)
		}
	}
}

// Ports that are found can be asked.
func TestFindAndAsk(t *testing.T) {
	m := modem.Start(t, modem.E220, modem.Options{})
	root := tree(t, "dev/ttyUSB0 -> "+m.Path()+"\nsys/class/tty/x = 1")
	if all := All(t.Context(), Find(root), 0, quick); len(all) != 1 || all[0].Best != 0 || all[0].Reports[0].Model != "E220" {
		t.Errorf("%+v", all)
	}
}
