package jetstream

import (
	"fmt"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// Report implements events.Progress.
func (l *Log) Report(fetch *atlantv1.Fetch) error {
	data, err := proto.Marshal(fetch)
	if err != nil {
		return fmt.Errorf("report progress: %w", err)
	}
	if err := l.nc.Publish(progressSubject(fetch.GetId()), data); err != nil {
		return unavailable("report progress", err)
	}
	return nil
}

// Follow implements events.Progress.
func (l *Log) Follow(id events.FetchID, see func(*atlantv1.Fetch)) (stop func(), err error) {
	sub, err := l.nc.Subscribe(progressSubject(id.String()), func(m *nats.Msg) {
		var fetch atlantv1.Fetch
		if proto.Unmarshal(m.Data, &fetch) == nil { // what cannot be read is as good as lost on the way, which progress may be
			see(&fetch)
		}
	})
	if err != nil {
		return nil, unavailable("follow progress", err)
	}
	return func() { _ = sub.Unsubscribe() }, nil // it fails only on a closed connection, where it has no effect
}
