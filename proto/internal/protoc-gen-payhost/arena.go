package main

import (
	"strings"

	"google.golang.org/protobuf/compiler/protogen"
)

// writeArena writes the type that lends messages: one shelf for every message and for every alternative of a oneof.
func writeArena(g *protogen.GeneratedFile, messages []*protogen.Message) {
	lent := lentTypes(g, messages)
	g.P()
	g.P("// Arena lends messages for the length of one call, so that the next call needs no memory for them. What a nil Arena lends is new and")
	g.P("// belongs to whoever asked. An Arena is for one goroutine at a time.")
	g.P("type Arena struct {")
	g.P("loans loans")
	for _, t := range lent {
		g.P(t.shelf(), " shelf[", t.ident, "]")
	}
	g.P("}")
	for _, t := range lent {
		g.P()
		g.P("// ", t.name, " lends an empty message.")
		g.P("func (a *Arena) ", t.name, "() *", t.ident, " {")
		g.P("if a == nil { return new(", t.ident, ") }")
		g.P("return lend(&a.loans, &a.", t.shelf(), ")")
		g.P("}")
	}
}

// lentType is one type that an arena lends, by the name of its method.
type lentType struct{ name, ident string }

// shelf is the name of its field.
func (t lentType) shelf() string { return strings.ToLower(t.name[:1]) + t.name[1:] + "Shelf" }

func lentTypes(g *protogen.GeneratedFile, messages []*protogen.Message) []lentType {
	lent := []lentType{
		{"Timestamp", g.QualifiedGoIdent(protogen.GoIdent{GoName: "Timestamp", GoImportPath: "google.golang.org/protobuf/types/known/timestamppb"})},
		{"Duration", g.QualifiedGoIdent(protogen.GoIdent{GoName: "Duration", GoImportPath: "google.golang.org/protobuf/types/known/durationpb"})},
	}
	for _, m := range messages {
		lent = append(lent, lentType{m.GoIdent.GoName, m.GoIdent.GoName})
		for _, f := range m.Fields {
			if f.Oneof != nil {
				lent = append(lent, lentType{f.GoIdent.GoName, f.GoIdent.GoName})
			}
		}
	}
	return lent
}
