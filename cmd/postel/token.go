package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/account"
)

func tokenCommand() *command {
	return &command{
		name: "token", short: "let programs send and receive over HTTP",
		long: "A token stands for an account in the HTTP interface (Authorization: Bearer). It may do\n" +
			"what its scopes say: send texts, read what was sent, read what is incoming, make webhooks,\n" +
			"which hear of all three. With the scope admin, too, it sees the messages of all accounts.\n" +
			"The scope metrics is for a monitoring system: it sees what the service measures. Changes\n" +
			"work whether the service runs or not, and hold from the next request on.",
		sub: []*command{tokenNewCommand(), tokenListCommand(), tokenRevokeCommand()},
	}
}

func tokenNewCommand() *command {
	return &command{
		name: "new", args: "ACCOUNT", short: "make a token",
		long: "Prints a token. It is shown this once; only a digest of it is kept. --expires is a time\n" +
			"from now, \"90d\" or \"12h\", or a day, \"2027-01-31\", at whose end it expires. ACCOUNT may be\n" +
			"a mail user without an account.",
		setup: func(fs *flag.FlagSet) runner {
			file := configFlag(fs)
			scopes := fs.String("scope", "send,read,incoming", "what it may do: send, read, incoming, webhooks, admin, metrics, with commas between them")
			expires := fs.String("expires", "", "a `time` after which it is void; else it lives until it is revoked")
			note := fs.String("note", "", "a `text` that says what the token is for")
			asJSON := fs.Bool("json", false, "one JSON object")
			return func(ctx context.Context, t *terminal, args []string) error {
				name, err := nameOf(args)
				if err != nil {
					return err
				}
				if err := checkNote(*note); err != nil {
					return err
				}
				b, err := openBooks(ctx, *file, t)
				if err != nil {
					return err
				}
				defer b.close()
				made, err := b.makeToken(ctx, name, *scopes, *expires, *note)
				if err != nil {
					return err
				}
				if *asJSON {
					return lines(t.out, []newToken{made})
				}
				t.printf("token %s of %s, to %s; it is shown this once:\n  %s\n", made.ID, made.Account, scopeWords(made.Scopes), made.Token)
				return nil
			}
		},
	}
}

// newToken is what new --json writes.
type newToken struct {
	smsengine.Key
	Token string `json:"token"` // the secret
}

// makeToken makes and stores a token.
func (b *books) makeToken(ctx context.Context, name, scopes, expires, note string) (newToken, error) {
	if err := b.known(name); err != nil {
		return newToken{}, err
	}
	if strings.HasPrefix(name, "@") {
		return newToken{}, fmt.Errorf("%s is the policy of a domain: nobody sends at its cost", name)
	}
	may, err := smsengine.ParseScopes(scopes)
	switch {
	case err != nil:
		return newToken{}, fault("--scope", "", "%v", err)
	case may&^smsengine.ScopeAdmin == 0:
		return newToken{}, fault("--scope", `as "read,admin"`, "say what it may do; admin only says that it may do it for all accounts")
	}
	end, err := expiry(expires, b.decider.Zoned(b.now))
	if err != nil {
		return newToken{}, err
	}
	secret, k := account.NewToken(name, may, note, b.now, end)
	if err := b.PutKey(ctx, k); err != nil {
		if errors.Is(err, smsengine.ErrExists) {
			return newToken{}, errors.New("a token with the same ID was made before, which chance does once in a while; try again")
		}
		return newToken{}, words(err)
	}
	return newToken{k, secret}, nil
}

// expiry reads when a token expires: "90d", "12h", or the end of a day in the
// site's zone; zero for "".
func expiry(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	end := now
	day, err := time.ParseInLocation(time.DateOnly, text, now.Location())
	if err == nil {
		end = day.AddDate(0, 0, 1)
	} else if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.Atoi(days)
		if err != nil || n > 36500 {
			return end, fault("--expires", `write "90d"`, "%.40q is no number of days", text)
		}
		end = now.AddDate(0, 0, n)
	} else {
		d, err := time.ParseDuration(text)
		if err != nil {
			return end, fault("--expires", `write "90d", "12h" or "2027-01-31"`, "%.40q is no time", text)
		}
		end = now.Add(d)
	}
	if !end.After(now) {
		return end, fault("--expires", "", "%.40q has passed", text)
	}
	return end, nil
}

func tokenListCommand() *command {
	return &command{
		name: "list", args: "[ACCOUNT]", short: "list the tokens of an account, or of all",
		long: "Newest first. The tokens themselves cannot be shown again. When one was last used to send\n" +
			"is known, when one was last used to read is not.",
		setup: func(fs *flag.FlagSet) runner {
			file := configFlag(fs)
			asJSON := fs.Bool("json", false, "one JSON object a line")
			return func(ctx context.Context, t *terminal, args []string) error {
				keys, err := listKeys(ctx, *file, args, smsengine.Key.IsToken)
				if err != nil {
					return err
				}
				if *asJSON {
					return lines(t.out, keys)
				}
				return tabulateTokens(t, keys, time.Now())
			}
		},
	}
}

func tabulateTokens(t *terminal, tokens []smsengine.Key, now time.Time) error {
	if len(tokens) == 0 {
		t.printf("no tokens; postel token new makes one\n")
		return nil
	}
	w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tACCOUNT\tSCOPES\tCREATED\tLAST SENT\tENDS\tNOTE")
	for _, k := range tokens {
		ends := moment(k.Expires)
		switch {
		case !k.Revoked.IsZero():
			ends = "revoked " + moment(k.Revoked)
		case !k.Valid(now):
			ends = "expired " + ends
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", k.ID, k.Account, scopeWords(k.Scopes), moment(k.Created), moment(k.LastUsed), ends, clean(k.Note))
	}
	return w.Flush()
}

// scopeWords names scopes as --scope takes them.
func scopeWords(s smsengine.Scopes) string { return strings.ReplaceAll(s.String(), " ", ",") }

func tokenRevokeCommand() *command {
	return &command{
		name: "revoke", args: "ID", short: "end a token",
		long: "Whoever has the token is refused from now on. ID is what postel token list shows.",
		setup: func(fs *flag.FlagSet) runner {
			file := configFlag(fs)
			return func(ctx context.Context, t *terminal, args []string) error {
				return revoke(ctx, t, *file, args, "token", smsengine.Key.IsToken)
			}
		},
	}
}
