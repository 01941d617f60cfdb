package payhost_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// ban is a rule about names that code uses, read from the syntax of all files that ship, of every platform and build tag.
type ban struct {
	name   string
	from   []string // packages that the rule binds, as in wall
	except []string
	uses   []string // forbidden names as path.Name; a trailing * stands for any ending
	values []string // forbidden types as path.Name, unless behind a pointer: no literal, no new, no variable
	reason string
}

// bans is the table. A new rule needs a planted violation in walls_self_test.go.
func bans() []ban {
	return []ban{{
		name:   "adapters are handed their way out",
		from:   []string{"./plugins/*/..."},
		except: []string{"./plugins/*/*sim/...", "./plugins/*/cmd/...", "./plugins/internal/..."},
		uses: []string{"net/http.DefaultClient", "net/http.DefaultTransport", "net/http.Get", "net/http.Head", "net/http.Post*",
			"net.Dial*", "net.Listen*", "crypto/tls.Dial*", "os/exec.*"},
		values: []string{"net/http.Client", "net/http.Transport", "net.Dialer", "crypto/tls.Dialer"},
		reason: "proxy, limits, redaction and the verdict on a lost answer live in the client that Open was given",
	}, {
		name:   "libraries read no environment",
		from:   []string{"./..."},
		except: append(programs(), "./sdk/plugin"),
		uses:   []string{"os.Getenv", "os.LookupEnv", "os.Environ", "os.ExpandEnv", "os.Setenv", "os.Unsetenv", "os.Clearenv", "os.Args"},
		reason: "two hosts live in one program, and each is configured by its own Config",
	}, {
		name:   "libraries do not end the program",
		from:   []string{"./..."},
		except: append(programs(), "./sdk/plugin"),
		uses:   []string{"os.Exit", "log.*", "runtime.Goexit", "syscall.Exit"},
		reason: "only a program decides that it is over; an operation may be between its intent and its answer",
	}, {
		name:   "no global logger",
		from:   []string{"./..."},
		except: append(programs(), "./sdk/plugin"),
		uses:   []string{"log/slog.SetDefault", "log/slog.Default", "log/slog.Debug*", "log/slog.Info*", "log/slog.Warn*", "log/slog.Error*", "log/slog.Log*"},
		reason: "logs go to the logger that was handed in; nil means none",
	}, {
		name:   "no printing",
		from:   []string{"./..."},
		except: programs(),
		uses:   []string{"fmt.Print", "fmt.Printf", "fmt.Println"},
		reason: "a plugin's standard output carries the handshake, and a library has no terminal",
	}}
}

// allowedNames are types whose names begin like a banned function.
func allowedNames() []string {
	return []string{"log/slog.LogValuer", "log/slog.Logger"}
}

func (b ban) violations(t tree) []string {
	var found []string
	for _, p := range t.own() {
		if !matchesAny(b.from, p.path) || matchesAny(b.except, p.path) {
			continue
		}
		for _, f := range p.files {
			if f.generated() {
				continue
			}
			for _, use := range b.inFile(f) {
				found = append(found, fmt.Sprintf("%s: %s, because %s", f.position(use.node), use.what, b.reason))
			}
		}
	}
	return found
}

// use is a place and what is wrong there.
type use struct {
	node ast.Node
	what string
}

func (b ban) inFile(f *source) []use {
	var found []use
	imported := f.imports()
	behindPointer := make(map[ast.Expr]bool)
	for _, spec := range f.syntax.Imports {
		if spec.Name != nil && spec.Name.Name == "." {
			found = append(found, use{spec, "a dot import hides where names come from"})
		}
	}
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.StarExpr:
			behindPointer[n.X] = true
		case *ast.SelectorExpr:
			// An identifier that the parser could resolve is a local name which shadows the import.
			left, ok := n.X.(*ast.Ident)
			if !ok || left.Obj != nil || imported[left.Name] == "" {
				return true
			}
			full := imported[left.Name] + "." + n.Sel.Name
			switch {
			case slices.Contains(allowedNames(), full):
			case slices.ContainsFunc(b.uses, func(banned string) bool { return named(banned, full) }):
				found = append(found, use{n, "must not use " + full})
			case slices.Contains(b.values, full) && !behindPointer[n]:
				found = append(found, use{n, "must not make a " + full})
			}
		}
		return true
	})
	return found
}

