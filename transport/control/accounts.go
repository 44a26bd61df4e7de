package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// Accounts is what the commands change of accounts. A store is one, with the
// promises of [smsengine.Accounts], and so is [Client], so that a command need
// not know whether the service runs.
type Accounts interface {
	PutAccount(ctx context.Context, a smsengine.Account) error
	RemoveAccount(ctx context.Context, name string) error
	PutKey(ctx context.Context, k smsengine.Key) error
	RevokeKey(ctx context.Context, id string, at time.Time) error
	StopAccount(ctx context.Context, s smsengine.Stop) error
	ResumeAccount(ctx context.Context, account string) error
	SetUsage(ctx context.Context, c smsengine.Counter, u smsengine.Usage) error
	Suppress(ctx context.Context, s smsengine.Suppress) error
	PutWebhook(ctx context.Context, w smsengine.Webhook) error
	RemoveWebhook(ctx context.Context, name string) error
}

// Keeper is where the server's side keeps accounts. [smsengine.Store] is one.
type Keeper interface {
	Accounts
	Directory(ctx context.Context) (*smsengine.Directory, error)
}

var _ Accounts = (*Client)(nil)

// account is an account on the wire, with the hash that its own JSON leaves out.
// The password itself never gets here: the command hashes it.
type account struct {
	smsengine.Account
	Hash string `json:"hash,omitempty"`
}

// key is a key on the wire. The secret never gets here: the command makes it,
// shows it, and hands over the digest.
type key struct {
	smsengine.Key
	Digest []byte `json:"digest"`
}

// usage is what SetUsage sets.
type usage struct {
	Period string    `json:"period"`
	Used   int       `json:"used"`
	Last   time.Time `json:"last,omitzero"`
}

// PutAccount stores an account. See [smsengine.Accounts].
func (c *Client) PutAccount(ctx context.Context, a smsengine.Account) error {
	return c.post(ctx, "/accounts", account{a, a.Password})
}

// RemoveAccount forgets an account. See [smsengine.Accounts].
func (c *Client) RemoveAccount(ctx context.Context, name string) error {
	return c.post(ctx, "/accounts/"+url.PathEscape(name)+"/remove", struct{}{})
}

// StopAccount keeps an account from sending. See [smsengine.Accounts].
func (c *Client) StopAccount(ctx context.Context, s smsengine.Stop) error {
	return c.post(ctx, "/accounts/"+url.PathEscape(s.Account)+"/stop", s)
}

// ResumeAccount lets a stopped account send again. See [smsengine.Accounts].
func (c *Client) ResumeAccount(ctx context.Context, name string) error {
	return c.post(ctx, "/accounts/"+url.PathEscape(name)+"/resume", struct{}{})
}

// SetUsage sets a counter. See [smsengine.Accounts].
func (c *Client) SetUsage(ctx context.Context, n smsengine.Counter, u smsengine.Usage) error {
	return c.post(ctx, "/accounts/"+url.PathEscape(n.Account)+"/usage", usage{n.Period, u.Used, u.Last})
}

// PutKey stores a new key. See [smsengine.Accounts].
func (c *Client) PutKey(ctx context.Context, k smsengine.Key) error {
	return c.post(ctx, "/keys", key{k, k.Digest[:]})
}

// RevokeKey ends a key. See [smsengine.Accounts].
func (c *Client) RevokeKey(ctx context.Context, id string, at time.Time) error {
	return c.post(ctx, "/keys/"+url.PathEscape(id)+"/revoke", at)
}

// post makes a call that has nothing to tell but that it is done.
func (c *Client) post(ctx context.Context, path string, in any) error {
	var done struct{}
	return c.call(ctx, http.MethodPost, path, in, &done)
}

// handleAccounts adds the calls that change accounts. Each of them leaves a line
// in the log: who, whose account, what.
func (s *Server) handleAccounts(mux *http.ServeMux) {
	for pattern, call := range map[string]func(*http.Request) error{
		"POST /accounts":               s.putAccount,
		"POST /accounts/{name}/remove": s.removeAccount,
		"POST /accounts/{name}/stop":   s.stopAccount,
		"POST /accounts/{name}/resume": s.resumeAccount,
		"POST /accounts/{name}/usage":  s.setUsage,
		"POST /keys":                   s.putKey,
		"POST /keys/{id}/revoke":       s.revokeKey,
		"POST /suppressions":           s.suppress,
		"POST /webhooks":               s.putWebhook,
		"POST /webhooks/{name}/remove": s.removeWebhook,
	} {
		mux.HandleFunc(pattern, s.answer(func(r *http.Request) (any, error) {
			if s.o.Accounts == nil {
				return unknown(r)
			}
			return struct{}{}, call(r)
		}))
	}
}

