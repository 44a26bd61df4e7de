package rule

// Verdict says whether the message goes on at all.
type Verdict string

// The verdicts.
const (
	GoOn   Verdict = ""
	Reject Verdict = "reject" // refused for good; Reason is for the sender
	Drop   Verdict = "drop"   // it ends here, and nobody is told
	Defer  Verdict = "defer"  // refused for now: a rule could not be decided or done
)

// Decision is what the rules say of one message. It is data, fit to be stored and
// compared.
type Decision struct {
	Verdict Verdict `json:"verdict,omitempty"`
	Reason  string  `json:"reason,omitempty"` // words fit for strangers
	Rule    string  `json:"rule,omitempty"`   // the title of the rule that made the verdict
	Changes Changes `json:"changes,omitzero"`
	// Effects are to be stored with the message, in their order. Those that were
	// decided before a verdict are there, too.
	Effects Effects `json:"effects,omitempty"`
	// Maybe are the fields that may change yet: of a preview only.
	Maybe Fields `json:"maybe,omitempty"`
	// Trace tells of the rules that held, might hold or failed; all of them from
	// Explain.
	Trace []Step `json:"trace,omitempty"`
}

// Changes are what becomes of the message. What is zero stays as it was.
type Changes struct {
	// To is where it goes: a number (outgoing), or a mailbox (incoming).
	To string `json:"to,omitempty"`
	// Elsewhere is set when it was forwarded, and goes nowhere but to the effects.
	Elsewhere bool     `json:"elsewhere,omitempty"`
	From      string   `json:"from,omitempty"` // incoming
	Text      *string  `json:"text,omitempty"`
	Subject   *string  `json:"subject,omitempty"`
	Headers   []Header `json:"headers,omitempty"` // as set last; "" takes the field away
	Sender    string   `json:"sender,omitempty"`  // caller ID
	// Gateways are those that may take it, as the rule lists them.
	Gateways []Choice `json:"gateways,omitempty"`
	// Digest has it gathered with others, if many come.
	Digest *Digest `json:"digest,omitempty"`
	// Fallback gets the words if the text does not arrive.
	Fallback *Fallback `json:"fallback,omitempty"`
	// Params are address parameters that a rewritten To bore.
	Params []Param `json:"params,omitempty"`
	// Claimed names those of Params, and "sender", whose values hold words that the
	// writer of the message has chosen: they are no word of the administrator's.
	Claimed []string `json:"claimed,omitempty"`
	Tags    []string `json:"tags,omitempty"` // that rules have added
}

// Choice is a gateway that may take the message. Lists without costs and weights
// are in the order in which they are tried.
type Choice struct {
	Name   string  `json:"name"`
	Weight float64 `json:"weight,omitempty"` // share of the messages; 0: none said
	Cost   float64 `json:"cost,omitempty"`   // of a part; the cheapest goes first; 0: none said
}

// Param is an address parameter.
type Param struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Step is what one rule said and did.
type Step struct {
	Rule   string   `json:"rule"`
	Line   int      `json:"line,omitempty"`
	Result Truth    `json:"result"`
	Off    bool     `json:"off,omitempty"`    // not active, or behind the end
	If     *Finding `json:"if,omitempty"`     // of Explain
	Did    []string `json:"did,omitempty"`    // what it changed, in words
	Failed []string `json:"failed,omitempty"` // what could not be found out or done
	Ended  bool     `json:"ended,omitempty"`  // the list stopped here
}

// Finding is the answer to one condition, with those of which it is made.
type Finding struct {
	Condition string    `json:"condition"`
	Result    Truth     `json:"result"`
	Of        []Finding `json:"of,omitempty"`
}
