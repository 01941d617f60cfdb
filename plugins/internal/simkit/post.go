package simkit

import (
	"bytes"
	"io"
	"net/http"
)

// maxAnswer limits how much of a merchant's answer is read.
const maxAnswer = 64 << 10

// post sends one attempt and fills in record what was sent and answered.
func (c *Callbacks) post(d delivery, record *Attempt) error {
	body, header := d.callback.Body, d.callback.Header
	if d.callback.Prepare != nil {
		var err error
		if body, header, err = d.callback.Prepare(d.attempt); err != nil {
			return err
		}
	}
	req, err := http.NewRequestWithContext(c.ctx, http.MethodPost, d.callback.URL, bytes.NewReader(body))
	if err != nil {
		return err
	}
	if header != nil {
		req.Header = header.Clone()
	}
	if req.Header.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", "application/json")
	}
	record.Header, record.Body = req.Header.Clone(), string(body)
	resp, err := c.client.Do(req)
	if err != nil {
		return err
	}
	record.Status = resp.StatusCode
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if closing := resp.Body.Close(); err == nil {
		err = closing
	}
	record.Accepted = err == nil && c.config.Accepted(resp.StatusCode, answer)
	return err
}
