package template

import "fmt"

// Error is what is wrong with a template. It shows nothing of the values of
// parameters that look like secrets.
type Error struct {
	Line, Column int // from 1, in characters
	Lines        int // that the template has
	What, Remedy string
}

func (e *Error) Error() string {
	s := fmt.Sprintf("column %d: %s", e.Column, e.What)
	if e.Lines > 1 {
		s = fmt.Sprintf("line %d, %s", e.Line, s)
	}
	if e.Remedy != "" {
		s += "; " + e.Remedy
	}
	return s
}

// ValueError is a value that cannot stand where a template wants it. It does not
// show the value.
type ValueError struct {
	Variable string
	What     string // one line, for the sender of the text unless Setting is set
	Setting  bool   // the gateway's configuration is wrong, and every text fails; else it is this text
}

func (e *ValueError) Error() string { return fmt.Sprintf("%%%s%%: %s", e.Variable, e.What) }
