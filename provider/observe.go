package provider

import (
	"log/slog"

	cc "github.com/callcontrol-go/callcontrol"
)

// LogLevel is how loud a failed command is: what the caller can expect to happen is quiet.
func logLevel(err error) slog.Level {
	switch cc.KindOf(err) {
	case cc.ErrUncertain, cc.ErrUnavailable, cc.ErrUnauthenticated, cc.ErrRateLimited:
		return slog.LevelWarn
	}
	return slog.LevelDebug
}

func logError(err error) slog.Attr { return slog.Any("error", asError(err)) }
