// Command protoc-gen-payhost is a plugin of buf. It writes, for every message of the contract, the code that every call runs
// through and that the general protobuf runtime does by reflection: with the option "wire" the encoding and decoding, beside
// the messages; with the option "checks" the checks of their values, in package sdk/plugin.
//
// It knows the kinds of fields that the contract uses and stops at any other, so that a new kind is a decision.
package main

import (
	"fmt"

	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/types/pluginpb"
)

func main() {
	var wire, checks bool
	protogen.Options{ParamFunc: func(name, _ string) error {
		switch name {
		case "wire":
			wire = true
		case "checks":
			checks = true
		default:
			return fmt.Errorf("unknown option %q", name)
		}
		return nil
	}}.Run(func(p *protogen.Plugin) error {
		p.SupportedFeatures = uint64(pluginpb.CodeGeneratorResponse_FEATURE_PROTO3_OPTIONAL)
		messages, err := contract(p)
		if err != nil {
			return err
		}
		if wire {
			writeCodec(p, messages)
		}
		if checks {
			writeChecks(p, messages)
		}
		return nil
	})
}
