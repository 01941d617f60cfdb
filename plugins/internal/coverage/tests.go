package coverage

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// testSet holds, per test function, the text of the file it stands in.
type testSet map[string]string

// findTests reads the test files of the folders. A named case is looked for as text only: whether it runs under its test is
// for the reader of that file.
func findTests(folders []string) (testSet, error) {
	declaration := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Example)\w*)\(`)
	found := testSet{}
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
		if err != nil {
			return nil, err
		}
		if len(files) == 0 {
			return nil, fmt.Errorf("folder %s holds no tests", folder)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			for _, match := range declaration.FindAllSubmatch(text, -1) {
				found[string(match[1])] = string(text)
			}
		}
	}
	return found, nil
}

// has reports whether the test exists and, where a case is named, whether its file knows the case.
func (s testSet) has(name string) bool {
	function, one, named := strings.Cut(name, "/")
	text, ok := s[function]
	return ok && (!named || strings.Contains(text, one))
}
