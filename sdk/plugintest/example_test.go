package plugintest_test

import (
	"fmt"
	"testing"

	"github.com/payhost/payhost/sdk/pay"
	"github.com/payhost/payhost/sdk/plugintest"
	"github.com/payhost/payhost/sdk/plugintest/paper"
	"github.com/payhost/payhost/sdk/plugintest/paper/papersim"
)

// An author's whole conformance test: the provider, its simulator, a config and a sample request. In a plugin's own folder it
// is named TestConformance.
func ExampleRun() {
	testConformance := func(t *testing.T) {
		const clientSecret = "a-secret-of-the-test"
		plugintest.Run(t, plugintest.Harness{
			Provider: paper.New("1.0.0"),
			Start: func(_ testing.TB, site plugintest.Site) plugintest.Simulator {
				sim := papersim.New(papersim.Config{ClientID: "shop-1", ClientSecret: clientSecret, URL: site.URL})
				return plugintest.Simulator{
					Handler: sim, Created: sim.Created, Pay: sim.Pay, Decline: sim.Decline, Surprise: sim.Surprise, Close: sim.Close,
				}
			},
			Config: func(site plugintest.Site) any {
				return map[string]any{"client_id": "shop-1", "client_secret": clientSecret, "base_url": site.URL}
			},
			Create: func() pay.CreateInvoice {
				amount, _ := pay.ParseMoney("100.00", "EUR")
				return pay.CreateInvoice{Amount: amount, Description: "Tea"}
			},
			Payout: func() pay.CreatePayout {
				amount, _ := pay.ParseMoney("25.10", "EUR")
				return pay.CreatePayout{Amount: amount, Destination: pay.Destination{Type: pay.DestinationIBAN, Value: "UA21"}}
			},
		})
	}
	_ = testConformance
}

// What the kit checks, and why.
func ExampleList() {
	for _, c := range plugintest.List()[:2] {
		fmt.Println(c.Name)
		fmt.Println(" ", c.Why)
	}
	// Output:
	// manifest_valid
	//   the host stores the manifest and trusts it while the plugin is down: forms, refusals, currencies and schedules are made from it
	// manifest_stable
	//   Describe is called often and from several processes; two answers would make two generations of one plugin disagree
}
