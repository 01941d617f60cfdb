package merchantsim

// newQRSymbol draws everything of a symbol but its data: finders, timing,
// alignment, format and version.
func newQRSymbol(version int) *qrSymbol {
	q := &qrSymbol{version: version, size: 17 + 4*version}
	for range q.size {
		q.dark = append(q.dark, make([]bool, q.size))
		q.fixed = append(q.fixed, make([]bool, q.size))
	}
	for k := range q.size {
		q.set(6, k, k%2 == 0)
		q.set(k, 6, k%2 == 0)
	}
	q.finder(3, 3)
	q.finder(q.size-4, 3)
	q.finder(3, q.size-4)
	centres := alignment(version, q.size)
	last := len(centres) - 1
	for a, x := range centres {
		for b, y := range centres {
			// Three corners are taken by finders.
			if (a == 0 && b == 0) || (a == 0 && b == last) || (a == last && b == 0) {
				continue
			}
			q.square(x, y)
		}
	}
	q.format()
	q.versionBits()
	return q
}

// set draws one fixed module at column x, row y.
func (q *qrSymbol) set(x, y int, dark bool) {
	q.dark[y][x] = dark
	q.fixed[y][x] = true
}

// finder draws a finder around a centre, with its light border.
func (q *qrSymbol) finder(cx, cy int) {
	for dy := -4; dy <= 4; dy++ {
		for dx := -4; dx <= 4; dx++ {
			x, y := cx+dx, cy+dy
			if x < 0 || y < 0 || x >= q.size || y >= q.size {
				continue
			}
			ring := max(dx, -dx, dy, -dy)
			q.set(x, y, ring != 2 && ring != 4)
		}
	}
}

// square draws an alignment pattern around a centre.
func (q *qrSymbol) square(cx, cy int) {
	for dy := -2; dy <= 2; dy++ {
		for dx := -2; dx <= 2; dx++ {
			q.set(cx+dx, cy+dy, max(dx, -dx, dy, -dy) != 1)
		}
	}
}

// alignment returns the coordinates that alignment patterns are centred on:
// evenly spaced in even steps, counted from the far edge.
func alignment(version, size int) []int {
	if version == 1 {
		return nil
	}
	count := version/7 + 2
	step := (version*4 + count*2 + 1) / (count*2 - 2) * 2
	out := make([]int, count)
	for k := range count {
		out[k] = size - 7 - (count-1-k)*step
	}
	out[0] = 6
	return out
}

// format draws error correction level M and mask 0, twice, protected by a BCH
// code. The standard would choose the best of eight masks; every mask decodes.
func (q *qrSymbol) format() {
	const levelAndMask = 0 // level M is 00, mask 0 is 000
	remainder := levelAndMask
	for range 10 {
		remainder = remainder<<1 ^ remainder>>9*0x537
	}
	bits := (levelAndMask<<10 | remainder) ^ 0x5412
	bit := func(k int) bool { return bits>>k&1 == 1 }
	for k := range 6 {
		q.set(8, k, bit(k))
	}
	q.set(8, 7, bit(6))
	q.set(8, 8, bit(7))
	q.set(7, 8, bit(8))
	for k := 9; k < 15; k++ {
		q.set(14-k, 8, bit(k))
	}
	for k := range 8 {
		q.set(q.size-1-k, 8, bit(k))
	}
	for k := 8; k < 15; k++ {
		q.set(8, q.size-15+k, bit(k))
	}
	q.set(8, q.size-8, true)
}

// versionBits draws the version, which symbols from version 7 on carry twice.
func (q *qrSymbol) versionBits() {
	if q.version < 7 {
		return
	}
	remainder := q.version
	for range 12 {
		remainder = remainder<<1 ^ remainder>>11*0x1F25
	}
	bits := q.version<<12 | remainder
	for k := range 18 {
		dark := bits>>k&1 == 1
		a, b := q.size-11+k%3, k/3
		q.set(a, b, dark)
		q.set(b, a, dark)
	}
}

// place writes the codewords in the zigzag of the standard, from the lower
// right in columns of two, and applies mask 0: every second module is turned.
func (q *qrSymbol) place(codewords []byte) {
	n := 0
	for right := q.size - 1; right >= 1; right -= 2 {
		if right == 6 {
			right = 5 // the timing column
		}
		for step := range q.size {
			y := step
			if (right+1)&2 == 0 {
				y = q.size - 1 - step
			}
			for _, x := range []int{right, right - 1} {
				if q.fixed[y][x] {
					continue
				}
				dark := n < len(codewords)*8 && codewords[n/8]>>(7-n%8)&1 == 1
				n++
				q.dark[y][x] = dark != ((x+y)%2 == 0)
			}
		}
	}
}