func (s *Server) putAccount(r *http.Request) error {
	var in account
	if err := read(r, &in); err != nil {
		return err
	}
	a := in.Account
	if a.Password = in.Hash; a.Name == "" {
		return wrong("an account needs a name")
	}
	dir, err := s.o.Accounts.Directory(r.Context())
	if err != nil {
		return err
	}
	was, _ := dir.Account(a.Name)
	if err := s.o.Accounts.PutAccount(r.Context(), a); err != nil {
		return missing(err, "there is no such account")
	}
	what := "account changed"
	if a.Version == 0 {
		what = "account added"
	}
	s.log.Info(what, "account", a.Name, "by", by(r), "change", strings.Join(changes(was, a), " "))
	return nil
}

func (s *Server) removeAccount(r *http.Request) error {
	name := r.PathValue("name")
	if err := s.o.Accounts.RemoveAccount(r.Context(), name); err != nil {
		return missing(err, "there is no such account")
	}
	s.log.Info("account removed", "account", name, "by", by(r))
	return nil
}

func (s *Server) stopAccount(r *http.Request) error {
	var stop smsengine.Stop
	if err := read(r, &stop); err != nil {
		return err
	}
	stop.Account = r.PathValue("name")
	if err := s.o.Accounts.StopAccount(r.Context(), stop); err != nil {
		return err
	}
	s.log.Info("account stopped", "account", stop.Account, "by", by(r), "reason", stop.Reason)
	return nil
}

func (s *Server) resumeAccount(r *http.Request) error {
	name := r.PathValue("name")
	if err := s.o.Accounts.ResumeAccount(r.Context(), name); err != nil {
		return missing(err, "the account was not stopped")
	}
	s.log.Info("account resumed", "account", name, "by", by(r))
	return nil
}

func (s *Server) setUsage(r *http.Request) error {
	var u usage
	if err := read(r, &u); err != nil {
		return err
	}
	if u.Used < 0 || u.Period == "" {
		return wrong("a counter needs a period, and a number that is not less than nothing")
	}
	n := smsengine.Counter{Account: r.PathValue("name"), Period: u.Period}
	if err := s.o.Accounts.SetUsage(r.Context(), n, smsengine.Usage{Used: u.Used, Last: u.Last}); err != nil {
		return err
	}
	s.log.Info("counter set", "account", n.Account, "by", by(r), "period", n.Period, "used", u.Used)
	return nil
}

func (s *Server) putKey(r *http.Request) error {
	var in key
	if err := read(r, &in); err != nil {
		return err
	}
	k := in.Key
	if copy(k.Digest[:], in.Digest) != len(k.Digest) || len(in.Digest) != len(k.Digest) || k.ID == "" || k.Account == "" || k.Number == "" {
		return wrong("a key needs an id, an account, a number and a digest of 32 octets")
	}
	if err := s.o.Accounts.PutKey(r.Context(), k); err != nil {
		return err
	}
	if k.IsToken() {
		s.log.Info("token made", "account", k.Account, "by", by(r), "token", k.ID, "scopes", k.Scopes)
		return nil
	}
	s.log.Info("key made", "account", k.Account, "by", by(r), "key", k.ID, "number", k.Number)
	return nil
}

func (s *Server) revokeKey(r *http.Request) error {
	var at time.Time
	if err := read(r, &at); err != nil {
		return err
	}
	id := r.PathValue("id")
	if err := s.o.Accounts.RevokeKey(r.Context(), id, at); err != nil {
		return missing(err, "there is no such key")
	}
	s.log.Info("key revoked", "key", id, "by", by(r))
	return nil
}

// missing says what it is that was not found.
func missing(err error, text string) error {
	if errors.Is(err, smsengine.ErrNotFound) {
		return smsengine.Fail("control", smsengine.Permanent, "5.1.0", text, smsengine.ErrNotFound)
	}
	return err
}

// changes names the fields in which two accounts differ, a policy's keys with
// their new values. No secret is among them.
func changes(was, is smsengine.Account) []string {
	before, after := fieldsOf(was), fieldsOf(is)
	names := maps.Clone(before)
	maps.Copy(names, after)
	var all []string
	for _, name := range slices.Sorted(maps.Keys(names)) {
		switch key, policy := strings.CutPrefix(name, "policy."); {
		case bytes.Equal(before[name], after[name]):
		case policy:
			all = append(all, key+"="+string(after[name]))
		default:
			all = append(all, name)
		}
	}
	if was.Password != is.Password {
		all = append(all, "password")
	}
	return all
}

// fieldsOf takes an account apart into what its fields are on the wire.
func fieldsOf(a smsengine.Account) map[string]json.RawMessage {
	policy := a.Policy
	a.Policy, a.Created, a.Changed, a.Version = smsengine.Policy{}, time.Time{}, time.Time{}, 0
	fields := map[string]json.RawMessage{}
	for prefix, part := range map[string]any{"": a, "policy.": policy} {
		data, err := json.Marshal(part)
		var some map[string]json.RawMessage
		if err == nil {
			err = json.Unmarshal(data, &some)
		}
		if err != nil {
			continue // the store will say so
		}
		for name, value := range some {
			fields[prefix+name] = value
		}
	}
	delete(fields, "name")
	return fields
}
