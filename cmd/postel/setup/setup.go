// Package setup joins Postel to a mail server that is running, and takes that
// back.
//
// The way is the same for every mail server: read its configuration with its
// own tools ([ReadPostfix]), plan what is to change without touching anything
// ([Postfix.Plan]), try that on a copy so that the administrator sees the very
// bytes ([Plan.Stage]), and only then change it ([Staged.Apply]). What was
// there before is kept, with a record of what was done, and is on disk before
// the first change: [Undo] reads it, also after a power failure in the middle.
//
// The lines themselves stand in contrib/postfix and contrib/sendmail, where an
// administrator can read them and add them by hand.
package setup

import (
	"fmt"
	"io/fs"
	"strings"
)

// Plan is what setup would change. The zero Plan changes nothing.
type Plan struct {
	MTA string // "postfix" or "sendmail"
	Dir string // its configuration directory

	// Dirs are made, or given the owner and mode that they need.
	Dirs []Dir
	// Texts are files that setup writes whole.
	Texts []Text
	// Edits are made by the mail server's own tools, in this order.
	Edits []Edit
	// Derived are files that Build makes anew out of the others.
	Derived []string
	Build   []Command
	// Check looks whether the mail server is content, and Reload has it read its
	// configuration; none if there is no such program.
	Check, Reload Command
	// Settings is what Edits come to, and Lines are what Texts add to files that
	// are not ours alone, for the record.
	Settings []Setting
	Lines    []Line
	// Notes are what the administrator should know besides.
	Notes []string
}

// Dir is a directory with its owner and mode.
type Dir struct {
	Path     string
	Mode     fs.FileMode // permissions and setgid
	UID, GID int
}

// Text is a file with its new content.
type Text struct {
	Path    string
	Content string
}

// Edit is a command that changes one file of a configuration directory.
type Edit struct {
	File string                    // its name in the directory
	Args func(dir string) []string // the command line, for this directory
}

// Command is a program that changes or reads a configuration.
type Command struct {
	Args []string
	In   string // a file that it reads from its standard input, if any
	Out  string // a file that its output becomes, if any
	// Hangup is a file with the number of a process that gets SIGHUP instead of
	// a program being run.
	Hangup string
}

// Line is a line that setup adds to a file of the administrator's.
type Line struct {
	Path string `json:"path"`
	Text string `json:"text"` // without its end
}

// Setting is a change of one parameter, as it is undone when the file has
// other changes too.
type Setting struct {
	// Service is the entry of master.cf, "submission/inet"; "" is main.cf.
	Service string `json:"service,omitempty"`
	// Name is the parameter; "" with a Service is the entry itself.
	Name string `json:"name,omitempty"`
	// Before is what stood there, nil if nothing did.
	Before *string `json:"before"`
	// After is what setup put there.
	After string `json:"after"`
	// Entry is what of it is ours, if it is an entry of a list.
	Entry string `json:"entry,omitempty"`
}

// String names the parameter as postconf does.
func (s Setting) String() string {
	return strings.Trim(s.Service+"/"+s.Name, "/")
}

// IsEmpty reports whether there is nothing to do.
func (p *Plan) IsEmpty() bool {
	return len(p.Dirs)+len(p.Texts)+len(p.Edits) == 0
}

// note adds a note.
func (p *Plan) note(format string, args ...any) {
	p.Notes = append(p.Notes, fmt.Sprintf(format, args...))
}

// Refusal is a reason why setup changes nothing, with the remedy.
type Refusal struct{ What, Remedy string }

func (r Refusal) Error() string { return r.What + "; " + r.Remedy }
