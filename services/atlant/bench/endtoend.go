package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/dustin/go-humanize/english"
)

// endToEnd measures lists of one row, of a thousand and of a million, each with a source of its own.
func (r *run) endToEnd(ctx context.Context) error {
	const most = 1_000_000
	sizes := []int{1, 1000, min(most, r.options.Products)}
	sizes = slices.Compact(slices.Sorted(slices.Values(sizes)))
	figures, err := r.loadSizes(ctx, sizes)
	if err != nil {
		return err
	}
	for i, rows := range sizes {
		bare, err := r.stagesOf(ctx, rows)
		if err != nil {
			return err
		}
		slowest, took := bare.slowest()
		figures[i].than("slowest: "+slowest, took.Seconds(), 0)
		r.add(figures[i])
	}
	return nil
}

// loadSizes loads a list of each size into one Atlant.
func (r *run) loadSizes(ctx context.Context, sizes []int) (figures []Figure, err error) {
	atlant, err := r.place.Start(ctx, r.lists.addr())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, atlant.Stop()) }()
	client := newClient(atlant.URL)
	defer client.close()
	for _, rows := range sizes {
		r.sayf("loading %s end to end", english.Plural(rows, "row", ""))
		source := fmt.Sprintf("%s-%d", source, rows)
		took, err := client.load(ctx, r.lists.offer(source, list{products: rows}), source, rows)
		if err != nil {
			return nil, err
		}
		figures = append(figures, Figure{
			Scenario: EndToEnd, Name: english.Plural(rows, "row", ""), Value: took.Seconds(), Unit: unitSeconds,
		})
	}
	return figures, nil
}
