package store

import (
	"context"
	"time"
)

// nudgeCheckpoint tells the checkpointer that there is something to do.
func (s *Store) nudgeCheckpoint() {
	select {
	case s.commits <- struct{}{}:
	default:
	}
}

// checkpointLoop moves committed pages from the log to the database file beside
// the writer, so that a commit rarely has to. It ends when Close begins.
func (s *Store) checkpointLoop() {
	defer close(s.checkpointDone)
	if s.config.Checkpoint == nil {
		return
	}
	for {
		select {
		case <-s.closing.Done():
			return
		case <-s.commits:
		}
		s.checkpoint()
		pause := time.NewTimer(s.config.CheckpointEvery)
		select {
		case <-s.closing.Done():
			pause.Stop()
			return
		case <-pause.C:
		}
	}
}

func (s *Store) checkpoint() {
	s.mu.Lock()
	scrub := s.scrub
	s.scrub = false
	s.mu.Unlock()
	err := s.config.Checkpoint(s.closing, scrub)
	if err == nil || context.Cause(s.closing) != nil {
		return
	}
	s.log.Warn("checkpoint failed; the log of the database grows until one succeeds", "error", err)
	if scrub { // an erased key is not allowed to be forgotten in the log
		s.mu.Lock()
		s.scrub = true
		s.mu.Unlock()
		s.nudgeCheckpoint()
	}
}
