package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand"
	"net"
	"os"
	"slices"
	"strconv"
	"time"
)

// What a callback counts that was refused or never answered.
const worst = 10 * time.Second

// From the last connection to the first request: providers keep their connections, so to make them is not measured.
const settled = 500 * time.Millisecond

// open sends the requests of a list at moments that are drawn beforehand (a Poisson stream with a fixed seed, the same
// for every contender), whether or not earlier ones were answered. A latency counts from the moment at which a request
// was meant to leave: a contender that stalls cannot hide it by holding the generator up (no coordinated omission).
func open(arguments []string) {
	if len(arguments) != 6 {
		fail(fmt.Errorf("usage: load open ADDRESS LIST SIZE RATE SECONDS CONNECTIONS"))
	}
	address, path := arguments[0], arguments[1]
	size, rate, seconds, width := number(arguments[2]), number(arguments[3]), number(arguments[4]), number(arguments[5])
	requests := readList(path, size, rate*seconds)
	moments := stream(len(requests), float64(rate))

	type ended struct {
		status  int
		after   time.Duration
		lateBy  time.Duration
		problem error
	}
	queue := make(chan int, len(requests))
	results := make(chan ended, len(requests))
	connections := make([]net.Conn, width)
	for at := range connections {
		connection, err := net.Dial("tcp", address)
		if err != nil {
			fail(err)
		}
		connections[at] = connection
	}
	began := time.Now().Add(settled)
	for _, connection := range connections {
		go func() {
			reader := bufio.NewReaderSize(connection, 16<<10)
			for at := range queue {
				meant := began.Add(moments[at])
				left := time.Since(meant)
				connection.SetDeadline(time.Now().Add(worst))
				_, err := connection.Write(requests[at])
				status := 0
				if err == nil {
					status, err = readAnswer(reader)
				}
				results <- ended{status, time.Since(meant), left, err}
				if err != nil {
					return
				}
			}
		}()
	}
	go func() {
		for at := range requests {
			time.Sleep(time.Until(began.Add(moments[at])))
			queue <- at
		}
		close(queue)
	}()

	latencies, lateness := make([]float64, 0, len(requests)), make([]float64, 0, len(requests))
	bad, problem := 0, ""
	limit := time.After(time.Duration(seconds)*time.Second + 30*time.Second)
	for range requests {
		select {
		case one := <-results:
			if one.problem != nil || one.status != 200 {
				bad++
				problem = fmt.Sprint("status ", one.status, ", ", one.problem)
				one.after = worst
			}
			latencies = append(latencies, one.after.Seconds()*1000)
			lateness = append(lateness, one.lateBy.Seconds()*1000)
		case <-limit:
			problem = "not answered in time"
			for len(latencies) < len(requests) {
				bad++
				latencies = append(latencies, worst.Seconds()*1000)
			}
		}
		if len(latencies) == len(requests) {
			break
		}
	}
	slices.Sort(latencies)
	slices.Sort(lateness)
	json.NewEncoder(os.Stdout).Encode(map[string]any{
		"sent": len(requests), "bad": bad, "problem": problem, "p50": quantile(latencies, 0.5),
		"p99": quantile(latencies, 0.99), "p999": quantile(latencies, 0.999), "max": quantile(latencies, 1),
		"late_p99": quantile(lateness, 0.99),
	})
}

func number(text string) int {
	value, err := strconv.Atoi(text)
	if err != nil {
		fail(err)
	}
	return value
}

func readList(path string, size, count int) [][]byte {
	file, err := os.Open(path)
	if err != nil {
		fail(err)
	}
	defer file.Close()
	all := make([]byte, size*count)
	if _, err := io.ReadFull(file, all); err != nil {
		fail(fmt.Errorf("the list is shorter than %d callbacks: %w", count, err))
	}
	requests := make([][]byte, count)
	for at := range requests {
		requests[at] = all[at*size : (at+1)*size]
	}
	return requests
}

func stream(count int, rate float64) []time.Duration {
	source := rand.New(rand.NewSource(20260101))
	moments, at := make([]time.Duration, count), 0.0
	for each := range moments {
		at += source.ExpFloat64() / rate
		moments[each] = time.Duration(at * float64(time.Second))
	}
	return moments
}

func readAnswer(reader *bufio.Reader) (int, error) {
	status, length := 0, -1
	for {
		line, err := reader.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		line = bytes.TrimRight(line, "\r\n")
		switch {
		case len(line) == 0:
			if length < 0 {
				return 0, fmt.Errorf("an answer without a Content-Length")
			}
			_, err := reader.Discard(length)
			return status, err
		case status == 0:
			if len(line) < 12 {
				return 0, fmt.Errorf("no status line")
			}
			status, _ = strconv.Atoi(string(line[9:12]))
		case len(line) > 15 && bytes.EqualFold(line[:15], []byte("content-length:")):
			length, _ = strconv.Atoi(string(bytes.TrimSpace(line[15:])))
		}
	}
}

func quantile(sorted []float64, share float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, int(share*float64(len(sorted))))]
}
