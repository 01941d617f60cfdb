package commit

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/payhost/payhost/host/bench/internal/echo"
	"github.com/payhost/payhost/host/bench/internal/round"
	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/host/store/sqlite"
)

// Names of the subjects of the bare store.
const (
	Store   = "payhost store, SQLite"
	Flushes = "6 flushes + 3 ms (took: one flush)"
)

// BareLevels are the numbers of callers.
func BareLevels() []int { return []int{1, 64} }

// Bare is the store without an engine, and the limit of its disk.
type Bare struct {
	store   *store.Store
	limit   *limit
	flush   *os.File
	record  record
	callers []*record // by caller: the create whose intent stands and whose outcome does not
	turns   []int     // by caller of the limit
	n       atomic.Int64
}

// StartBare takes the rows of a create from an engine in the directory template and opens a store and the limit in two others.
func StartBare(ctx context.Context, template, own, peers string) (_ *Bare, err error) {
	most := slices.Max(BareLevels())
	b := &Bare{callers: make([]*record, most), turns: make([]int, most)}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.Close())
		}
	}()
	t, err := NewTemplate(ctx, template)
	if err != nil {
		return nil, err
	}
	b.record = t.record
	if b.store, err = sqlite.Open(filepath.Join(own, "store.db"), sqlite.Options{}); err != nil {
		return nil, err
	}
	if err := b.store.Acquire(ctx); err != nil {
		return nil, err
	}
	err = b.store.Write(ctx, func(tx *store.Tx) error {
		return tx.InsertAccount(&store.Account{ID: echo.AccountID, Tenant: "default", Provider: echo.Name, CreatedAt: time.Now()})
	})
	if err != nil {
		return nil, err
	}
	if b.flush, err = os.Create(filepath.Join(peers, "flush")); err != nil {
		return nil, err
	}
	b.limit, err = newLimit(peers, t)
	return b, err
}

// Close ends everything.
func (b *Bare) Close() error {
	var err error
	if b.store != nil {
		err = b.store.Close()
	}
	if b.limit != nil {
		err = errors.Join(err, b.limit.close())
	}
	if b.flush != nil {
		err = errors.Join(err, b.flush.Close())
	}
	return err
}

// Subjects are what is measured; a call is one transaction.
func (b *Bare) Subjects() []round.Subject {
	return []round.Subject{
		{Name: Store, Call: b.commit},
		{Name: Limit, Call: func(_ context.Context, caller int) error {
			b.turns[caller]++
			if b.turns[caller]%2 == 1 {
				return b.limit.append(b.limit.intent)
			}
			return b.limit.append(b.limit.outcome)
		}},
		{Name: Flushes, Turn: b.flushes, Levels: []int{64}},
	}
}

// commit makes a caller's next transaction.
func (b *Bare) commit(ctx context.Context, caller int) error {
	if open := b.callers[caller]; open != nil {
		b.callers[caller] = nil
		return open.settle(ctx, b.store)
	}
	fresh := b.record.renew(b.n.Add(1))
	b.callers[caller] = &fresh
	return fresh.intend(ctx, b.store)
}

// flushes measures what one flush takes when nobody else is at the file.
func (b *Bare) flushes(ctx context.Context, _ int, length time.Duration) (round.Sample, error) {
	var times []time.Duration
	page := make([]byte, 4096)
	for begin := time.Now(); len(times) < 10 || time.Since(begin) < length/4; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		from := time.Now()
		if _, err := b.flush.Write(page); err != nil {
			return nil, err
		}
		if err := unix.Fdatasync(int(b.flush.Fd())); err != nil {
			return nil, err
		}
		times = append(times, time.Since(from))
	}
	one := round.Summary(times, length)[round.P50]
	return round.Sample{round.Took: one, round.P99: allowed(one)}, nil
}

// allowed is how long the slowest of a hundred commits may take when a flush takes one.
func allowed(one float64) float64 { return 6*one + 0.003 }

// BareGoals are the ratios that matter; slow says that a flush takes a millisecond longer.
func BareGoals(slow bool) []round.Goal {
	share, disk := 0.0, ""
	if slow {
		share, disk = 0.55, ", flush + 1 ms"
	}
	return []round.Goal{
		{Text: "commits of the store ÷ what the disk allows, 64 callers" + disk, Subject: Store, Base: Limit, Level: 64, Metric: round.Rate, AtLeast: share},
		{Text: "commits of the store ÷ what the disk allows, 1 caller" + disk, Subject: Store, Base: Limit, Level: 1, Metric: round.Rate},
		{Text: "p99 of a commit ÷ (6 flushes + 3 ms), 64 callers" + disk, Subject: Store, Base: Flushes, Level: 64, Metric: round.P99, AtMost: 1},
		{Text: "CPU of a commit ÷ append + fdatasync, 64 callers" + disk, Subject: Store, Base: Limit, Level: 64, Metric: round.CPU},
	}
}
