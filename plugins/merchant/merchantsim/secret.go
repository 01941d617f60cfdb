package merchantsim

import (
	"crypto/rand"
	"net/http"

	"github.com/payhost/payhost/plugins/internal/simkit"
)

// RotateSecret replaces the signing secret, an empty one by a random one, and
// returns the new one. Requests signed with the old secret get 401 from now on;
// callbacks carry the merchant's own token and stay as they are.
func (s *Sim) RotateSecret(secret string) string {
	if secret == "" {
		secret = "rotated-" + rand.Text()
	}
	s.secret.Store(&secret)
	return secret
}

// secretCommand is the body of POST /_sim/rotate-key and its answer.
type secretCommand struct {
	Key string `json:"key,omitempty"`
}

func (s *Sim) mountSecret() {
	simkit.Command(s.mux, "rotate-key", func(c secretCommand) (any, error) {
		return secretCommand{s.RotateSecret(c.Key)}, nil
	})
}

// faultBody gives scripted statuses, maintenance and rate limits the gateway's
// default shape of refusals. It documents neither 429 nor 5xx.
func faultBody(status int) string {
	text := http.StatusText(status)
	body, err := encode([]refusalDTO{{Message: &text}})
	if err != nil {
		return ""
	}
	return string(body)
}
