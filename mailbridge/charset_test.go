package mailbridge

import (
	"testing"
	"unicode/utf8"
)

func TestCharsets(t *testing.T) {
	for _, test := range []struct{ label, raw, want string }{
		{"utf-7", "Gr+APwA3w-e, 5 +- 3 + 2 = +IKw", "Grüße, 5 + 3 + 2 = €"},
		{"unicode-1-1-utf-7", "+2D3eAA-!", "😀!"},
		{"utf-7", "Grüße €", "Grüße €"},
		{"UTF8", "Grüße", "Grüße"},
		{"utf8mb4", "Grüße", "Grüße"},
		{"ansi", "Gr\xfc\xdfe \x80", "Grüße €"},
		{"unknown-8bit", "Gr\xfc\xdfe", "Grüße"},
		{"x-unknown", "Grüße", "Grüße"},
		{"ANSI_X3.4-1968", "Gr\xfc\xdfe", "Grüße"},
		{"us-ascii (Plain text)", "Gr\xfc\xdfe", "Grüße"},
		{"us-ascii", "\x1b$B$3$s\x1b(B", "こん"},
		{"cp-850", "Gr\x81\xe1e", "Grüße"},
		{"ibm850", "Gr\x81\xe1e", "Grüße"},
		{"cp437", "Gr\x81\xe1e", "Grüße"},
		{"cp1251", "\xcf\xf0\xe8\xe2\xe5\xf2", "Привет"},
		{"windows1251", "\xcf\xf0\xe8\xe2\xe5\xf2", "Привет"},
		{"x-cp1251", "\xcf\xf0\xe8\xe2\xe5\xf2", "Привет"},
		{"win-1251", "\xcf\xf0\xe8\xe2\xe5\xf2", "Привет"},
		{"cp866", "\x8f\xe0\xa8\xa2\xa5\xe2", "Привет"},
		{"KOI8", "\xf0\xd2\xc9\xd7\xc5\xd4", "Привет"},
		{"koi8-u", "\xf0\xd2\xc9\xd7\xa6\xd4", "Привіт"},
		{"iso8859-2", "\xbf\xf3\xb3\xe6", "żółć"},
		{"ISO_8859-2", "\xbf\xf3\xb3\xe6", "żółć"},
		{"8859-2", "\xbf\xf3\xb3\xe6", "żółć"},
		{"latin2", "\xbf\xf3\xb3\xe6", "żółć"},
		{"windows-1250", "\x9a\x9d\x9e", "šťž"},
		{"iso-8859-9", "\xfe\xfd\xf0", "şığ"},
		{"iso-8859-15", "5 \xa4", "5 €"},
		{"windows-1252", "\x93a\x94 \x96 5 \x80", "“a” – 5 €"},
		{"iso-8859-7", "\xc3\xe5\xe9\xdc", "Γειά"},
		{"windows-1255", "\xf9\xec\xe5\xed", "שלום"},
		{"iso-8859-8-i", "\xf9\xec\xe5\xed", "שלום"},
		{"windows-1256", "\xd3\xe1\xc7\xe3", "سلام"},
		{"macintosh", "Gr\x9f\xa7e", "Grüße"},
		{"x-mac-roman", "Gr\x9f\xa7e", "Grüße"},
		{"gb18030", "\xc4\xe3\xba\xc3\x81\x39\xef\x30", "你好㐁"},
		{"GB2312", "\xc4\xe3\xba\xc3", "你好"},
		{"hz-gb-2312", "~{Dc:C~}!", "你好!"},
		{"cp936", "\xc4\xe3\xba\xc3", "你好"},
		{"big5-hkscs", "\xa7\x41\xa6\x6e", "你好"},
		{"ks_c_5601-1987", "\xbe\xc8\xb3\xe7", "안녕"},
		{"cp949", "\xbe\xc8\xb3\xe7", "안녕"},
		{"euc-jp", "\xa4\xb3\xa4\xf3", "こん"},
		{"cp932", "\x82\xb1\x82\xf1", "こん"},
		{"windows-31j", "\x82\xb1\x82\xf1", "こん"},
		{"iso-2022-jp-ms", "\x1b$B$3$s\x1b(B", "こん"},
		{"tis-620", "\xca\xc7\xd1\xca", "สวัส"},
		{"utf-16", "\xfe\xff\x00H\x00i", "Hi"},
		{"utf-16", "\xff\xfeH\x00i\x00", "Hi"},
		{"ucs-2", "\x00H\x00i", "Hi"},
		{"utf-32be", "\x00\x00\x00H\x00\x01\xf6\x00", "H😀"},
		{"utf-8", "a\xf0\x9f\x98", "aðŸ˜"},
	} {
		if got := decodeText([]byte(test.raw), test.label); got != test.want {
			t.Errorf("%s %q: got %q, want %q", test.label, test.raw, got, test.want)
		}
	}
}

