package merchantsim

import (
	"fmt"
	"io"
	"net/http"
	"strings"
)

// qrCode serves 4.15, GET /api/public/invoices/{id}/qr-code: an SVG picture of
// the active deal's link or, where there is none, of its requisites.
func (s *Sim) qrCode(w http.ResponseWriter, r *http.Request) {
	text := s.qrText(r.PathValue("id"))
	code, ok := encodeQR(text)
	if text == "" || !ok {
		s.refuse(w, r, refuseNull())
		return
	}
	w.Header().Set("Content-Type", "image/svg+xml")
	// The client may be gone; there is nobody to tell.
	_, _ = io.WriteString(w, code.svg())
}

// qrText returns what the picture says, or "" without an active deal that has
// requisites.
func (s *Sim) qrText(id string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.find(id, s.cfg.Now())
	if i == nil {
		return ""
	}
	d := i.activeDeal()
	if d == nil || d.Requisites == nil {
		return ""
	}
	if d.QRCodeLink != "" {
		return d.QRCodeLink
	}
	return d.Requisites.Requisites
}

// qrVersion is what ISO/IEC 18004 fixes for one symbol size at error correction
// level M.
type qrVersion struct {
	total  int // codewords, data and correction together
	blocks int // blocks the data is split into
	repair int // correction codewords of each block
}

// qrVersions lists versions 1 to 10, enough for 213 bytes.
func qrVersions() []qrVersion {
	return []qrVersion{
		{26, 1, 10}, {44, 1, 16}, {70, 1, 26}, {100, 2, 18}, {134, 2, 24},
		{172, 4, 16}, {196, 4, 18}, {242, 4, 22}, {292, 5, 22}, {346, 5, 26},
	}
}

// qrSymbol is one symbol: which modules are dark, and which belong to a fixed
// pattern and so carry no data.
type qrSymbol struct {
	version, size int
	dark, fixed   [][]bool
}

// encodeQR draws text as a byte-mode symbol of the smallest version that holds
// it; false means that it is too long.
func encodeQR(text string) (*qrSymbol, bool) {
	for n, v := range qrVersions() {
		version := n + 1
		lengthBits := 8
		if version >= 10 {
			lengthBits = 16
		}
		capacity := (v.total - v.blocks*v.repair) * 8
		if 4+lengthBits+8*len(text) > capacity {
			continue
		}
		q := newQRSymbol(version)
		q.place(v.interleave(qrData(text, lengthBits, capacity)))
		return q, true
	}
	return nil, false
}

// qrData builds the data codewords: mode, length, bytes, terminator, padding.
func qrData(text string, lengthBits, capacity int) []byte {
	var bits []bool
	add := func(value, count int) {
		for k := count - 1; k >= 0; k-- {
			bits = append(bits, value>>k&1 == 1)
		}
	}
	add(4, 4) // byte mode
	add(len(text), lengthBits)
	for _, b := range []byte(text) {
		add(int(b), 8)
	}
	add(0, min(4, capacity-len(bits)))
	add(0, (8-len(bits)%8)%8)
	for pad := 0xEC; len(bits) < capacity; pad ^= 0xEC ^ 0x11 {
		add(pad, 8)
	}
	out := make([]byte, len(bits)/8)
	for k, bit := range bits {
		if bit {
			out[k/8] |= 0x80 >> (k % 8)
		}
	}
	return out
}

// interleave splits data into blocks, the shorter ones first, adds the
// correction codewords of each and takes one codeword of every block in turn.
func (v qrVersion) interleave(data []byte) []byte {
	short := len(data) / v.blocks
	longer := len(data) % v.blocks
	var blocks, repairs [][]byte
	for n := range v.blocks {
		size := short
		if n >= v.blocks-longer {
			size++
		}
		blocks = append(blocks, data[:size])
		repairs = append(repairs, reedSolomon(data[:size], v.repair))
		data = data[size:]
	}
	out := make([]byte, 0, v.total)
	for k := range short + 1 {
		for _, b := range blocks {
			if k < len(b) {
				out = append(out, b[k])
			}
		}
	}
	for k := range v.repair {
		for _, b := range repairs {
			out = append(out, b[k])
		}
	}
	return out
}

// gfMultiply multiplies in GF(256) with the polynomial 0x11D of the standard.
func gfMultiply(a, b byte) byte {
	product := 0
	for k := 7; k >= 0; k-- {
		product = product<<1 ^ product>>7*0x11D
		if b>>k&1 == 1 {
			product ^= int(a)
		}
	}
	return byte(product)
}

// reedSolomon returns the correction codewords of a block: the remainder of its
// polynomial divided by (x-1)(x-2)(x-4)… with degree factors.
func reedSolomon(data []byte, degree int) []byte {
	generator := make([]byte, degree)
	generator[degree-1] = 1
	root := byte(1)
	for range degree {
		for k := range generator {
			generator[k] = gfMultiply(generator[k], root)
			if k+1 < degree {
				generator[k] ^= generator[k+1]
			}
		}
		root = gfMultiply(root, 2)
	}
	remainder := make([]byte, degree)
	for _, b := range data {
		factor := b ^ remainder[0]
		copy(remainder, remainder[1:])
		remainder[degree-1] = 0
		for k, g := range generator {
			remainder[k] ^= gfMultiply(g, factor)
		}
	}
	return remainder
}

// svg renders the symbol with the quiet zone of four modules that scanners need.
func (q *qrSymbol) svg() string {
	var path strings.Builder
	for y, row := range q.dark {
		for x, dark := range row {
			if dark {
				fmt.Fprintf(&path, "M%d,%dh1v1h-1z", x+4, y+4)
			}
		}
	}
	side := q.size + 8
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" shape-rendering="crispEdges">`+
		`<rect width="100%%" height="100%%" fill="#fff"/><path d="%s" fill="#000"/></svg>`, side, side, path.String())
}
