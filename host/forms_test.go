package host

import (
	"regexp"
	"testing"
)

// Names and references are read by hand, because a start reads thousands: they mean what these patterns mean.
func FuzzNamesAndReferences(f *testing.F) {
	name, reference := regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`), regexp.MustCompile(`^\$\{([a-z]+:[^}]+)\}$`)
	for _, s := range []string{
		"", "a", "mono-main", "Mono", "1a", "-a", "a_b", "a\n", "é", "a2345678901234567890123456789012", "a23456789012345678901234567890123",
		"${env:A}", "${env:}", "${:A}", "${env}", "${Env:A}", "${env:A}}", "${env:A:B}", "${e n:A}", "x${env:A}", "${env:A} ", "${env:A\n}", "${env:\xff}", "${}", "${", "}",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got, want := validName(s), name.MatchString(s); got != want {
			t.Errorf("validName(%q) is %v, the pattern says %v", s, got, want)
		}
		got, found := secretReference(s)
		var want string
		match := reference.FindStringSubmatch(s)
		if match != nil {
			want = match[1]
		}
		if got != want || found != (match != nil) {
			t.Errorf("secretReference(%q) is %q, %v; the pattern says %q, %v", s, got, found, want, match != nil)
		}
	})
}
