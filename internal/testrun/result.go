package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// result is what came of one suite.
type result struct {
	suite          string
	took           time.Duration
	passed, failed int
	skips          []string // which test, and why
}

// event is one line of "go test -json" (go doc test2json).
type event struct {
	Action, Package, Test, Output string
	ImportPath                    string // for the output of a failed build
	Elapsed                       float64
}

// step records something that is not a Go test but passes or fails like one.
func (r *result) step(name string, out []byte, ok bool) {
	if ok {
		r.passed++
		return
	}
	r.failed++
	fmt.Printf("--- FAIL: %s\n%s", name, out)
}

// goTest runs "go test" with the arguments and counts.
func (r *result) goTest(args []string) {
	cmd := exec.Command("go", append([]string{"test", "-json"}, args...)...)
	cmd.Stderr = os.Stderr
	// A process group of its own: a test that kills its group by mistake is
	// then reported, and does not take us and make with it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		r.step("go test", []byte(err.Error()+"\n"), false)
		return
	}
	defer endWithUs(cmd.Process.Pid)()
	failed := r.failed
	r.read(out)
	if err := cmd.Wait(); err != nil && r.failed == failed {
		r.step("go test", []byte(err.Error()+"\n"), false) // it failed and did not say where
	}
}

// endWithUs passes an interrupt on to a process group that the terminal does
// not know of, until the returned function is called.
func endWithUs(group int) (stop func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		select {
		case s := <-signals:
			_ = syscall.Kill(-group, s.(syscall.Signal))
			os.Exit(1)
		case <-done:
		}
	}()
	return func() {
		signal.Stop(signals)
		close(done)
	}
}

// read counts the tests in the output of "go test -json". It shows what failed
// tests said, and of the others a line for each package.
func (r *result) read(out io.Reader) {
	said := map[string]*strings.Builder{} // by package and test, "" for the package itself
	failures := map[string]int{}          // by package
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		var e event
		if json.Unmarshal([]byte(line), &e) != nil {
			fmt.Print(line) // not from a test: as it is
			continue
		}
		key := e.Package + " " + e.Test
		switch e.Action {
		case "output":
			if said[key] == nil {
				said[key] = new(strings.Builder)
			}
			said[key].WriteString(e.Output)
		case "build-output":
			fmt.Print(e.Output)
		case "pass", "fail", "skip":
			output := ""
			if b := said[key]; b != nil {
				output = b.String()
			}
			delete(said, key)
			r.settle(e, output, failures)
		}
	}
}

// settle takes the end of one test, or of a package, where Test is empty.
func (r *result) settle(e event, output string, failures map[string]int) {
	switch {
	case e.Test == "" && e.Action == "fail":
		fmt.Print(output)
		fmt.Printf("FAIL %s (%.1fs)\n", e.Package, e.Elapsed)
		if failures[e.Package] == 0 {
			r.failed++ // it did not build, or ended outside of its tests
		}
	case e.Test == "" && e.Action == "pass":
		fmt.Printf("ok   %s (%.1fs)\n", e.Package, e.Elapsed)
	case e.Test == "": // a package without tests
	case e.Action == "pass":
		r.passed++
	case e.Action == "fail":
		r.failed++
		failures[e.Package]++
		fmt.Print(output)
	case e.Action == "skip":
		r.skips = append(r.skips, fmt.Sprintf("%s %s: %s", e.Package, e.Test, reason(output)))
	}
}

// reason is what a skipped test said, without the lines of the test runner.
func reason(output string) string {
	var words []string
	for line := range strings.Lines(output) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "=== ") && !strings.HasPrefix(line, "--- ") {
			words = append(words, line)
		}
	}
	return strings.Join(words, " ")
}

// summarize prints the table, the skips and the closing line, and tells
// whether that is a success.
func summarize(results []result, strict bool) bool {
	var passed, failed, skipped int
	var skips []string
	fmt.Printf("\n%-10s %8s %8s %8s %9s\n", "suite", "passed", "failed", "skipped", "seconds")
	for _, r := range results {
		fmt.Printf("%-10s %8d %8d %8d %9.1f\n", r.suite, r.passed, r.failed, len(r.skips), r.took.Seconds())
		passed, failed, skipped = passed+r.passed, failed+r.failed, skipped+len(r.skips)
		skips = append(skips, r.skips...)
	}
	if skipped > 0 {
		fmt.Printf("\nskipped:\n  %s\n", strings.Join(skips, "\n  "))
	}
	if skipped > 0 && strict {
		fmt.Println("\nWith CI=true a skipped test is a failure.")
	}
	fmt.Printf("\n%d passed, %d failed, %d skipped\n", passed, failed, skipped)
	return failed == 0 && passed > 0 && (skipped == 0 || !strict)
}
