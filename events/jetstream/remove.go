package jetstream

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/atlant-log/atlant/events"
)

// Exists tells whether NATS holds a log, or a part of one.
func Exists(ctx context.Context, nc *Conn) (bool, error) {
	names, err := streamsOfLog(ctx, nc)
	return len(names) > 0, err
}

// Remove deletes a log with all that it holds, its leases, and a baseline. It is for those who made the log to measure it.
func Remove(ctx context.Context, nc *Conn) error {
	names, err := streamsOfLog(ctx, nc)
	if err != nil {
		return err
	}
	js, err := jetstream.New(nc)
	if err != nil {
		return fmt.Errorf("remove log: %w", err)
	}
	var all []error
	for _, name := range names {
		if err := js.DeleteStream(ctx, name); err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
			all = append(all, unavailable("delete stream "+name, err))
		}
	}
	return errors.Join(all...)
}

// streamsOfLog returns the names of those streams that Atlant makes.
func streamsOfLog(ctx context.Context, nc *Conn) ([]string, error) {
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, fmt.Errorf("look for a log: %w", err)
	}
	known := map[string]bool{string(baselineStream): true, "KV_" + leaseBucket: true}
	for _, stream := range wantedStreams(events.MaxShards, 1) {
		known[stream.Name] = true
	}
	var found []string
	names := js.StreamNames(ctx)
	for name := range names.Name() {
		if known[name] {
			found = append(found, name)
		}
	}
	if err := names.Err(); err != nil {
		return nil, unavailable("look for a log", err)
	}
	return found, nil
}
