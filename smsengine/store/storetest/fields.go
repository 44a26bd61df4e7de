package storetest

import (
	"encoding/json"
	"fmt"
	"time"

	"pgregory.net/rapid"

	"github.com/postel-mail/postel/smsengine"
)

var fieldCases = map[string]func(*bed){
	"of messages and sources": fieldsOfMessages,
	"of events":               fieldsOfEvents,
	"of parts from phones":    fieldsOfParts,
	"that are very long":      fieldsLong,
}

// Generators. Times are to the millisecond; texts hold any characters.
var (
	anyString = rapid.String()
	anyWord   = rapid.StringMatching(`[a-z0-9][a-z0-9._-]{0,12}`)
	anyBytes  = rapid.SliceOf(rapid.Byte())
	anyTime   = rapid.Custom(func(t *rapid.T) time.Time {
		return time.UnixMilli(rapid.Int64Range(1, 4102444800000).Draw(t, "ms")).UTC()
	})
	anyTimeOrNone = rapid.OneOf(anyTime, rapid.Just(time.Time{}))
	anyAddress    = rapid.Custom(func(t *rapid.T) smsengine.Address {
		switch rapid.IntRange(0, 3).Draw(t, "scheme") {
		case 0:
			return smsengine.Address{}
		case 1:
			return smsengine.Phone(rapid.StringMatching(`\+[0-9]{5,15}|[0-9]{3,6}|[A-Za-z0-9 ]{1,11}`).Draw(t, "number"))
		}
		return smsengine.Mailbox(rapid.StringN(1, -1, 60).Draw(t, "local") + "@example.org")
	})
	anyStatus = rapid.Custom(func(t *rapid.T) smsengine.Status {
		return smsengine.Status{
			Class: smsengine.Class(rapid.IntRange(0, 3).Draw(t, "class")),
			Code:  rapid.SampledFrom([]string{"", "4.4.7", "5.1.1"}).Draw(t, "code"), Text: anyString.Draw(t, "status"),
		}
	})
	anySource = rapid.Custom(func(t *rapid.T) smsengine.Source {
		return smsengine.Source{
			ID: smsengine.NewSourceID(anyTime.Draw(t, "id")), Door: anyWord.Draw(t, "door"), Received: anyTime.Draw(t, "received"),
			Identity: smsengine.Identity{
				Method: rapid.SampledFrom([]string{"", smsengine.MethodAuth, smsengine.MethodKey, smsengine.MethodLocal}).Draw(t, "method"),
				User:   anyString.Draw(t, "user"), Key: anyString.Draw(t, "key ID"), Peer: anyString.Draw(t, "peer"),
			},
			Sender: anyAddress.Draw(t, "sender"), MessageID: anyString.Draw(t, "message ID"), Digest: anyString.Draw(t, "digest"),
			References: rapid.SliceOf(anyString).Draw(t, "references"), Subject: anyString.Draw(t, "subject"),
			EnvID:    anyString.Draw(t, "envid"),
			Return:   rapid.SampledFrom([]smsengine.Return{"", smsengine.ReturnFull, smsengine.ReturnHeaders}).Draw(t, "ret"),
			Original: anyBytes.Draw(t, "original"),
		}
	})
	anyCharge = rapid.Custom(func(t *rapid.T) smsengine.Charge {
		return smsengine.Charge{
			Counter: smsengine.Counter{Account: anyString.Draw(t, "charged account"), Period: anyString.Draw(t, "period")},
			Amount:  rapid.IntRange(0, 9).Draw(t, "amount"),
		}
	})
	anyPart = rapid.Custom(func(t *rapid.T) smsengine.Part {
		return smsengine.Part{
			Text: anyString.Draw(t, "text"), Data: anyBytes.Draw(t, "data"), UDH: anyBytes.Draw(t, "udh"),
			State:     rapid.SampledFrom([]smsengine.PartState{smsengine.PartWaiting, smsengine.PartSent}).Draw(t, "state"),
			Reference: anyString.Draw(t, "reference"), Status: anyStatus.Draw(t, "part status"),
		}
	})
	anyReceived = rapid.Custom(func(t *rapid.T) *smsengine.ReceivedSMS {
		zone := time.FixedZone("", 900*rapid.IntRange(-48, 56).Draw(t, "quarters")) // as networks count
		return &smsengine.ReceivedSMS{
			Gateway: anyWord.Draw(t, "gateway"), Sent: anyTime.Draw(t, "sent").In(zone), Name: anyString.Draw(t, "name"),
			Data: anyBytes.Draw(t, "data"), UDH: anyBytes.Draw(t, "udh"), Note: anyString.Draw(t, "note"),
			Decided: anyString.Draw(t, "decided"),
			Missing: rapid.SliceOf(rapid.IntRange(1, 255)).Draw(t, "missing"), Total: rapid.IntRange(0, 255).Draw(t, "total"),
			Thread: smsengine.Thread{
				InReplyTo:  anyString.Draw(t, "in reply to"),
				References: rapid.SliceOf(anyString).Draw(t, "references"), Subject: anyString.Draw(t, "subject"),
			},
		}
	})
	anyNotice = rapid.Custom(func(t *rapid.T) *smsengine.Notice {
		return &smsengine.Notice{
			Action: smsengine.ActionFailed, State: rapid.SampledFrom(smsengine.States()).Draw(t, "state"),
			Status: anyStatus.Draw(t, "status"), At: anyTime.Draw(t, "at"), Gateway: anyWord.Draw(t, "gateway"),
			Sent: rapid.IntRange(0, 9).Draw(t, "sent"), Parts: rapid.IntRange(1, 9).Draw(t, "parts"),
		}
	})
	anyBody = rapid.Custom(func(t *rapid.T) smsengine.Body {
		body := smsengine.Body{
			Text: anyString.Draw(t, "text"), Alphabet: rapid.SampledFrom([]string{"", "gsm7", "ucs2", "binary"}).Draw(t, "alphabet"),
			Data: anyBytes.Draw(t, "binary data"), UDH: anyBytes.Draw(t, "binary udh"),
			Subject: anyString.Draw(t, "note subject"), Rules: rapid.SliceOf(anyString).Draw(t, "rules"),
			Deed:  json.RawMessage(rapid.SampledFrom([]string{`{"v":1}`, ``}).Draw(t, "deed")),
			Flash: rapid.Bool().Draw(t, "flash"), National: anyWord.Draw(t, "national"),
			Name: anyString.Draw(t, "called"), Language: anyWord.Draw(t, "language"), Whole: rapid.IntRange(0, 9).Draw(t, "whole"),
			LeftOut: rapid.SliceOf(rapid.SampledFrom([]smsengine.PassageKind{smsengine.PassageQuote, smsengine.PassageList})).Draw(t, "left out"),
			Params: rapid.SliceOf(rapid.Custom(func(t *rapid.T) smsengine.Param {
				return smsengine.Param{Name: anyWord.Draw(t, "name"), Value: anyString.Draw(t, "value")}
			})).Draw(t, "params"),
		}
		if rapid.Bool().Draw(t, "is received") {
			body.Received = anyReceived.Draw(t, "received")
		}
		if rapid.Bool().Draw(t, "is notice") {
			body.Notice = anyNotice.Draw(t, "notice")
		}
		return body
	})
)