// named reports whether a name is meant by an entry of ban.uses.
func named(banned, name string) bool {
	prefix, open := strings.CutSuffix(banned, "*")
	return name == banned || open && strings.HasPrefix(name, prefix)
}

// sentinel is the name of an error value that callers compare with.
var sentinel = regexp.MustCompile(`^[eE]rr[A-Z]`)

// constants are calls whose result nothing can change; a package variable that holds one is a constant in all but name.
func constants() []string {
	return []string{"errors.New", "fmt.Errorf", "regexp.MustCompile", "text/template.Must", "html/template.Must"}
}

// processState returns what a file keeps for the whole process: variables that can change, and work done on import.
func processState(p *pkg, f *source) []use {
	var found []use
	for _, decl := range f.syntax.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			if decl.Recv == nil && decl.Name.Name == "init" {
				found = append(found, use{decl, "func init works on import"})
			}
		case *ast.GenDecl:
			if decl.Tok != token.VAR {
				continue
			}
			for _, spec := range decl.Specs {
				spec := spec.(*ast.ValueSpec)
				if embeds(decl.Doc) || embeds(spec.Doc) {
					continue
				}
				for i, name := range spec.Names {
					if !fixed(p, f, spec, i) {
						found = append(found, use{name, "package variable " + name.Name + " can change"})
					}
				}
			}
		}
	}
	return found
}

// fixed reports whether the i-th variable of a declaration is a constant in all but name.
func fixed(p *pkg, f *source, spec *ast.ValueSpec, i int) bool {
	name := spec.Names[i].Name
	switch {
	case name == "_": // an assertion to the compiler
		return true
	case p.name == "main" && name == "version": // set by the linker
		return true
	case i >= len(spec.Values):
		return false
	case sentinel.MatchString(name):
		return true
	}
	call, ok := spec.Values[i].(*ast.CallExpr)
	if !ok {
		return false
	}
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	left, ok := sel.X.(*ast.Ident)
	return ok && slices.Contains(constants(), f.imports()[left.Name]+"."+sel.Sel.Name)
}

// embeds reports whether a comment holds the directive that fills a variable at build time.
func embeds(doc *ast.CommentGroup) bool {
	return doc != nil && slices.ContainsFunc(doc.List, func(c *ast.Comment) bool { return strings.HasPrefix(c.Text, "//go:embed ") })
}

const processStateReason = "two hosts must live in one program, and importing a package must do nothing"

func stateViolations(t tree) []string {
	var found []string
	for _, p := range t.own() {
		for _, f := range p.files {
			if f.generated() {
				continue
			}
			for _, use := range processState(p, f) {
				found = append(found, fmt.Sprintf("%s: %s, but %s", f.position(use.node), use.what, processStateReason))
			}
		}
	}
	return found
}

func TestBans(t *testing.T) {
	t.Parallel()
	tree := loadTree(t)
	for _, b := range bans() {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			for _, violation := range b.violations(tree) {
				t.Error(violation)
			}
		})
	}
}

func TestNoProcessState(t *testing.T) {
	t.Parallel()
	for _, violation := range stateViolations(loadTree(t)) {
		t.Error(violation)
	}
}

// go-plugin's package is called plugin, like half of the packages here. One name for it everywhere keeps greps honest.
func TestGoPluginHasOneName(t *testing.T) {
	t.Parallel()
	for _, p := range loadTree(t).own() {
		for _, f := range p.files {
			for name, target := range f.imports() {
				if target == "github.com/hashicorp/go-plugin" && name != "goplugin" {
					t.Errorf("%s imports go-plugin as %s instead of goplugin", f.name, name)
				}
			}
		}
	}
}
