package config_test

import (
	"fmt"

	"github.com/payhost/payhost/cmd/payhost/internal/config"
)

// Everything that is wrong is told at once, with its place and without its value.
func ExampleParse() {
	_, err := config.Parse([]byte(`listen: 127.0.0.1
accounts:
  - id: mono-main
    provider: monobank
    config: {token: "${vault:mono}"}
    secret: hunter2
`), "payhost.yaml", "/etc/payhost")
	fmt.Println(err)

	c, err := config.Parse([]byte(`accounts: [{id: mono-main, provider: monobank, config: {token: "${env:MONO_TOKEN}"}}]`), "payhost.yaml", "/etc/payhost")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(c.DataDir, c.Listen.API, string(c.Accounts[0].Config))
	// Output:
	// payhost.yaml:1:1: listen: must be an address with a port, such as 127.0.0.1:8080 or :8080
	// payhost.yaml:6:5: accounts[0].secret: is not a known key; known are config, id, labels, mode, provider, tenant, time_zone
	// /etc/payhost/data 127.0.0.1:8080 {"token":"${env:MONO_TOKEN}"}
}
