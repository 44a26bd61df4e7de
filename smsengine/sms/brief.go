package sms

import "github.com/rivo/uniseg"

// Brief gives a text of at most n characters, as people count them (grapheme
// clusters, UAX 29). A longer one ends at a word, if one ends near, and with three
// dots, which are in every alphabet. n is at least 4.
func Brief(text string, n int) string {
	end, dots, state := 0, 0, -1
	for i, rest := 0, text; rest != ""; i++ {
		if i == n {
			return endAtWord(text[:dots], text) + "..."
		}
		if i == n-3 {
			dots = end
		}
		var cluster string
		cluster, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		end += len(cluster)
	}
	return text
}
