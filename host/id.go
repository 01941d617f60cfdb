package host

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/payhost/payhost/sdk/pay"
)

// newID returns prefix + "_" + a suffix that grows with time: 12 hex digits of
// milliseconds and 14 of randomness, at most 32 characters of [a-z0-9_].
func newID(prefix string, now time.Time) string {
	var b [13]byte
	binary.BigEndian.PutUint64(b[:8], uint64(now.UnixMilli())<<16)
	_, _ = rand.Read(b[6:]) // never fails
	return prefix + "_" + hex.EncodeToString(b[:])
}

// isID reports whether a webhook tail has the form of one of our ids.
func isID(s string) bool {
	prefix, rest, ok := strings.Cut(s, "_")
	if !ok || len(rest) != 26 || strings.Trim(rest, "0123456789abcdef") != "" {
		return false
	}
	switch prefix {
	case "inv", "op", "ref", "po", "dsp", "acc", "cred", "evt", "wh":
		return true
	}
	return false
}

// Position is a place in the stream of events. It is opaque: keep it and give
// it back. The empty Position is before the first event.
type Position string

func positionOf(n int64) Position { return Position("p" + strconv.FormatInt(n, 36)) }

func (p Position) number() (int64, error) {
	if p == "" {
		return 0, nil
	}
	digits, ok := strings.CutPrefix(string(p), "p")
	n, err := strconv.ParseInt(digits, 36, 64)
	if !ok || err != nil || n < 0 {
		return 0, pay.Invalid("after", "is not a position; use the position of an event")
	}
	return n, nil
}

// providerKey makes the key that an adapter sends to its provider, in the form
// the manifest asks for.
func providerKey(format pay.KeyFormat, operationID string) (string, error) {
	limit := format.MaxLength
	if limit == 0 {
		limit = 32
	}
	var key string
	switch format.Alphabet {
	case pay.KeyToken, "":
		key = operationID
	case pay.KeyAlnum:
		key = strings.ReplaceAll(operationID, "_", "")
	case pay.KeyDigits:
		key = digitKey(limit)
	case pay.KeyUUID:
		var b [16]byte
		_, _ = rand.Read(b[:])
		b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
		return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]), nil
	default:
		return "", fmt.Errorf("the manifest asks for keys of the unknown alphabet %q", format.Alphabet)
	}
	if len(key) > limit {
		if limit < 16 {
			return "", fmt.Errorf("the manifest allows keys of %d characters; at least 16 are needed to be unique", limit)
		}
		// The tail is the random part.
		key = key[len(key)-limit:]
	}
	return key, nil
}

func digitKey(limit int) string {
	var b strings.Builder
	for b.Len() < min(limit, 18) {
		var raw [8]byte
		_, _ = rand.Read(raw[:])
		fmt.Fprintf(&b, "%018d", binary.BigEndian.Uint64(raw[:])%1_000_000_000_000_000_000)
	}
	return b.String()[:min(limit, 18)]
}
