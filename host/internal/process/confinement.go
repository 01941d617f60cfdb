package process

import "reflect"

// Measure says whether one measure of confinement holds for a process, and why.
type Measure struct {
	// Active is true when the measure holds from the plugin's first instruction on, or from a moment that Detail names.
	Active bool `json:"active"`
	// Detail is the value in force, or the reason why the measure is not there.
	Detail string `json:"detail"`
}

// String gives "active: …" or "not available: …".
func (m Measure) String() string {
	if m.Active {
		return "active: " + m.Detail
	}
	return "not available: " + m.Detail
}

// NamedMeasure is one line of a report.
type NamedMeasure struct {
	Name string `json:"name"` // the name of the field of Confinement, in lower case with underscores
	Measure
}

// Confinement is what holds a process back, one field per measure. Nothing in it is assumed: a field is active when the call
// that establishes the measure has succeeded for this very process.
type Confinement struct {
	// Tree: the end of the process is the end of all its descendants.
	Tree Measure `name:"tree"`
	// Peer: the host talks to the plugin's process and to no other that serves its socket.
	Peer Measure `name:"peer"`
	// NoNewPrivileges: no descendant gains rights by executing a set-user-ID program.
	NoNewPrivileges Measure `name:"no_new_privileges"`
	// Capabilities: a plugin under root has none of root's capabilities.
	Capabilities Measure `name:"capabilities"`
	// Descriptors: only the three standard descriptors reach the plugin.
	Descriptors Measure `name:"descriptors"`
	// OpenFiles, Processes and CoreDumps are resource limits.
	OpenFiles Measure `name:"open_files"`
	Processes Measure `name:"processes"`
	CoreDumps Measure `name:"core_dumps"`
	// Memory: a plugin above its memory limit is ended.
	Memory Measure `name:"memory"`
	// OutOfMemory: when the whole system runs out of memory the kernel prefers the plugin to the host.
	OutOfMemory Measure `name:"out_of_memory"`
	// User: the plugin runs under a user of its own.
	User Measure `name:"user"`
	// Files: the plugin opens only its own files, the system's certificates and resolver files, and Config.Paths.
	Files Measure `name:"files"`
	// OtherProcesses: the plugin neither traces nor reads the memory and environment of processes that it did not start.
	OtherProcesses Measure `name:"other_processes"`
	// Signals: the plugin sends signals to its own processes only.
	Signals Measure `name:"signals"`
	// AbstractSockets: the plugin cannot connect to abstract unix sockets of others.
	AbstractSockets Measure `name:"abstract_sockets"`
	// Sockets: the plugin cannot connect to unix sockets of others by path, those of other plugins included.
	Sockets Measure `name:"sockets"`
	// Network: the plugin reaches only permitted hosts. No tier of this version restricts it.
	Network Measure `name:"network"`
}

// All lists the measures in the order of the fields.
func (c Confinement) All() []NamedMeasure {
	v := reflect.ValueOf(c)
	out := make([]NamedMeasure, 0, v.NumField())
	for i := range v.NumField() {
		if m, ok := reflect.TypeAssert[Measure](v.Field(i)); ok {
			out = append(out, NamedMeasure{Name: v.Type().Field(i).Tag.Get("name"), Measure: m})
		}
	}
	return out
}

// Confinement reports what holds this process back. It does not change during the process's life.
func (p *Process) Confinement() Confinement { return p.child.confinement() }

func active(detail string) Measure      { return Measure{Active: true, Detail: detail} }
func unavailable(reason string) Measure { return Measure{Detail: reason} }

// because turns the error of a call that should have established the measure into the measure.
func because(detail string, err error) Measure {
	if err != nil {
		return unavailable(err.Error())
	}
	return active(detail)
}

// noTier is why there is no egress control.
const noTier = "outgoing connections are not restricted"
