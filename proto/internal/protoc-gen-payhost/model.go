package main

import (
	"fmt"

	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

const (
	timestampName = "google.protobuf.Timestamp"
	durationName  = "google.protobuf.Duration"
)

// contract returns all messages of the files to be generated, in the order of the files.
func contract(p *protogen.Plugin) ([]*protogen.Message, error) {
	var messages []*protogen.Message
	for _, file := range p.Files {
		if !file.Generate {
			continue
		}
		for _, m := range file.Messages {
			for _, nested := range m.Messages {
				if !nested.Desc.IsMapEntry() {
					return nil, fmt.Errorf("%s: messages inside messages are not supported", nested.Desc.FullName())
				}
			}
			if err := check(m, nil); err != nil {
				return nil, err
			}
			messages = append(messages, m)
		}
	}
	return messages, nil
}

// check refuses what the templates do not know. A message inside itself is refused because decoding then needs a limit on depth.
func check(m *protogen.Message, around []protoreflect.FullName) error {
	for _, name := range around {
		if name == m.Desc.FullName() {
			return fmt.Errorf("%s contains itself", name)
		}
	}
	around = append(around, m.Desc.FullName())
	for _, f := range m.Fields {
		unsupported := f.Desc.HasOptionalKeyword() || f.Desc.IsList() && f.Desc.Kind() != protoreflect.StringKind &&
			f.Desc.Kind() != protoreflect.MessageKind && f.Desc.Kind() != protoreflect.Int64Kind ||
			f.Desc.IsList() && isWellKnown(f) || f.Oneof != nil && (f.Desc.Kind() != protoreflect.MessageKind || isWellKnown(f))
		switch f.Desc.Kind() {
		case protoreflect.StringKind, protoreflect.BytesKind, protoreflect.BoolKind, protoreflect.Int32Kind, protoreflect.Int64Kind,
			protoreflect.Uint32Kind, protoreflect.MessageKind:
		default:
			unsupported = true
		}
		if f.Desc.IsMap() {
			value := f.Message.Fields[1]
			unsupported = f.Desc.MapKey().Kind() != protoreflect.StringKind || value.Desc.Kind() != protoreflect.StringKind &&
				value.Desc.Kind() != protoreflect.BytesKind && value.Desc.Kind() != protoreflect.MessageKind
		}
		if unsupported {
			return fmt.Errorf("%s is of a kind that is not supported yet", f.Desc.FullName())
		}
		if f.Message != nil && !isWellKnown(f) {
			if err := check(f.Message, around); err != nil {
				return err
			}
		}
	}
	return nil
}

func isWellKnown(f *protogen.Field) bool { return isTimestamp(f) || isDuration(f) }

func isTimestamp(f *protogen.Field) bool {
	return f.Message != nil && f.Message.Desc.FullName() == timestampName
}

func isDuration(f *protogen.Field) bool {
	return f.Message != nil && f.Message.Desc.FullName() == durationName
}

// isNumber reports whether f is written as a varint.
func isNumber(f *protogen.Field) bool {
	switch f.Desc.Kind() {
	case protoreflect.BoolKind, protoreflect.Int32Kind, protoreflect.Int64Kind, protoreflect.Uint32Kind:
		return true
	default:
		return false
	}
}

// tag is the tag of f as it stands on the wire. A list of numbers is packed.
func tag(f *protogen.Field) uint64 {
	wire := protowire.BytesType
	if isNumber(f) && !f.Desc.IsList() {
		wire = protowire.VarintType
	}
	return protowire.EncodeTag(f.Desc.Number(), wire)
}

// goType is the Go type of one value of f.
func goType(g *protogen.GeneratedFile, f *protogen.Field) string {
	switch f.Desc.Kind() {
	case protoreflect.StringKind:
		return "string"
	case protoreflect.BytesKind:
		return "[]byte"
	case protoreflect.BoolKind:
		return "bool"
	case protoreflect.Int32Kind:
		return "int32"
	case protoreflect.Int64Kind:
		return "int64"
	case protoreflect.Uint32Kind:
		return "uint32"
	default:
		return g.QualifiedGoIdent(f.Message.GoIdent)
	}
}
