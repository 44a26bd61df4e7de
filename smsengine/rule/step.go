package rule

// Reason of a Defer. What failed is in the trace, for the administrator.
const deferReason = "a rule of this site could not be decided; try again later"

// trouble notes what could not be found out.
func (r *run) trouble(what string) { r.troubles = append(r.troubles, what) }

// ask answers a condition as fast as it can.
func (r *run) ask(c condition) (Truth, *Finding) { return c.eval(r), nil }

// find answers it in the same way, and tells of all conditions that it is made
// of, those that the answer does not depend on, too.
func (r *run) find(c condition) (Truth, *Finding) {
	result := c.eval(r)
	troubles, left := r.troubles, r.purse
	f := r.finding(c)
	f.Result, r.troubles, r.purse = result, troubles, left
	return result, &f
}

func (r *run) finding(c condition) Finding {
	f := Finding{Condition: c.String()}
	g, ok := c.(*group)
	if !ok {
		f.Result = c.eval(r)
		return f
	}
	together := Yes
	for _, m := range g.written {
		of := r.finding(m)
		f.Of = append(f.Of, of)
		if g.of != allOf {
			of.Result = of.Result.not()
		}
		together = together.and(of.Result)
	}
	f.Result = g.result(together)
	return f
}

// step asks one rule and does what it says. It reports whether the list goes on.
func (r *run) step(rule *Rule, answer func(*run, condition) (Truth, *Finding)) (goOn bool) {
	r.troubles = nil
	result, finding := answer(r, rule.when)
	if result == No && finding == nil {
		return true
	}
	r.decision.Trace = append(r.decision.Trace, Step{Rule: rule.Title, Line: rule.Line, Result: result, If: finding})
	s := &r.decision.Trace[len(r.decision.Trace)-1]
	goOn = true
	switch {
	case result == No:
		return true
	case result == Yes:
		goOn = r.carryOut(rule, s)
	case result == Unknown, r.preview:
		goOn = r.perhaps(rule)
	case rule.verdict != GoOn:
		goOn = r.undecided(rule)
	}
	s.Failed, s.Ended = r.troubles, !goOn
	return goOn
}

// carryOut does what a rule that holds says.
func (r *run) carryOut(rule *Rule, s *Step) (goOn bool) {
	for _, a := range rule.actions {
		if a.reads()&r.unknown != 0 {
			r.mayChange(a.changes())
			continue
		}
		did, err := a.do(r, rule)
		if err != nil {
			r.trouble(err.Error())
			if r.preview {
				r.mayChange(a.changes())
			} else if !r.undecided(rule) {
				return false
			}
		}
		if did != "" {
			s.Did = append(s.Did, did)
		}
	}
	d := &r.decision
	switch rule.verdict {
	case Reject:
		d.Verdict, d.Rule = Reject, rule.Title
		d.Reason = oneLine(rule.reason.expand(r.variable, nil))
		s.Did = append(s.Did, "rejected: "+d.Reason)
		return false
	case Drop:
		d.Verdict, d.Rule = Drop, rule.Title
		s.Did = append(s.Did, "dropped")
		return false
	}
	return !rule.stop
}

// perhaps is what a rule means that may hold. If it might end the list without a
// refusal, nothing behind it is certain any more.
func (r *run) perhaps(rule *Rule) (goOn bool) {
	r.mayChange(rule.changes)
	if rule.verdict != Reject && (rule.verdict == Drop || rule.stop) {
		r.mayChange(r.set.changes)
		return false
	}
	return true
}

func (r *run) mayChange(fs Fields) {
	if fs&^r.unknown != 0 {
		r.unknown |= fs
		r.moved = true
	}
}

// undecided is what becomes of a message if nobody knows whether it may leave, or
// how. A text from a phone goes on: it has nobody to come back to.
func (r *run) undecided(rule *Rule) (goOn bool) {
	if r.set.direction == Incoming {
		return true
	}
	r.decision.Verdict, r.decision.Reason, r.decision.Rule = Defer, deferReason, rule.Title
	return false
}
