// Package projection tells how the views keep up with the log, checks them against it, and rebuilds them from it.
package projection

import (
	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	"github.com/atlant-log/atlant/proto/gen/atlant/v1/atlantv1connect"
)

// Config is what the service works with.
type Config struct {
	Live      projections.LiveViews
	Source    events.Source
	Shards    int
	Leases    events.Leases // of the streams, by whoever projects them; and of the rebuild
	Rebuilder *projections.Rebuilder
	Auditor   *projections.Auditor
	Process   string // the name of this process among those that take leases
	Version   string // of the program
}

// Service is the handler of ProjectionService.
type Service struct{ Config }

var _ atlantv1connect.ProjectionServiceHandler = (*Service)(nil)

// NewService returns the handler.
func NewService(config Config) *Service { return &Service{config} }
