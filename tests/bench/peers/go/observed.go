package main

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"sort"
	"strconv"
	"sync"
	"time"
)

// The access log: one JSON line per callback, written through a buffer that is flushed ten times a second.
type accessLog struct {
	sync.Mutex
	out   *bufio.Writer
	spare []byte
}

var access = newAccessLog()

func newAccessLog() *accessLog {
	log := &accessLog{out: bufio.NewWriterSize(os.Stdout, 64<<10)}
	go func() {
		for range time.Tick(100 * time.Millisecond) {
			log.Lock()
			log.out.Flush()
			log.Unlock()
		}
	}()
	return log
}

func (log *accessLog) line(at time.Time, outcome, transaction string, status int, seconds float64) {
	log.Lock()
	defer log.Unlock()
	line := append(log.spare[:0], `{"event":"callback","timestamp":"`...)
	line = at.UTC().AppendFormat(line, "2006-01-02T15:04:05.000000Z")
	line = append(line, `","provider":"acme","operation":"bet","outcome":`...)
	line = strconv.AppendQuote(line, outcome)
	line = append(line, `,"transaction":`...)
	line = strconv.AppendQuote(line, transaction)
	line = append(line, `,"status":`...)
	line = strconv.AppendInt(line, int64(status), 10)
	line = append(line, `,"ms":`...)
	line = strconv.AppendFloat(line, seconds*1000, 'f', 1, 64)
	line = append(line, "}\n"...)
	log.out.Write(line)
	log.spare = line
}

// One counter by outcome and one histogram, in Prometheus' text exposition.
type observed struct {
	sync.Mutex
	count   map[string]uint64
	buckets []uint64
	sum     float64
}

var bounds = []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 1.8, 2.5, 3, 3.6, 4, 5, 8, 10}
var metrics = &observed{count: map[string]uint64{}, buckets: make([]uint64, len(bounds)+1)}

func (seen *observed) saw(outcome string, seconds float64) {
	bucket := sort.SearchFloat64s(bounds, seconds)
	seen.Lock()
	seen.count[outcome]++
	seen.buckets[bucket]++
	seen.sum += seconds
	seen.Unlock()
}

func (seen *observed) show(w http.ResponseWriter, _ *http.Request) {
	seen.Lock()
	defer seen.Unlock()
	fmt.Fprintln(w, "# TYPE callbacks_total counter")
	for outcome, count := range seen.count {
		fmt.Fprintf(w, "callbacks_total{outcome=%q} %d\n", outcome, count)
	}
	fmt.Fprintln(w, "# TYPE callback_duration_seconds histogram")
	total := uint64(0)
	for at, bound := range bounds {
		total += seen.buckets[at]
		fmt.Fprintf(w, "callback_duration_seconds_bucket{le=\"%g\"} %d\n", bound, total)
	}
	total += seen.buckets[len(bounds)]
	fmt.Fprintf(w, "callback_duration_seconds_bucket{le=\"+Inf\"} %d\n", total)
	fmt.Fprintf(w, "callback_duration_seconds_sum %g\ncallback_duration_seconds_count %d\n", seen.sum, total)
}
