//go:build race

package smsengine_test

// raceDetector slows everything down: tests do less then.
const raceDetector = true
