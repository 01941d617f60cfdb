package rest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Config is how a host is offered over HTTP. Its zero value serves health,
// webhooks and the description, and refuses every call below /v1.
type Config struct {
	// Tokens are the callers that may use /v1. None: every such call is answered 401.
	Tokens []Token
	// MaxBody is the largest request body below /v1, in bytes. Zero means 1 MiB. Webhooks have the
	// limit of [host.Config.WebhookBody].
	MaxBody int64
	// Logger receives one record per request and every internal error; nil discards them. Tokens, query
	// values, headers and bodies are never logged.
	Logger *slog.Logger
	// Timeout bounds one call, streams excepted. Zero means 30 s; it must be longer than
	// [host.Timeouts.Operation], or callers see unknown outcomes that the host still learns.
	Timeout time.Duration
	// Heartbeat is how often an idle event stream sends a comment, so that proxies keep it open. Zero means 15 s.
	Heartbeat time.Duration
	// Done, when not nil, ends all event streams when it is closed. Give the channel that starts the
	// shutdown of the server: [http.Server.Shutdown] alone would wait for streams forever.
	Done <-chan struct{}
	// Reload reads again what is installed and configured, for POST /v1/plugins/reload; nil answers that it is not supported.
	Reload func(context.Context) error
	// Metrics answers GET /metrics, for example a handler of promhttp over a registry with package host/metrics; nil: 404.
	// It needs a token with the scope read, unless OpenMetrics says that whoever reaches the surface may read it.
	Metrics     http.Handler
	OpenMetrics bool
	// Now is the clock for logs and connection deadlines; nil means the system's.
	Now func() time.Time
}

// Token is one caller: a name for the records, a secret and what it may do.
type Token struct {
	// Name becomes the actor of what is done with the token, for example "billing". It is not secret.
	Name string
	// Token is the secret, compared in constant time. It holds printable ASCII without spaces.
	Token string
	// Scopes are the entries of [Scopes] that the token has.
	Scopes []string
}

func (c Config) withDefaults() (Config, error) {
	if c.MaxBody == 0 {
		c.MaxBody = 1 << 20
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Timeout == 0 {
		c.Timeout = 30 * time.Second
	}
	if c.Heartbeat == 0 {
		c.Heartbeat = 15 * time.Second
	}
	if c.Now == nil {
		c.Now = time.Now //nolint:forbidigo // the default of a clock that can be handed in
	}
	switch {
	case c.MaxBody < 0:
		return c, errors.New("rest: Config.MaxBody is negative")
	case c.Timeout < 0:
		return c, errors.New("rest: Config.Timeout is negative")
	case c.Heartbeat < 0:
		return c, errors.New("rest: Config.Heartbeat is negative")
	}
	return c, checkTokens(c.Tokens)
}

// checkTokens names a faulty token by its position or name, never by its secret.
func checkTokens(tokens []Token) error {
	names, secrets := map[string]bool{}, map[string]bool{}
	for i, t := range tokens {
		switch {
		case t.Name == "":
			return fmt.Errorf("rest: token %d has no name", i+1)
		case names[t.Name]:
			return fmt.Errorf("rest: two tokens are named %q", t.Name)
		case t.Token == "":
			return fmt.Errorf("rest: token %q is empty", t.Name)
		case strings.ContainsFunc(t.Token, func(r rune) bool { return r <= ' ' || r > '~' }):
			return fmt.Errorf("rest: token %q holds a space or a character outside ASCII", t.Name)
		case secrets[t.Token]:
			return fmt.Errorf("rest: token %q has the secret of another token", t.Name)
		case len(t.Scopes) == 0:
			return fmt.Errorf("rest: token %q has no scope; known are %s", t.Name, strings.Join(Scopes(), ", "))
		}
		for _, scope := range t.Scopes {
			if !slices.Contains(Scopes(), scope) {
				return fmt.Errorf("rest: token %q has the unknown scope %q; known are %s", t.Name, scope, strings.Join(Scopes(), ", "))
			}
		}
		names[t.Name], secrets[t.Token] = true, true
	}
	return nil
}
