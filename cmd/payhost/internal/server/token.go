package server

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/payhost/payhost/host/rest"
)

// adminName is the actor in the records of what is done with the token in the admin token file.
const adminName = "admin"

// tokens returns the callers of the API. Without any in the configuration it is the one whose token stands in
// data_dir/admin.token; path is then that file.
func (o Options) tokens(ctx context.Context) (tokens []rest.Token, path string, err error) {
	given, err := o.Config.ResolveTokens(ctx, o.Secrets)
	if err != nil {
		return nil, "", err
	}
	if len(given) == 0 {
		path = o.Config.AdminTokenPath()
		secret, err := adminToken(path)
		if err != nil {
			return nil, "", err
		}
		return []rest.Token{{Name: adminName, Token: secret, Scopes: []string{rest.ScopeAdmin}}}, path, nil
	}
	for _, t := range given {
		tokens = append(tokens, rest.Token{Name: t.Name, Token: t.Token, Scopes: t.AllScopes()})
	}
	return tokens, "", nil
}

// adminToken reads the token from its file, and makes both when there is none. The token stays the same over restarts,
// so that scripts that have it go on working; delete the file to get another.
func adminToken(path string) (string, error) {
	token, err := ReadToken(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return token, err
	}
	token = "pht_" + rand.Text()
	f, err := os.CreateTemp(filepath.Dir(path), ".admin.token-") // 0600
	if err != nil {
		return "", err
	}
	defer func() { _ = os.Remove(f.Name()) }() // gone already when it was renamed
	_, err = f.WriteString(token + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return "", err
	}
	return token, os.Rename(f.Name(), path)
}

// ReadToken reads a token from a file that nobody but its owner and group may read. The file may be a symbolic link.
func ReadToken(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() || info.Size() > 4096 {
		return "", fmt.Errorf("%s is not a token file", path)
	}
	if mode := info.Mode().Perm(); runtime.GOOS != "windows" && mode&0o007 != 0 {
		return "", fmt.Errorf("%s can be read by others (mode %04o): chmod 600 it, and delete it to get a new token", path, mode)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	token := strings.TrimSpace(string(content))
	if token == "" {
		return "", fmt.Errorf("%s is empty; delete it and start payhost serve again to get a new token", path)
	}
	return token, nil
}
