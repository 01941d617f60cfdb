package store_test

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host/store"
)

func TestSealingBindsToPlaceAndKey(t *testing.T) {
	t.Parallel()
	s, stranger := store.NewMemorySealer(), store.NewMemorySealer()
	here, there := store.SealPlace("accounts", "config", "a"), store.SealPlace("accounts", "config", "b")
	sealed, err := s.Seal([]byte("secret"), here)
	require.NoError(t, err)
	require.NotContains(t, string(sealed.Ciphertext), "secret")
	plain, err := s.Open(sealed, here)
	require.NoError(t, err)
	require.Equal(t, "secret", string(plain))

	_, err = s.Open(sealed, there)
	require.ErrorIs(t, err, store.ErrUnsealable)
	_, err = stranger.Open(sealed, here)
	require.ErrorIs(t, err, store.ErrUnsealable)
	for _, change := range []func(*store.Sealed){
		func(v *store.Sealed) { v.Ciphertext[0] ^= 1 },
		func(v *store.Sealed) { v.Nonce[0] ^= 1 },
		func(v *store.Sealed) { v.Nonce[len(v.Nonce)-1] ^= 1 },
		func(v *store.Sealed) { v.Nonce = v.Nonce[1:] },
		func(v *store.Sealed) { v.Ciphertext = nil },
	} {
		broken := store.Sealed{KeyID: sealed.KeyID, Nonce: bytes.Clone(sealed.Nonce), Ciphertext: bytes.Clone(sealed.Ciphertext)}
		change(&broken)
		_, err = s.Open(broken, here)
		require.ErrorIs(t, err, store.ErrUnsealable)
	}
}

// Values may share a salt, and with it an AES key, but never a nonce; and not endlessly.
func TestSharedSalts(t *testing.T) {
	t.Parallel()
	s := store.NewMemorySealer()
	var wg sync.WaitGroup
	sealed := make([]store.Sealed, 100)
	for n := range sealed {
		wg.Go(func() {
			var err error
			sealed[n], err = s.Seal([]byte("secret"), nil)
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	const salt = 16
	seen := map[string]bool{}
	for _, v := range sealed {
		require.Equal(t, sealed[0].Nonce[:salt], v.Nonce[:salt])
		require.False(t, seen[string(v.Nonce)], "a nonce was used twice")
		seen[string(v.Nonce)] = true
	}
	store.SpendSalt(s)
	last, err := s.Seal(nil, nil)
	require.NoError(t, err)
	require.Equal(t, sealed[0].Nonce[:salt], last.Nonce[:salt])
	for range 200 { // more salts than are kept
		store.SpendSalt(s)
		_, err = s.Seal(nil, nil)
		require.NoError(t, err)
		v, err := s.Seal([]byte("secret"), nil)
		require.NoError(t, err)
		require.False(t, seen[string(v.Nonce[:salt])], "a spent salt came back")
		seen[string(v.Nonce[:salt])] = true
		sealed = append(sealed, v)
	}
	for _, v := range sealed {
		plain, err := s.Open(v, nil)
		require.NoError(t, err)
		require.Equal(t, "secret", string(plain))
	}
}

func TestPlacesAreDistinct(t *testing.T) {
	t.Parallel()
	require.NotEqual(t, store.SealPlace("a", "b", "c", "d"), store.SealPlace("a", "b", "cd"))
	require.NotEqual(t, store.SealPlace("a", "b", "c", ""), store.SealPlace("a", "b", "", "c"))
	require.NotEqual(t, store.SealPlace("ab", "c"), store.SealPlace("a", "bc"))
}

func TestKeyFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "seal.key")
	first, err := store.NewKeyFileSealer(path)
	require.NoError(t, err)
	old, err := first.Seal([]byte("old"), nil)
	require.NoError(t, err)
	if runtime.GOOS != "windows" {
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	}

	require.NoError(t, store.AddSealKey(path))
	second, err := store.NewKeyFileSealer(path)
	require.NoError(t, err)
	plain, err := second.Open(old, nil)
	require.NoError(t, err, "a rotated file opens what the old key sealed")
	require.Equal(t, "old", string(plain))
	now, err := second.Seal([]byte("new"), nil)
	require.NoError(t, err)
	require.NotEqual(t, old.KeyID, now.KeyID, "a rotated file seals with the new key")
	_, err = first.Open(now, nil)
	require.ErrorIs(t, err, store.ErrUnsealable)

	names, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, names, 1, "no temporary file stays")
}

func TestKeyFileIsMadeOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "seal.key")
	var wg sync.WaitGroup
	ids := make([]string, 16)
	for n := range ids {
		wg.Go(func() {
			s, err := store.NewKeyFileSealer(path)
			if err != nil {
				t.Error(err)
				return
			}
			sealed, err := s.Seal(nil, nil)
			if err != nil {
				t.Error(err)
			}
			ids[n] = sealed.KeyID
		})
	}
	wg.Wait()
	for _, id := range ids {
		require.Equal(t, ids[0], id, "two processes that start together must not make two keys")
	}
}

func TestKeyFileOthersCanReadIsRefused(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		return // it has no such modes
	}
	path := filepath.Join(t.TempDir(), "seal.key")
	_, err := store.NewKeyFileSealer(path)
	require.NoError(t, err)
	for _, mode := range []os.FileMode{0o604, 0o602, 0o620} {
		require.NoError(t, os.Chmod(path, mode))
		_, err = store.NewKeyFileSealer(path)
		require.ErrorContains(t, err, "chmod 600", "mode %04o", mode)
	}
	require.NoError(t, os.Chmod(path, 0o440)) // as mounted secrets are
	_, err = store.NewKeyFileSealer(path)
	require.NoError(t, err)
}

func TestBrokenKeyFilesAreRefusedWithoutRepeatingThem(t *testing.T) {
	t.Parallel()
	key := strings.Repeat("ab", 32)
	for name, text := range map[string]string{
		"empty":         "",
		"other format":  "payhost-seal-keys 2\nk " + key + "\n",
		"no key":        "payhost-seal-keys 1\n\n",
		"short key":     "payhost-seal-keys 1\nk " + key[2:] + "\n",
		"no hex":        "payhost-seal-keys 1\nk " + strings.Repeat("zz", 32) + "\n",
		"no id":         "payhost-seal-keys 1\n" + key + "\n",
		"one id, twice": "payhost-seal-keys 1\nk " + key + "\nk " + key + "\n",
	} {
		_, err := store.ParseKeyFile([]byte(text))
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), key[2:], name)
	}
	n, err := store.ParseKeyFile([]byte("payhost-seal-keys 1\nk1 " + key + "\n\nk2 " + key + "\n"))
	require.NoError(t, err)
	require.Equal(t, 2, n)
}

func FuzzSealed(f *testing.F) {
	whole, err := store.Sealed{KeyID: "k", Nonce: []byte("nonce"), Ciphertext: []byte("text")}.MarshalBinary()
	require.NoError(f, err)
	f.Add(whole)
	f.Add([]byte{1, 255})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		var s store.Sealed
		if s.UnmarshalBinary(b) != nil {
			return
		}
		again, err := s.MarshalBinary()
		require.NoError(t, err)
		require.Equal(t, b, again)
	})
}

func FuzzKeyFile(f *testing.F) {
	f.Add([]byte("payhost-seal-keys 1\nk " + strings.Repeat("ab", 32) + "\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if n, err := store.ParseKeyFile(text); (err == nil) != (n > 0) {
			t.Errorf("%d keys and error %v", n, err)
		}
	})
}
