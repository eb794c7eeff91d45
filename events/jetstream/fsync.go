package jetstream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

const (
	monitorTimeout = 5 * time.Second
	maxMonitored   = 1 << 20 // bytes of an answer
)

// CheckFsync asks servers at their monitoring URLs (http://host:8222) whether they sync every write to the disk before they
// confirm it; clients cannot see that. It returns a FaultsError that names those that do not, and those that give no such
// answer. A server that cannot be reached is only warned of, unless none can: a cluster must take it that one is down.
func CheckFsync(ctx context.Context, urls []string, logger *slog.Logger) error {
	var faults, away FaultsError
	for _, monitor := range urls {
		fault, reached := fsyncFault(ctx, monitor)
		switch {
		case fault == nil:
		case reached:
			faults = append(faults, *fault)
		default:
			away = append(away, *fault)
		}
	}
	if len(away) == len(urls) {
		faults = append(faults, away...)
	} else {
		for _, fault := range away {
			logger.WarnContext(ctx, "cannot ask a NATS server whether it syncs every write to the disk",
				slog.String(logFault, fault.String()))
		}
	}
	if len(faults) > 0 {
		return faults
	}
	return nil
}

// fsyncFault returns what is wrong with a server, nil if nothing is, and whether it was reached at all.
func fsyncFault(ctx context.Context, monitor string) (fault *Fault, reached bool) {
	shown := "server at " + redacted(monitor)
	said, err := askMonitor(ctx, monitor)
	switch {
	case err != nil:
		_, network := errors.AsType[net.Error](err)
		return &Fault{
			Where: shown, What: "its monitoring", Is: "not to be had (" + err.Error() + ")", Must: "there, to see whether it syncs",
			Todo: "set http_port in the server's configuration, or correct the URL",
		}, !network
	case said.Disabled:
		return &Fault{Where: shown, What: "JetStream", Is: "off", Must: "on", Todo: todoEnable}, true
	case !said.Config.SyncAlways:
		is := "only now and then"
		if said.Config.SyncInterval > 0 {
			is = "every " + said.Config.SyncInterval.String()
		}
		return &Fault{
			Where: shown, What: "syncing to the disk", Is: is, Must: "done for every write, or a power cut loses what was confirmed",
			Todo: "set `sync_interval: always` in the jetstream block of the server's configuration, and restart it",
		}, true
	}
	return nil, true
}

// askMonitor returns what a server says of its JetStream.
func askMonitor(ctx context.Context, monitor string) (server.JSInfo, error) {
	var said server.JSInfo
	at, err := url.Parse(monitor)
	if err != nil || at.Host == "" {
		return said, errors.New("not a URL like http://host:8222")
	}
	at = at.JoinPath("jsz")
	at.RawQuery = "config=1"
	ctx, cancel := context.WithTimeout(ctx, monitorTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return said, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return said, plain(err)
	}
	defer func() { _ = response.Body.Close() }() // it was only read
	if response.StatusCode != http.StatusOK {
		return said, fmt.Errorf("it answered %s", response.Status)
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, maxMonitored)).Decode(&said); err != nil {
		return said, fmt.Errorf("it did not answer as a NATS server does: %w", err)
	}
	return said, nil
}
