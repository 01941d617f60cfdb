package swap

import (
	"os"
	"path/filepath"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/bench/internal/echo"
)

// install writes two versions of the plugin into dir. They behave alike and have different bytes, so that a host has to read,
// verify and seal each.
func install(bin, dir string) ([]host.Plugin, error) {
	program, err := os.ReadFile(filepath.Join(bin, "plugin"))
	if err != nil {
		return nil, err
	}
	var versions []host.Plugin
	for i, version := range []string{"1.0.0", "2.0.0"} {
		path := filepath.Join(dir, "plugin-"+version)
		// Bytes after the last section of a program change its digest and nothing else.
		if err := os.WriteFile(path, append(program[:len(program):len(program)], version...), 0o700); err != nil {
			return nil, err
		}
		versions = append(versions, host.Plugin{Name: echo.Name, Version: version, Path: path, Development: true, Required: true, Preferred: i == 0})
	}
	return versions, nil
}
