package merchantsim

import (
	"net/http"
	"strings"
)

// variantDTO is the PaymentVariantDTO.
type variantDTO struct {
	Option string `json:"option"`
	Method string `json:"method"`
}

// listedDTO is one entry of the lists of options and methods.
type listedDTO struct {
	Code     string `json:"code"`
	Name     string `json:"name"`
	Currency string `json:"currency,omitempty"`
}

// variants serves 4.5. While no requisites are free it lists nothing.
func (s *Sim) variants(r *http.Request, _ []byte) (any, *refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.find(r.PathValue("id"), s.cfg.Now())
	if i == nil {
		return nil, refuseNull()
	}
	out := []variantDTO{}
	for _, v := range s.available(i) {
		out = append(out, variantDTO{v.Option, v.Method})
	}
	return out, nil
}

// available returns the variants an invoice could start a deal with now. The
// caller holds mu.
func (s *Sim) available(i *invoice) []Variant {
	var out []Variant
	if i.Type != directionIn || i.Status != StatusNew || s.noRequisites != NoRequisitesOff {
		return out
	}
	for _, v := range s.cfg.Variants {
		if v.fits(i.PaymentOption, i.PaymentMethod) {
			out = append(out, v)
		}
	}
	return out
}

// rateDTO is one direction of the current rates.
type rateDTO struct {
	Pair string `json:"pair"`
	Rate string `json:"rate"`
}

// rates serves 4.11. The store has one rate for both directions.
func (s *Sim) rates(*http.Request, []byte) (any, *refusal) {
	rate := rateDTO{usdt + "/" + s.cfg.Currency, s.cfg.Rate.String()}
	return map[string]rateDTO{"in": rate, "out": rate}, nil
}

// paymentOptions serves 4.12.
func (s *Sim) paymentOptions(*http.Request, []byte) (any, *refusal) {
	out := []listedDTO{}
	seen := map[string]bool{}
	for _, v := range s.cfg.Variants {
		if !seen[v.Option] {
			seen[v.Option] = true
			out = append(out, listedDTO{v.Option, strings.ReplaceAll(v.Option, "_", " "), s.cfg.Currency})
		}
	}
	return out, nil
}

// paymentMethods serves 4.13. The query parameter currency, which is known from
// a client only, filters; the store has one currency.
func (s *Sim) paymentMethods(r *http.Request, _ []byte) (any, *refusal) {
	if want := r.URL.Query().Get("currency"); want != "" && !s.isCurrency(want) {
		return []listedDTO{}, nil
	}
	return s.methods(s.cfg.Currency), nil
}

// publicPaymentMethods serves 4.14, whose entries have no currency.
func (s *Sim) publicPaymentMethods(r *http.Request, _ []byte) (any, *refusal) {
	if !s.isCurrency(r.PathValue("currency")) {
		return []listedDTO{}, nil
	}
	return s.methods(""), nil
}

// methods lists each bank once.
func (s *Sim) methods(currency string) []listedDTO {
	out := []listedDTO{}
	seen := map[string]bool{}
	for _, v := range s.cfg.Variants {
		if !seen[v.Method] {
			seen[v.Method] = true
			out = append(out, listedDTO{v.Method, v.MethodName, currency})
		}
	}
	return out
}
