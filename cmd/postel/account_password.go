package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/postel-mail/postel/smsengine/account"
)

// whyNoArgument is said to whoever writes a password where all can read it.
const whyNoArgument = "a password is never an argument: whoever is on this machine sees the arguments of all commands, and the shell keeps them; " +
	"use --password-stdin, --password-prompt, or postel account passwd"

// secretKey reports whether somebody means a password.
func secretKey(key string) bool {
	switch strings.TrimLeft(strings.ToLower(key), "-") {
	case "password", "pass", "passwd", "pwd":
		return true
	}
	return false
}

// forbidPassword understands a password as an option, to say why it is not taken.
func forbidPassword(fs *flag.FlagSet, given *bool) {
	fs.Func("password", "never: it would be seen; use --password-stdin or --password-prompt", func(string) error {
		*given = true
		return nil // an error of package flag would repeat it
	})
}

func accountPasswdCommand() *command {
	return &command{
		name: "passwd", args: "NAME", short: "give an account a password, or take it away",
		long: "Asks for the password twice on a terminal, and reads a line from standard input\n" +
			"otherwise. Only a hash of it (argon2id) is kept; nobody can read it again. An account\n" +
			"without a password is used by its members' authenticated sessions, and by keys.",
		setup: func(fs *flag.FlagSet) runner {
			file := configFlag(fs)
			remove := fs.Bool("remove", false, "take the password away")
			secret := false
			forbidPassword(fs, &secret)
			return func(ctx context.Context, t *terminal, args []string) error {
				if len(args) > 1 || secret {
					return usageError(whyNoArgument)
				}
				name, err := nameOf(args)
				if err != nil {
					return err
				}
				return changing(ctx, t, *file, func(b *books) (string, error) {
					a, err := b.find(name)
					if err != nil {
						return "", err
					}
					done := "removed the password of " + name
					a.Password, a.Changed = "", b.now
					if !*remove {
						done = "changed the password of " + name
						if a.IsDomain() {
							return "", fmt.Errorf("%s is the policy of a domain: nobody signs in as it", name)
						}
						if a.Password, err = readPassword(ctx, t, name, asPerson(t)); err != nil {
							return "", err
						}
					}
					return done, b.words(b.PutAccount(ctx, a))
				})
			}
		},
	}
}

// asPerson reports whether a person sits at a terminal.
func asPerson(t *terminal) bool {
	f, ok := t.in.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// readPassword reads a password, from a person or from standard input, and gives
// its hash.
func readPassword(ctx context.Context, t *terminal, name string, person bool) (string, error) {
	var password string
	var err error
	if person {
		password, err = promptTwice(ctx, t, name)
	} else {
		password, err = readLine(t.in)
	}
	if err != nil {
		return "", err
	}
	hash, err := account.Hash(password)
	if err != nil {
		return "", fmt.Errorf("password: %w", err)
	}
	return hash, nil
}

// readLine reads standard input, which is one line.
func readLine(in io.Reader) (string, error) {
	data, err := io.ReadAll(io.LimitReader(in, 4096))
	if err != nil {
		return "", err
	}
	line := strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r")
	if line == "" {
		return "", errors.New("password: there is none on standard input")
	}
	return line, nil
}

func promptTwice(ctx context.Context, t *terminal, name string) (string, error) {
	if !asPerson(t) {
		return "", errors.New("password: there is no terminal to ask at; use --password-stdin")
	}
	first, err := prompt(ctx, t, "Password for "+name+": ")
	if err != nil {
		return "", err
	}
	second, err := prompt(ctx, t, "Again: ")
	if err == nil && first != second {
		err = errors.New("password: the two are not the same; nothing was changed")
	}
	return first, err
}

// prompt asks without showing what is typed. If the command is interrupted the
// terminal shows again what is typed.
func prompt(ctx context.Context, t *terminal, question string) (string, error) {
	fd := int(t.in.(*os.File).Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", err
	}
	fmt.Fprint(t.err, question)
	defer fmt.Fprintln(t.err)
	type answer struct {
		line []byte
		err  error
	}
	read := make(chan answer, 1)
	go func() {
		line, err := term.ReadPassword(fd)
		read <- answer{line, err}
	}()
	select {
	case a := <-read:
		return string(a.line), a.err
	case <-ctx.Done():
		return "", errors.Join(errors.New("interrupted; nothing was changed"), term.Restore(fd, before))
	}
}

// confirm asks a person for a yes.
func confirm(ctx context.Context, t *terminal, question string) error {
	if !asPerson(t) {
		return errors.New("this cannot be taken back, and there is no terminal to ask at: add --yes")
	}
	fmt.Fprintf(t.err, "%s [y/N] ", question)
	read := make(chan string, 1)
	go func() {
		var answer string
		_, _ = fmt.Fscanln(t.in, &answer) // nothing is a no
		read <- answer
	}()
	select {
	case answer := <-read:
		if answer = strings.ToLower(answer); answer == "y" || answer == "yes" {
			return nil
		}
	case <-ctx.Done():
	}
	return errors.New("nothing was changed")
}
