package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/postel-mail/postel/smsengine/mistake"
)

// Exit codes of all commands.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// terminal is where a command reads and writes.
type terminal struct {
	in       io.Reader
	out, err io.Writer
}

func (t *terminal) printf(format string, args ...any) { fmt.Fprintf(t.out, format, args...) }

// command is one of the table. It runs by itself, or has commands below it, or
// both: "postel queue" and "postel queue cancel".
type command struct {
	name  string
	args  string // "NUMBER TEXT", for the usage line
	short string // one line for the list
	long  string // paragraphs for its own help
	setup func(*flag.FlagSet) runner
	raw   func(t *terminal, args []string) int // instead of setup: takes all arguments as they are
	sub   []*command
}

// runner runs a command after its flags are parsed.
type runner func(ctx context.Context, t *terminal, args []string) error

// usageError is a mistake in how a command was called.
type usageError string

func (e usageError) Error() string { return string(e) }

// errReported ends a command with failure after it has said all that is wrong.
var errReported = errors.New("reported")

// run finds the command, parses its flags, runs it, and gives the exit code.
func run(ctx context.Context, t *terminal, args []string) int {
	if len(args) > 0 && args[0] == "help" {
		args = append(args[1:], "--help")
	}
	c, path := root(), ""
	for {
		path = strings.TrimSpace(path + " " + c.name)
		next := c.find(args)
		if next == nil {
			break
		}
		c, args = next, args[1:]
	}
	switch {
	case c.raw != nil:
		return c.raw(t, args)
	case c.setup != nil:
		return c.run(ctx, t, path, args)
	case len(args) == 0, isHelp(args[0]):
		c.help(t.out, path, nil)
		return exitOK
	}
	fmt.Fprintf(t.err, "%s: there is no command %q; postel help%s lists them\n", path, args[0], strings.TrimPrefix(path, "postel"))
	return exitUsage
}

func (c *command) find(args []string) *command {
	if len(args) > 0 {
		for _, s := range c.sub {
			if s.name == args[0] {
				return s
			}
		}
	}
	return nil
}

func isHelp(arg string) bool { return arg == "-h" || arg == "-help" || arg == "--help" }

func (c *command) run(ctx context.Context, t *terminal, path string, args []string) int {
	fs := flag.NewFlagSet(path, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	do := c.setup(fs)
	rest, err := parse(fs, args)
	if errors.Is(err, flag.ErrHelp) {
		c.help(t.out, path, fs)
		return exitOK
	}
	if err != nil {
		err = usageError(err.Error())
	} else {
		err = do(ctx, t, rest)
	}
	if usage, ok := errors.AsType[usageError](err); ok {
		fmt.Fprintf(t.err, "%s: %s\nusage: %s; postel help%s says more\n", path, usage, c.usage(path), strings.TrimPrefix(path, "postel"))
		return exitUsage
	}
	if err == nil {
		return exitOK
	}
	if problems, ok := errors.AsType[mistake.Problems](err); ok {
		fmt.Fprintln(t.err, problems) // with file and line, as editors like them
	} else if !errors.Is(err, errReported) {
		fmt.Fprintf(t.err, "%s: %s\n", path, strings.ReplaceAll(err.Error(), "\n", "\n  "))
	}
	return exitFailed
}

// parse reads flags wherever they stand, up to "--", and gives the arguments.
func parse(fs *flag.FlagSet, args []string) ([]string, error) {
	var rest []string
	for {
		if err := fs.Parse(args); err != nil {
			return nil, err
		}
		left := fs.Args()
		if used := len(args) - len(left); len(left) == 0 || used > 0 && args[used-1] == "--" {
			return append(rest, left...), nil
		}
		rest, args = append(rest, left[0]), left[1:]
	}
}

func (c *command) usage(path string) string {
	s := path
	if c.setup != nil {
		s += " [options]"
	}
	if c.args != "" {
		s += " " + c.args
	}
	return s
}

// help explains a command: what it does, its options, what is below it.
func (c *command) help(w io.Writer, path string, fs *flag.FlagSet) {
	fmt.Fprintf(w, "%s - %s\n", path, c.short)
	if c.setup != nil {
		fmt.Fprintf(w, "\nusage: %s\n", c.usage(path))
	}
	if c.long != "" {
		fmt.Fprintf(w, "\n%s\n", c.long)
	}
	if fs != nil && hasFlags(fs) {
		fmt.Fprintln(w, "\noptions:")
		fs.SetOutput(w)
		fs.PrintDefaults()
	}
	if len(c.sub) > 0 {
		fmt.Fprintf(w, "\ncommands:\n")
		for _, s := range c.sub {
			fmt.Fprintf(w, "  %-22s %s\n", strings.TrimSpace(s.name+" "+s.args), s.short)
		}
		fmt.Fprintf(w, "\npostel help%s COMMAND says more about one.\n", strings.TrimPrefix(path, "postel"))
	}
}

func hasFlags(fs *flag.FlagSet) (any bool) {
	fs.VisitAll(func(*flag.Flag) { any = true })
	return any
}
