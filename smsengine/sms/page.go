package sms

// page is one table of 128 codes; 0 where it has no character. ESC stands for itself.
type page [128]rune

const escape = 0x1b

// put writes text into the page from a code on.
func (p *page) put(code int, text string) {
	for _, r := range text {
		p[code] = r
		code++
	}
}

// with gives a copy of the page that has other characters at some codes.
func (p *page) with(changes map[int]string) *page {
	changed := *p
	for code, text := range changes {
		changed.put(code, text)
	}
	return &changed
}

// The GSM 7 bit default alphabet in the order of its codes (3GPP TS 23.038 §6.2.1).
var defaultPage = new(page).with(map[int]string{0: "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ" +
	" !\"#¤%&'()*+,-./0123456789:;<=>?" +
	"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§" +
	"¿abcdefghijklmnopqrstuvwxyzäöñüà"})

// Its extension (3GPP TS 23.038 §6.2.1.1), which all single shift tables contain.
var extensionPage = new(page).with(map[int]string{
	0x0a: "\f", 0x14: "^", 0x28: "{}", 0x2f: "\\", 0x3c: "[~]", 0x40: "|", 0x65: "€",
})

// lockingPage gives what stands in place of the default alphabet (3GPP TS 23.038 §A.3): itself for languages that have
// no such table, and for identifiers that are not known.
func lockingPage(l Language) *page {
	switch l {
	case Turkish:
		return defaultPage.with(map[int]string{0x04: "€", 0x07: "ı", 0x0b: "Ğğ", 0x1c: "Şş", 0x40: "İ", 0x60: "ç"})
	case Portuguese:
		return defaultPage.with(map[int]string{
			0x04: "ê", 0x06: "úíóç", 0x0b: "Ôô", 0x0e: "Áá", 0x12: "ªÇÀ∞^\\€Ó|", 0x1c: "ÂâÊ", 0x24: "º",
			0x40: "Í", 0x5b: "ÃÕÚ", 0x60: "~", 0x7b: "ãõ`",
		})
	}
	if own, ok := indicLocking[l]; ok {
		return indicLockingFrame.fill(own)
	}
	return defaultPage
}

// singlePage gives what stands in place of the extension (3GPP TS 23.038 §A.2).
func singlePage(l Language) *page {
	switch l {
	case Turkish:
		return extensionPage.with(map[int]string{0x47: "Ğ", 0x49: "İ", 0x53: "Ş", 0x63: "ç", 0x67: "ğ", 0x69: "ı", 0x73: "ş"})
	case Spanish:
		return extensionPage.with(map[int]string{
			0x09: "ç", 0x41: "Á", 0x49: "Í", 0x4f: "Ó", 0x55: "Ú", 0x61: "á", 0x69: "í", 0x6f: "ó", 0x75: "ú",
		})
	case Portuguese:
		return extensionPage.with(map[int]string{
			0x05: "ê", 0x09: "ç", 0x0b: "Ôô", 0x0e: "Áá", 0x12: "ΦΓ^ΩΠΨΣΘ", 0x1f: "Ê", 0x41: "À", 0x49: "Í", 0x4f: "Ó",
			0x55: "Ú", 0x5b: "ÃÕ", 0x61: "Â", 0x69: "í", 0x6f: "ó", 0x75: "ú", 0x7b: "ãõ", 0x7f: "â",
		})
	}
	if own, ok := indicSingle[l]; ok {
		return indicSingleFrame.fill(own)
	}
	return extensionPage
}
