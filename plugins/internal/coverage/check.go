package coverage

// T is the part of [testing.T] that [Check] uses.
type T interface {
	Helper()
	Errorf(format string, args ...any)
}

// Check reports everything that is wrong with the statement p, and a page at path whose generated part is not [Plugin.Block].
// With update it first writes that part; see [Plugin.Page].
func Check(t T, p Plugin, path string, update bool) {
	t.Helper()
	problems, err := p.Problems()
	if err != nil {
		t.Errorf("%v", err)
	}
	for _, problem := range problems {
		t.Errorf("%s", problem)
	}
	if err := p.Page(path, update); err != nil {
		t.Errorf("%v", err)
	}
}
