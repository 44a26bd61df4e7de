package deed

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
)

// killAll kills a program's process group, and what has left the group but not the
// environment that it was given, in which the name stands: so a program that makes
// itself a daemon ends, too, and tries of a day do not pile up. One that does not
// want to be found is not.
func killAll(group int, name string) error {
	err := syscall.Kill(-group, syscall.SIGKILL)
	for range 10 { // who forked meanwhile is found the next time
		if !killNamed([]byte(name)) {
			break
		}
	}
	return err
}

// killNamed kills the processes that have a variable in their environment, and
// reports whether there were any.
func killNamed(variable []byte) (found bool) {
	processes, _ := os.ReadDir("/proc") // without it there is nobody to be found
	for _, p := range processes {
		pid, err := strconv.Atoi(p.Name())
		if err != nil {
			continue
		}
		environ, err := os.ReadFile("/proc/" + p.Name() + "/environ") // of others it cannot be read
		if err == nil && bytes.Contains(environ, variable) && syscall.Kill(pid, syscall.SIGKILL) == nil {
			found = true
		}
	}
	return found
}
