package v1

import (
	"errors"
	"strconv"
	"strings"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/phone"
)

// recipient reads whom a text is for, in any form that addresses have, and adds
// what the request says for all recipients to what the address says for itself.
func (h *Handler) recipient(to string, req sendRequest) (phone.Recipient, error) {
	r, isPhone, err := h.o.Phones.Parse(h.address(to))
	if bad, ok := errors.AsType[*phone.Error](err); ok {
		return r, smsengine.Fail("http", smsengine.Permanent, bad.Code, bad.Text, nil)
	}
	switch {
	case err != nil:
		return r, err
	case !isPhone:
		return r, smsengine.Fail("http", smsengine.Permanent, "5.1.3", "this is no phone: write a number, +15551234567", nil)
	case r.User != "" || r.Password.Reveal() != "" || r.Key.Reveal() != "":
		return r, smsengine.Fail("http", smsengine.Permanent, "5.5.4", "leave user, pass and key out of addresses: the Authorization of the request says who sends", nil)
	}
	for _, p := range req.params() {
		if _, said := r.Params.Get(p.Name); !said {
			r.Params = append(r.Params, p)
		}
	}
	return r, nil
}

// address completes a number to an address.
func (h *Handler) address(to string) string {
	to = strings.TrimSpace(to)
	if strings.Contains(to, "@") {
		return to
	}
	prefix := h.o.Prefix + ":"
	if len(to) < len(prefix) || !strings.EqualFold(to[:len(prefix)], prefix) {
		to = prefix + to
	}
	return `"` + to + `"@` + h.o.Domain
}

// params are the request's wishes in the words of addresses. A program knows how
// long its text is, so it may have any number of parts unless it says otherwise.
func (q *sendRequest) params() phone.Params {
	var all phone.Params
	add := func(name, value string, said bool) {
		if said {
			all = append(all, phone.Param{Name: name, Value: value})
		}
	}
	parts := q.MaxParts
	if parts == 0 {
		parts = 128
	}
	add("maxmsgs", strconv.Itoa(parts), true)
	add("flash", "1", q.Flash)
	add("validity", strconv.Itoa(q.Validity), q.Validity > 0)
	add("sender", q.From, q.From != "")
	add("reply", q.ReplyTo, q.ReplyTo != "")
	add("id", q.Gateway, q.Gateway != "")
	if q.PID != nil {
		add("pid", strconv.Itoa(*q.PID), true)
	}
	if q.DCS != nil {
		add("dcs", strconv.Itoa(*q.DCS), true)
	}
	return all
}
