package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/account"
	"github.com/postel-mail/postel/smsengine/phone"
)

func accountKeyCommand() *command {
	return &command{
		name: "key", args: "NAME", short: "make an address by which anybody may send to one number",
		long: "Prints addresses with a key in them. Whoever has one may send to that number, at the cost\n" +
			"of the account, and nothing else: for aliases, lists, monitoring and address books. The\n" +
			"key is shown once; only a digest of it is kept. --to \"+1555*\" makes a key for all numbers\n" +
			"that begin so. NAME may be a mail user without an account.",
		setup: func(fs *flag.FlagSet) runner {
			file := configFlag(fs)
			to := fs.String("to", "", "the `number`, or its beginning with a \"*\"")
			note := fs.String("note", "", "a `text` that says what the key is for")
			asJSON := fs.Bool("json", false, "one JSON object")
			return func(ctx context.Context, t *terminal, args []string) error {
				name, err := nameOf(args)
				if err != nil {
					return err
				}
				if *to == "" {
					return usageError("say to which number: --to +15551234567")
				}
				if err := checkNote(*note); err != nil {
					return err
				}
				b, err := openBooks(ctx, *file, t)
				if err != nil {
					return err
				}
				defer b.close()
				k, err := b.makeKey(ctx, t, name, *to, *note)
				if err != nil {
					return err
				}
				if *asJSON {
					return lines(t.out, []newKey{k})
				}
				t.printf("key %s of %s for %s; the address is shown this once:\n", k.ID, k.Account, k.Number)
				for _, a := range k.Addresses {
					t.printf("  %s\n", a)
				}
				if strings.HasSuffix(k.Number, "*") {
					t.printf("Write the rest of the number in place of the *.\n")
				}
				return nil
			}
		},
	}
}

func checkNote(note string) error {
	if clean(note) != note || len(note) > 200 {
		return fault("--note", "write one line", "it has control characters, or more than 200 octets")
	}
	return nil
}

// newKey is what key --json writes.
type newKey struct {
	smsengine.Key
	Addresses []string `json:"addresses"` // with the secret, the recommended form first
}

var prefixForm = regexp.MustCompile(`^\+[0-9]{1,14}\*$`)

// makeKey makes and stores a key. The secret goes into the addresses and nowhere
// else.
func (b *books) makeKey(ctx context.Context, t *terminal, name, to, note string) (newKey, error) {
	if err := b.known(name); err != nil {
		return newKey{}, err
	}
	if strings.HasPrefix(name, "@") {
		return newKey{}, fmt.Errorf("%s is the policy of a domain: nobody sends at its cost", name)
	}
	parser, err := phone.New(b.cfg.Phones())
	if err != nil {
		return newKey{}, err
	}
	number := strings.TrimSpace(to)
	if !prefixForm.MatchString(number) {
		if strings.Contains(number, "*") {
			return newKey{}, fault("--to", `write the beginning in full, as "+1555*"`, "%.40q is no beginning of numbers", to)
		}
		if number, _, err = parser.Number(number); err != nil {
			return newKey{}, fault("--to", "", "%.40q: %s", to, words(err))
		}
		b.remarkDestination(t, parser, name, number)
	}
	secret, k := account.NewKey(name, number, note, b.now)
	made := newKey{k, b.addresses(parser, number, secret)}
	if len(made.Addresses) == 0 {
		return newKey{}, errors.New("no address can carry the key: postel.toml has neither address.phone_domains nor address.domains")
	}
	if err := b.PutKey(ctx, k); err != nil {
		if errors.Is(err, smsengine.ErrExists) {
			return newKey{}, errors.New("a key with the same ID was made before, which chance does once in a while; try again")
		}
		return newKey{}, words(err)
	}
	return made, nil
}

// remarkDestination says if the account may not send to the number anyway.
func (b *books) remarkDestination(t *terminal, parser *phone.Parser, name, number string) {
	user := ""
	if strings.Contains(name, "@") {
		user = name
	}
	terms, _ := account.Merge(b.decider.LevelsOf(b.dir, name, user))
	if parser.Lists(number) {
		return
	}
	if _, err := account.Destination(terms, number, parser.Destination(number)); err != nil {
		fmt.Fprintf(t.err, "note: as things are, texts of %s to %s are refused: %s\n", name, number, smsengine.StatusOf(err).Text)
	}
}

