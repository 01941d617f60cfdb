package process

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// checkRunAs refuses early what would fail late and unexplained.
func checkRunAs(user *User, runDir string) error {
	if user == nil {
		return nil
	}
	if uid := os.Geteuid(); uid != 0 {
		return fmt.Errorf("run_as needs a host that runs as root, and this one is user %d: start the host as root, or remove run_as", uid)
	}
	for dir := filepath.Dir(runDir); ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil {
			return fmt.Errorf("run_as: %w", err)
		}
		if !mayEnter(info, user) {
			return fmt.Errorf("run_as: user %d cannot enter %s, which leads to the plugin's socket: choose a run directory elsewhere, such as /run/payhost, "+
				"or run chmod o+x on it", user.UID, dir)
		}
		if dir == filepath.Dir(dir) {
			return nil
		}
	}
}

func mayEnter(info os.FileInfo, user *User) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	mode := info.Mode().Perm()
	switch {
	case !ok:
		return true
	case st.Uid == user.UID:
		return mode&0o100 != 0
	case st.Gid == user.GID:
		return mode&0o010 != 0
	}
	return mode&0o001 != 0
}

// openToUser gives the private directory to the plugin's user, and lets that user pass through the run directory, in which it
// still can list nothing.
func openToUser(user *User, runDir, dir string) error {
	if user == nil {
		return nil
	}
	if err := os.Chmod(runDir, sharedDir); err != nil {
		return fmt.Errorf("run_as: %w", err)
	}
	if err := os.Chown(dir, int(user.UID), int(user.GID)); err != nil {
		return fmt.Errorf("run_as: %w", err)
	}
	return nil
}
