package main

import (
	"maps"
	"os"
	"slices"
	"strings"
)

// keptVariables stay in the environment: they say how the machine is set up, and libraries read them late.
func keptVariables() []string {
	return []string{"PATH", "HOME", "TMPDIR", "TZ", "LANG", "SSL_CERT_FILE", "SSL_CERT_DIR", "USER", "HOSTNAME"}
}

// forgetEnvironment takes a copy of the environment for the references in the configuration and clears it, so that secrets that came
// this way reach no child process and no dump of the environment's strings. Variables of the Go runtime stay as well.
func forgetEnvironment() (lookup func(string) (string, bool)) {
	taken := map[string]string{}
	for _, kv := range os.Environ() {
		name, value, _ := strings.Cut(kv, "=")
		taken[name] = value
	}
	for name := range maps.Keys(taken) {
		if !slices.Contains(keptVariables(), name) && !strings.HasPrefix(name, "GO") {
			_ = os.Unsetenv(name) // it was there a moment ago
		}
	}
	return func(name string) (string, bool) {
		value, ok := taken[name]
		return value, ok
	}
}
