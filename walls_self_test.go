package payhost_test

import (
	"go/token"
	"path"
	"strings"
	"testing"
)

// planted is a tree made of one offending file, for each rule of the tables.
func planted() map[string]map[string]string {
	return map[string]map[string]string{
		"pay stands alone":                  {"sdk/pay/money.go": `package pay; import _ "google.golang.org/grpc"`},
		"sdk without host":                  {"sdk/httpx/client.go": `package httpx; import _ "github.com/payhost/payhost/host/store"`},
		"few libraries in sdk":              {"sdk/plugin/serve.go": `package plugin; import _ "github.com/samber/lo"`},
		"one owner of the wire":             {"host/run.go": `package host; import _ "github.com/payhost/payhost/proto/payhost/plugin/v1"`},
		"providers are plain Go":            {"plugins/payin/client.go": `package payin; import _ "github.com/payhost/payhost/sdk/plugin"`},
		"payin alone":                       {"plugins/payin/client.go": `package payin; import _ "github.com/payhost/payhost/plugins/merchant"`},
		"merchant alone":                    {"plugins/merchant/client.go": `package merchant; import _ "github.com/payhost/payhost/plugins/monobank"`},
		"monobank alone":                    {"plugins/monobank/client.go": `package monobank; import _ "github.com/payhost/payhost/plugins/payin"`},
		"simulators know no plugin":         {"plugins/payin/payinsim/sign.go": `package payinsim; import _ "github.com/payhost/payhost/plugins/payin"`},
		"simulators are no tests":           {"plugins/payin/payinsim/sim.go": `package payinsim; import _ "testing"`},
		"embedders link what they import":   {"host/host.go": `package host; import _ "modernc.org/sqlite"`},
		"storage stores":                    {"host/store/sqlite/open.go": `package sqlite; import _ "github.com/payhost/payhost/host"`},
		"storage speaks no HTTP":            {"host/store/store.go": `package store; import _ "net/http"`},
		"libraries are given things":        {"host/config.go": `package host; import _ "flag"`},
		"no assertions ship":                {"sdk/plugintest/kit.go": `package plugintest; import _ "github.com/stretchr/testify/require"`},
		"adapters are handed their way out": {"plugins/payin/client.go": `package payin; import "net/http"; func f() any { return &http.Client{} }`},
		"libraries read no environment":     {"host/config.go": `package host; import "os"; func f() string { return os.Getenv("A") }`},
		"libraries do not end the program":  {"host/run.go": `package host; import "log"; func f() { log.Fatal("x") }`},
		"no global logger":                  {"host/run.go": `package host; import l "log/slog"; func f() { l.InfoContext(nil, "x") }`},
		"no printing":                       {"sdk/plugin/serve.go": `package plugin; import "fmt"; func f() { fmt.Println() }`},
	}
}

// plant builds a tree from file texts. Imported packages of the module that are not given exist without imports.
func plant(t *testing.T, files map[string]string) tree {
	t.Helper()
	tree, fset := make(tree), token.NewFileSet()
	for name, text := range files {
		importPath := modulePath + "/" + path.Dir(name)
		p := tree[importPath]
		if p == nil {
			p = &pkg{path: importPath, own: true}
			tree[importPath] = p
		}
		if err := p.addSource(fset, name, []byte(text)); err != nil {
			t.Fatal(err)
		}
		p.name = p.files[0].syntax.Name.Name
	}
	return tree
}

// Each rule must find its own planted violation and give its reason; a rule without one has never been seen to work.
func TestEveryRuleFindsItsPlantedViolation(t *testing.T) {
	t.Parallel()
	find := make(map[string]func(tree) []string)
	reasons := make(map[string]string)
	for _, w := range walls() {
		find[w.name], reasons[w.name] = w.violations, w.reason
	}
	for _, b := range bans() {
		find[b.name], reasons[b.name] = b.violations, b.reason
	}
	for name := range planted() {
		if find[name] == nil {
			t.Errorf("a violation is planted for %q, which is no rule", name)
		}
	}
	for name, violations := range find {
		found := violations(plant(t, planted()[name]))
		if len(found) != 1 || !strings.Contains(found[0], reasons[name]) {
			t.Errorf("%s: want one violation with the reason, got %q", name, found)
		}
	}
}

