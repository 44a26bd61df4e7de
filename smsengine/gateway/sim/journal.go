package sim

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// journal is the network's memory outside this process: a line for each part
// that reached a phone, so that what arrived can be counted after a crash. It is
// not synced; it outlives the process, not the machine.
type journal struct{ file *os.File } // nil: there is none

func openJournal(path string) (journal, error) {
	if path == "" {
		return journal{}, nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return journal{}, fmt.Errorf("journal: %w", err)
	}
	return journal{f}, nil
}

// arrived writes time, number, message ID and text, with tabs between them;
// the text is quoted as Go does, without the quotes, so that it stays one line.
func (j journal) arrived(to string, a arrival) error {
	if j.file == nil {
		return nil
	}
	text := strconv.Quote(a.part.Text)
	line := strings.Join([]string{
		a.at.UTC().Format("2006-01-02T15:04:05.000Z"), to, string(a.message), text[1 : len(text)-1],
	}, "\t") + "\n"
	_, err := j.file.WriteString(line) // one write: lines of several lives do not mix
	return err
}
