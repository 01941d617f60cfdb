package plugin

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// jobFunc is a job that is a function.
type jobFunc func()

func (f jobFunc) work() { f() }

// No job waits for another, however many goroutines are kept; and all of them go in the end, which TestMain looks at.
func TestWorkersNeverQueue(t *testing.T) {
	for _, kept := range []int{0, 1, 4} {
		w := newWorkers(kept)
		for range 3 {
			const jobs = 10
			var started, ended sync.WaitGroup
			started.Add(jobs)
			for range jobs {
				ended.Add(1)
				w.run(jobFunc(func() {
					started.Done()
					started.Wait() // passes only when all run at one time
					ended.Done()
				}))
			}
			ended.Wait()
		}
		w.mu.Lock()
		require.LessOrEqual(t, len(w.idle), kept)
		w.mu.Unlock()
		w.end()
		w.end()
		done := make(chan struct{})
		w.run(jobFunc(func() { close(done) }))
		<-done
	}
}

func TestWorkersAreUsedAgain(t *testing.T) {
	w := newWorkers(1)
	defer w.end()
	w.run(jobFunc(func() {}))
	first := awaitIdle(w)
	done := make(chan struct{})
	w.run(jobFunc(func() { close(done) }))
	<-done
	require.Equal(t, first, awaitIdle(w), "a goroutine is known by its channel")
}

// awaitIdle returns the channel of the only worker when it waits.
func awaitIdle(w *workers) chan job {
	for {
		w.mu.Lock()
		if len(w.idle) == 1 {
			next := w.idle[0]
			w.mu.Unlock()
			return next
		}
		w.mu.Unlock()
	}
}
