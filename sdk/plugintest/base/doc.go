// Package base is the part of the conformance kit that needs neither the provider's simulator nor credentials: what a manifest must
// say, and which configs an account must be refused with. [Examine] runs it on any [pay.Provider], over the wire too, outside of
// tests: payhost plugin add does, and pins no plugin that fails. Package plugintest runs the same manifest checks in an author's
// own test, beside all that needs a provider.
package base
