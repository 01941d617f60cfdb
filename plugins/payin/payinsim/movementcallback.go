package payinsim

import (
	"net/http"
	"strconv"

	"github.com/payhost/payhost/plugins/internal/simkit"
)

// movementNotice is the callback of a charge or reward (§5.3). The time is a text here and a number in the top-up's;
// the two numbers are null where no payment was made, which leaves them out of the signed text.
type movementNotice struct {
	ExternalID   string  `json:"external_id"`
	ServiceID    int64   `json:"service_id"`
	Status       int     `json:"status"`
	PaymentInID  *string `json:"payment_in_id"`
	PaymentOutID *string `json:"payment_out_id"`
	Timestamp    string  `json:"timestamp"`
	Tracker      string  `json:"tracker"`
	Hash         string  `json:"hash"`
}

// SetChargeCallbackURL changes the address of charge callbacks; empty sends none.
func (s *Sim) SetChargeCallbackURL(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.chargeCallback = url
}

// SetRewardCallbackURL changes the address of reward callbacks; empty sends none.
func (s *Sim) SetRewardCallbackURL(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rewardCallback = url
}

// movementURL is where a movement is announced. The caller holds mu.
func (s *Sim) movementURL(m *Movement) string {
	if m.Kind == KindReward {
		return s.rewardCallback
	}
	return s.chargeCallback
}

// announce queues the callback about a movement as it is now. The caller holds mu.
func (s *Sim) announce(m *Movement) error {
	url := s.movementURL(m)
	if url == "" {
		return nil
	}
	now := *m
	cb := simkit.Callback{Lane: string(m.Kind) + " " + m.ExternalID, Event: strconv.Itoa(m.Status), URL: url}
	if s.config.SignRepeatsAnew {
		cb.Prepare = func(int) ([]byte, http.Header, error) {
			body, err := s.movementBody(now)
			return body, nil, err
		}
	} else {
		body, err := s.movementBody(now)
		if err != nil {
			return err
		}
		cb.Body = body
	}
	s.kit.Callbacks.Send(cb)
	return nil
}

func (s *Sim) movementBody(m Movement) ([]byte, error) {
	now := s.wall()
	at := strconv.FormatInt(now.Unix(), 10)
	notice := movementNotice{
		ExternalID: m.ExternalID, ServiceID: m.ServiceID, Status: m.Status, Timestamp: at, Tracker: newTracker(now),
	}
	signed := []param{
		{"external_id", m.ExternalID}, {"service_id", strconv.FormatInt(m.ServiceID, 10)},
		{"status", strconv.Itoa(m.Status)}, {"timestamp", at},
	}
	if m.Status != MovementInsufficient {
		notice.PaymentInID, notice.PaymentOutID = &m.PaymentInID, &m.PaymentOutID
		signed = append(signed, param{"payment_in_id", m.PaymentInID}, param{"payment_out_id", m.PaymentOutID})
	}
	notice.Hash = hashOf(*s.key.Load(), signed)
	return simkit.EncodeJSON(notice)
}
