package jetstream

import (
	"fmt"
	"log/slog"

	"github.com/nats-io/nats-server/v2/server"
)

// logSaid is the key under which what the server says is logged.
const logSaid = "said"

// serverLogger passes on what the embedded server has to say. Only here does the server say that its disk is full.
type serverLogger struct {
	log  *slog.Logger
	disk *disk
}

var _ server.Logger = serverLogger{}

func said(format string, v []any) slog.Attr { return slog.String(logSaid, fmt.Sprintf(format, v...)) }

func (l serverLogger) Noticef(format string, v ...any) { l.log.Debug("nats", said(format, v)) }
func (l serverLogger) Warnf(format string, v ...any)   { l.log.Warn("nats", said(format, v)) }
func (l serverLogger) Fatalf(format string, v ...any)  { l.log.Error("nats", said(format, v)) }
func (l serverLogger) Debugf(format string, v ...any)  { l.log.Debug("nats", said(format, v)) }
func (l serverLogger) Tracef(format string, v ...any)  { l.log.Debug("nats", said(format, v)) }

func (l serverLogger) Errorf(format string, v ...any) {
	text := said(format, v)
	l.log.Error("nats", text)
	l.disk.heed(text.Value.String())
}
