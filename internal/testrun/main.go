// Testrun runs the project's tests in suites and says, at the end, what each
// took, what was skipped and why, and how many tests passed. "make test" and
// "make check" run it from the top of the module.
//
//	testrun              every suite
//	testrun -quick       the quick ones, without the race detector and with -short
//	testrun unit e2e     the ones named
//
// It fails if a test fails, and with CI=true also if one is skipped: there,
// nothing may be missing.
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"time"
)

func main() {
	quick := flag.Bool("quick", false, "only the quick suites, without the race detector")
	flag.Parse()
	if os.Getenv("GORACE") == "" {
		// Else every process with the race detector waits a second before it ends, and
		// the tests start a thousand.
		_ = os.Setenv("GORACE", "atexit_sleep_ms=50")
	}
	packages, err := ourPackages()
	if err != nil {
		fmt.Fprintln(os.Stderr, "testrun:", err)
		os.Exit(2)
	}
	var results []result
	for _, s := range suites {
		named := len(flag.Args()) == 0 || slices.Contains(flag.Args(), s.name)
		if !named || *quick && !s.quick {
			continue
		}
		fmt.Printf("=== %s: %s\n", s.name, s.what)
		r, begin := result{suite: s.name}, time.Now()
		s.run(&r, packages, *quick)
		r.took = time.Since(begin)
		results = append(results, r)
	}
	if !summarize(results, os.Getenv("CI") == "true") {
		os.Exit(1)
	}
}
