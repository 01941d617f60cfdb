package process

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func writeProgram(t *testing.T, dir, name string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"), 0o700))
	return path
}

func TestStartsOfOneFileShareOneVerification(t *testing.T) {
	images := NewImages()
	defer func() { require.NoError(t, images.Close()) }()
	path := writeProgram(t, t.TempDir(), "one")
	var mu sync.Mutex
	seen := map[*image]int{}
	var starts sync.WaitGroup
	for range 50 {
		starts.Go(func() {
			img, err := images.acquire(path, "")
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			seen[img]++
		})
	}
	starts.Wait()
	require.Len(t, seen, 1)
	for img, uses := range seen {
		require.Equal(t, 50, uses)
		for range uses {
			images.release(img)
		}
	}
}

// A file that takes long to read, on a dead network disk for example, holds up starts of that file only.
func TestTheVerificationOfOneFileHoldsUpNoOther(t *testing.T) {
	images := NewImages()
	dir := t.TempDir()
	slow, fast := writeProgram(t, dir, "slow"), writeProgram(t, dir, "fast")
	reading := make(chan struct{})
	images.loading[slow] = reading
	started := make(chan error)
	go func() {
		img, err := images.acquire(slow, "")
		if err == nil {
			images.release(img)
		}
		started <- err
	}()
	img, err := images.acquire(fast, "")
	require.NoError(t, err)
	images.release(img)
	images.mu.Lock()
	delete(images.loading, slow) // whoever was reading it has failed
	close(reading)
	images.mu.Unlock()
	require.NoError(t, <-started, "who waited reads it itself")
	require.NoError(t, images.Close())
	_, err = images.acquire(fast, "")
	require.ErrorContains(t, err, "closed")
}
