package process

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

const (
	logQueueLines = 1024            // lines waiting for the logger
	logQueueBytes = 1 << 20         // and their bytes
	dropReport    = 5 * time.Second // at most one report of dropped lines in this time
	tailLines     = 200             // lines kept for the crash report
	tailLineBytes = 2 << 10         // of each
)

// logSink takes a plugin's output and passes it to the logger from a goroutine of its own. Taking a line never blocks: when
// the logger is slower than the plugin, lines are counted and dropped, and neither the plugin nor the host waits.
type logSink struct {
	logger *slog.Logger
	scrub  scrubber
	queue  chan queuedLine
	queued atomic.Int64 // bytes in queue
	pid    atomic.Int64 // of the process, once it runs
	lost   atomic.Int64 // lines dropped since the last report
	stop   chan struct{}
	late   atomic.Bool   // nobody waits any longer for what is queued
	done   chan struct{} // closed when the goroutine has ended

	mu   sync.Mutex // guards tail
	tail []string   // ring of raw lines, oldest at next once full
	next int
}

type queuedLine struct {
	stream    string // empty for the plugin's log (fd 2)
	text      []byte
	truncated bool
}

func newLogSink(logger *slog.Logger, s scrubber) *logSink {
	l := &logSink{logger: logger, scrub: s, queue: make(chan queuedLine, logQueueLines), stop: make(chan struct{}), done: make(chan struct{})}
	go l.run()
	return l
}

// stream returns the function that takes lines of one stream.
func (l *logSink) stream(name string) func(line []byte, truncated bool) {
	return func(line []byte, truncated bool) { l.take(name, line, truncated) }
}

// take keeps the line for the crash report and queues it for the logger. It copies the line and never blocks.
func (l *logSink) take(stream string, line []byte, truncated bool) {
	l.remember(line)
	if l.queued.Add(int64(len(line))) > logQueueBytes {
		l.queued.Add(-int64(len(line)))
		l.lost.Add(1)
		return
	}
	select {
	case l.queue <- queuedLine{stream: stream, text: append([]byte(nil), line...), truncated: truncated}:
	default:
		l.queued.Add(-int64(len(line)))
		l.lost.Add(1)
	}
}

func (l *logSink) remember(line []byte) {
	text := string(line[:min(len(line), tailLineBytes)])
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.tail) < tailLines {
		l.tail = append(l.tail, text)
		return
	}
	l.tail[l.next] = text
	l.next = (l.next + 1) % tailLines
}

// last returns the newest n lines, oldest first, masked and printable.
func (l *logSink) last(n int) []string {
	l.mu.Lock()
	raw := append(append(make([]string, 0, len(l.tail)), l.tail[l.next:]...), l.tail[:l.next]...)
	l.mu.Unlock()
	raw = raw[max(0, len(raw)-n):]
	out := make([]string, len(raw))
	for i, line := range raw {
		out[i] = parseLogLine([]byte(line), l.scrub).String()
	}
	return out
}

// close ends the goroutine after what is queued has been logged, and waits for that no longer than the given time: a logger
// that hangs must not hang the end of a process. What has not been logged by then is dropped and counted.
func (l *logSink) close(wait time.Duration) {
	close(l.stop)
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-l.done:
	case <-timer.C:
		l.late.Store(true)
	}
}

func (l *logSink) run() {
	defer close(l.done)
	report := time.NewTicker(dropReport)
	defer report.Stop()
	for {
		select {
		case line := <-l.queue:
			l.log(line)
		case <-report.C:
			l.reportLost()
		case <-l.stop:
			for {
				select {
				case line := <-l.queue:
					l.log(line)
				default:
					l.reportLost()
					return
				}
			}
		}
	}
}

func (l *logSink) log(line queuedLine) {
	l.queued.Add(-int64(len(line.text)))
	if l.late.Load() {
		l.lost.Add(1)
		return
	}
	if !l.logger.Enabled(context.Background(), slog.LevelError) {
		return // nothing is logged at all, so nothing needs to be parsed
	}
	parsed := parseLogLine(line.text, l.scrub)
	if line.stream != "" {
		parsed.attrs = append(parsed.attrs, slog.String("stream", line.stream))
	}
	if line.truncated {
		parsed.attrs = append(parsed.attrs, slog.Bool("truncated", true))
	}
	parsed.attrs = append(parsed.attrs, slog.Int64("pid", l.pid.Load()))
	l.logger.LogAttrs(context.Background(), parsed.level, parsed.message, parsed.attrs...)
}

func (l *logSink) reportLost() {
	if n := l.lost.Swap(0); n > 0 {
		l.logger.Warn("plugin output dropped: it came faster than it could be logged", slog.Int64("lines", n))
	}
}
