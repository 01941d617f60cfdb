package commit

import (
	"context"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sys/unix"
)

// limit appends to a file and flushes it once for all who wait: the most that a disk lets a program acknowledge. A create waits
// for it twice, with as many bytes as the engine's two transactions have.
type limit struct {
	file            *os.File
	intent, outcome int
	wake            chan struct{}
	done            chan struct{}

	mu   sync.Mutex // guards wait
	wait []appending
}

type appending struct {
	size int
	end  chan error
}

func newLimit(dir string, t *Template) (*limit, error) {
	file, err := os.Create(filepath.Join(dir, "limit"))
	if err != nil {
		return nil, err
	}
	l := &limit{file: file, wake: make(chan struct{}, 1), done: make(chan struct{})}
	l.intent, l.outcome = t.sizes()
	go l.write()
	return l, nil
}

func (l *limit) write() {
	defer close(l.done)
	for range l.wake {
		l.mu.Lock()
		batch := l.wait
		l.wait = nil
		l.mu.Unlock()
		if len(batch) == 0 {
			continue
		}
		sum := 0
		for _, a := range batch {
			sum += a.size
		}
		_, err := l.file.Write(make([]byte, sum))
		if err == nil {
			err = unix.Fdatasync(int(l.file.Fd()))
		}
		for _, a := range batch {
			a.end <- err
		}
	}
}

func (l *limit) create(context.Context, int) error {
	if err := l.append(l.intent); err != nil {
		return err
	}
	return l.append(l.outcome)
}

// append waits until so many bytes are on the disk.
func (l *limit) append(size int) error {
	a := appending{size, make(chan error, 1)}
	l.mu.Lock()
	l.wait = append(l.wait, a)
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
	return <-a.end
}

func (l *limit) close() error {
	close(l.wake)
	<-l.done
	return l.file.Close()
}
