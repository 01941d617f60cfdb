package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/payhost/payhost/host"
)

// New returns a collector of the numbers of h. It is safe for concurrent use and works also while h is starting or stopping.
func New(h *host.Host) prometheus.Collector {
	version := []string{"plugin", "version", "role"}
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("payhost_"+name, help, labels, nil)
	}
	return &collector{
		host:       h,
		ready:      desc("ready", "1 while the host serves commands and every required plugin serves."),
		info:       desc("plugin_info", "1; says which bytes run and how they are contained.", append(version, "digest", "containment", "sdk")...),
		state:      desc("plugin_state", "1 for the state a version of a plugin is in, 0 for the others.", append(version, "state")...),
		generation: desc("plugin_starts_total", "Processes of a plugin that were started since the host started.", "plugin"),
		restarts:   desc("plugin_crashes_total", "Processes that ended unasked since the version began to run.", version...),
		calls:      desc("plugin_calls_total", "Mutating calls since the version began to run or the last change of versions.", version...),
		unknown:    desc("plugin_unknown_outcomes_total", "Those of the mutating calls whose outcome was unknown.", version...),
		inFlight:   desc("plugin_calls_in_flight", "Calls a version works on now.", version...),
		canary:     desc("plugin_canary_percent", "Share of the invoices that the canary serves.", "plugin"),
		rss:        desc("plugin_resident_memory_bytes", "Memory of the process that is in RAM.", version...),
		cpu:        desc("plugin_cpu_seconds_total", "Processor time the process has used.", version...),
		fds:        desc("plugin_open_fds", "Open descriptors of the process.", version...),
		unresolved: desc("unresolved_operations", "Operations of an account whose outcome is not known now.", "account"),
	}
}

type collector struct {
	host                                                                       *host.Host
	ready, info, state, generation, restarts, calls, unknown, inFlight, canary *prometheus.Desc
	rss, cpu, fds, unresolved                                                  *prometheus.Desc
}

// Describe implements [prometheus.Collector].
func (c *collector) Describe(ch chan<- *prometheus.Desc) { prometheus.DescribeByCollect(c, ch) }

// Collect implements [prometheus.Collector].
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	counter := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
	}
	gauge(c.ready, truth(c.host.ReadyProblem() == nil))
	for _, p := range c.host.Plugins().List() {
		counter(c.generation, float64(p.Generation), p.Name)
		percent := 0
		if p.Choice != nil {
			percent = p.Choice.CanaryPercent
		}
		gauge(c.canary, float64(percent), p.Name)
		for _, v := range distinct(p.Running) {
			labels := []string{p.Name, v.Version, string(v.Role)}
			for _, state := range host.PluginStates() {
				gauge(c.state, truth(v.State == state), append(labels, string(state))...)
			}
			gauge(c.info, 1, append(labels, v.Digest, v.Containment, p.SDK)...)
			counter(c.restarts, float64(v.Restarts), labels...)
			counter(c.calls, float64(v.Calls), labels...)
			counter(c.unknown, float64(v.Unknown), labels...)
			gauge(c.inFlight, float64(v.InFlight), labels...)
			if u := v.Usage; u != nil {
				gauge(c.rss, float64(u.ResidentBytes), labels...)
				counter(c.cpu, u.CPU.Seconds(), labels...)
				gauge(c.fds, float64(u.Descriptors), labels...)
			}
		}
	}
	for account, n := range c.host.Unresolved() {
		gauge(c.unresolved, float64(n), account)
	}
}

// distinct leaves out versions that share name and role with an earlier one, as two retiring ones can: a series must be there once.
func distinct(list []host.PluginVersion) []host.PluginVersion {
	type key struct {
		version string
		role    host.PluginRole
	}
	seen := map[key]bool{}
	var out []host.PluginVersion
	for _, v := range list {
		if k := (key{v.Version, v.Role}); !seen[k] {
			seen[k] = true
			out = append(out, v)
		}
	}
	return out
}

func truth(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
