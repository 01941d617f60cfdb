package plugin

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

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
				w.run(func() {
					started.Done()
					started.Wait() // passes only when all run at one time
					ended.Done()
				})
			}
			ended.Wait()
		}
		require.LessOrEqual(t, int(w.parked.Load()), kept+10)
		w.end()
		w.end()
		done := make(chan struct{})
		w.run(func() { close(done) })
		<-done
	}
}

func TestWorkersAreUsedAgain(t *testing.T) {
	w := newWorkers(1)
	defer w.end()
	done := make(chan struct{})
	w.run(func() { close(done) })
	<-done
	w.jobs <- func() {} // nobody else than the first goroutine can take it
}
