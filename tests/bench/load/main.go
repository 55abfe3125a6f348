// The bench's own tools: `load stub ADDRESS [MILLISECONDS]` is the wallet (and how long it thinks), `load open ...` the open-loop generator.
package main

import (
	"fmt"
	"os"
	"time"
)

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func main() {
	if len(os.Args) < 3 {
		fail(fmt.Errorf("usage: load stub ADDRESS [MILLISECONDS] | load open ADDRESS LIST SIZE RATE SECONDS CONNECTIONS"))
	}
	switch os.Args[1] {
	case "stub":
		think := 0
		if len(os.Args) > 3 {
			think = number(os.Args[3])
		}
		stub(os.Args[2], time.Duration(think)*time.Millisecond)
	case "open":
		open(os.Args[2:])
	}
}
