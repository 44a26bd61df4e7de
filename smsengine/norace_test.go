//go:build !race

package smsengine_test

const raceDetector = false
