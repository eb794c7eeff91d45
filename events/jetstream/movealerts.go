package jetstream

import (
	"context"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/atlant-log/atlant/events"
)

// alertStreams are moved message by message.
var alertStreams = []string{alertsStream, notificationStream, deliveryStream}

// moveAlerts puts alerts into the new log, with how far each shard is told to them, what is to be delivered, and what became of
// what was. Alerts get new revisions, and deliveries are kept as long as if they came now.
func (m *move) moveAlerts(ctx context.Context) error {
	for _, stream := range alertStreams {
		err := m.copyMessages(ctx, "move "+strings.ToLower(stream), events.Stream(stream),
			func(*jetstream.RawStreamMsg) bool { return true })
		if err != nil {
			return err
		}
	}
	return nil
}
