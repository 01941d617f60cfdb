package payinsim

import (
	"crypto/rand"

	"github.com/payhost/payhost/plugins/internal/simkit"
)

// expireLater lets an invoice that nobody began to pay expire by the simulator's clock. The provider tells nobody: there
// is no callback. The caller holds mu.
func (s *Sim) expireLater(inv *Invoice) {
	inv.expiresAt = inv.CreatedAt.Add(s.config.InvoiceTTL)
	s.kit.Clock.At(inv.expiresAt, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if inv.Status == StatusNew {
			inv.Status, inv.UpdatedAt = StatusExpired, inv.expiresAt
		}
	})
}

// RotateKey replaces the developer key, an empty one by a random one, and returns the new one. Requests signed with the old
// key are refused from now on; callbacks are signed with the new one, repeats of earlier ones only with
// [Config.SignRepeatsAnew].
func (s *Sim) RotateKey(key string) string {
	if key == "" {
		key = "rotated-" + rand.Text()
	}
	s.key.Store(&key)
	return key
}

// keyCommand is the body of POST /_sim/rotate-key and its answer.
type keyCommand struct {
	Key string `json:"key,omitempty"`
}

func (s *Sim) mountKey() {
	simkit.Command(s.mux, "rotate-key", func(c keyCommand) (any, error) { return keyCommand{s.RotateKey(c.Key)}, nil })
}
