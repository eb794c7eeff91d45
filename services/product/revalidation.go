package product

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"connectrpc.com/connect"

	"github.com/atlant-log/atlant/projections"
	"github.com/atlant-log/atlant/proto/gen/atlant/v1/atlantv1connect"
	"github.com/atlant-log/atlant/services/rpc"
)

// Revalidation lets caches keep what the views answer for as long as these stay as they are, and this version of the program
// answers. What Explain tells is not only in the views: the list that a row comes from is kept for a while.
func (s *Service) Revalidation(version string) connect.Interceptor {
	tag := func(ctx context.Context) (string, error) {
		views, err := s.live.Live(ctx)
		if err != nil {
			return "", err
		}
		revision, err := projections.Revision(ctx, views, s.shards)
		if err != nil {
			return "", err
		}
		sum := sha256.Sum256([]byte(revision + " " + version))
		return hex.EncodeToString(sum[:12]), nil
	}
	return rpc.Revalidated(tag, atlantv1connect.ProductServiceListProcedure, atlantv1connect.ProductServiceGetProcedure,
		atlantv1connect.ProductServiceListChangesProcedure)
}
