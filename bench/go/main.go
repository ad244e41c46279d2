// zerolog and zap, measured like the Rust contestants: `gobench CONTESTANT MEASURE PATH AMOUNT` prints `name value`.
package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
)

// A contestant: one function per workload. context is what bind made for this goroutine.
type contestant struct {
	w1, w3 func(r *request)
	bind   func() func(r *request)
	w4     func(r *request, w *wide)
	finish func()
}

// null takes every byte and keeps none. Not io.Discard: zerolog recognises that one and formats nothing.
type null struct{ bytes int }

func (n *null) Write(p []byte) (int, error) {
	return len(p), nil
}

func main() {
	if len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "usage: gobench CONTESTANT MEASURE PATH AMOUNT")
		os.Exit(2)
	}
	name, measure, path := os.Args[1], os.Args[2], os.Args[3]
	amount, err := strconv.Atoi(os.Args[4])
	check(err)

	runtime.LockOSThread()
	var out io.Writer = &null{}
	if measure != "inline" {
		file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		check(err)
		out = file
	}
	c := start(name, out)
	pin(0)
	switch measure {
	case "inline":
		inline(c, float64(amount))
	case "caller":
		caller(c, amount)
	case "sustained":
		sustained(c, path, amount)
		return
	case "show":
		show(c)
	}
	c.finish()
}

func start(name string, out io.Writer) *contestant {
	switch name {
	case "zerolog":
		return startZerolog(out)
	case "zerolog-diode":
		return startDiode(out)
	case "zap":
		return startZap(out)
	}
	fmt.Fprintf(os.Stderr, "no such contestant: `%s`\n", name)
	os.Exit(2)
	return nil
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
