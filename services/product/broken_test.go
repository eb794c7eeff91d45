package product_test

import (
	"context"
	"errors"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

var errBroken = errors.New("disk /dev/sda1 is on fire")

// broken is a store that answers nothing.
type broken struct{ projections.Views }

func (broken) ListProducts(context.Context, projections.ProductQuery) ([]projections.Product, error) {
	return nil, errBroken
}

func (broken) ListProductsAt(
	context.Context, projections.ProductQuery, int,
) ([]projections.Product, []projections.Extent, error) {
	return nil, nil, errBroken
}

func (broken) GetProduct(context.Context, events.ProductID) (projections.Product, error) {
	return projections.Product{}, errBroken
}

func (broken) ListChanges(context.Context, events.ProductID, bool, *events.Position, int) ([]projections.Change, error) {
	return nil, errBroken
}

func (broken) Checkpoint(context.Context, events.Stream) (projections.Checkpoint, error) {
	return projections.Checkpoint{}, errBroken
}

func (broken) Checkpoints(context.Context) ([]projections.Checkpoint, error) { return nil, errBroken }
