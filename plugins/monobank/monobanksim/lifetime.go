package monobanksim

// releaseLater lets the bank give a hold back when nobody finalized it in time. What the bank shows then is not documented;
// here it is what a cancel of the hold shows, reversed, with its webhook. Unpaid invoices need no timer: they are found
// expired when somebody looks, and no webhook tells. The caller holds mu.
func (s *Sim) releaseLater(inv *Invoice) {
	if inv.Status != StatusHold {
		return
	}
	s.kit.Clock.AfterFunc(s.config.HoldTTL, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if inv.Status == StatusHold && inv.Capturing == 0 {
			// A webhook that cannot be written is not sent; the hold is released all the same.
			_ = s.set(inv, StatusReversed)
		}
	})
}

// chargeLater lets a subscription be charged when it is due, whether somebody looks or not. The caller holds mu.
func (s *Sim) chargeLater(b *Subscription) {
	s.kit.Clock.At(b.NextAt, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.chargeDue()
	})
}
