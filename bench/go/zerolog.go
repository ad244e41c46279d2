package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/rs/zerolog"
	"github.com/rs/zerolog/diode"
)

// Slots of the diode: about as many events as the other contestants' queues hold. It overwrites when full.
const diodeSlots = 8192

func fields(e *zerolog.Event, r *request) *zerolog.Event {
	return e.Str("endpoint", r.endpoint).Str("method", r.method).Str("request_id", r.requestID).
		Int64("status_code", r.statusCode).Float64("duration_ms", r.durationMs)
}

func newZerolog(out io.Writer) zerolog.Logger {
	zerolog.TimeFieldFormat = time.RFC3339Nano
	return zerolog.New(out).With().Timestamp().Logger().Level(zerolog.InfoLevel)
}

func bindZerolog(log zerolog.Logger) func() func(r *request) {
	return func() func(r *request) {
		child := log.With().Str("service", service).Str("region", region).Str("version", version).Logger()
		return func(r *request) { fields(child.Info(), r).Msg(event) }
	}
}

func startZerolog(out io.Writer) *contestant {
	log := newZerolog(out)
	return &contestant{
		w1:   func(r *request) { fields(log.Info(), r).Msg(event) },
		w3:   func(r *request) { fields(log.Debug(), r).Msg(event) },
		bind: bindZerolog(log),
		w4: func(r *request, w *wide) {
			geo := zerolog.Dict()
			for key, value := range w.geo {
				geo.Str(key, value)
			}
			fields(log.Info(), r).Str("detail", w.detail).Strs("tags", w.tags).Dict("geo", geo).Bool("cached", w.cached).
				Interface("parent_id", w.parentID).Uint64("bytes_out", w.bytesOut).Str("user_agent", w.userAgent).Msg(event)
		},
		finish: func() {},
	}
}

func startDiode(out io.Writer) *contestant {
	writer := diode.NewWriter(out, diodeSlots, 0, func(missed int) { fmt.Fprintln(os.Stderr, "missed", missed) })
	return &contestant{bind: bindZerolog(newZerolog(writer)), finish: func() { writer.Close() }}
}
