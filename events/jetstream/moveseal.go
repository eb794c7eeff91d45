package jetstream

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// unfinishedMove returns a FaultsError if a stream is one of a log whose move to here has not ended: nothing may be created
// beside it.
func unfinishedMove(config jetstream.StreamConfig) error {
	if _, ok := config.Metadata[movedFromKey]; !ok || config.Mirror == nil {
		return nil
	}
	return FaultsError{{
		Where: "stream " + config.Name, What: "the source", Is: "a log that is moved to here", Must: "Atlant",
		Todo: "end the move: call `atlant move` again",
	}}
}

// seal ends the old log: from then on nobody opens it.
func (m *move) seal(ctx context.Context) error {
	m.report(MoveSealing)
	if m.mark.To != "" || ctx.Err() != nil {
		return ctx.Err()
	}
	m.mark.To = WithoutUsers(m.config.To.URL)
	return m.mark.write(m.config.Dir, os.Rename)
}

// WithoutUsers returns URLs as they can be shown and kept.
func WithoutUsers(urls string) string {
	var all []string
	for one := range strings.SplitSeq(urls, ",") {
		one = strings.TrimSpace(one)
		if !strings.Contains(one, "://") {
			one = "nats://" + one
		}
		if u, err := url.Parse(one); err == nil {
			all = append(all, fmt.Sprintf("%s://%s", u.Scheme, u.Host))
		}
	}
	return strings.Join(all, ",")
}
