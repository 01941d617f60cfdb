package host

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

// A question is never answered by a look that began before it was asked.
func TestFlightsAnswerWithALookThatBeganAfterTheQuestion(t *testing.T) {
	f := &flights{running: map[string]*flight{}}
	truth, began, goOn := "old", make(chan struct{}), make(chan struct{})
	seen := ""
	first := f.ask("inv", func() error {
		seen = truth
		began <- struct{}{}
		<-goOn
		return nil
	})
	<-began
	truth = "new"
	looks := 0
	var second *flight
	for range 50 { // all share one
		second = f.ask("inv", func() error {
			looks++
			seen = truth
			return errors.New("answered")
		})
	}
	close(goOn)
	<-first.done
	require.NoError(t, first.err)
	<-second.done
	require.ErrorContains(t, second.err, "answered")
	require.Equal(t, "new", seen)
	require.Equal(t, 1, looks)
	third := f.ask("inv", func() error { return nil })
	<-third.done
	require.NoError(t, third.err)
}
