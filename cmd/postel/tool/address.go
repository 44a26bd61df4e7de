package tool

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/postel-mail/postel/smsengine/phone"
)

// words collects a flag that may be given several times.
type words []string

func (w *words) String() string     { return strings.Join(*w, " ") }
func (w *words) Set(s string) error { *w = append(*w, s); return nil }

// unless gives words that are empty their default, if the others do not have it.
func (w *words) unless(byDefault string, others words) {
	if len(*w) == 0 && !slices.Contains(others, byDefault) {
		*w = words{byDefault}
	}
}

// found answers a recipient that is a phone.
type found struct {
	Input     string              `json:"input"`
	Phone     bool                `json:"phone"`
	Number    string              `json:"number"`
	Short     bool                `json:"short,omitempty"`
	Domain    string              `json:"domain"`
	User      string              `json:"user"`
	Password  bool                `json:"password"`
	Key       bool                `json:"key,omitempty"`
	Account   string              `json:"account,omitempty"`
	Params    map[string][]string `json:"params"`
	Canonical string              `json:"canonical"`
}

// other answers a recipient that is no phone, or that was meant to be one and is wrong.
type other struct {
	Input string   `json:"input"`
	Phone bool     `json:"phone"`
	Error *problem `json:"error,omitempty"`
}

type problem struct {
	Code string `json:"code"`
	Text string `json:"text"`
}

// Address answers each envelope recipient on in with what it means under the rules that args give. An address that is
// refused is an answer like any other: the exit code is 0 unless args are wrong (2) or reading or writing fails (1).
func Address(args []string, in io.Reader, out, errw io.Writer) int {
	parser, code := addressRules(args, errw)
	if parser == nil {
		return code
	}
	err := lines(in, out, func(line string) any { return explain(parser, line) })
	if err != nil {
		fmt.Fprintln(errw, "postel tool address:", err)
		return 1
	}
	return 0
}

// addressRules reads the flags; without a parser the code is the exit code.
func addressRules(args []string, errw io.Writer) (*phone.Parser, int) {
	var rules phone.Rules
	var domains, homes, prefixes, codes words
	flags := flag.NewFlagSet("postel tool address", flag.ContinueOnError)
	flags.SetOutput(errw)
	flags.Var(&domains, "domain", "mail `domain` that is served; may be repeated (default example.org)")
	flags.Var(&homes, "phone-domain", "`domain` in which every address is a phone; may be repeated (default sms.example.org)")
	flags.Var(&prefixes, "prefix", "`word` before a number; may be repeated (default sms)")
	flags.Var(&codes, "short-code", "short `code` that passes; may be repeated")
	flags.StringVar(&rules.Region, "region", "", "`country` (ISO 3166) whose rules complete national numbers")
	flags.BoolVar(&rules.BareNumbers, "bare", true, "take +15551234567 without a prefix in a mail domain")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil, 0
	} else if err != nil {
		return nil, 2
	}
	if flags.NArg() > 0 {
		fmt.Fprintln(errw, "postel tool address: addresses are read from standard input, one a line")
		return nil, 2
	}
	domains.unless("example.org", homes)
	homes.unless("sms.example.org", domains)
	rules.Domains, rules.PhoneDomains, rules.ShortCodes = domains, homes, codes
	for _, p := range prefixes {
		rules.Prefixes = append(rules.Prefixes, phone.Prefix{Name: p})
	}
	parser, err := phone.New(rules)
	if err != nil {
		fmt.Fprintln(errw, "postel tool address:", err)
		return nil, 2
	}
	return parser, 0
}

func explain(parser *phone.Parser, line string) any {
	input := phone.Redact(line)
	r, isPhone, err := parser.Parse(line)
	if refused := (*phone.Error)(nil); errors.As(err, &refused) {
		return other{Input: input, Phone: true, Error: &problem{refused.Code, refused.Text}}
	}
	if !isPhone {
		return other{Input: input}
	}
	return found{
		Input: input, Phone: true, Number: r.Number, Short: r.Short, Domain: r.Domain, Account: r.Account,
		User: r.User, Password: !r.Password.Empty(), Key: !r.Key.Empty(), Params: r.Params.Map(), Canonical: r.String(),
	}
}