// anyRoute has gateways of any rank, each once.
func anyRoute(t *rapid.T) smsengine.Route {
	var r smsengine.Route
	for i, g := range rapid.SliceOfNDistinct(anyWord, 1, 4, rapid.ID[string]).Draw(t, "route") {
		if i == 0 || rapid.Bool().Draw(t, "next group") {
			r = append(r, smsengine.Group{})
			if i > 0 {
				r[len(r)-2].Patience = time.Duration(rapid.Int64Range(0, 1e9).Draw(t, "patience")) * time.Millisecond
			}
		}
		last := &r[len(r)-1]
		last.Gateways = append(last.Gateways, g)
	}
	return r
}

// anyMessage is a message as Accept may get it, with every field set somehow.
func (b *bed) anyMessage(t *rapid.T) smsengine.Message {
	m := b.text() // for its ID and Key, which must differ
	return smsengine.Message{
		ID: m.ID, Key: m.Key + anyString.Draw(t, "key"), About: smsengine.MessageID(rapid.SampledFrom([]string{"", "somebody"}).Draw(t, "about")),
		Kind:    rapid.SampledFrom([]smsengine.Kind{smsengine.Text, smsengine.Incoming, smsengine.Report, smsengine.Note, smsengine.Call, smsengine.Deed}).Draw(t, "kind"),
		Account: anyString.Draw(t, "account"), Charges: rapid.SliceOfN(anyCharge, 0, 4).Draw(t, "charges"),
		From: anyAddress.Draw(t, "from"), To: anyAddress.Draw(t, "to"), Original: anyString.Draw(t, "original"),
		Body: anyBody.Draw(t, "body"), Cost: rapid.IntRange(0, 9).Draw(t, "cost"),
		Notify:  smsengine.Notify(rapid.IntRange(0, 15).Draw(t, "notify")),
		Created: anyTime.Draw(t, "created"), Expires: anyTime.Draw(t, "expires"), Warn: anyTimeOrNone.Draw(t, "warn"),
		LinkFor: time.Duration(rapid.Int64Range(0, 1e10).Draw(t, "link for")) * time.Millisecond,
		Route:   anyRoute(t),
		State:   rapid.SampledFrom([]smsengine.State{smsengine.Ready, smsengine.Held}).Draw(t, "state"),
		Attempt: rapid.IntRange(0, 9).Draw(t, "attempt"), Repeats: rapid.IntRange(0, 9).Draw(t, "repeats"),
		Next: anyTime.Draw(t, "next"), Parts: rapid.SliceOfN(anyPart, 1, 4).Draw(t, "parts"), Status: anyStatus.Draw(t, "status"),
		Watch: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) smsengine.Watch {
			return smsengine.Watch{Webhook: anyWord.Draw(t, "webhook"), Occasions: smsengine.Occasions(rapid.IntRange(1, int(smsengine.AllOccasions)).Draw(t, "occasions"))}
		}), 0, 3).Draw(t, "watch"),
	}
}

