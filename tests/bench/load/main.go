// The bench's own tools: `load stub ADDRESS` is the wallet, `load open ...` the open-loop generator.
package main

import (
	"fmt"
	"os"
)

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func main() {
	if len(os.Args) < 3 {
		fail(fmt.Errorf("usage: load stub ADDRESS | load open ADDRESS LIST SIZE RATE SECONDS CONNECTIONS"))
	}
	switch os.Args[1] {
	case "stub":
		stub(os.Args[2])
	case "open":
		open(os.Args[2:])
	}
}
