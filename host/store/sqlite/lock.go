package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// lockPoll is how often a waiting process tries again.
const lockPoll = 50 * time.Millisecond

// lock takes the lock file for as long as the process lives, or until unlock.
// The file is never removed: a lock on a removed file guards nothing.
func lock(ctx context.Context, path string, wait time.Duration) (unlock func() error, err error) {
	if wait > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, wait, fmt.Errorf("another process still owns it after %s", wait))
		defer cancel()
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	again := time.NewTicker(lockPoll)
	defer again.Stop()
	for {
		locked, err := tryLock(f)
		if locked {
			return f.Close, nil
		}
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(context.Cause(ctx), f.Close())
		case <-again.C:
		}
	}
}
