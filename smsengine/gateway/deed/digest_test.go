package deed

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/rule"
)

// shelf has texts about a digest, and takes the one that tells of them.
type shelf struct {
	texts  []smsengine.Message
	fails  int // the number of the page that cannot be read
	pages  int
	stored []smsengine.Intake
}

func (s *shelf) List(_ context.Context, f smsengine.Filter) ([]smsengine.Message, error) {
	if s.pages++; s.pages == s.fails {
		return nil, errors.New("the disk is gone")
	}
	from := 0
	for i, m := range s.texts {
		if m.ID == f.After {
			from = i + 1
		}
	}
	return s.texts[from:min(from+f.Limit, len(s.texts))], nil
}

func (s *shelf) Accept(_ context.Context, in smsengine.Intake) ([]smsengine.AcceptedMessage, error) {
	s.stored = append(s.stored, in)
	return []smsengine.AcceptedMessage{{ID: in.Messages[0].ID}}, nil
}

// A digest tells of all that it gathered, however many, and of nothing else; if one of
// them cannot be read it tells nothing, and is tried again.
func TestDigest(t *testing.T) {
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	digest := smsengine.NewDigest("k", "night", "digest", nil, now, now)
	digest.ID = "d"
	s := &shelf{}
	for i := range 2*page + 1 {
		m := smsengine.Message{ID: smsengine.MessageID(fmt.Sprint("m", i)), Kind: smsengine.Text}
		if i != page { // one that was made before tells of them
			m, _ = m.GatheredBy(digest)
		}
		s.texts = append(s.texts, m)
	}
	told := 0
	g, err := New(Options{Texts: s, Digest: func(_ context.Context, _ smsengine.Delivery, _ rule.Digest, texts iter.Seq[smsengine.Message]) (smsengine.Message, error) {
		told = 0
		for range texts {
			told++
		}
		return smsengine.Message{ID: "t"}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	if digest.Body.Deed, err = rule.MarshalEffect(rule.Digest{Rule: "night", Parts: 2}); err != nil {
		t.Fatal(err)
	}
	d := smsengine.Delivery{Message: digest, Source: smsengine.Source{ID: "s"}}
	taking, err := g.Send(t.Context(), d)
	if err != nil || told != 2*page || taking.Reference != "t" || !taking.Delivered || len(s.stored) != 1 || s.stored[0].Source.ID != "s" {
		t.Errorf("%d are told, %+v, %v, %+v", told, taking, err, s.stored)
	}
	s.pages, s.fails = 0, 2
	if _, err = g.Send(t.Context(), d); smsengine.StatusOf(err).Class != smsengine.Temporary || len(s.stored) != 1 {
		t.Errorf("%v, %d stored", err, len(s.stored))
	}
}
