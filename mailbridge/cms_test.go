package mailbridge

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// tlv writes an element of BER; indefinite ones have an end marker.
func tlv(tag byte, indefinite bool, content ...[]byte) []byte {
	body := bytes.Join(content, nil)
	n := len(body)
	switch {
	case indefinite:
		return append(append([]byte{tag, 0x80}, body...), 0, 0)
	case n < 0x80:
		return append([]byte{tag, byte(n)}, body...)
	}
	return append([]byte{tag, 0x84, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}, body...)
}

// signedData wraps a mail as RFC 5652 §5.1 says; content is the OCTET STRING.
func signedData(indefinite bool, content []byte) []byte {
	data := []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01}
	return tlv(tagSequence, indefinite, tlv(tagOID, false, oidSigned), tlv(tagExplicit, indefinite,
		tlv(tagSequence, indefinite, tlv(tagInteger, false, []byte{1}), tlv(tagSet, indefinite, tlv(tagSequence, indefinite, tlv(tagOID, false, data))),
			tlv(tagSequence, indefinite, tlv(tagOID, false, data), tlv(tagExplicit, indefinite, content)), tlv(tagSet, false, []byte("signatures")))))
}

func TestSignedContent(t *testing.T) {
	const mail = "Content-Type: text/plain\r\n\r\nGr\xfc\xdfe\r\n"
	octet := func(s string) []byte { return tlv(tagOctets, false, []byte(s)) }
	for name, object := range map[string][]byte{
		"DER":                    signedData(false, octet(mail)),
		"BER":                    signedData(true, octet(mail)),
		"in pieces":              signedData(true, tlv(tagOctetPieces, true, octet(mail[:9]), octet(""), octet(mail[9:]))),
		"pieces of known length": signedData(false, tlv(tagOctetPieces, false, octet(mail[:9]), octet(mail[9:]))),
		"pieces in pieces":       signedData(true, tlv(tagOctetPieces, true, tlv(tagOctetPieces, false, octet(mail[:9]), octet(mail[9:20])), tlv(tagOctetPieces, true, octet(mail[20:])))),
		"without what follows":   signedData(true, octet(mail))[:60+len(mail)],
	} {
		raw := eml("Content-Type: application/x-pkcs7-mime; name=smime.p7m", "Content-Transfer-Encoding: base64", "", base64.StdEncoding.EncodeToString(object))
		if m := read(t, raw); m.Body != "Grüße" || len(m.Attachments) != 0 {
			t.Errorf("%s: got %q, %v", name, m.Body, m.Attachments)
		}
		r, _, err := openCMS(bufio.NewReader(bytes.NewReader(object)))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got, err := io.ReadAll(r); string(got) != mail || err != nil {
			t.Errorf("%s: content %q, %v", name, got, err)
		}
	}
}

func TestSealed(t *testing.T) {
	for name, lines := range map[string][]string{
		"S/MIME":          {"Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", "Content-Transfer-Encoding: base64", "", base64.StdEncoding.EncodeToString(tlv(tagSequence, false, tlv(tagOID, false, oidEnveloped)))},
		"S/MIME, broken":  {"Content-Type: application/pkcs7-mime; smime-type=enveloped-data", "", "x"},
		"S/MIME, unnamed": {"Content-Type: application/octet-stream; name=smime.p7m", "Content-Transfer-Encoding: base64", "", base64.StdEncoding.EncodeToString(tlv(tagSequence, true, tlv(tagOID, false, oidAuthEnvelopedData)))},
		"PGP/MIME":        {"Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=aa", "", "--aa", "Content-Type: application/pgp-encrypted", "", "Version: 1", "--aa", "Content-Type: application/octet-stream; name=encrypted.asc", "", "-----BEGIN PGP MESSAGE-----", "--aa--"},
		"PGP":             {"", "-----BEGIN PGP MESSAGE-----", "", "hQEMA", "=abcd", "-----END PGP MESSAGE-----"},
	} {
		m := read(t, eml(append([]string{"Subject: ..."}, lines...)...))
		if m.Why != "the mail is encrypted" || m.Body != "" || m.Passages != nil || m.Attachments != nil {
			t.Errorf("%s: got %+v", name, m)
		}
	}
	for name, lines := range map[string][]string{
		"words beside it": {"", "See below", "-----BEGIN PGP MESSAGE-----", "", "hQEMA", "-----END PGP MESSAGE-----"},
		"not CMS":         {"Content-Type: multipart/mixed; boundary=aa", "", "--aa", "", "See below", "--aa", "Content-Type: application/pkcs7-mime", "", "x", "--aa--"},
	} {
		if m := read(t, eml(lines...)); m.Why != "" || m.Body != "See below" {
			t.Errorf("%s: got %q, %q", name, m.Body, m.Why)
		}
	}
}

