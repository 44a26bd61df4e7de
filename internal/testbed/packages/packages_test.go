package packages

import (
	"slices"
	"testing"
)

func TestLibraries(t *testing.T) {
	const out = `postfix
  PreDepends: init-system-helpers
  Depends: adduser
 |Depends: debconf
  Depends: <debconf-2.0>
    cdebconf
  PreDepends: libc6
  Depends: libdb5.3
 |Depends: libsystemd0
  Recommends: libpython3-stdlib
  Depends: python3-click
  Suggests: libsasl2-modules
  Conflicts: libnss-db
libdb5.3
  Depends: zlib1g
  Depends: libfile-find-rule-perl
`
	want := []string{"libc6", "libdb5.3", "libsystemd0", "python3-click", "zlib1g"}
	if got := libraries(out); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
