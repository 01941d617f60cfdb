package client

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/payhost/payhost/host"
)

// maxLine is the longest line of a stream, in bytes.
const maxLine = 16 << 20

// Watch calls fn for every event after a position, as they are committed, until fn fails, ctx ends or the stream does.
// It returns the position after the last event, to go on from. The error is fn's, or says why the stream ended; a stream
// that the host ended is [io.EOF].
func (c *Client) Watch(ctx context.Context, after host.Position, fn func(host.Event) error) (host.Position, error) {
	req, err := c.request(ctx, http.MethodGet, "/v1/events/stream?"+url.Values{"after": {string(after)}}.Encode(), nil)
	if err != nil {
		return after, err
	}
	req.Header.Set("Accept", "text/event-stream")
	res, err := c.streams.Do(req)
	if err != nil {
		return after, c.unreachable(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
		if err != nil {
			return after, c.unreachable(err)
		}
		return after, problemOf(res, raw)
	}
	err = readEvents(res.Body, func(data []byte) error {
		var ev host.Event
		if err := json.Unmarshal(data, &ev); err != nil {
			return fmt.Errorf("an event is not the JSON this program knows: %w", err)
		}
		if err := fn(ev); err != nil {
			return err
		}
		after = ev.Position
		return nil
	})
	return after, err
}

// readEvents calls fn with the data of every server-sent event.
func readEvents(r io.Reader, fn func(data []byte) error) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), maxLine)
	var data []byte
	for lines.Scan() {
		line := lines.Text()
		if line == "" {
			if len(data) > 0 {
				if err := fn(data); err != nil {
					return err
				}
			}
			data = nil
			continue
		}
		if value, ok := strings.CutPrefix(line, "data:"); ok {
			if data != nil {
				data = append(data, '\n')
			}
			data = append(data, strings.TrimPrefix(value, " ")...)
		}
	}
	if err := lines.Err(); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	return io.EOF
}
