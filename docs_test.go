package payhost_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Go snippets in the documentation stand in files that are compiled: each is
// preceded by a comment that names the file, and must be found there.
func TestDocumentedSnippetsAreCompiled(t *testing.T) {
	source := regexp.MustCompile(`^<!-- from (\S+) -->$`)
	found := 0
	for _, page := range pages(t) {
		raw, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(string(raw), "\n")
		for i := 0; i < len(lines); i++ {
			if lines[i] != "```go" {
				continue
			}
			start := i + 1
			for i++; i < len(lines) && lines[i] != "```"; i++ {
			}
			if i == len(lines) {
				t.Errorf("%s:%d: the snippet has no end", page, start)
				break
			}
			var named []string
			if start >= 2 {
				named = source.FindStringSubmatch(lines[start-2])
			}
			if named == nil {
				t.Errorf("%s:%d: write <!-- from FILE --> above the snippet, naming a file that is compiled", page, start)
				continue
			}
			code, err := os.ReadFile(named[1])
			if err != nil {
				t.Errorf("%s:%d: %v", page, start, err)
				continue
			}
			found++
			if !strings.Contains(flat(string(code)), flat(strings.Join(lines[start:i], "\n"))) {
				t.Errorf("%s:%d: the snippet does not stand in %s", page, start, named[1])
			}
		}
	}
	if found == 0 {
		t.Error("no snippet was found at all: the search is broken")
	}
}

// flat removes indentation, so that a snippet may stand deeper in its file.
func flat(code string) string {
	var b strings.Builder
	for line := range strings.Lines(code) {
		b.WriteString(strings.TrimSpace(line))
		b.WriteByte('\n')
	}
	return strings.TrimSpace(b.String())
}

// Links between pages lead somewhere.
func TestDocumentedFilesExist(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`)
	for _, page := range pages(t) {
		raw, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(raw), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), m[1])); err != nil {
				t.Errorf("%s: %v", page, err)
			}
		}
	}
}

// Every test that a promise names exists.
func TestGuaranteesNameRealTests(t *testing.T) {
	raw, err := os.ReadFile("docs/guarantees.md")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`([a-z/]+)\\.(Test\\w+)`").FindAllStringSubmatch(string(raw), -1)
	if len(named) < 10 {
		t.Fatalf("found %d tests in docs/guarantees.md: the search is broken", len(named))
	}
	for _, m := range named {
		if !testExists(t, m[1], m[2]) {
			t.Errorf("docs/guarantees.md names %s.%s, which does not exist", m[1], m[2])
		}
	}
}

func testExists(t *testing.T, pkg, name string) bool {
	t.Helper()
	exists := false
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || exists || d.IsDir() || !strings.HasSuffix(path, "_test.go") || filepath.Base(filepath.Dir(path)) != filepath.Base(pkg) {
			return err
		}
		raw, err := os.ReadFile(path)
		exists = strings.Contains(string(raw), "func "+name+"(")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return exists
}

func pages(t *testing.T) []string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == ".git" || d.Name() == ".cache" || d.Name() == "testdata" || d.Name() == "bin") {
			return fs.SkipDir
		}
		if strings.HasSuffix(path, ".md") {
			list = append(list, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}