func TestArmourOff(t *testing.T) {
	m := read(t, eml("", "Above", "-----BEGIN PGP SIGNED MESSAGE-----", "Hash: SHA256", "", "On my way", "- - a", "- From here", "-----BEGIN PGP SIGNATURE-----", "", "iQEz", "=abcd", "-----END PGP SIGNATURE-----", "Below"))
	if want := "Above\nOn my way\n- a\nFrom here\nBelow"; m.Body != want || m.Why != "" {
		t.Errorf("got %q", m.Body)
	}
}

// A malformed object is the writer's mistake, not a failure to keep it.
func TestBrokenSignedContent(t *testing.T) {
	whole := signedData(true, tlv(tagOctetPieces, true, tlv(tagOctets, false, []byte("Content-Type: image/png; name=a.png\r\n\r\nx")), []byte("\x07")))
	for n := range whole {
		shelf := &memoryShelf{}
		_, err := Reader{Shelf: shelf}.Read(strings.NewReader(eml("Content-Type: application/pkcs7-mime", "Content-Transfer-Encoding: base64", "", base64.StdEncoding.EncodeToString(whole[:n]))))
		if err != nil {
			t.Fatalf("%d octets: %v", n, err)
		}
	}
}

// What is signed passes through, however large it is.
func TestSignedContentIsNotInMemory(t *testing.T) {
	const size = 16 << 20
	object := signedData(true, tlv(tagOctetPieces, true))
	start := object[:bytes.Index(object, []byte{tagOctetPieces, 0x80})+2]
	piece := tlv(tagOctets, false, []byte(strings.Repeat("All work and no play\r\n", 1000)))
	r := io.MultiReader(strings.NewReader("Content-Type: application/pkcs7-mime\r\n\r\n"), bytes.NewReader(start),
		bytes.NewReader(tlv(tagOctets, false, []byte("Content-Type: image/png; name=a.png\r\n\r\n"))), io.LimitReader(&repeater{line: string(piece)}, size))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	m, err := Read(r)
	runtime.ReadMemStats(&after)
	if err != nil || len(m.Attachments) != 1 || m.Attachments[0].Size < size*9/10 {
		t.Fatalf("got %+v, %v", m.Attachments, err)
	}
	if total := after.TotalAlloc - before.TotalAlloc; total > 2<<20 {
		t.Errorf("allocated %d KiB", total>>10)
	}
}

func FuzzSMIME(f *testing.F) {
	files, err := filepath.Glob("testdata/mail/smime-*.eml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		_, body, _ := bytes.Cut(raw, []byte("\n\n"))
		if object, err := base64.StdEncoding.DecodeString(string(body)); err == nil {
			f.Add(object)
		}
	}
	f.Add(signedData(true, tlv(tagOctetPieces, true, tlv(tagOctets, false, []byte("\r\nHi")))))
	f.Fuzz(func(t *testing.T, object []byte) {
		r, kind, err := openCMS(bufio.NewReader(bytes.NewReader(object)))
		if err == nil && kind == cmsSigned {
			if n, _ := io.Copy(io.Discard, r); n > int64(len(object)) {
				t.Errorf("%d octets of %d", n, len(object))
			}
		}
		m := read(t, "Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: base64\r\n\r\n"+base64.StdEncoding.EncodeToString(object))
		if m.Why != "" && m.Body != "" {
			t.Errorf("words, and none: %q", m.Body)
		}
	})
}
