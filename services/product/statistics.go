package product

import (
	"context"
	"slices"

	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/rpc"
)

// statisticsOf sums up the prices that a product had. Its changes are read after it, so that those that it tells of are there.
func statisticsOf(ctx context.Context, views projections.ProductQueries, p *projections.Product) (*atlantv1.PriceStatistics, error) {
	var changes []projections.Change
	if p.PriceChanges > 0 {
		var err error
		if changes, err = views.ListChanges(ctx, p.ID, false, nil, projections.StatisticsChanges); err != nil {
			return nil, err
		}
		slices.Reverse(changes)
	}
	s := projections.NewStatistics(p, changes)
	out := &atlantv1.PriceStatistics{
		Lowest: rpc.Price(s.Lowest), LowestAt: s.LowestAt.Timestamp(), Highest: rpc.Price(s.Highest), HighestAt: s.HighestAt.Timestamp(),
		Median: rpc.Price(s.Median), VolatilityPpm: s.VolatilityPPM, Truncated: s.Truncated,
	}
	if s.Prior30Days != nil {
		out.Prior_30Days = rpc.Price(*s.Prior30Days)
	}
	return out, nil
}
