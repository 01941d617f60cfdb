package main

import (
	"github.com/spf13/cobra"

	"github.com/payhost/payhost/cmd/payhost/internal/sandbox"
)

func (p *program) sandboxCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "sandbox", Short: "Serve the simulated providers", Args: cobra.NoArgs,
		Long: "Serves simulators of the three providers until SIGINT or SIGTERM, and prints accounts for payhost.yaml that lead to\n" +
			"them. They speak the providers' real protocols, show pay pages and send signed callbacks. The index page lists what\n" +
			"they hold, with buttons for what can happen to it; programs script them below /_sim/ (docs/sandbox.md). Everybody who\n" +
			"reaches the addresses may press the buttons: leave them on 127.0.0.1.",
	}
	listen := cmd.Flags().String("listen", "127.0.0.1:0", "address of the index page; the simulators take the three ports after it, or any with port 0")
	callback := cmd.Flags().String("payin-callback", "http://127.0.0.1:8080/webhooks/payin-main/"+sandbox.PayinTail,
		"where payin sends its callbacks, which at the real provider is registered by hand")
	level := logFlag(cmd, "info")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		log, err := p.logger(*level)
		if err != nil {
			return err
		}
		box, err := sandbox.Start(cmd.Context(), sandbox.Config{Listen: *listen, PayinCallback: *callback, Logger: log})
		if err != nil {
			return err
		}
		defer box.Close()
		printf(p.stdout, "# payhost sandbox ready: index %s, payin %s, merchant %s, monobank %s\n%s",
			box.IndexURL, box.PayinURL, box.MerchantURL, box.MonobankURL, box.Snippet())
		<-cmd.Context().Done()
		return nil
	}
	return cmd
}
