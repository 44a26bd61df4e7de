package modem

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine/gateway/modem/at"
	"github.com/postel-mail/postel/smsengine/sms"
	"github.com/postel-mail/postel/smsengine/sms/tpdu"
)

// againBalance is when the balance is asked for again that was not to be had, at
// the latest.
const againBalance = time.Hour

// askBalance asks the network for the SIM card's credit, once there is a network
// and then every BalanceEvery, until ctx ends. A modem that was opened anew is no
// reason to ask sooner: some networks count the questions.
func (g *Gateway) askBalance(ctx context.Context, l *line) {
	if g.config.BalanceCode == "" {
		return
	}
	every := time.Duration(g.config.BalanceEvery)
	for pause(ctx, time.Until(g.nextBalance)) == nil {
		select {
		case <-g.Ready():
		case <-ctx.Done():
			return
		}
		err := g.updateBalance(ctx, l)
		if ctx.Err() != nil {
			return
		}
		next := every
		if err != nil {
			next = min(every, againBalance)
			g.log.Warn("cannot tell the balance", "err", err)
		}
		g.nextBalance = time.Now().Add(next)
	}
}

// updateBalance asks once. It holds the turn until the network has answered: in
// a dialogue by codes many modems send no text.
func (g *Gateway) updateBalance(ctx context.Context, l *line) error {
	if err := l.take(ctx); err != nil {
		return err
	}
	defer l.give()
	answer, err := g.dial(ctx, l)
	if err != nil {
		return err
	}
	amount, ok := findAmount(g.amount, answer.Text)
	if !ok {
		return fmt.Errorf("balance_pattern finds no amount in the answer to balance_code, which has %d characters: \"postel modem at\" shows it", len(answer.Text))
	}
	g.state.learn(func(f *facts) { f.balance, f.hasBalance = amount, true })
	if limit := g.config.BalanceAlarm; amount < limit {
		g.state.raise("balance", fmt.Sprintf("the SIM card's credit is %.2f, below balance_alarm (%.2f): charge it", amount, limit))
	} else {
		g.state.clear("balance")
	}
	return nil
}

// dial gives the network a code and waits for its answer. Some modems want the
// code as packed septets in hexadecimal digits; those of Huawei first.
func (g *Gateway) dial(ctx context.Context, l *line) (at.USSD, error) {
	code := g.config.BalanceCode
	forms := []string{code, packed(code)}
	if g.huawei() {
		forms = []string{packed(code), code}
	}
	select {
	case <-l.ussd: // an answer that nobody waited for
	default:
	}
	var err error
	for _, form := range forms {
		if _, err = l.Do(ctx, fmt.Sprintf(`AT+CUSD=1,"%s",15`, form)); err == nil {
			return g.awaitAnswer(ctx, l)
		}
		if !isResult(err) {
			break
		}
	}
	return at.USSD{}, err
}

func (g *Gateway) awaitAnswer(ctx context.Context, l *line) (at.USSD, error) {
	late := time.NewTimer(g.o.Rests.Balance)
	defer late.Stop()
	select {
	case answer := <-l.ussd:
		switch answer.Status {
		case at.USSDAsks: // a menu: it is left, or the next code would be an answer to it
			_, _, err := l.ask(ctx, "AT+CUSD=2")
			return answer, err
		case at.USSDUnknown, at.USSDNoResponse:
			return answer, fmt.Errorf("the network does not answer to balance_code")
		}
		return answer, nil
	case <-late.C:
		_, _, err := l.ask(ctx, "AT+CUSD=2")
		if err == nil {
			err = fmt.Errorf("the network did not answer to balance_code in %v", g.o.Rests.Balance)
		}
		return at.USSD{}, err
	case <-ctx.Done():
		return at.USSD{}, ctx.Err()
	}
}

// packed gives a code as packed septets in hexadecimal digits (3GPP TS 23.038
// §6.1.2.3). A code is made of letters that every alphabet has at its place.
func packed(code string) string {
	septets, err := sms.Septets(code, nil)
	if err != nil {
		return code
	}
	return fmt.Sprintf("%X", tpdu.Pack(septets, 0))
}

// findAmount finds the amount in an answer: the first group of the pattern.
func findAmount(p *regexp.Regexp, text string) (amount float64, ok bool) {
	found := p.FindStringSubmatch(text)
	if len(found) < 2 {
		return 0, false
	}
	return parseAmount(found[1])
}

// parseAmount reads an amount as people write it: "12.50", "12,50", "1.234,56",
// "1 234.56". A single comma or point is that of the decimals.
func parseAmount(text string) (amount float64, ok bool) {
	text = strings.Map(func(r rune) rune {
		if r == ' ' || r == '\'' || r == '\u00a0' {
			return -1
		}
		return r
	}, text)
	decimal := strings.LastIndexAny(text, ".,")
	if decimal >= 0 {
		mark := text[decimal : decimal+1]
		if strings.Count(text, mark) > 1 { // a mark of thousands
			text = strings.ReplaceAll(text, mark, "")
		} else {
			whole := strings.NewReplacer(".", "", ",", "").Replace(text[:decimal])
			text = whole + "." + text[decimal+1:]
		}
	}
	amount, err := strconv.ParseFloat(strings.TrimSuffix(text, "."), 64)
	return amount, err == nil && amount-amount == 0 // neither infinite nor no number
}
