package main

import (
	"strings"
	"testing"
)

func TestRead(t *testing.T) {
	const output = `
{"Action":"start","Package":"a"}
{"Action":"run","Package":"a","Test":"TestGood"}
{"Action":"pass","Package":"a","Test":"TestGood","Elapsed":0.1}
{"Action":"run","Package":"a","Test":"TestLater"}
{"Action":"output","Package":"a","Test":"TestLater","Output":"=== RUN   TestLater\n"}
{"Action":"output","Package":"a","Test":"TestLater","Output":"    a_test.go:7: no modem here\n"}
{"Action":"output","Package":"a","Test":"TestLater","Output":"--- SKIP: TestLater (0.00s)\n"}
{"Action":"skip","Package":"a","Test":"TestLater"}
{"Action":"fail","Package":"a","Test":"TestBad"}
{"Action":"fail","Package":"a"}
{"ImportPath":"b","Action":"build-output","Output":"b.go:1: broken\n"}
{"Action":"fail","Package":"b","FailedBuild":"b"}
{"Action":"skip","Package":"c"}
`
	var r result
	r.read(strings.NewReader(strings.TrimPrefix(output, "\n")))
	if r.passed != 1 || r.failed != 2 || len(r.skips) != 1 {
		t.Errorf("passed %d, failed %d, skipped %q; want 1, 2 (a test, and a package that does not build) and 1", r.passed, r.failed, r.skips)
	}
	if want := "a TestLater: a_test.go:7: no modem here"; len(r.skips) == 1 && r.skips[0] != want {
		t.Errorf("skipped %q, want %q", r.skips[0], want)
	}
}

// A skip fails the run where nothing may be missing, and nothing tested is
// never a success.
func TestSummarize(t *testing.T) {
	skipped := []result{{passed: 3, skips: []string{"a TestLater: no modem here"}}}
	for _, c := range []struct {
		results []result
		strict  bool
		want    bool
	}{
		{[]result{{passed: 3}}, true, true},
		{[]result{{passed: 3}, {failed: 1}}, false, false},
		{skipped, false, true},
		{skipped, true, false},
		{nil, false, false},
	} {
		if got := summarize(c.results, c.strict); got != c.want {
			t.Errorf("%+v strict %v: %v, want %v", c.results, c.strict, got, c.want)
		}
	}
}
