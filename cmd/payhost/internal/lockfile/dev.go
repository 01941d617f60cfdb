package lockfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Loose returns the provider binaries that lie in folders, pinned by nobody: for development only. Later folders do not
// replace what earlier ones have. Other files are ignored; a folder that does not exist is an empty one.
func Loose(dirs []string) ([]Runnable, error) {
	var list []Runnable
	seen := map[string]bool{}
	for _, dir := range dirs {
		entries, err := os.ReadDir(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("plugins_dir: %w", err)
		}
		for _, e := range entries {
			name, ok := ProviderName(e.Name())
			if !ok || seen[name] || !e.Type().IsRegular() {
				continue
			}
			seen[name] = true
			list = append(list, Runnable{Name: name, Path: filepath.Join(dir, e.Name())})
		}
	}
	return list, nil
}
