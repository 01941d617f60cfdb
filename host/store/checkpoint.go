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

// longLog is the number of pages from which the log shall begin anew: 16 MiB with pages of 4 KiB.
const longLog = 4096

// checkpoint does the work beside the writer. A log begins anew only if everything in it was moved when the next transaction
// begins, which under load never is by itself: so a second pass moves what was committed during the first, and the writer the little
// that was during the second.
func (s *Store) checkpoint() {
	s.mu.Lock()
	scrub := s.scrub
	s.scrub = false
	s.mu.Unlock()
	s.checkpointing.Lock()
	defer s.checkpointing.Unlock()
	pages, err := s.config.Checkpoint(s.closing, scrub)
	if err == nil && pages >= longLog {
		_, err = s.config.Checkpoint(s.closing, false)
		s.finish.Store(err == nil)
	}
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

// finishCheckpoint runs between two commits, unless a checkpoint is running beside them.
func (s *Store) finishCheckpoint() {
	if !s.finish.Load() || !s.checkpointing.TryLock() {
		return
	}
	defer s.checkpointing.Unlock()
	s.finish.Store(false)
	if _, err := s.config.Checkpoint(s.closing, false); err != nil && context.Cause(s.closing) == nil {
		s.log.Warn("the last part of a checkpoint failed; it is done with the next", "error", err)
	}
}
