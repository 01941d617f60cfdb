package process

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	defaultOpenFiles = 4096
	defaultProcesses = 1024

	// memoryTarget is the share of the memory limit, in percent, that the Go runtime of a plugin is asked to stay below.
	memoryTarget = 90

	// memoryPeriod is how often the memory of a plugin is looked at where the kernel does not limit it.
	memoryPeriod = 250 * time.Millisecond

	// minMemory is the least limit that lets a plugin written in Go start.
	minMemory = 16 << 20

	// defaultGCPercent suits the small heaps of plugins: with Go's own 100 they are collected every few hundred calls.
	defaultGCPercent = 400

	goMemoryEnv     = "GOMEMLIMIT"
	goGCEnv         = "GOGC"
	goProcessorsEnv = "GOMAXPROCS"

	// BundleEnv names the variable that tells a plugin where the verified files beside its binary are, see Config.Files.
	BundleEnv = "PAYHOST_BUNDLE_DIR"
)

// User is an account of the system that a plugin runs under.
type User struct {
	// UID and GID are numeric ids and not 0. Supplementary groups are always cleared.
	UID, GID uint32
}

// PathGrant opens one more file, or one directory with everything in it, to a plugin whose file access is confined.
type PathGrant struct {
	// Path is absolute. A path that does not exist when the plugin starts is not granted, which is logged.
	Path string
	// Write also allows to create, write, rename and remove. Executing is never granted.
	Write bool
}

func (c Config) checkLimits() error {
	switch {
	case c.Memory < 0 || c.MaxOpenFiles < 0 || c.MaxProcesses < 0 || c.GCPercent < 0 || c.Processors < 0:
		return errors.New("negative limit")
	case c.Memory > 0 && c.Memory < minMemory:
		return fmt.Errorf("a memory limit of %d bytes is too small for any plugin; give at least %d", c.Memory, minMemory)
	case c.RunAs != nil && (c.RunAs.UID == 0 || c.RunAs.GID == 0):
		return errors.New("run_as must name an unprivileged user and group, not root")
	}
	for _, grant := range c.Paths {
		if !filepath.IsAbs(grant.Path) {
			return fmt.Errorf("the path %q to be opened to the plugin is not absolute", grant.Path)
		}
	}
	return nil
}

// runtimeEnv are the variables for the runtime of a plugin written in Go, which others ignore; what the caller gave itself wins.
func (c Config) runtimeEnv() []string {
	var env []string
	set := func(name string, value int64) {
		if value > 0 && !c.givesEnv(name) {
			env = append(env, name+"="+strconv.FormatInt(value, 10))
		}
	}
	set(goMemoryEnv, c.Memory/100*memoryTarget)
	set(goGCEnv, int64(cmp.Or(c.GCPercent, defaultGCPercent)))
	set(goProcessorsEnv, int64(c.Processors))
	return env
}

func (c Config) givesEnv(name string) bool {
	for _, kv := range c.Env {
		if strings.HasPrefix(kv, name+"=") {
			return true
		}
	}
	return false
}
