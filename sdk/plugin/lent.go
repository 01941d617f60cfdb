package plugin

import (
	"context"
	"sync"

	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
)

// lentMessages are the messages of one call on the plugin's side. They are used again when its answer has been encoded, so that
// an adapter sees nothing of them, but what was read out of them. Passed to a codec in place of a message it stands for its message.
type lentMessages struct {
	pluginv1.Arena
	message wireMessage
	home    *lentPool
}

// lentPool are those that no call uses.
type lentPool struct{ pool sync.Pool }

func (p *lentPool) get() *lentMessages {
	if l, ok := p.pool.Get().(*lentMessages); ok {
		return l
	}
	return &lentMessages{home: p}
}

// giveBack ends the use of the messages. One that is not given back is left to the collector.
func (l *lentMessages) giveBack() {
	l.Reset()
	l.message = nil
	l.home.pool.Put(l)
}

// lenderOf returns what lends the messages of the call that ctx belongs to; nil makes new ones.
func lenderOf(ctx context.Context) *pluginv1.Arena {
	if c, ok := ctx.(*adapterCall); ok && c.lent != nil {
		return &c.lent.Arena
	}
	return nil
}