// What was written before a stop is read after it, field by field.
func fieldsOfMessages(b *bed) {
	type pair struct {
		src smsengine.Source
		m   smsengine.Message
	}
	var written []pair
	rapid.Check(b.T, func(t *rapid.T) {
		src, m := anySource.Draw(t, "source"), b.anyMessage(t)
		as, err := b.store.Accept(b.ctx(), smsengine.Intake{Source: src, Messages: []smsengine.Message{m}})
		if err != nil || as[0].Err != nil || as[0].Duplicate {
			t.Fatalf("accept: %+v, %v", as, err)
		}
		m.Source = src.ID
		got, err := b.store.Message(b.ctx(), m.ID)
		if diff := differences(got, m); err != nil || diff != "" {
			t.Fatalf("message: %s, %v", diff, err)
		}
		written = append(written, pair{src, m})
	})
	b.reopen()
	for _, w := range written {
		if diff := differences(b.message(w.m.ID), w.m); diff != "" {
			b.Errorf("message after a stop: %s", diff)
		}
		src, err := b.store.Source(b.ctx(), w.src.ID)
		if diff := differences(src, w.src); err != nil || diff != "" {
			b.Errorf("source after a stop: %s, %v", diff, err)
		}
		if got := b.message(w.m.ID); got.Body.Received != nil {
			_, was := w.m.Body.Received.Sent.Zone()
			if _, is := got.Body.Received.Sent.Zone(); is != was {
				b.Errorf("the zone of the network's time was %d, and is %d", was, is)
			}
		}
	}
}

