package quote

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postel-mail/postel/smsengine"
	"pgregory.net/rapid"
)

// marks are lines that programs write. None is a person's own in the mails that
// the tests below make.
var (
	attributions = []string{
		"On Mon, Jan 5, 2026 at 10:11 AM John Smith <john@example.org> wrote:",
		"On Mon, Jan 5, 2026 at 10:11 AM John Smith <\njohn@example.org> wrote:",
		"Am 05.01.26 um 10:11 schrieb Max Mustermann:",
		"Le lun. 5 janv. 2026 à 10:11, Jean Dupont <jean@example.org> a écrit :",
		"El 5/1/26 a las 10:11, Juan García escribió:",
		"Il giorno lun 5 gen 2026 alle ore 10:11 Mario Rossi <mario@example.org> ha\nscritto:",
		"Op ma 5 jan 2026 om 10:11 schreef Jan de Vries <jan@example.org>:",
		"Em 05/01/2026 10:11, João Silva escreveu:",
		"João Silva <joao@example.org> escreveu (segunda, 5/01/2026 à(s) 10:11):",
		"W dniu 5.01.2026 o 10:11, Jan Kowalski pisze:",
		"Dne 05. 01. 26 v 10:11 Jan Novák napsal(a):",
		"05.01.2026 10:11, Иван Петров пишет:",
		"Den mån 5 jan. 2026 kl 10:11 skrev Anna Svensson <anna@example.org>:",
		"-----Original Message-----\nFrom: John\nSent: Monday, January 5, 2026 10:11 AM\nTo: Mary\nSubject: x",
		"Von: Max <max@example.org>\nGesendet: Montag, 5. Januar 2026 10:11\nAn: Maria\nBetreff: x",
	}
	footers = []string{
		"Sent from my iPhone", "Von meinem iPad gesendet", "Envoyé de mon iPhone", "Enviado desde mi iPhone", "Inviato da iPhone",
		"Verstuurd vanaf mijn iPhone", "Enviado do meu iPhone", "Wysłane z iPhone'a", "Odesláno z iPhonu", "Отправлено с iPhone",
		"Skickat från min iPhone", "Get Outlook for iOS<https://aka.ms/o0ukef>",
	}
)

// words draws lines that nothing but a person writes: lower case, no marks.
func ownLines(t *rapid.T, label string) string {
	line := rapid.StringMatching(`[a-zäöéñøжи]{1,9}( [a-zäöéñøжи]{1,9}){0,7}[.?!]?`)
	return strings.Join(rapid.SliceOfN(line, 1, 5).Draw(t, label), "\n")
}

func quotedLines(t *rapid.T, label string) string {
	return "> " + strings.ReplaceAll(ownLines(t, label), "\n", "\n> ")
}

func drawMode(t *rapid.T) Options {
	return rapid.SampledFrom([]Options{{Answers: true}, {Alone: true}, {}}).Draw(t, "mode")
}

// Whatever the text is, nothing of it is lost or changed.
func TestPassagesAreTheText(t *testing.T) {
	lines := append([]string{"", "", " ", ">", "> >", "--", "-- ", "words", "words:", "> words", "From: a@b.c", "Sent: 5.1.2026", "To: x",
		"Subject: y", "________________________________", "[EXTERNAL]", "Begin forwarded message:", "CONFIDENTIALITY NOTICE: x",
		"To unsubscribe mail a@example.org", "---", "<x>", "a:b:c:", "\xff\xfe", "日本:"}, append(attributions, footers...)...)
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(lines), 0, 40).Draw(t, "lines"), "\n")
		o := drawMode(t)
		o.Forwards = rapid.Bool().Draw(t, "forwards")
		checkPassages(t, text, Passages(text, o))
	})
}

func checkPassages(t interface{ Fatalf(string, ...any) }, text string, list []smsengine.Passage) {
	var texts []string
	for i, p := range list {
		texts = append(texts, p.Text)
		switch p.Kind {
		case smsengine.PassageOwn, smsengine.PassageQuote, smsengine.PassageSignature, smsengine.PassageMobile, smsengine.PassageList, smsengine.PassageDisclaimer:
		default:
			t.Fatalf("kind %q", p.Kind)
		}
		if i > 0 && p.Kind == list[i-1].Kind {
			t.Fatalf("two passages of kind %q in a row", p.Kind)
		}
	}
	if joined := strings.Join(texts, "\n"); joined != text {
		t.Fatalf("got  %q\nwant %q", joined, text)
	}
}

