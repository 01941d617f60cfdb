package payinsim

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/payhost/payhost/plugins/internal/simkit"
)

type topupCallback struct {
	PaymentInID     int64  `json:"payment_in_id"`
	PaymentInStatus int    `json:"payment_in_status"`
	Timestamp       int64  `json:"timestamp"`
	Tracker         string `json:"tracker"`
	Hash            string `json:"hash"`
}

// sendCallback queues the top-up callback (§4.4). The caller holds mu.
func (s *Sim) sendCallback(inv *Invoice) error {
	id, err := strconv.ParseInt(inv.PaymentInID, 10, 64)
	if err != nil {
		return err
	}
	status := inv.Status
	cb := simkit.Callback{Lane: inv.PaymentInID, Event: statusText(status), URL: s.callback}
	if s.config.SignRepeatsAnew {
		cb.Prepare = func(int) ([]byte, http.Header, error) {
			body, err := s.callbackBody(id, status)
			return body, nil, err
		}
	} else if cb.Body, err = s.callbackBody(id, status); err != nil {
		return err
	}
	s.kit.Callbacks.Send(cb)
	return nil
}

func (s *Sim) callbackBody(id int64, status int) ([]byte, error) {
	now := s.wall()
	return simkit.EncodeJSON(topupCallback{
		PaymentInID:     id,
		PaymentInStatus: status,
		Timestamp:       now.Unix(),
		Tracker:         newTracker(now),
		// tracker and hash are the two fields the signature leaves out.
		Hash: hashOf(*s.key.Load(), []param{
			{"payment_in_id", strconv.FormatInt(id, 10)},
			{"payment_in_status", strconv.Itoa(status)},
			{"timestamp", strconv.FormatInt(now.Unix(), 10)},
		}),
	})
}

// callbackAccepted is the provider's rule: HTTP 200 and JSON whose result is true, not 1 and not "true".
func callbackAccepted(status int, body []byte) bool {
	var answer struct {
		Result any `json:"result"`
	}
	return status == http.StatusOK && json.Unmarshal(body, &answer) == nil && answer.Result == true
}
