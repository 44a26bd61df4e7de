// Command write brings the generated documents up to date. Its argument is the
// root of the repository.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/postel-mail/postel/cmd/postel/config/reference"
)

func main() {
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func write(root string) error {
	docs, err := reference.Documents(root)
	if err != nil {
		return err
	}
	for name, text := range docs {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
