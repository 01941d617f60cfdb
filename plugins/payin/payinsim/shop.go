package payinsim

import (
	"net/http"

	"github.com/payhost/payhost/plugins/internal/simkit"
)

// OpCreateShop names the creation of shops, for faults and for the request log.
const OpCreateShop = "create-shop"

// Shop is a snapshot of a shop that was created through the API.
type Shop struct {
	ID      int64  `json:"id"`
	Title   string `json:"title"`
	Address string `json:"address"`
}

// Shops returns snapshots of the shops created through the API, in order of creation.
func (s *Sim) Shops() []Shop {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Shop{}, s.shops...)
}

func shopFields() []field { return []field{{"title", textField, true}, {"address", textField, true}} }

// createShop plays POST /shop/api-create (§5.6). The provider states no uniqueness, so equal requests make several shops.
func (s *Sim) createShop(_ *http.Request, f form) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	shop := Shop{ID: 5001 + int64(len(s.shops)), Title: f.text("title"), Address: f.text("address")}
	s.shops = append(s.shops, shop)
	return s.id(shop.ID), nil
}

// list adds GET /_sim/name.
func (s *Sim) list(name string, all func() any) {
	s.mux.HandleFunc("GET /_sim/"+name, func(w http.ResponseWriter, _ *http.Request) {
		simkit.WriteJSON(w, http.StatusOK, all())
	})
}
