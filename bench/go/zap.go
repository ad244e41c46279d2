package main

import (
	"io"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// geo as zap wants nested maps on its fast path.
type geo map[string]string

func (g geo) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	for key, value := range g {
		enc.AddString(key, value)
	}
	return nil
}

func startZap(out io.Writer) *contestant {
	config := zap.NewProductionEncoderConfig()
	config.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	log := zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(config), zapcore.AddSync(out), zapcore.InfoLevel))
	base := func(r *request) [5]zap.Field {
		return [5]zap.Field{
			zap.String("endpoint", r.endpoint), zap.String("method", r.method), zap.String("request_id", r.requestID),
			zap.Int64("status_code", r.statusCode), zap.Float64("duration_ms", r.durationMs),
		}
	}
	return &contestant{
		w1: func(r *request) {
			log.Info(event, zap.String("endpoint", r.endpoint), zap.String("method", r.method),
				zap.String("request_id", r.requestID), zap.Int64("status_code", r.statusCode),
				zap.Float64("duration_ms", r.durationMs))
		},
		w3: func(r *request) {
			log.Debug(event, zap.String("endpoint", r.endpoint), zap.String("method", r.method),
				zap.String("request_id", r.requestID), zap.Int64("status_code", r.statusCode),
				zap.Float64("duration_ms", r.durationMs))
		},
		bind: func() func(r *request) {
			child := log.With(zap.String("service", service), zap.String("region", region), zap.String("version", version))
			return func(r *request) {
				child.Info(event, zap.String("endpoint", r.endpoint), zap.String("method", r.method),
					zap.String("request_id", r.requestID), zap.Int64("status_code", r.statusCode),
					zap.Float64("duration_ms", r.durationMs))
			}
		},
		w4: func(r *request, w *wide) {
			f := base(r)
			log.Info(event, f[0], f[1], f[2], f[3], f[4], zap.String("detail", w.detail), zap.Strings("tags", w.tags),
				zap.Object("geo", geo(w.geo)), zap.Bool("cached", w.cached), zap.Stringp("parent_id", w.parentID),
				zap.Uint64("bytes_out", w.bytesOut), zap.String("user_agent", w.userAgent))
		},
		finish: func() { log.Sync() },
	}
}
