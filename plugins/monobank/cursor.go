package monobank

import (
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/payhost/payhost/sdk/pay"
)

// cursor is where a listing of transactions goes on. Nothing is kept between pages but what it says.
type cursor struct {
	// from is the first time not listed yet, in whole seconds.
	from time.Time
	// after is the last row listed of the second from; empty when none was.
	after string
	// span is how much time the next page asks for.
	span time.Duration
	// to is the end of the listing; it comes with each request and is not in the text.
	to time.Time
}

// cursorWire is the text of a cursor, before base64.
type cursorWire struct {
	Version int    `json:"v"`
	From    int64  `json:"from"`
	After   string `json:"after,omitempty"`
	Span    int64  `json:"span"`
}

const cursorVersion = 1

// text writes the cursor; callers hand it back as it is.
func (c cursor) text() string {
	raw, err := json.Marshal(cursorWire{Version: cursorVersion, From: c.from.Unix(), After: c.after, Span: int64(c.span / time.Second)})
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// startListing reads where a page begins. Times have whole seconds, as the provider's have; a part of a second widens
// the listing.
func startListing(req pay.ListTransactions, now time.Time) (cursor, error) {
	c := cursor{from: req.From.UTC().Truncate(time.Second), span: widestSpan, to: req.To.UTC()}
	if req.To.IsZero() {
		c.to = now.UTC()
	}
	if whole := c.to.Truncate(time.Second); whole.Before(c.to) {
		c.to = whole.Add(time.Second)
	}
	switch {
	case req.From.IsZero() || req.From.Unix() < 0:
		return cursor{}, pay.Invalid("from", "is required: the provider lists by time")
	case c.to.Before(c.from):
		return cursor{}, pay.Invalid("to", "must not be before from")
	case req.Cursor == "":
		return c, nil
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(req.Cursor)
	var w cursorWire
	if err != nil || json.Unmarshal(raw, &w) != nil || w.Version != cursorVersion ||
		w.From < c.from.Unix() || w.From > c.to.Unix() || w.Span < 1 || w.Span > int64(widestSpan/time.Second) {
		return cursor{}, pay.Invalid("cursor", "is not one of this listing")
	}
	c.from, c.after, c.span = time.Unix(w.From, 0).UTC(), w.After, time.Duration(w.Span)*time.Second
	return c, nil
}
