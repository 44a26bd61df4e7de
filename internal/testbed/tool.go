package testbed

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postel-mail/postel/internal/testbed/packages"
)

// Tool returns the beginning of a command line that runs one of the unpacked
// programs, such as strace, on the machine itself and not on a host; the
// program's own arguments follow. Its libraries are the unpacked ones.
func Tool(t testing.TB, name string) []string {
	t.Helper()
	return tool(t, packages.Servers, "usr/bin/"+name)
}

// TextTool is Tool for the programs that work with modems, smsd and gammu-smsd.
func TextTool(t testing.TB, path string) []string {
	t.Helper()
	return tool(t, packages.Texters, path)
}

func tool(t testing.TB, set packages.Set, path string) []string {
	t.Helper()
	root := unpacked(t, set)
	loaders, _ := filepath.Glob(filepath.Join(root, "lib", "*", "ld-linux*.so.*"))
	if len(loaders) != 1 {
		t.Fatalf("testbed: %d dynamic loaders in %s", len(loaders), root)
	}
	triplet := filepath.Base(filepath.Dir(loaders[0]))
	libraries := []string{filepath.Join(root, "lib", triplet), filepath.Join(root, "usr/lib", triplet), filepath.Join(root, "usr/lib")}
	program := filepath.Join(root, path)
	if _, err := os.Stat(program); err != nil {
		t.Fatal("testbed: ", err)
	}
	return []string{loaders[0], "--library-path", strings.Join(libraries, ":"), program}
}
