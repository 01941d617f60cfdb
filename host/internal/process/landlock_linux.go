package process

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// What the versions of the kernel's Landlock interface added.
const (
	landlockRefer    = 2
	landlockTruncate = 3
	landlockIoctl    = 5
	landlockScope    = 6
	landlockUnix     = 9
)

const (
	readFile = unix.LANDLOCK_ACCESS_FS_READ_FILE
	readTree = readFile | unix.LANDLOCK_ACCESS_FS_READ_DIR
	runFile  = readFile | unix.LANDLOCK_ACCESS_FS_EXECUTE
	runTree  = readTree | unix.LANDLOCK_ACCESS_FS_EXECUTE

	// writeFile is all that can be granted on a single file; the rest is for directories.
	writeFile = readFile | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_TRUNCATE
	writeTree = readTree | writeFile | unix.LANDLOCK_ACCESS_FS_MAKE_DIR | unix.LANDLOCK_ACCESS_FS_MAKE_REG | unix.LANDLOCK_ACCESS_FS_MAKE_SOCK |
		unix.LANDLOCK_ACCESS_FS_MAKE_FIFO | unix.LANDLOCK_ACCESS_FS_MAKE_SYM | unix.LANDLOCK_ACCESS_FS_REMOVE_DIR |
		unix.LANDLOCK_ACCESS_FS_REMOVE_FILE | unix.LANDLOCK_ACCESS_FS_REFER | unix.LANDLOCK_ACCESS_FS_RESOLVE_UNIX
	fileRights = runFile | writeFile | unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
)

// systemPaths are read by every program that speaks TLS to a named host: certificates, resolver, time zones, and the shared
// libraries of one that is not statically linked. They hold no secrets. /proc is not among them, not even the plugin's own
// entry: a rule names a file that exists before the plugin does, and all of /proc would show other plugins' sockets.
func systemPaths() []string {
	return []string{
		"/etc/ssl/certs", "/etc/ssl/cert.pem", "/etc/ssl/openssl.cnf", "/etc/ssl/ca-bundle.pem", "/etc/pki/tls/certs", "/etc/pki/tls/cacert.pem",
		"/etc/pki/ca-trust/extracted", "/etc/ca-certificates", "/usr/share/ca-certificates", "/usr/local/share/ca-certificates",
		"/usr/share/pki", "/var/lib/ca-certificates",
		"/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf", "/etc/services", "/etc/protocols",
		"/etc/localtime", "/etc/timezone", "/usr/share/zoneinfo", "/etc/mime.types",
		"/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache",
		"/dev/urandom", "/dev/random", "/dev/zero",
	}
}

// resolverDirs hold the real resolv.conf where the one in /etc is a link; it is replaced by renaming, so a rule for the file
// alone would be lost with the first change of the network.
func resolverDirs() []string {
	return []string{"/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager", "/run/connman"}
}

// ruleset is a set of Landlock rules that no process is bound to yet.
type ruleset struct {
	file    *os.File
	version int
	handled uint64
	missing []string // granted paths that do not exist
}

// landlockVersion asks the kernel. 0 is never returned without an error.
func landlockVersion() (int, error) {
	v, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	switch {
	case errors.Is(errno, unix.ENOSYS):
		return 0, errors.New("this kernel has no Landlock (5.13 or later is needed)")
	case errors.Is(errno, unix.EOPNOTSUPP):
		return 0, errors.New("Landlock is switched off in this kernel; add landlock to its lsm= parameter") //nolint:staticcheck // a name
	case errno != 0:
		return 0, fmt.Errorf("Landlock: %w", errno) //nolint:staticcheck // a name
	}
	return int(v), nil
}

