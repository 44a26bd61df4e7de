package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// asker asks somebody at a terminal until the answer is good. Where there is no
// terminal it reads the answers as lines, asks nothing, and a bad one is the end.
type asker struct {
	*terminal
	lines  *lineReader
	person bool
}

func newAsker(t *terminal) *asker {
	return &asker{t, newLineReader(t), asPerson(t)}
}

// question is one of them.
type question struct {
	name   string // of the answer, for those who cannot be asked
	words  string // "The Auth Token, beside it"
	secret bool   // the answer is not shown
	check  func(answer string) error
}

func (a *asker) ask(ctx context.Context, q question) (string, error) {
	for {
		answer, err := a.answer(ctx, q)
		if err != nil {
			return "", err
		}
		wrong := q.check(answer)
		switch {
		case wrong == nil:
			return answer, nil
		case !a.person:
			return "", fmt.Errorf("%s: %w", q.name, wrong)
		}
		fmt.Fprintf(a.err, "  %s\n", wrong)
	}
}

func (a *asker) answer(ctx context.Context, q question) (string, error) {
	if a.person && q.secret {
		secret, err := prompt(ctx, a.terminal, q.words+" (not shown): ")
		return strings.TrimSpace(secret), err // what is pasted brings spaces along
	}
	if a.person {
		fmt.Fprintf(a.err, "%s: ", q.words)
	}
	line, err := a.lines.next(ctx, nil, "")
	switch {
	case ctx.Err() != nil:
		return "", errors.New("interrupted; nothing was written")
	case errors.Is(err, io.EOF):
		return "", fmt.Errorf("%s: the input has ended before its answer; nothing was written", q.name)
	}
	return line, err
}
