package payhost_test

import (
	"slices"
	"strings"
	"testing"
)

// wall is one rule about imports. Patterns are import paths; "./x" is x of this module, "*" stands for one path element
// or a part of it, a trailing "/..." for the package and everything below, "std" for the standard library.
//
// Code in _test.go files may cross a wall: it ships with nobody.
type wall struct {
	name   string
	from   []string // whom the rule binds; each pattern must match a package
	except []string // taken out of from
	only   []string // if set, nothing else may be reached
	never  []string // must not be reached
	direct bool     // the rule is about import statements, not about everything they pull in
	reason string   // printed on failure: what the wall protects
}

// assertions are the libraries that only tests may use.
func assertions() []string {
	return []string{
		"github.com/stretchr/testify/...", "github.com/onsi/gomega/...", "gotest.tools/...", "github.com/matryer/is",
		"github.com/frankban/quicktest", "pgregory.net/rapid", "go.uber.org/goleak/...",
	}
}

// drivers are the packages that bring a database engine or its client.
func drivers() []string {
	return []string{
		"modernc.org/...", "github.com/jackc/...", "github.com/lib/pq/...", "github.com/mattn/go-sqlite3",
		"./host/store/sqlite/...", "./host/store/postgres/...",
	}
}

// programs are where flags, environment, configuration files and exit codes live.
func programs() []string { return []string{"./cmd/...", "./plugins/*/cmd/..."} }

// walls is the table. A new rule needs a planted violation in walls_self_test.go.
func walls() []wall {
	return []wall{{
		name:   "pay stands alone",
		from:   []string{"./sdk/pay"},
		only:   []string{"std", "./sdk/pay/...", "github.com/shopspring/decimal"},
		reason: "sdk/pay is every author's first page and everyone's base",
	}, {
		name:   "sdk without host",
		from:   []string{"./sdk/..."},
		never:  []string{"./host/...", "./plugins/...", "./cmd/..."},
		reason: "an author must not compile or read our engine",
	}, {
		name:   "few libraries in sdk",
		from:   []string{"./sdk/..."},
		direct: true,
		only: []string{"std", "./sdk/...", "./proto/...", "github.com/shopspring/decimal", "github.com/hashicorp/go-plugin/...",
			"github.com/hashicorp/go-hclog", "google.golang.org/grpc/...", "google.golang.org/protobuf/...", "golang.org/x/sys/..."},
		reason: "whatever sdk imports is in every author's binary and security review",
	}, {
		name:   "one owner of the wire",
		from:   []string{"./..."},
		except: []string{"./sdk/plugin/...", "./proto/..."},
		direct: true,
		never:  []string{"./proto/..."},
		reason: "generated types have one owner, sdk/plugin; a contract change has one reviewer",
	}, {
		name:   "providers are plain Go",
		from:   []string{"./plugins/*/..."},
		except: []string{"./plugins/*/*sim/...", "./plugins/*/cmd/...", "./plugins/internal/..."},
		only:   []string{"std", "./sdk/pay/...", "./sdk/httpx/...", "./plugins/*/...", "github.com/shopspring/decimal"},
		never:  []string{"./plugins/*/*sim/...", "./plugins/*/cmd/...", "./plugins/internal/...", "testing"},
		reason: "a provider is testable without a wire and copyable into an author's repository",
	}, {
		name:   "payin alone",
		from:   []string{"./plugins/payin/..."},
		never:  []string{"./plugins/merchant/...", "./plugins/monobank/..."},
		reason: "one plugin never needs another: they are versioned, copied and removed one by one",
	}, {
		name:   "merchant alone",
		from:   []string{"./plugins/merchant/..."},
		never:  []string{"./plugins/payin/...", "./plugins/monobank/..."},
		reason: "one plugin never needs another: they are versioned, copied and removed one by one",
	}, {
		name:   "monobank alone",
		from:   []string{"./plugins/monobank/..."},
		never:  []string{"./plugins/payin/...", "./plugins/merchant/..."},
		reason: "one plugin never needs another: they are versioned, copied and removed one by one",
	}, {
		name:   "simulators know no plugin",
		from:   []string{"./plugins/*/*sim/...", "./plugins/internal/..."},
		never:  []string{"./plugins/payin", "./plugins/merchant", "./plugins/monobank", "./plugins/*/internal/...", "./host/...", "./sdk/plugin/..."},
		reason: "signing code shared by both sides proves nothing",
	}, {
		name:   "simulators are no tests",
		from:   []string{"./plugins/*/*sim/...", "./plugins/internal/..."},
		never:  []string{"testing/...", "net/http/httptest"},
		reason: "simulators run in the demo and beside an author's program",
	}, {
		name:   "embedders link what they import",
		from:   []string{"./host", "./host/internal/..."},
		never:  append(drivers(), "./plugins/...", "./host/rest/...", "./host/console/...", "github.com/spf13/..."),
		reason: "an embedder links what it imports and nothing else",
	}, {
		name:   "storage stores",
		from:   []string{"./host/store/..."},
		never:  []string{"./host", "./host/internal/...", "./host/rest/...", "./host/console/...", "./sdk/plugin/...", "google.golang.org/grpc/..."},
		reason: "deciding what an answer means is the engine's work; storage only stores",
	}, {
		name:   "storage speaks no HTTP",
		from:   []string{"./host/store/..."},
		direct: true, // sdk/pay names *http.Client in its contract
		never:  []string{"net/http/..."},
		reason: "deciding what an answer means is the engine's work; storage only stores",
	}, {
		name:   "libraries are given things",
		from:   []string{"./..."},
		except: append(programs(), "./sdk/plugin"),
		direct: true,
		never:  []string{"flag", "log", "os/signal", "github.com/spf13/...", "github.com/goccy/go-yaml/..."},
		reason: "flags, signals, configuration files and the global logger belong to programs",
	}, {
		name:   "no assertions ship",
		from:   []string{"./..."},
		never:  assertions(),
		reason: "a test library in a shipped package is in every user's binary",
	}}
}

func TestWalls(t *testing.T) {
	t.Parallel()
	tree := loadTree(t)
	for _, w := range walls() {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			for _, violation := range w.violations(tree) {
				t.Error(violation)
			}
		})
	}
}

// A pattern that matches nothing guards nothing: a renamed directory must not switch its walls off.
func TestEveryWallStandsSomewhere(t *testing.T) {
	t.Parallel()
	tree := loadTree(t)
	for _, w := range walls() {
		for _, pattern := range append(slices.Clone(w.from), w.except...) {
			stands := slices.ContainsFunc(tree.own(), func(p *pkg) bool { return matches(pattern, p.path) })
			if !stands {
				t.Errorf("%s: no package matches %s", w.name, pattern)
			}
		}
	}
}

func TestEveryPackageHasComment(t *testing.T) {
	t.Parallel()
	for _, p := range loadTree(t).own() {
		comment := p.comment()
		switch {
		case strings.TrimSpace(comment) == "":
			t.Errorf("%s has no package comment: what is it, for whom, what does it promise?", p.path)
		case p.name != "main" && !strings.HasPrefix(comment, "Package "+p.name+" "):
			t.Errorf("%s: the package comment should begin with %q", p.path, "Package "+p.name+" ")
		}
	}
}
