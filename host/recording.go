package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/plugin"
)

// Record makes plugins write down what they exchange with providers, one JSON file for each exchange, without secrets
// and personal data. It is for finding out what a provider does, for a while: files are never removed, and an account whose
// directory is full is not recorded any further. Recording never fails an operation.
type Record struct {
	// Dir is where the recordings go, in Dir/ACCOUNT. It is made with mode 0700. Required with Accounts.
	Dir string
	// Accounts are the ids of the accounts to record. Empty: none.
	Accounts []string
	// MaxExchanges is how many files one account may have. Zero means 2000.
	MaxExchanges int
	// MaxBytes is how large they may be together. Zero means 64 MiB.
	MaxBytes int64
}

func (r Record) check() error {
	for _, id := range r.Accounts {
		if !validName(id) {
			return fmt.Errorf("host: Config.Record.Accounts: %s is no account id", quoteShort(id))
		}
	}
	if len(r.Accounts) > 0 && r.Dir == "" {
		return errors.New("host: Config.Record needs a Dir")
	}
	return nil
}

// recording is what the plugin of an account is told; provider is empty while nobody knows the account.
type recording struct {
	provider string
	plugin.Recording
}

// prepareRecordings makes the directories. What cannot be recorded is said loudly, and the host goes on without it.
func (h *Host) prepareRecordings(ctx context.Context) {
	for _, id := range h.cfg.Record.Accounts {
		dir, err := makeRecordDir(h.cfg.Record.Dir, id)
		if err != nil {
			h.log.Error("RECORDING IS NOT POSSIBLE; the account works without", "account", id, "error", err.Error())
			continue
		}
		provider := h.providerOf(ctx, id)
		if provider == "" {
			h.log.Warn("an account that does not exist is to be recorded; it will be once it is put and its plugin has started", "account", id)
		}
		h.log.Warn("RECORDING: what this account exchanges with its provider is written to files, scrubbed", "account", id, "directory", dir)
		h.recordings = append(h.recordings, recording{provider, plugin.Recording{
			AccountID: id, Dir: dir, MaxExchanges: h.cfg.Record.MaxExchanges, MaxBytes: h.cfg.Record.MaxBytes,
		}})
	}
}

// providerOf returns whose account it is, by the config or else the store.
func (h *Host) providerOf(ctx context.Context, id string) string {
	if i := slices.IndexFunc(h.cfg.Accounts, func(a Account) bool { return a.ID == id }); i >= 0 {
		return h.cfg.Accounts[i].Provider
	}
	row, err := h.store.Account(ctx, id)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		h.log.Warn("reading an account to be recorded", "account", id, "error", err.Error())
	}
	return row.Provider
}

// recordingsOf returns what concerns one plugin.
func (h *Host) recordingsOf(provider string) []plugin.Recording {
	var list []plugin.Recording
	for _, r := range h.recordings {
		if r.provider == "" || r.provider == provider {
			list = append(list, r.Recording)
		}
	}
	return list
}

// makeRecordDir makes base/account, 0700, and returns its absolute path. Neither of the two may be a symbolic link: whoever could
// put one there would choose where the files go.
func makeRecordDir(base, account string) (string, error) {
	base, err := filepath.Abs(base)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(base), 0o700); err != nil {
		return "", err
	}
	dir := filepath.Join(base, account)
	for _, path := range []string{base, dir} {
		if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return "", err
		}
		info, err := os.Lstat(path)
		switch {
		case err != nil:
			return "", err
		case !info.IsDir():
			return "", fmt.Errorf("%s is a symbolic link or no directory", path)
		case runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
			return "", fmt.Errorf("%s is open to others (mode %#o); it must be 0700", path, info.Mode().Perm())
		}
	}
	return dir, nil
}
