// Package pluginv1 is the generated code of the contract between a payhost host and a plugin for one payment provider. It is
// for package sdk/plugin alone, which turns it into plain Go on both sides; everybody else uses package sdk/pay. The proto
// files beside it are the contract for other languages: within version 1 they only grow.
package pluginv1
