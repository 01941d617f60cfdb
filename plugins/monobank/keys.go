package monobank

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"strings"
	"sync"
	"time"
)

const (
	// keyPause is the shortest time between two fetches of the webhook key, so that forged webhooks cannot be
	// turned into a flood of calls.
	keyPause = time.Minute
	// keyFailedPause is the same after a fetch that failed: genuine webhooks wait for the key.
	keyFailedPause = 5 * time.Second
	// keyTimeout bounds a fetch, which outlives the webhook that started it when others wait for it too.
	keyTimeout = 10 * time.Second
)

// keyCache holds the public key that signs the webhooks of one token. Keys
// differ between tokens and over time; there is no key id in a webhook.
type keyCache struct {
	fetch func(context.Context) (*ecdsa.PublicKey, error)
	now   func() time.Time

	mu  sync.Mutex // guards everything below
	key *ecdsa.PublicKey
	// nextAt is before when no further fetch is made; failure is what the last one ended with.
	nextAt  time.Time
	failure error
	running *keyFetch
}

// keyFetch is one fetch under way; done is closed when its result is in the cache.
type keyFetch struct{ done chan struct{} }

// get returns a key other than stale, if one can be had: the cached one, or
// a newly fetched one. It returns stale itself when the provider still has it or
// was asked a moment ago. Parallel calls share one fetch.
func (c *keyCache) get(ctx context.Context, stale *ecdsa.PublicKey) (*ecdsa.PublicKey, error) {
	c.mu.Lock()
	if c.key != nil && c.key != stale {
		defer c.mu.Unlock()
		return c.key, nil
	}
	run := c.running
	if run == nil {
		if c.now().Before(c.nextAt) {
			defer c.mu.Unlock()
			return c.settled()
		}
		run = &keyFetch{done: make(chan struct{})}
		c.running = run
		go c.run(context.WithoutCancel(ctx), run)
	}
	c.mu.Unlock()
	select {
	case <-run.done:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.settled()
}

// settled is the outcome of the last fetch.
func (c *keyCache) settled() (*ecdsa.PublicKey, error) {
	if c.failure != nil {
		return nil, c.failure
	}
	return c.key, nil
}

func (c *keyCache) run(ctx context.Context, run *keyFetch) {
	defer close(run.done)
	ctx, cancel := context.WithTimeout(ctx, keyTimeout)
	defer cancel()
	key, err := c.fetch(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running, c.failure = nil, err
	c.nextAt = c.now().Add(keyPause)
	switch {
	case err != nil:
		c.nextAt = c.now().Add(keyFailedPause)
	case c.key == nil || !c.key.Equal(key):
		c.key = key
	}
}

// fetchKey asks the provider for the key.
func (a *account) fetchKey(ctx context.Context) (*ecdsa.PublicKey, error) {
	res, err := a.get(ctx, pathPubkey, nil)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Key string `json:"key"`
	}
	if err := json.Unmarshal(res.Body, &answer); err != nil || answer.Key == "" {
		return nil, res.Garbled("it has no key")
	}
	return readKey(answer.Key)
}

// readKey reads the base64 of a PEM block. Another curve than P-256 is a clear
// error, so that a change at the provider is not mistaken for forgery.
func readKey(encoded string) (*ecdsa.PublicKey, error) {
	raw, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return nil, errors.New("the webhook key is not base64")
	}
	block, rest := pem.Decode(raw)
	if block == nil || block.Type != "PUBLIC KEY" || strings.TrimSpace(string(rest)) != "" {
		return nil, errors.New("the webhook key is not one PEM block PUBLIC KEY")
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, errors.New("the webhook key cannot be parsed")
	}
	key, ok := parsed.(*ecdsa.PublicKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, errors.New("the webhook key is not an ECDSA key on P-256: the provider changed its signatures and this adapter must be updated")
	}
	return key, nil
}