// A wall sees through packages on the way and shows it, unless it is about import statements only.
func TestWallSeesThroughPackages(t *testing.T) {
	t.Parallel()
	tree := plant(t, map[string]string{
		"a/a.go": `package a; import _ "github.com/payhost/payhost/b"`,
		"b/b.go": `package b; import _ "example.com/c"`,
	})
	w := wall{from: []string{"./a"}, never: []string{"example.com/..."}, reason: "of the test"}
	found := w.violations(tree)
	if len(found) != 1 || !strings.Contains(found[0], modulePath+"/b\n\timports example.com/c") {
		t.Errorf("want the way from a over b to c, got %q", found)
	}
	w.direct = true
	if found := w.violations(tree); len(found) != 0 {
		t.Errorf("a does not import c itself, but: %q", found)
	}
	w.direct, w.except = false, []string{"./a"}
	if found := w.violations(tree); len(found) != 0 {
		t.Errorf("a is excepted, but: %q", found)
	}
}

func TestPatterns(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, path string
		want          bool
	}{
		{"./sdk/pay", modulePath + "/sdk/pay", true},
		{"./sdk/pay", modulePath + "/sdk/payout", false},
		{"./sdk/pay", modulePath + "/sdk/pay/x", false},
		{"./sdk/pay/...", modulePath + "/sdk/pay", true},
		{"./sdk/pay/...", modulePath + "/sdk/pay/x/y", true},
		{"./sdk/pay/...", modulePath + "/sdk/payout", false},
		{"./plugins/*/*sim/...", modulePath + "/plugins/payin/payinsim", true},
		{"./plugins/*/*sim/...", modulePath + "/plugins/internal/simkit", false},
		{"./...", modulePath, true},
		{"./host", "example.com/host", false},
		{"log", "log/slog", false},
		{"net/http/...", "net/http/httptest", true},
	} {
		if got := matches(c.pattern, c.path); got != c.want {
			t.Errorf("matches(%q, %q) = %t", c.pattern, c.path, got)
		}
	}
}

func TestBansJudgeUses(t *testing.T) {
	t.Parallel()
	adapters := bans()[0]
	for text, want := range map[string]int{
		`import "net/http"; type c struct { h *http.Client }`:                      0,
		`import "net/http"; type c struct { h http.Client }`:                       1,
		`import "net/http"; func f() any { return new(http.Client) }`:              1,
		`import h "net/http"; func f() any { return h.DefaultClient }`:             1,
		`import "net/http"; func f() (any, error) { return http.Post("", "", 0) }`: 1,
		`import "net/http"; func f() string { return http.MethodPost }`:            0,
		`import "net"; func f() { net.DialTimeout("", "", 0) }`:                    1,
		`import "net/http"; func f(http struct{ Get func() }) { http.Get() }`:      0,
		`import . "net/http"; func f() any { return DefaultClient }`:               1,
		`import "os"; func f() { os.Exit(1) }`:                                     0,
	} {
		found := adapters.violations(plant(t, map[string]string{"plugins/x/f.go": "package x; " + text}))
		if len(found) != want {
			t.Errorf("%s: want %d violations, got %q", text, want, found)
		}
	}
	sim := map[string]string{"plugins/x/xsim/f.go": `package xsim; import "net/http"; func f() any { return http.DefaultClient }`}
	if found := adapters.violations(plant(t, sim)); len(found) != 0 {
		t.Errorf("a simulator sends callbacks with a client of its own, but: %q", found)
	}
}

func TestProcessStateIsFound(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		`func init() {}`:                                                  1,
		`type T struct{}; func (T) init() {}`:                             0,
		`var counter int`:                                                 1,
		`var table = map[string]int{"a": 1}`:                              1,
		`var a, b = 1, 2`:                                                 2,
		`var version = "dev"`:                                             1,
		`var _ error = (*T)(nil); type T struct{ error }`:                 0,
		`import "errors"; var ErrGone = errors.New("gone")`:               0,
		`import "errors"; var ErrLater, other error`:                      2,
		`import "regexp"; var word = regexp.MustCompile("a")`:             0,
		`import re "regexp"; var word = re.MustCompile("a")`:              0,
		`import "html/template"; var page = template.Must(nil, nil)`:      0,
		"import \"embed\"\n//go:embed x\nvar files embed.FS":              0,
		"import \"embed\"\nvar (\n//go:embed x\nfiles embed.FS\nn int\n)": 1,
		`func f() { var local int; _ = local }`:                           0,
	} {
		found := stateViolations(plant(t, map[string]string{"x/x.go": "package x; " + text}))
		if len(found) != want {
			t.Errorf("%s: want %d findings, got %q", text, want, found)
		}
	}
	for text, want := range map[string]int{
		"package main\nvar version = \"dev\"":                                    0,
		"// Code generated by hand. DO NOT EDIT.\n\npackage x\nfunc init() {}\n": 0,
	} {
		if found := stateViolations(plant(t, map[string]string{"x/x.go": text})); len(found) != want {
			t.Errorf("%s: want %d findings, got %q", text, want, found)
		}
	}
}
