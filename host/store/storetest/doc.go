// Package storetest is the conformance suite of databases behind store.Store.
// A database package runs it against itself:
//
//	func TestStore(t *testing.T) { storetest.Run(t, open) }
//
// where open returns an acquired Store on a new, empty database, closed by t.Cleanup. The suite
// checks what the package comment of store promises; what needs the database's own
// means (files, locks, reopening) is tested beside the database package.
package storetest