// addresses writes the forms that the site reads, the best one first: in a phone
// domain no MTA and no list manager needs quotes, nor in the RFC 3192 form.
func (b *books) addresses(parser *phone.Parser, number, secret string) (all []string) {
	prefix := "sms"
	if len(b.cfg.Address.Prefixes) > 0 {
		prefix, _, _ = strings.Cut(b.cfg.Address.Prefixes[0], "?")
	}
	var forms []string
	for _, domain := range b.cfg.Address.PhoneDomains {
		forms = append(forms, number+"?key="+secret+"@"+domain)
	}
	for _, domain := range append(b.cfg.Address.Domains[:len(b.cfg.Address.Domains):len(b.cfg.Address.Domains)], b.cfg.Address.PhoneDomains...) {
		forms = append(forms, `"`+prefix+":"+number+"?key="+secret+`"@`+domain, strings.ToUpper(prefix)+"="+number+"?key="+secret+"@"+domain)
	}
	sample := number
	if beginning, ok := strings.CutSuffix(number, "*"); ok {
		sample = beginning
	}
	for _, form := range forms {
		if number != sample || reads(parser, form, number, secret) {
			all = append(all, form)
		}
	}
	return all
}

// reads makes sure that an address means what it should.
func reads(parser *phone.Parser, address, number, secret string) bool {
	r, isPhone, err := parser.Parse(address)
	return err == nil && isPhone && r.Number == number && r.Key.Reveal() == secret
}

func accountKeysCommand() *command {
	return &command{
		name: "keys", args: "[NAME]", short: "list the keys of an account, or of all",
		long: "Newest first. The keys themselves cannot be shown again.",
		setup: func(fs *flag.FlagSet) runner {
			file := configFlag(fs)
			asJSON := fs.Bool("json", false, "one JSON object a line")
			return func(ctx context.Context, t *terminal, args []string) error {
				keys, err := listKeys(ctx, *file, args, isForAddresses)
				if err != nil {
					return err
				}
				if *asJSON {
					return lines(t.out, keys)
				}
				return tabulateKeys(t, keys)
			}
		},
	}
}

// isForAddresses reports whether a key is no token of the HTTP interface.
func isForAddresses(k smsengine.Key) bool { return !k.IsToken() }

// listKeys gives the keys of the account that the arguments name, or of all, as
// far as they are wanted.
func listKeys(ctx context.Context, file string, args []string, wanted func(smsengine.Key) bool) ([]smsengine.Key, error) {
	name := ""
	if len(args) > 0 {
		var err error
		if name, err = nameOf(args); err != nil {
			return nil, err
		}
	}
	b, err := readBooks(ctx, file)
	if err != nil {
		return nil, err
	}
	defer b.close()
	if name != "" {
		if err := b.known(name); err != nil {
			return nil, err
		}
	}
	keys, err := b.keys(ctx, name)
	return slices.DeleteFunc(keys, func(k smsengine.Key) bool { return !wanted(k) }), err
}

func tabulateKeys(t *terminal, keys []smsengine.Key) error {
	if len(keys) == 0 {
		t.printf("no keys; postel account key makes one\n")
		return nil
	}
	w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tACCOUNT\tNUMBER\tCREATED\tLAST USED\tREVOKED\tNOTE")
	for _, k := range keys {
		revoked := ""
		if !k.Revoked.IsZero() {
			revoked = moment(k.Revoked)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", k.ID, k.Account, k.Number, moment(k.Created), moment(k.LastUsed), revoked, clean(k.Note))
	}
	return w.Flush()
}

func accountRevokeCommand() *command {
	return &command{
		name: "revoke", args: "ID", short: "end a key",
		long: "Whoever has the key is refused from now on. ID is what postel account keys shows.",
		setup: func(fs *flag.FlagSet) runner {
			file := configFlag(fs)
			return func(ctx context.Context, t *terminal, args []string) error {
				return revoke(ctx, t, *file, args, "key", isForAddresses)
			}
		},
	}
}

// revoke ends the key or token that the arguments name.
func revoke(ctx context.Context, t *terminal, file string, args []string, what string, wanted func(smsengine.Key) bool) error {
	lists := map[string]string{"key": "postel account keys", "token": "postel token list"}[what]
	if len(args) != 1 {
		return usageError("give the ID of one " + what)
	}
	id := strings.ToLower(args[0])
	return changing(ctx, t, file, func(b *books) (string, error) {
		k, ok := b.dir.KeyByID(id)
		switch ok = ok && wanted(k); {
		case !ok && len(id) > 20:
			return "", fmt.Errorf("that is no ID of a %s; %s lists them", what, lists)
		case !ok:
			return "", fmt.Errorf("no %s has the ID %.20q; %s lists them", what, id, lists)
		case !k.Revoked.IsZero():
			return what + " " + id + " was revoked already, " + moment(k.Revoked), nil
		}
		done := "revoked " + what + " " + id + " of " + k.Account
		if !k.IsToken() {
			done += " for " + k.Number
		}
		return done, b.words(b.RevokeKey(ctx, id, b.now))
	})
}
