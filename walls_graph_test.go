package payhost_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const modulePath = "github.com/payhost/payhost"

// pkg is a package of the module or one that the module depends on.
type pkg struct {
	path     string
	name     string
	standard bool
	own      bool     // belongs to this module
	imports  []string // without those of _test.go files
	files    []*source
}

// source is one Go file of the module, of any platform and build tag.
type source struct {
	name   string // relative to the module
	syntax *ast.File
	fset   *token.FileSet
}

func (s *source) generated() bool { return ast.IsGenerated(s.syntax) }

// position renders a place as file:line, as the compiler does.
func (s *source) position(n ast.Node) string {
	return fmt.Sprintf("%s:%d", s.name, s.fset.Position(n.Pos()).Line)
}

// imports returns the imported paths by the names that the file uses for them.
func (s *source) imports() map[string]string {
	names := make(map[string]string)
	for _, spec := range s.syntax.Imports {
		target, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue // the parser has accepted it, so it is a valid string
		}
		name := path.Base(target)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		names[name] = target
	}
	return names
}

// comment returns the package comment, that of a generated file only if there is no other.
func (p *pkg) comment() string {
	generated := ""
	for _, f := range p.files {
		switch {
		case f.syntax.Doc == nil:
		case f.generated():
			generated = f.syntax.Doc.Text()
		default:
			return f.syntax.Doc.Text()
		}
	}
	return generated
}

// tree is the module with everything it imports.
type tree map[string]*pkg

// own returns the packages of the module in order.
func (t tree) own() []*pkg {
	var own []*pkg
	for _, name := range slices.Sorted(maps.Keys(t)) {
		if t[name].own {
			own = append(own, t[name])
		}
	}
	return own
}

// get returns a package, also one that only a file of another platform imports and go list therefore does not know.
func (t tree) get(importPath string) *pkg {
	if p := t[importPath]; p != nil {
		return p
	}
	first, _, _ := strings.Cut(importPath, "/")
	return &pkg{path: importPath, standard: !strings.Contains(first, ".")}
}

// addSource parses a file into its package and adds its imports to those that go list reports, which are of one platform.
func (p *pkg) addSource(fset *token.FileSet, name string, text []byte) error {
	syntax, err := parser.ParseFile(fset, name, text, parser.ParseComments)
	if err != nil {
		return err
	}
	f := &source{name: name, syntax: syntax, fset: fset}
	p.files = append(p.files, f)
	for _, target := range f.imports() {
		if target != "C" && !slices.Contains(p.imports, target) {
			p.imports = append(p.imports, target)
		}
	}
	return nil
}

// loadTree asks the go command once for all tests of this file's package.
func loadTree(t *testing.T) tree {
	t.Helper()
	tree, err := loadOnce()
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// loadOnce is a constant computed late: the same tree for every test.
var loadOnce = sync.OnceValues(goList)

func goList() (tree, error) {
	cmd := exec.Command("go", "list", "-e", "-deps", "-json=ImportPath,Name,Dir,Standard,Module,Imports,Error", "./...")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	root, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	all, fset := make(tree), token.NewFileSet()
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var listed struct {
			ImportPath, Name, Dir string
			Standard              bool
			Module                *struct{ Main bool }
			Imports               []string
			Error                 *struct{ Err string }
		}
		if err := dec.Decode(&listed); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		p := &pkg{path: listed.ImportPath, name: listed.Name, standard: listed.Standard, imports: listed.Imports}
		p.own = listed.Module != nil && listed.Module.Main
		all[p.path] = p
		if !p.own {
			continue
		}
		if listed.Error != nil {
			return nil, fmt.Errorf("%s cannot be loaded, so its walls cannot be seen: %s", p.path, listed.Error.Err)
		}
		files, err := filepath.Glob(filepath.Join(listed.Dir, "*.go"))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			name, err := filepath.Rel(root, file)
			if err != nil {
				return nil, err
			}
			if err := p.addSource(fset, filepath.ToSlash(name), text); err != nil {
				return nil, err
			}
		}
	}
}

// matches reports whether a package is meant by a pattern; see wall. "std" is for the caller, who knows the tree.
func matches(pattern, importPath string) bool {
	if rest, ok := strings.CutPrefix(pattern, "."); ok {
		pattern = modulePath + rest
	}
	pattern, below := strings.CutSuffix(pattern, "/...")
	want, have := strings.Split(pattern, "/"), strings.Split(importPath, "/")
	if len(have) < len(want) || len(have) > len(want) && !below {
		return false
	}
	for i := range want {
		if ok, err := path.Match(want[i], have[i]); err != nil || !ok {
			return false
		}
	}
	return true
}

func matchesAny(patterns []string, importPath string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool { return matches(pattern, importPath) })
}

// breaks reports whether the wall forbids to reach p.
func (w wall) breaks(p *pkg) bool {
	if matchesAny(w.never, p.path) {
		return true
	}
	if w.only == nil || p.standard && slices.Contains(w.only, "std") {
		return false
	}
	return !matchesAny(w.only, p.path)
}

// violations walks the imports of every package that the wall binds and says which forbidden ones are reached, and how.
func (w wall) violations(t tree) []string {
	var found []string
	for _, start := range t.own() {
		if !matchesAny(w.from, start.path) || matchesAny(w.except, start.path) {
			continue
		}
		cameFrom := map[string]string{start.path: ""}
		for queue := []string{start.path}; len(queue) > 0; queue = queue[1:] {
			for _, next := range t.get(queue[0]).imports {
				if _, seen := cameFrom[next]; seen {
					continue
				}
				cameFrom[next] = queue[0]
				if w.breaks(t.get(next)) {
					found = append(found, fmt.Sprintf("%s must not reach %s, because %s\n\t%s",
						start.path, next, w.reason, strings.Join(chain(cameFrom, next), "\n\timports ")))
				} else if !w.direct {
					queue = append(queue, next)
				}
			}
		}
	}
	return found
}

// chain returns the way from the start of a walk to its end.
func chain(cameFrom map[string]string, end string) []string {
	var way []string
	for at := end; at != ""; at = cameFrom[at] {
		way = append(way, at)
	}
	slices.Reverse(way)
	return way
}
