package pluginv1

// keptMessages is how many messages of one type a shelf keeps: more than a usual call needs, and little beside the largest.
const keptMessages = 16

// shelf holds the messages of one type that an [Arena] has lent and may lend again.
type shelf[T any] struct {
	all  []*T
	used int // the first of all are lent
}

// takeBack empties what was lent, so that it keeps nothing alive and is empty when it is lent again.
func (s *shelf[T]) takeBack() {
	if len(s.all) > keptMessages {
		s.all, s.used = s.all[:keptMessages:keptMessages], min(s.used, keptMessages)
	}
	for _, m := range s.all[:s.used] {
		var empty T
		*m = empty
	}
	s.used = 0
}

// loans are the shelves that something was lent from.
type loans []interface{ takeBack() }

// lend takes a message from a shelf of the arena that l belongs to.
func lend[T any](l *loans, s *shelf[T]) *T {
	if s.used == 0 {
		*l = append(*l, s)
	}
	if s.used == len(s.all) {
		s.all = append(s.all, new(T))
	}
	s.used++
	return s.all[s.used-1]
}

// Reset takes back everything that was lent. Texts, bytes, maps and lists that were read out of it stay whose they are.
func (a *Arena) Reset() {
	for _, s := range a.loans {
		s.takeBack()
	}
	a.loans = a.loans[:0]
}
