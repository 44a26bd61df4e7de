package rule

import (
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"
)

// Bounds of an expression: its nodes, and what a run may keep in memory, in the
// values that the library counts. It has no loops, so its nodes bound its time.
const (
	maxNodes      = 500
	maxExpression = 4096
	memoryBudget  = 10_000
)

// environment is what an expression can see.
type environment struct {
	From     string            `expr:"from"`
	To       string            `expr:"to"`
	Address  string            `expr:"address"`
	Sender   string            `expr:"sender"`
	Account  string            `expr:"account"`
	User     string            `expr:"user"`
	Domain   string            `expr:"domain"`
	Subject  string            `expr:"subject"`
	Text     string            `expr:"text"`
	Gateway  string            `expr:"gateway"`
	Door     string            `expr:"door"`
	Alphabet string            `expr:"alphabet"`
	Tag      []string          `expr:"tag"`
	Header   map[string]string `expr:"header"`
	Parts    int               `expr:"parts"`
	Size     int               `expr:"size"`
	Hour     int               `expr:"hour"`
	Minute   int               `expr:"minute"`
	Weekday  string            `expr:"weekday"`
	Day      int               `expr:"day"`
	Month    int               `expr:"month"`
	Year     int               `expr:"year"`
	Week     int               `expr:"week"`
	Binary   bool              `expr:"binary"`
	Reply    bool              `expr:"reply"`
	Routed   bool              `expr:"routed"`
}

// expression is a condition in the language of expr-lang.org, without any of its
// functions.
type expression struct {
	program *vm.Program
	reads   Fields
	said    string
}

func newExpression(source string) (*expression, error) {
	if len(source) > maxExpression {
		return nil, errors.New("the expression is too long")
	}
	check := &visitor{}
	program, err := expr.Compile(source, expr.Env(environment{}), expr.AsBool(), expr.DisableAllBuiltins(),
		expr.MaxNodes(maxNodes), expr.Patch(check))
	if err == nil {
		err = check.err
	}
	if err != nil {
		if located, ok := errors.AsType[*file.Error](err); ok {
			err = errors.New(located.Message)
		}
		return nil, err
	}
	return &expression{program, check.reads, "expr " + source}, nil
}

// visitor finds out what an expression reads, and refuses what could make it
// costly: functions, of which some are loops, patterns that come from a message, and
// lists of many numbers.
type visitor struct {
	reads Fields
	err   error
}

func (v *visitor) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		for f := range fieldCount {
			if fields[f].name == n.Value {
				v.reads |= 1 << f
			}
		}
	case *ast.BuiltinNode, *ast.CallNode, *ast.PredicateNode:
		v.err = errors.New("there are no functions")
	case *ast.BinaryNode:
		if _, constant := n.Right.(*ast.StringNode); n.Operator == "matches" && !constant {
			v.err = errors.New("a pattern must stand in quotes behind matches")
		}
		if n.Operator == ".." {
			v.err = errors.New("there are no ranges; write x >= 1 and x <= 9")
		}
	}
}

func (e *expression) String() string { return e.said }

var machines = sync.Pool{New: func() any { return &vm.VM{MemoryBudget: memoryBudget} }}

func (e *expression) eval(r *run) Truth {
	if e.reads&r.unknown != 0 {
		return Unknown
	}
	machine := machines.Get().(*vm.VM)
	defer machines.Put(machine)
	result, err := machine.Run(e.program, r.environment())
	if err != nil {
		r.trouble(e.said + ": " + err.Error())
		return Failed
	}
	yes, _ := result.(bool)
	return truth(yes)
}

// environment is made once, and again when a rule has changed something.
func (r *run) environment() *environment {
	if r.env != nil {
		return r.env
	}
	at := r.facts.At
	_, week := at.ISOWeek()
	r.env = &environment{
		From: r.value[From], To: r.value[To], Address: r.text(Address), Sender: r.value[Sender],
		Account: r.value[Account], User: r.value[User], Domain: r.value[Domain], Subject: r.value[Subject],
		Text: r.value[Text], Gateway: r.value[Gateway], Door: r.value[Door], Tag: r.tags, Header: map[string]string{},
		Size: int(r.facts.Size), Hour: at.Hour(), Minute: at.Minute(), Weekday: weekday(at.Weekday()),
		Day: at.Day(), Month: int(at.Month()), Year: at.Year(), Week: week,
		Binary: r.facts.Binary, Reply: r.facts.Reply, Routed: r.routed,
	}
	if !r.unknown.Has(Parts) {
		r.env.Parts, r.env.Alphabet = r.measure(), r.value[Alphabet]
	}
	for _, h := range r.headers {
		name := strings.ToLower(h.Name)
		if _, said := r.env.Header[name]; !said {
			r.env.Header[name] = h.Value
		}
	}
	return r.env
}

// weekday is a day's name as rules write it, "mon".
func weekday(d time.Weekday) string { return strings.ToLower(d.String()[:3]) }
