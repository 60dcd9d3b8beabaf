//go:build !race

package plivo_test

const raceDetector = false
