package process

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestConfinementDraft(t *testing.T) {
	b := newBench(t)
	cfg := b.config("serve")
	cfg.Landlock, cfg.Memory = true, 512<<20
	p := b.start(cfg)
	require.Equal(t, "hi", mustAsk(t, p, "echo hi"))
	for _, m := range p.Confinement().All() {
		t.Log(m.Name, m.Measure)
	}
	t.Log(p.Containment(), p.Image(), p.Usage())
}
