package mailbridge

import (
	"bufio"
	"bytes"
	"io"
)

// cms reads an S/MIME part (RFC 8551): the mail inside a signed one, whose
// signature nobody checks here, or the fact that it is encrypted.
func (w *walker) cms(p part, depth int) found {
	inner, kind, err := openCMS(bufio.NewReader(&content{l: w.lines, t: newTransfer(p.encoding)}))
	switch {
	case kind == cmsEncrypted || err != nil && p.params["smime-type"] == "enveloped-data":
		w.encrypted = true
		return found{}
	case err != nil:
		return found{}
	}
	outer := w.lines
	w.lines = newLines(inner)
	defer func() { w.lines = outer }()
	return w.entity(w.header(), p.kind, depth+1)
}

// cmsKind is what a CMS object holds (RFC 5652).
type cmsKind uint8

const (
	cmsUnknown cmsKind = iota
	cmsSigned
	cmsEncrypted
)

// The content types, as DER writes them: RFC 5652 §5.1, §6.1, RFC 5083 §2.
var (
	oidSigned            = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02}
	oidEnveloped         = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x03}
	oidAuthEnvelopedData = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x17}
)

// openCMS goes down to the content of a signed object and gives it as it comes.
func openCMS(r *bufio.Reader) (io.Reader, cmsKind, error) {
	b := &ber{r: r}
	b.enter(tagSequence)
	switch oid := b.oid(); {
	case b.err != nil:
		return nil, cmsUnknown, b.err
	case bytes.Equal(oid, oidEnveloped), bytes.Equal(oid, oidAuthEnvelopedData):
		return nil, cmsEncrypted, nil
	case !bytes.Equal(oid, oidSigned):
		return nil, cmsUnknown, errBER
	}
	b.enter(tagExplicit) // SignedData, RFC 5652 §5.1
	b.enter(tagSequence)
	b.pass(tagInteger) // version
	b.pass(tagSet)     // digestAlgorithms
	b.enter(tagSequence)
	b.oid() // eContentType
	b.enter(tagExplicit)
	if b.err != nil {
		return nil, cmsSigned, b.err
	}
	return &octets{ber: b}, cmsSigned, nil
}
