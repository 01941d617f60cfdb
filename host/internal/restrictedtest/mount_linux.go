package restrictedtest

import (
	"os"
	"slices"
	"strings"
)

// mountPoint is one line of the process's table of mounts.
type mountPoint struct {
	where   string
	kind    string
	options []string
}

func (m mountPoint) has(option string) bool { return slices.Contains(m.options, option) }

// readMounts returns the mounts in the order in which they were made.
func readMounts() ([]mountPoint, error) {
	table, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return nil, err
	}
	var mounts []mountPoint
	for line := range strings.Lines(string(table)) {
		fields := strings.Fields(line) // what is mounted, where, the type, the options; blanks in them are escaped
		if len(fields) > 3 {
			mounts = append(mounts, mountPoint{where: fields[1], kind: fields[2], options: strings.Split(fields[3], ",")})
		}
	}
	return mounts, nil
}
