package growth

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/payhost/payhost/host/bench/internal/round"
	"github.com/payhost/payhost/host/bench/internal/served"
)

const aboutAccounts = `One plugin process with so many accounts; eight callers create for all accounts in turn, over REST. The host and its plugins are
processes of their own, whose processor time is counted; the callers are not. "Start" is from the order to start the host to all plugins serving, on what it has
stored; resident memory is the host's, private memory that of a plugin, both after 200 creates.`

// Accounts compares hosts by the accounts of one plugin.
func Accounts(ctx context.Context, bin, dir string) (*Bench, error) {
	b := &Bench{Name: "Growth: accounts in one plugin", About: aboutAccounts}
	return b, b.fleet(ctx, bin, dir, "accounts", []int{10, 100, 1000}, func(o *served.Options, n int) { o.Accounts = n })
}

const aboutPlugins = `So many plugin processes with one account each; otherwise as above.`

// Plugins compares hosts by their plugins.
func Plugins(ctx context.Context, bin, dir string) (*Bench, error) {
	b := &Bench{Name: "Growth: plugins", About: aboutPlugins}
	return b, b.fleet(ctx, bin, dir, "plugins", []int{1, 10, 50}, func(o *served.Options, n int) { o.Plugins = n })
}

// fleet starts a host for each size. One that does not start is missing.
func (b *Bench) fleet(ctx context.Context, bin, dir, what string, sizes []int, set func(*served.Options, int)) error {
	for _, n := range sizes {
		m := &member{name: fmt.Sprintf("%d %s", n, what), options: served.Options{Bin: bin, Dir: filepath.Join(dir, fmt.Sprint(what, n))}}
		set(&m.options, n)
		err := os.Mkdir(m.options.Dir, 0o700)
		if err == nil {
			m.program, err = served.Start(ctx, m.options)
		}
		if err != nil {
			if ctx.Err() != nil {
				return errors.Join(err, b.Close())
			}
			b.Missing = append(b.Missing, fmt.Sprintf("%s: %v", m.name, err))
			continue
		}
		b.members = append(b.members, m)
		b.Subjects = append(b.Subjects, m.creates(), m.start())
	}
	b.compare("CPU of a create", "create", busy, round.CPU, flat)
	b.compare("p50 of a create", "create", busy, round.P50, flat)
	b.compare("start of the host", "start", 1, round.Took, 0)
	b.compare("memory of the host", "start", 1, round.Resident, 0)
	b.compare("memory of a plugin", "start", 1, round.Memory, 0)
	return nil
}
