package main

import (
	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// writeDecode writes the method that decodes. It merges into what the message holds, as protobuf asks for where one occurs twice.
// A field of the wrong wire type is an unknown field, as in the general runtime.
func writeDecode(g *protogen.GeneratedFile, m *protogen.Message) {
	g.P()
	g.P("// DecodeWire merges the encoded message b into x. s is the text of b, which all texts of x then share, or empty: each is copied. The")
	g.P("// messages inside x are lent by a, which may be nil.")
	g.P("func (x *", m.GoIdent, ") DecodeWire(b []byte, s string, a *Arena) error {")
	g.P("for i := 0; i < len(b); {")
	g.P("tag, at := readTag(b, i)")
	g.P("if at < 0 { return errMalformed }")
	g.P("switch tag {")
	for _, f := range m.Fields {
		g.P("case ", tag(f), ":")
		writeDecodeField(g, f)
		if f.Desc.IsList() && isNumber(f) {
			g.P("case ", protowire.EncodeTag(f.Desc.Number(), protowire.VarintType), ":")
			g.P("v, next := readVarint(b, at)")
			g.P("if next < 0 { return errMalformed }")
			g.P("x.", f.GoName, " = append(x.", f.GoName, ", ", goType(g, f), "(v))")
			g.P("i = next")
		}
	}
	g.P("default:")
	g.P("next := skipValue(b, at, tag)")
	g.P("if next < 0 { return errMalformed }")
	g.P("x.unknownFields = appendUnknown(x.unknownFields, tag, b[at:next])")
	g.P("i = next")
	g.P("}")
	g.P("}")
	g.P("return nil")
	g.P("}")
}

func writeDecodeField(g *protogen.GeneratedFile, f *protogen.Field) {
	name := "x." + f.GoName
	if isNumber(f) && !f.Desc.IsList() {
		g.P("v, next := readVarint(b, at)")
		g.P("if next < 0 { return errMalformed }")
		if f.Desc.Kind() == protoreflect.BoolKind {
			g.P(name, " = v != 0")
		} else {
			g.P(name, " = ", goType(g, f), "(v)")
		}
		g.P("i = next")
		return
	}
	g.P("from, next := readLen(b, at)")
	g.P("if next < 0 { return errMalformed }")
	switch {
	case f.Desc.IsMap():
		value := f.Message.Fields[1]
		typ := goType(g, value)
		if value.Message != nil {
			typ = "*" + typ
		}
		g.P("if ", name, " == nil { ", name, " = map[string]", typ, "{} }")
		lent := ""
		if entryKind(value) == "MessageEntry" {
			lent = ", a"
		}
		g.P("if err := decode", entryKind(value), "(", name, ", b[from:next], part(s, from, next)", lent, "); err != nil { return err }")
	case f.Desc.IsList() && isNumber(f):
		g.P("var err error")
		g.P("if ", name, ", err = decodePacked(", name, ", b[from:next]); err != nil { return err }")
	case f.Desc.Kind() == protoreflect.StringKind:
		g.P("v, err := text(b, s, from, next)")
		g.P("if err != nil { return err }")
		if f.Desc.IsList() {
			g.P(name, " = append(", name, ", v)")
		} else {
			g.P(name, " = v")
		}
	case f.Desc.Kind() == protoreflect.BytesKind:
		g.P(name, " = append([]byte(nil), b[from:next]...)")
	case f.Desc.IsList():
		g.P("v := a.", f.Message.GoIdent.GoName, "()")
		g.P("if err := v.DecodeWire(b[from:next], part(s, from, next), a); err != nil { return err }")
		g.P(name, " = append(", name, ", v)")
	case f.Oneof != nil:
		g.P("v, ok := x.", f.Oneof.GoName, ".(*", f.GoIdent, ")")
		g.P("if !ok || v == nil { v = a.", f.GoIdent.GoName, "() }")
		g.P("if v.", f.GoName, " == nil { v.", f.GoName, " = a.", f.Message.GoIdent.GoName, "() }")
		g.P("if err := v.", f.GoName, ".DecodeWire(b[from:next], part(s, from, next), a); err != nil { return err }")
		g.P("x.", f.Oneof.GoName, " = v")
	default:
		g.P("if ", name, " == nil { ", name, " = a.", f.Message.GoIdent.GoName, "() }")
		switch {
		case isTimestamp(f):
			g.P("if err := decodeTimestamp(", name, ", b[from:next]); err != nil { return err }")
		case isDuration(f):
			g.P("if err := decodeDuration(", name, ", b[from:next]); err != nil { return err }")
		default:
			g.P("if err := ", name, ".DecodeWire(b[from:next], part(s, from, next), a); err != nil { return err }")
		}
	}
	g.P("i = next")
}

// entryKind names the helper that decodes an entry of a map.
func entryKind(value *protogen.Field) string {
	switch {
	case isDuration(value):
		return "DurationEntry"
	case isTimestamp(value):
		return "TimestampEntry"
	case value.Message != nil:
		return "MessageEntry"
	case value.Desc.Kind() == protoreflect.BytesKind:
		return "BytesEntry"
	}
	return "TextEntry"
}