func fieldsOfEvents(b *bed) {
	rapid.Check(b.T, func(t *rapid.T) {
		m := b.text(route("events", fmt.Sprint("g", b.n)), next(time.Duration(b.n)*time.Hour))
		if _, err := b.store.Accept(b.ctx(), smsengine.Intake{Source: source(), Messages: []smsengine.Message{m}}); err != nil {
			t.Fatal(err)
		}
		ds, err := b.store.Claim(b.ctx(), smsengine.Claim{
			Node: node, Room: map[string]int{m.Route[0].Gateways[1]: 1}, Now: m.Next, Until: m.Next.Add(time.Hour),
		})
		if err != nil || len(ds) != 1 {
			t.Fatalf("claim: %+v, %v", ds, err)
		}
		e := smsengine.Event{
			Message: m.ID, Kind: smsengine.Taken, At: anyTime.Draw(t, "at"), Attempt: 1, Gateway: m.Route[0].Gateways[1],
			Node: anyWord.Draw(t, "node"), By: anyString.Draw(t, "by"), Status: anyStatus.Draw(t, "status"),
			Until: anyTimeOrNone.Draw(t, "until"), Early: rapid.Bool().Draw(t, "early"),
			Final: rapid.SampledFrom([]smsengine.PartState{"", smsengine.PartDelivered}).Draw(t, "final"),
			Taken: smsengine.Taking{
				Reference: anyString.Draw(t, "reference"), Ours: anyAddress.Draw(t, "ours"),
				Receipts: rapid.Bool().Draw(t, "receipts"), Whole: rapid.Bool().Draw(t, "whole"),
			},
		}
		rs, err := b.store.Record(b.ctx(), []smsengine.Event{e})
		if err != nil || rs[0].Err != nil {
			t.Fatalf("record: %+v, %v", rs, err)
		}
		es, err := b.store.Trace(b.ctx(), m.ID)
		if err != nil || len(es) != 3 {
			t.Fatalf("trace: %+v, %v", es, err)
		}
		if diff := differences(es[2], e); diff != "" {
			t.Fatalf("event: %s", diff)
		}
	})
}

func fieldsOfParts(b *bed) {
	rapid.Check(b.T, func(t *rapid.T) {
		b.n++
		total := rapid.IntRange(1, 255).Draw(t, "total")
		in := smsengine.IncomingPart{
			Gateway: anyWord.Draw(t, "gateway"), From: anyAddress.Draw(t, "from"), To: anyAddress.Draw(t, "to"),
			Text: anyString.Draw(t, "text"), Data: anyBytes.Draw(t, "data"), UDH: anyBytes.Draw(t, "udh"), Ref: rapid.IntRange(0, 65535).Draw(t, "ref"),
			Seq: rapid.IntRange(1, total).Draw(t, "seq"), Total: total,
			Sent: anyTimeOrNone.Draw(t, "sent"), Received: anyTime.Draw(t, "received"), Dedupe: fmt.Sprint(b.n, anyString.Draw(t, "dedupe")),
		}
		set, err := b.store.Collect(b.ctx(), in)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range set.Parts {
			if p.Dedupe == in.Dedupe {
				if diff := differences(p, in); diff != "" {
					t.Fatalf("part: %s", diff)
				}
				return
			}
		}
		t.Fatalf("the part is not in its set: %+v", set)
	})
}

func fieldsLong(b *bed) {
	long := make([]byte, 2<<20)
	for i := range long {
		long[i] = byte('a' + i%26)
	}
	src := source()
	src.Original = long
	m := b.text(func(m *smsengine.Message) { m.Body.Text = string(long[:100000]) }, parts(128))
	if _, err := b.store.Accept(b.ctx(), smsengine.Intake{Source: src, Messages: []smsengine.Message{m}}); err != nil {
		b.Fatal(err)
	}
	b.reopen()
	m.Source = src.ID
	if diff := differences(b.message(m.ID), m); diff != "" {
		b.Errorf("a long message: %.200s", diff)
	}
	if got, err := b.store.Source(b.ctx(), src.ID); err != nil || string(got.Original) != string(long) {
		b.Errorf("a long original: %d bytes, want %d (%v)", len(got.Original), len(long), err)
	}
}
