package rule

import (
	"slices"

	"github.com/postel-mail/postel/smsengine/mistake"
)

// suggest names the one that was probably meant, or else all that there are, in
// order.
func suggest(got string, known []string) string {
	return mistake.Suggest(got, slices.Compact(slices.Sorted(slices.Values(known))))
}
