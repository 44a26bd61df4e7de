// Package rulefile writes rules as an administrator would write them, and puts
// files of rules and the lists that they name into one readable file, and back.
//
// [Rule] is a rule that somebody else has made, such as the import from IceWarp;
// [Write] gives its text, comments included, for package rule to load. [Pack]
// gathers files as they are, so that the comments in them stay, and [Unpack]
// gives them back.
package rulefile
