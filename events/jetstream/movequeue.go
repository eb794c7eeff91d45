package jetstream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/atlant-log/atlant/events"
)

// moveRequests puts what waits in the old queue into the new one, in its order and under its ids, and returns how many that
// are. What is there already stays: nobody takes anything off the new queue as long as the log there is not open. They stay
// in the old queue as well.
func (m *move) moveRequests(ctx context.Context) (int, error) {
	const doing = "move the queue"
	count := 0
	for next := uint64(1); ; {
		msg, err := m.here.from(ctx, queueStream, ">", next)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return count, nil
		}
		if err != nil {
			return 0, unavailable(doing, err)
		}
		next = msg.Sequence + 1
		if strings.Count(msg.Subject, ".") != strings.Count(queueSubjects, ".") {
			// It was there before there were partitions, and no version that was here since could read it.
			m.config.logger().WarnContext(ctx, "a request that cannot be read stays behind", slog.String(logSubject, msg.Subject))
			continue
		}
		m.report(MoveQueue)
		err = m.there.publishFirst(ctx, fmt.Sprintf("%s: %s", doing, msg.Subject), msg.Subject, msg.Data)
		if err != nil && !errors.Is(err, events.ErrConflict) { // a conflict says that it is there already
			return 0, err
		}
		count++
	}
}
