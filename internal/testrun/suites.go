package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// suite is one part of the tests.
type suite struct {
	name, what string
	quick      bool // part of "make check"
	run        func(r *result, packages []string, quick bool)
}

// suites, in the order in which they run: what finds mistakes soonest is first.
var suites = []suite{
	{"format", "gofmt", true, gofmt},
	{"vet", "go vet", true, vet},
	{"unit", "unit, property and fuzz-seed tests", true, unit},
	{"testbed", "a private Postfix and Dovecot, with the lines of contrib/postfix", false, only("/internal/testbed")},
	{"e2e", "postel behind the real daemons, end to end", false, only("/internal/e2e")},
}

// ourPackages lists the packages of the module.
func ourPackages() ([]string, error) {
	out, err := exec.Command("go", "list", "./...").Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	return strings.Fields(string(out)), nil
}

// withDaemons are the folders of the packages that start daemons. They have
// suites of their own.
func withDaemons(pkg string) bool {
	return strings.Contains(pkg, "/internal/testbed") || strings.Contains(pkg, "/internal/e2e")
}

func unit(r *result, packages []string, quick bool) {
	var plain []string
	for _, p := range packages {
		if !withDaemons(p) {
			plain = append(plain, p)
		}
	}
	if quick {
		r.goTest(append([]string{"-short"}, plain...))
		return
	}
	r.goTest(append([]string{"-race", noCheckptr, "-count=1", "-timeout=10m"}, plain...))
}

// noCheckptr leaves out the pointer checks that -race brings along, for SQLite,
// which is C made Go and does little else than what they look at: its tests take
// half of the time. Races are found as before.
const noCheckptr = "-gcflags=modernc.org/...=-d=checkptr=0"

// only makes the suite of the packages below one folder. Tests of daemons are
// never taken from the cache: it does not see the daemons.
func only(folder string) func(*result, []string, bool) {
	return func(r *result, packages []string, _ bool) {
		// Tests that say so run side by side: they wait for daemons most of the time.
		args := []string{"-race", noCheckptr, "-count=1", "-timeout=20m", "-parallel=4"}
		n := len(args)
		for _, p := range packages {
			if strings.Contains(p, folder) {
				args = append(args, p)
			}
		}
		if len(args) > n {
			r.goTest(args)
		}
	}
}

func gofmt(r *result, _ []string, _ bool) {
	files, err := exec.Command("git", "ls-files", "--cached", "--others", "--exclude-standard", "*.go").Output()
	var there []string // and not just deleted
	for _, name := range strings.Fields(string(files)) {
		if _, err := os.Stat(name); err == nil {
			there = append(there, name)
		}
	}
	var out []byte
	if err == nil && len(there) > 0 {
		out, err = exec.Command("gofmt", append([]string{"-l"}, there...)...).CombinedOutput()
	}
	r.step("gofmt", out, err == nil && len(bytes.TrimSpace(out)) == 0)
}

func vet(r *result, _ []string, _ bool) {
	out, err := exec.Command("go", "vet", "./...").CombinedOutput()
	r.step("go vet", out, err == nil)
}
