// Fetch gets the packages that the tests need; "make deps" runs it. The tests
// would do the same themselves: done before, it does not count as their time.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/postel-mail/postel/internal/testbed/packages"
)

func main() {
	for _, set := range []packages.Set{packages.Servers, packages.Clients, packages.Mailman, packages.Texters, packages.Kannel, packages.Prometheus, packages.Postgres, packages.MariaDB} {
		root, err := set.Root(context.Background(), func(format string, args ...any) {
			fmt.Printf("testbed: "+format+"\n", args...)
		})
		if err != nil {
			fmt.Fprintln(os.Stderr, "testbed:", err)
			os.Exit(1)
		}
		fmt.Println("testbed: daemons for the tests are in", root)
	}
}
