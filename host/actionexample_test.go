package host_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/sdk/pay"
)

// A transfer is confirmed with the payer's receipt. The key and the file belong together: asking again with both never does it twice.
func ExampleHost_RunAction() {
	var h *host.Host // a running host
	receipt, err := os.ReadFile("receipt.pdf")
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := h.RunAction(context.Background(), host.RunAction{
		IdempotencyKey: "order-1731-transfer", Invoice: "inv_01h9zx", Name: "confirm_transfer",
		Attachments: []pay.Attachment{{Name: "receipt.pdf", ContentType: "application/pdf", Content: bytes.NewReader(receipt)}},
	})
	switch {
	case errors.Is(err, pay.KindOutcomeUnknown):
		fmt.Println("the provider may have it; do not ask with another key:", result.Operation)
	case err != nil:
		fmt.Println("refused:", err)
	default:
		fmt.Println(result.Invoice.Status, string(result.Output))
	}
}
