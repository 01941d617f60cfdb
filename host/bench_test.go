//go:build linux

package host_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/hosttest"
	"github.com/payhost/payhost/host/store/sqlite"
	"github.com/payhost/payhost/sdk/pay"
)

// durableHost runs on a real file with real flushes, and on a provider in memory.
func durableHost(b *testing.B, edit ...func(*host.Config)) *hosttest.Host {
	b.Helper()
	st, err := sqlite.Open(filepath.Join(b.TempDir(), "payhost.db"), sqlite.Options{})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, st.Close()) })
	return hosttest.StartOn(b, st, hosttest.NewProvider(), edit...)
}

// inFlight makes n calls, at most callers of them at a time.
func inFlight(callers, n int, call func(i int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for i := int(next.Add(1)); i <= n; i = int(next.Add(1)) {
				call(i)
			}
		})
	}
	wg.Wait()
}

// BenchmarkDurableCreates is the whole create: intent on the disk, the provider's call, its result on the disk. The ratio is
// to what the same disk, in the same run, lets as many callers append who wait for one flush each and share it where they can.
func BenchmarkDurableCreates(b *testing.B) {
	for _, callers := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("inflight=%d", callers), func(b *testing.B) {
			h := durableHost(b)
			limit := newGroupCommit(b)
			b.ReportAllocs()
			b.ResetTimer()
			inFlight(callers, b.N, func(i int) {
				if _, err := h.CreateInvoice(b.Context(), hosttest.Invoice(fmt.Sprint("order-", i), "10.00")); err != nil {
					b.Error(err)
				}
			})
			creates := float64(b.N) / b.Elapsed().Seconds()
			b.StopTimer()
			flushes := limit.perSecond(b, callers, max(b.N, 50*callers))
			b.ReportMetric(creates, "creates/s")
			b.ReportMetric(flushes, "fdatasync-limit/s")
			b.ReportMetric(creates/flushes, "of-limit")
		})
	}
}

// groupCommit appends records to a file and flushes it once for all who wait.
type groupCommit struct {
	file *os.File
	mu   sync.Mutex
	wait []chan error
	wake chan struct{}
}

func newGroupCommit(b *testing.B) *groupCommit {
	b.Helper()
	file, err := os.Create(filepath.Join(b.TempDir(), "limit"))
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, file.Close()) })
	return &groupCommit{file: file, wake: make(chan struct{}, 1)}
}

// recordSize is about what one create writes to the log.
const recordSize = 4 << 10

func (g *groupCommit) perSecond(b *testing.B, callers, n int) float64 {
	b.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range g.wake {
			g.mu.Lock()
			batch := g.wait
			g.wait = nil
			g.mu.Unlock()
			if len(batch) == 0 {
				continue
			}
			_, err := g.file.Write(make([]byte, recordSize*len(batch)))
			if err == nil {
				err = unix.Fdatasync(int(g.file.Fd()))
			}
			for _, c := range batch {
				c <- err
			}
		}
	}()
	start := time.Now()
	inFlight(callers, n, func(int) {
		mine := make(chan error, 1)
		g.mu.Lock()
		g.wait = append(g.wait, mine)
		g.mu.Unlock()
		select {
		case g.wake <- struct{}{}:
		default:
		}
		if err := <-mine; err != nil {
			b.Error(err)
		}
	})
	took := time.Since(start)
	close(g.wake)
	<-done
	return float64(n) / took.Seconds()
}

// BenchmarkWebhooks is what a provider waits for: verified by the adapter, on the disk, acknowledged. Each tells something new.
func BenchmarkWebhooks(b *testing.B) {
	for _, callers := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("inflight=%d", callers), func(b *testing.B) {
			h := durableHost(b)
			requests := make([]*http.Request, b.N)
			for i := range requests {
				if i%100 != 0 {
					continue
				}
				inv, err := h.CreateInvoice(b.Context(), hosttest.Invoice(fmt.Sprint("order-", i), "10.00"))
				require.NoError(b, err)
				for k := i; k < min(i+100, b.N); k++ {
					h.Provider.Set(inv.ProviderRef, []pay.Status{pay.StatusProcessing, pay.StatusPending}[k%2])
					requests[k] = h.Provider.Webhook(url(hosttest.AccountID, inv.ID), inv.ProviderRef)
				}
			}
			took := make([]time.Duration, b.N)
			b.ResetTimer()
			inFlight(callers, b.N, func(i int) {
				start := time.Now()
				if w := deliver(h, requests[i-1]); w.Code != http.StatusOK {
					b.Errorf("acknowledged with %d", w.Code)
				}
				took[i-1] = time.Since(start)
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "acks/s")
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*99/100])/float64(time.Millisecond), "p99-ms")
		})
	}
}

// BenchmarkTimeToTruth is how long an invoice is unknown after one lost answer, with the host's own timings and nothing else
// to do: another call on the account that succeeds would make it look at once.
func BenchmarkTimeToTruth(b *testing.B) {
	var unknown time.Duration
	for range b.N {
		b.StopTimer()
		h := durableHost(b, func(c *host.Config) { c.Timeouts = host.Timeouts{} }) // not those of tests
		h.Provider.Next(hosttest.Unknown)
		b.StartTimer()
		lost, err := h.CreateInvoice(b.Context(), hosttest.Invoice("order", "10.00"))
		require.ErrorIs(b, err, pay.KindOutcomeUnknown)
		start := time.Now()
		for {
			changed := h.NewEvents()
			inv, err := h.Invoice(b.Context(), lost.ID)
			require.NoError(b, err)
			if inv.UnresolvedOperation == "" {
				require.Equal(b, pay.StatusPending, inv.Status)
				break
			}
			select {
			case <-changed:
			case <-time.After(time.Minute):
				b.Fatal("not resolved within a minute")
			}
		}
		unknown += time.Since(start)
	}
	b.ReportMetric(float64(unknown)/float64(b.N)/float64(time.Millisecond), "ms-to-truth")
}
