// Package coverage keeps the page of a provider honest. Each adapter states, in a test, what its provider's API offers and
// what became of every piece: an ability, an action, an option, a common field, a config key, or a refusal with its reason,
// and which tests fail if that behaviour goes. [Check] compares the statement with the manifest, with the tests that exist
// and with the generated part of the provider's page, so that none of them can drift from the code.
//
// A test in coverage_test.go of the adapter holds the tables:
//
//	var updatePage = flag.Bool("update-page", false, "rewrite the generated part of docs/providers")
//
//	func TestCoverage(t *testing.T) {
//		coverage.Check(t, coverage.Plugin{
//			Manifest: provider.Describe(), Tests: []string{".", "xsim"}, Tables: tables(),
//		}, "../../docs/providers/x.md", *updatePage)
//	}
//
// The package is for tests of adapters; nothing that ships imports it.
package coverage
