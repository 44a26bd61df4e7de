package port

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Holder is a process that has a port open.
type Holder struct {
	PID  int
	Name string // "ModemManager"
}

func (h Holder) String() string { return fmt.Sprintf("%s (process %d)", h.Name, h.PID) }

// Holders finds the other processes that have a port open, as far as /proc shows
// them to us: all of them to root, our own user's to others.
func Holders(name string) (all []Holder) {
	device, err := filepath.EvalSymlinks(name)
	if err != nil {
		return nil
	}
	processes, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range processes {
		pid, _ := strconv.Atoi(filepath.Base(dir))
		if pid == os.Getpid() || !holds(dir, device) {
			continue
		}
		comm, _ := os.ReadFile(filepath.Join(dir, "comm"))
		all = append(all, Holder{PID: pid, Name: strings.TrimSpace(string(comm))})
	}
	slices.SortFunc(all, func(a, b Holder) int { return a.PID - b.PID })
	return all
}

func holds(dir, device string) bool {
	files, _ := os.ReadDir(filepath.Join(dir, "fd"))
	return slices.ContainsFunc(files, func(f os.DirEntry) bool {
		target, err := os.Readlink(filepath.Join(dir, "fd", f.Name()))
		return err == nil && target == device
	})
}