func TestEncodedWords(t *testing.T) {
	for raw, want := range map[string]string{
		"plain":                               "plain",
		"=?utf-8?B?R3LDvMOfZQ==?=":            "Grüße",
		"=?utf-8?B?R3LDvMOfZQ?=":              "Grüße",
		"=?utf-8?b?R3LD vMOf ZQ==?=":          "Grüße",
		"=?utf-8*de?Q?Gr=C3=BC=C3=9Fe?=":      "Grüße",
		"=?utf-8?Q?a b?= c":                   "a b c",
		"=?utf-8?Q?a?= =?utf-8?Q?b?= c":       "ab c",
		"=?utf-8?Q?a?==?utf-8?Q?b?=":          "ab",
		"=?utf-8?Q?a?= - =?utf-8?Q?b?=":       "a - b",
		"=?utf-8?Q?a?=\t=?iso-8859-1?Q?=FC?=": "aü",
		"=?gb2312?B?xOM=?= =?gb2312?B?usM=?=": "你好",
		"=?gb2312?B?xA==?= =?gb2312?B?47rD?=": "你好",
		"x=?utf-8?Q?=C3=BC?=y":                "xüy",
		"[a]=?utf-8?Q?=C3=BC?=":               "[a]ü",
		"=?utf-8?Q?100=25_=ZZ_=?=":            "100% =ZZ =",
		"=?utf-8?Q?never":                     "=?utf-8?Q?never",
		"=?utf-8?Q?":                          "=?utf-8?Q?",
		"=?=?utf-8?Q?=C3=BC?=":                "=?ü",
		"=??Q?a?=":                            "=??Q?a?=",
		"J\xf6 =?utf-8?Q?=C3=BC?=":            "Jö ü",
		"=?utf-8?Q??=":                        "",
		"is =? that ?= so":                    "is =? that ?= so",
		"=?utf-7?Q?Gr+APwA3w-e?=":             "Grüße",
		"=?x-martian?B?R3I=?=":                "Gr",
	} {
		if got := decodeWords(raw); got != want {
			t.Errorf("%q: got %q, want %q", raw, got, want)
		}
	}
}

func FuzzWords(f *testing.F) {
	f.Add("=?utf-8?B?R3LDvMOfZQ==?= =?utf-7?Q?+AP?= x", "cp-850")
	f.Add("=?iso-2022-jp*en?B?GyRCJDM=?= =?", "utf-7")
	f.Add("+2D3eAA-+-\xff", "utf-7")
	f.Fuzz(func(t *testing.T, s, label string) {
		for _, got := range []string{decodeWords(s), decodeText([]byte(s), label), fileName(s)} {
			if !utf8.ValidString(got) {
				t.Errorf("not UTF-8: %q", got)
			}
			if len(got) > 4*len(s)+4 {
				t.Errorf("%d octets of %d", len(got), len(s))
			}
		}
	})
}
