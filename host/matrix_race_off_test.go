//go:build !race

package host_test

// matrixRace says that the race detector runs, under which the matrix takes one plugin for each cut point.
const matrixRace = false