// newRuleset handles everything the kernel knows about files and scopes, and nothing about the network: a plugin's work is
// to connect.
func newRuleset() (*ruleset, error) {
	version, err := landlockVersion()
	if err != nil {
		return nil, err
	}
	attr := unix.LandlockRulesetAttr{Handled_access_fs: runTree | writeTree | unix.LANDLOCK_ACCESS_FS_MAKE_CHAR | unix.LANDLOCK_ACCESS_FS_MAKE_BLOCK}
	for since, right := range map[int]uint64{
		landlockRefer: unix.LANDLOCK_ACCESS_FS_REFER, landlockTruncate: unix.LANDLOCK_ACCESS_FS_TRUNCATE, landlockUnix: unix.LANDLOCK_ACCESS_FS_RESOLVE_UNIX,
	} {
		if version < since {
			attr.Handled_access_fs &^= right
		}
	}
	if version >= landlockIoctl {
		attr.Handled_access_fs |= unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	}
	if version >= landlockScope {
		attr.Scoped = unix.LANDLOCK_SCOPE_SIGNAL | unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET
	}
	// The kernel takes any size whose unknown tail is zero.
	fd, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr), 0)
	runtime.KeepAlive(&attr)
	if errno != 0 {
		return nil, fmt.Errorf("Landlock ruleset: %w", errno) //nolint:staticcheck // a name
	}
	return &ruleset{file: os.NewFile(fd, "landlock"), version: version, handled: attr.Handled_access_fs}, nil
}

// allow adds one path. A missing one is remembered, not refused.
func (r *ruleset) allow(path string, rights uint64) error {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		r.missing = append(r.missing, path)
		return nil
	}
	defer func() { _ = unix.Close(fd) }()
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return fmt.Errorf("Landlock rule for %s: %w", path, err) //nolint:staticcheck // a name
	}
	if st.Mode&unix.S_IFMT != unix.S_IFDIR {
		rights &= fileRights
	}
	attr := unix.LandlockPathBeneathAttr{Allowed_access: rights & r.handled, Parent_fd: int32(fd)}
	_, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, r.file.Fd(), unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(&attr)), 0, 0, 0)
	runtime.KeepAlive(&attr)
	if errno != 0 {
		return fmt.Errorf("Landlock rule for %s: %w", path, errno) //nolint:staticcheck // a name
	}
	return nil
}

// rulesFor is the whole policy of one process. The missing paths of the result are those of Config.Paths.
func rulesFor(cfg Config, dir, bundle, image string) (*ruleset, error) {
	r, err := newRuleset()
	if err != nil {
		return nil, err
	}
	fail := func(err error) (*ruleset, error) { return nil, errors.Join(err, r.file.Close()) }
	for _, path := range systemPaths() {
		if err := r.allow(path, readTree); err != nil {
			return fail(err)
		}
	}
	if target, err := filepath.EvalSymlinks("/etc/resolv.conf"); err == nil {
		for _, known := range resolverDirs() {
			if filepath.Dir(target) == known {
				err = r.allow(known, readTree)
			}
		}
		if err != nil {
			return fail(err)
		}
	}
	r.missing = nil
	rules := []struct {
		path   string
		rights uint64
	}{{"/dev/null", writeFile}, {dir, writeTree}, {bundle, runTree}, {image, runFile}}
	for _, rule := range rules {
		if rule.path == "" {
			continue
		}
		if err := r.allow(rule.path, rule.rights); err != nil {
			return fail(err)
		}
	}
	for _, grant := range cfg.Paths {
		rights := uint64(readTree)
		if grant.Write {
			rights = writeTree
		}
		if err := r.allow(grant.Path, rights); err != nil {
			return fail(err)
		}
	}
	return r, nil
}

// report fills in what the kernel's version of Landlock gives to a process that is bound to the rules.
func (r *ruleset) report(c *Confinement) {
	name := fmt.Sprintf("Landlock version %d", r.version)
	since := func(version int, kernel string) Measure {
		if r.version < version {
			return unavailable(fmt.Sprintf("%s does not have it; a kernel of %s or later is needed", name, kernel))
		}
		return active(name)
	}
	c.Files = active(name)
	c.OtherProcesses = active(name)
	c.Signals = since(landlockScope, "6.12")
	c.AbstractSockets = since(landlockScope, "6.12")
	c.Sockets = since(landlockUnix, "7.0")
}
