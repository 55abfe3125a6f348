// The stub wallet, one for all contenders: it answers every call with "ok" and echoes whose call it was.
// It reads HTTP/1.1 by hand, so that it costs as little as it can on the core that it shares with the load generator.
package main

import (
	"bufio"
	"bytes"
	"net"
	"strconv"
	"time"
)

var answerHead = []byte("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ")

func stub(address string, think time.Duration) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		fail(err)
	}
	for {
		connection, err := listener.Accept()
		if err != nil {
			fail(err)
		}
		go answerAll(connection, think)
	}
}

func answerAll(connection net.Conn, think time.Duration) {
	defer connection.Close()
	reader := bufio.NewReaderSize(connection, 96<<10)
	var body, out []byte
	for {
		length := 0
		for {
			line, err := reader.ReadSlice('\n')
			if err != nil {
				return
			}
			line = bytes.TrimRight(line, "\r\n")
			if len(line) == 0 {
				break
			}
			if len(line) > 15 && bytes.EqualFold(line[:15], []byte("content-length:")) {
				length, _ = strconv.Atoi(string(bytes.TrimSpace(line[15:])))
			}
		}
		sent, err := reader.Peek(length)
		if err != nil {
			return
		}
		body = append(body[:0], `{"outcome":"ok"`...)
		body = echo(body, "call", text(sent, `"transaction":`))
		body = echo(body, "player", text(sent, `"player":`))
		body = append(body, `,"balance":"98.50","currency":"EUR"}`...)
		reader.Discard(length)
		if think > 0 {
			time.Sleep(think)
		}
		out = append(out[:0], answerHead...)
		out = strconv.AppendInt(out, int64(len(body)), 10)
		out = append(append(out, "\r\n\r\n"...), body...)
		if _, err := connection.Write(out); err != nil {
			return
		}
	}
}

// The text after a key; nil where there is none. The bodies that come here have no escapes.
func text(body []byte, key string) []byte {
	at := bytes.Index(body, []byte(key))
	if at < 0 {
		return nil
	}
	rest := bytes.TrimLeft(body[at+len(key):], " ")
	if len(rest) == 0 || rest[0] != '"' {
		return nil
	}
	if end := bytes.IndexByte(rest[1:], '"'); end >= 0 {
		return rest[1 : end+1]
	}
	return nil
}

func echo(body []byte, name string, value []byte) []byte {
	if value == nil {
		return body
	}
	body = append(append(append(body, `,"`...), name...), `":"`...)
	return append(append(body, value...), '"')
}
