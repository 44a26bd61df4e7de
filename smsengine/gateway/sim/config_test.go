package sim

import (
	"strings"
	"testing"
	"time"

	"github.com/pelletier/go-toml/v2"
	"pgregory.net/rapid"
)

func TestConfigReadsTOML(t *testing.T) {
	c := Default()
	err := toml.NewDecoder(strings.NewReader(`
delay = "200ms"
jitter = "1.5s"
fail = ["*99 permanent", "+1555* temporary 5%", "* undelivered 0.5%"]
receipts = false
receipt_delay = "0s"
early_receipts = "25%"
duplicates = "100%"
reorder = "0%"
references = 256
seed = -7
`)).DisallowUnknownFields().Decode(&c)
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		Delay: Duration(200 * time.Millisecond), Jitter: Duration(1500 * time.Millisecond),
		Fail:          []Trouble{{"*99", "permanent", 1}, {"+1555*", "temporary", 0.05}, {"*", "undelivered", 0.005}},
		EarlyReceipts: 0.25, Duplicates: 1, References: 256, Seed: -7,
	}
	if got, _ := toml.Marshal(c); string(got) != string(must(toml.Marshal(want))) {
		t.Errorf("read\n%swant\n%s", got, must(toml.Marshal(want)))
	}
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

func TestConfigRefuses(t *testing.T) {
	for line, want := range map[string]string{
		`delay = "fast"`:                           `want a time in quotes`,
		`delay = "-1s"`:                            `want a time in quotes`,
		`duplicates = "5"`:                         `want a percentage`,
		`duplicates = "101%"`:                      `want a percentage`,
		`duplicates = "NaN%"`:                      `want a percentage`,
		`fail = ["*99"]`:                           `want a number, a kind`,
		`fail = ["*99 sometimes"]`:                 `there are temporary, permanent, uncertain and undelivered`,
		`fail = ["+1*5 permanent"]`:                `stands at the beginning or the end`,
		`fail = ["*99 permanent 5"]`:               `want a percentage`,
		`fail = ["*99 permanent 5% of all cases"]`: `want a number, a kind`,
	} {
		c := Default()
		if err := toml.Unmarshal([]byte(line), &c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", line, err, want)
		}
	}
}

func TestTroubleConcerns(t *testing.T) {
	for _, c := range []struct {
		pattern, number string
		want            bool
	}{
		{"*", "+15555550123", true},
		{"+15555550123", "+15555550123", true},
		{"+1555555012", "+15555550123", false},
		{"+1555*", "+15555550123", true},
		{"+1555*", "+4915555550123", false},
		{"*0123", "+15555550123", true},
		{"*0123", "+15555550124", false},
		{"*5501*", "+15555550123", true},
		{"*9*", "+15555550123", false},
	} {
		if got := (Trouble{Number: c.pattern}).concerns(c.number); got != c.want {
			t.Errorf("%q concerns %q: %v", c.pattern, c.number, got)
		}
	}
}

func TestTroubleReadsWhatItWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := Trouble{
			Number: rapid.StringMatching(`\*?\+?[0-9]{0,12}\*?`).Filter(func(s string) bool { return s != "" }).Draw(t, "number"),
			Kind:   rapid.SampledFrom([]string{"temporary", "permanent", "uncertain", Undelivered}).Draw(t, "kind"),
			Share:  Share(rapid.IntRange(0, 1000).Draw(t, "share")) / 1000,
		}
		var got Trouble
		if err := got.UnmarshalText([]byte(want.String())); err != nil {
			t.Fatal(err)
		}
		if got.String() != want.String() {
			t.Fatalf("%q became %q", want, got)
		}
	})
}
