package merchantsim

import (
	"encoding/xml"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestQRCodeIsPublicSVG(t *testing.T) {
	g := start(t, Config{})
	id := g.create(map[string]any{"paymentOption": "SBP_QR"})["id"].(string)
	got := g.browse(g.url + "/api/public/invoices/" + id + "/qr-code")
	require.Equal(t, http.StatusOK, got.status)
	require.Equal(t, "image/svg+xml", got.header.Get("Content-Type"))
	var svg struct {
		XMLName xml.Name `xml:"http://www.w3.org/2000/svg svg"`
	}
	require.NoError(t, xml.Unmarshal([]byte(got.body), &svg))

	require.NoError(t, g.sim.Cancel(id))
	g.browse(g.url+"/api/public/invoices/"+id+"/qr-code").refused(t, 404, "null", "")
	empty := g.create(map[string]any{"startDeal": false})["id"].(string)
	g.browse(g.url+"/api/public/invoices/"+empty+"/qr-code").refused(t, 404, "null", "")
	g.browse(g.url+"/api/public/invoices/unknown/qr-code").refused(t, 404, "null", "")
}

// The Reed-Solomon part against the worked example of ISO/IEC 18004 annex I:
// "01234567" in version 1-M.
func TestReedSolomonOfTheStandard(t *testing.T) {
	data := []byte{0x10, 0x20, 0x0C, 0x56, 0x61, 0x80, 0xEC, 0x11, 0xEC, 0x11, 0xEC, 0x11, 0xEC, 0x11, 0xEC, 0x11}
	want := []byte{0xA5, 0x24, 0xD4, 0xC1, 0xED, 0x36, 0xC7, 0x87, 0x2C, 0x55}
	require.Equal(t, want, reedSolomon(data, 10))
}

func TestQRSizes(t *testing.T) {
	for length, version := range map[int]int{1: 1, 14: 1, 15: 2, 106: 6, 107: 7, 180: 9, 213: 10} {
		q, ok := encodeQR(strings.Repeat("x", length))
		require.True(t, ok)
		require.Equal(t, version, q.version, length)
	}
	_, ok := encodeQR(strings.Repeat("x", 214))
	require.False(t, ok)
}

// The picture module by module. A foreign decoder read this symbol, and one of
// every length from 1 to 213, back without correcting an error.
func TestQRPicture(t *testing.T) {
	want := strings.Fields(`
		#######...###.#######
		#.....#.#.#...#.....#
		#.###.#...##..#.###.#
		#.###.#..##...#.###.#
		#.###.#.#.#.#.#.###.#
		#.....#..##.#.#.....#
		#######.#.#.#.#######
		.........####........
		#.#.#.#...##....#..#.
		........#.#..#..##.##
		#.#..##..#..#.#.#####
		.#####.#.#...#.#...#.
		###########.#...##..#
		........#.##..#.###.#
		#######..###....#####
		#.....#...####.#.#..#
		#.###.#.####.#..#....
		#.###.#..#.#.#..##.#.
		#.###.#.##..#.#.#.#.#
		#.....#..###.#...#.#.
		#######.###.##..##.##`)
	q, ok := encodeQR("pay 1000.00")
	require.True(t, ok)
	var got []string
	for _, row := range q.dark {
		line := ""
		for _, dark := range row {
			line += map[bool]string{true: "#", false: "."}[dark]
		}
		got = append(got, line)
	}
	require.Equal(t, want, got)
}
