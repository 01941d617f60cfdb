//go:build race

package sqlite_test

// raceEnabled: the database is C translated to Go, which the race detector makes some twenty times slower.
const raceEnabled = true
