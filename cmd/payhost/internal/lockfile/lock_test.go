package lockfile

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const zeros = "sha256:0000000000000000000000000000000000000000000000000000000000000000"

func lockText(plugins ...string) string {
	return `{"format":1,"plugins":[` + strings.Join(plugins, ",") + `]}`
}

func pinnedText(name, version string) string {
	return `{"name":"` + name + `","version":"` + version + `","protocol":1,"added_at":"2026-01-02T03:04:05Z","platforms":{"` + platform() +
		`":{"entry":"e","files":{"e":"` + zeros + `"}}}}`
}

func TestParse(t *testing.T) {
	t.Parallel()
	l, err := Parse([]byte(lockText(pinnedText("a", "1.0.0"), pinnedText("b", "2.0.0-rc.1+x"))))
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b"}, l.Names())

	good := pinnedText("a", "1")
	for name, c := range map[string]struct{ text, want string }{
		"no JSON":         {"{", "is not JSON"},
		"format":          {`{"format":2,"plugins":[]}`, "has format 2; this program knows format 1"},
		"unknown field":   {`{"format":1,"plugins":[],"allow":"*"}`, `unknown field "allow"`},
		"trailing":        {lockText() + "{}", "is not JSON"},
		"twice":           {lockText(good, good), "a@1 is pinned twice"},
		"name":            {lockText(pinnedText("../a", "1")), "is not a plugin name and version"},
		"version":         {lockText(pinnedText("a", "../1")), "is not a plugin name and version"},
		"version dots":    {lockText(pinnedText("a", "1..2")), "is not a plugin name and version"},
		"no platforms":    {lockText(`{"name":"a","version":"1","platforms":{}}`), "has no platforms"},
		"entry not there": {lockText(strings.Replace(good, `"entry":"e"`, `"entry":"f"`, 1)), `the entry "f" is not among the files`},
		"file escapes":    {lockText(strings.ReplaceAll(good, `"e"`, `"../e"`)), "leaves the plugin's folder"},
		"file absolute":   {lockText(strings.ReplaceAll(good, `"e"`, `"/bin/sh"`)), "leaves the plugin's folder"},
		"digest":          {lockText(strings.Replace(good, "sha256:0", "sha256:Z", 1)), "no digest of the form"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse([]byte(c.text))
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestSelect(t *testing.T) {
	t.Parallel()
	l, err := Parse([]byte(lockText(pinnedText("a", "1"), pinnedText("b", "1"), pinnedText("b", "2"))))
	require.NoError(t, err)
	for name, c := range map[string]struct {
		wanted map[string]string
		ids    []string
		err    string
	}{
		"the only one":        {map[string]string{"b": "2"}, []string{"a@1", "b@2"}, ""},
		"settings, no choice": {map[string]string{"a": "", "b": "1"}, []string{"a@1", "b@1"}, ""},
		"no choice":           {nil, nil, "2 versions of the plugin b are pinned (1, 2); choose one with plugins.b.version"},
		"absent version":      {map[string]string{"b": "3"}, nil, "plugins.b.version is 3, but pinned are only 1, 2"},
		"absent plugin":       {map[string]string{"b": "1", "c": ""}, nil, "plugins.c is configured, but no plugin of this name is pinned"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			chosen, err := l.Select(c.wanted)
			if c.err != "" {
				require.ErrorContains(t, err, c.err)
				return
			}
			require.NoError(t, err)
			ids := []string{}
			for _, p := range chosen {
				ids = append(ids, p.ID())
			}
			require.Equal(t, c.ids, ids)
		})
	}
}

func FuzzLock(f *testing.F) {
	f.Add([]byte(lockText(pinnedText("a", "1.0.0"))))
	f.Add([]byte(`{"format":1}`))
	f.Add([]byte(`{"format":1,"plugins":[{"platforms":{"x":{"files":{"":""}}}}]}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		l, err := Parse(content)
		if err != nil {
			return
		}
		for _, p := range l.Plugins {
			if err := p.check(); err != nil {
				t.Fatalf("an impossible entry passed: %v", err)
			}
		}
		_, _ = l.Select(nil)
	})
}
