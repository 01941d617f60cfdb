package server

import (
	"net"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/metrics"
)

// scrapes answers with the numbers of the host, of its plugins and of this process.
func scrapes(h *host.Host) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(metrics.New(h), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
}

// private reports whether a part is served on an address of its own or on loopback only, so that whoever reaches it may read it.
func (ls *listeners) private(part string) bool {
	l := ls.of[part]
	if len(l.parts) == 1 {
		return true
	}
	address, ok := l.Addr().(*net.TCPAddr)
	return ok && address.IP.IsLoopback()
}