// A text without marks is the person's own.
func TestVisibleOfWords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := ownLines(t, "own") + "\n\n" + ownLines(t, "more")
		if got := Visible(text); got != text {
			t.Fatalf("got  %q\nwant %q", got, text)
		}
	})
}

// What programs put below the words goes, the words stay, and what is left has
// nothing more to take away.
func TestOwnWordsAboveQuote(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := ownLines(t, "own")
		text := words
		if rapid.Bool().Draw(t, "footer") {
			text += "\n\n" + rapid.SampledFrom(footers).Draw(t, "which")
		}
		if rapid.Bool().Draw(t, "signature") {
			text += "\n-- \n" + ownLines(t, "name")
		}
		text += "\n\n" + rapid.SampledFrom(attributions).Draw(t, "attribution") + "\n"
		if rapid.Bool().Draw(t, "blank") {
			text += "\n"
		}
		text += quotedLines(t, "quoted")
		if got := Own(Passages(text, drawMode(t))); got != words {
			t.Fatalf("%s\ngot  %q\nwant %q", text, got, words)
		}
		if again := Visible(Visible(text)); again != words {
			t.Fatalf("again: %q", again)
		}
	})
}

// Below a quote without marks nothing can be told apart; with them all that is
// not quoted stays, wherever it stands.
func TestOwnWordsAmongQuotes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SampledFrom(attributions).Draw(t, "attribution")
		var words []string
		gap := rapid.SampledFrom([]string{"\n", "\n\n"}).Draw(t, "gap")
		for range rapid.IntRange(1, 4).Draw(t, "answers") {
			answer := ownLines(t, "own")
			words = append(words, answer)
			text += "\n" + quotedLines(t, "quoted") + gap + answer
		}
		want := strings.Join(words, gap)
		if got := Own(Passages(text, drawMode(t))); strings.ReplaceAll(got, "\n\n", "\n") != strings.ReplaceAll(want, "\n\n", "\n") {
			t.Fatalf("%s\ngot  %q\nwant %q", text, got, want)
		}
	})
}

func FuzzPassages(f *testing.F) {
	files, _ := filepath.Glob("testdata/reply/*.txt")
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, c := range strings.Split(string(raw), "\n== ") {
			var lines []string
			for line := range strings.SplitSeq(c, "\n") {
				if _, text, ok := strings.Cut(line, "| "); ok {
					lines = append(lines, strings.ReplaceAll(text, "␠", " "))
				}
			}
			f.Add(strings.Join(lines, "\n"), "")
		}
	}
	f.Add("words\n\nACME Ltd\nx", "ACME")
	f.Fuzz(func(t *testing.T, text, begin string) {
		for _, o := range []Options{{Answers: true}, {Forwards: true}, {Alone: true}, {}} {
			o.Disclaimers = []string{begin}
			checkPassages(t, text, Passages(text, o))
		}
		Visible(text)
	})
}

// BenchmarkPassages reads 100 KB of lines that each rule has to look at.
func BenchmarkPassages(b *testing.B) {
	long := strings.Repeat("x", 300)
	for name, lines := range map[string]string{
		"words":       "I will be there at six, with the keys and the two boxes that you asked for.\n",
		"colons":      "a:\n",
		"verbs":       "wrote:\n",
		"dated":       "On 5 Jan 2026 10:11\n",
		"halves":      "On 5 Jan 2026 10:11 <\njohn@example.org wrote:\n",
		"long":        "On 5 Jan 2026 " + long + ":\n",
		"running":     "on 5 jan 2026: " + strings.Repeat("a: ", 100) + "\n",
		"fields":      "From: a@b.c\n",
		"authors":     "From: a@b.c\nSent: 5.1.2026\n",
		"quotes":      "> x\n",
		"alternating": "> x\ny\n",
		"announced":   "> x\ny 5.1.2026 10:11:\n",
		"signatures":  "-- \n",
		"bare":        "--\nA\n",
		"mobile":      "Sent from my iPhone\n",
		"excuses":     "Sent from my iPhone, sorry for typos\n",
		"notices":     "This e-mail is confidential and intended for its recipient\n",
		"paragraphs":  "This e-mail is confidential and intended for its recipient; delete it. " + long + "\n\n",
		"list":        "To unsubscribe mail a@example.org\n",
		"rules":       "____________\n",
		"external":    "[EXTERNAL] click links, organization\n",
		"one line":    "x: ",
	} {
		text := strings.Repeat(lines, 100<<10/len(lines))
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				Passages(text, Options{Alone: true, Disclaimers: []string{"ACME", "Example"}})
			}
		})
	}
}
