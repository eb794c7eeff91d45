package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

const (
	// A reader reads as many pages of one kind, or for as long; what comes first ends it.
	pagesEach   = 300
	readingTime = 2 * time.Second
	// strideSize is the size of the pages by which one gets to a depth.
	strideSize = 1000
	// triesOfStale is how often a walk is begun again because too much was loaded meanwhile.
	triesOfStale = 5
)

// The names of what else happens while pages are read.
const (
	idle    = "idle"
	loading = "loading"
)

// sorts are the orders of a list.
var sorts = []struct {
	name string
	by   atlantv1.SortBy
	key  projections.SortKey
}{
	{"name", atlantv1.SortBy_SORT_BY_NAME, projections.SortByName},
	{"price", atlantv1.SortBy_SORT_BY_PRICE, projections.SortByPrice},
	{"price changes", atlantv1.SortBy_SORT_BY_PRICE_CHANGES, projections.SortByPriceChanges},
	{"price changed at", atlantv1.SortBy_SORT_BY_PRICE_CHANGED_AT, projections.SortByPriceChangedAt},
	{"first observed at", atlantv1.SortBy_SORT_BY_FIRST_OBSERVED_AT, projections.SortByFirstObservedAt},
}

// page is one page of products that is read again and again.
type page struct {
	name  string // of its order and depth
	sort  int    // index into sorts
	token string
	after *projections.ProductCursor
	bare  map[int]latency // of reading it from the store, without the API, by how many read at once
}

// read measures pages of every order and at every depth, while nothing else happens and then while lists are loaded.
func (j *journey) read(ctx context.Context) error {
	var pages []page
	for sort := range sorts {
		j.run.sayf("looking for pages sorted by %s", sorts[sort].name)
		found, err := j.findPages(ctx, sort)
		if err != nil {
			return fmt.Errorf("list products by %s: %w", sorts[sort].name, err)
		}
		pages = append(pages, found...)
	}
	if err := j.readPages(ctx, pages, idle); err != nil {
		return err
	}
	return j.whileLoading(ctx, func(ctx context.Context) error { return j.readPages(ctx, pages, loading) })
}

// findPages walks through a list, and returns its first page, one in the middle and one near the end.
func (j *journey) findPages(ctx context.Context, sort int) ([]page, error) {
	total := j.run.options.Products
	stride := max(min(strideSize, total/10), 1)
	found := []page{{name: sorts[sort].name + ", first page", sort: sort, bare: map[int]latency{}}}
	for read, token := 0, ""; ; {
		response, err := j.client.product.List(ctx, connect.NewRequest(&atlantv1.ListRequest{
			Source: source, SortBy: sorts[sort].by, PageSize: int32(stride), PageToken: token,
		}))
		if err != nil {
			return nil, err
		}
		products := response.Msg.GetProducts()
		read, token = read+len(products), response.Msg.GetNextPageToken()
		if token == "" {
			return found, nil
		}
		var depth string
		switch {
		case len(found) == 1 && read >= total/2:
			depth = "middle"
		case len(found) == 2 && read >= total-max(2*stride, j.run.options.PageSize+stride): // a whole page is left
			depth = "near the end"
		default:
			continue
		}
		after, err := cursorAt(products[len(products)-1], sorts[sort].key)
		if err != nil {
			return nil, err
		}
		found = append(found, page{
			name: sorts[sort].name + ", " + depth, sort: sort, token: token, after: after, bare: map[int]latency{},
		})
	}
}

// cursorAt returns the place right behind a product.
func cursorAt(p *atlantv1.Product, key projections.SortKey) (*projections.ProductCursor, error) {
	id, err := uuid.Parse(p.GetId())
	if err != nil {
		return nil, err
	}
	product := projections.Product{
		ID: id, Name: p.GetName(), Price: events.Price{Micros: p.GetPrice().GetAmountMicros()}, PriceChanges: p.GetPriceChanges(),
		FirstObservedAt: events.MicrosOf(p.GetFirstObservedAt()),
		Written:         events.Position{ObservedAt: events.MicrosOf(p.GetPriceChangedAt())},
	}
	return new(product.CursorAt(key)), nil
}

// readBare measures a page, read from the store without the API.
func (j *journey) readBare(ctx context.Context, p *page, readers int) error {
	views, err := j.atlant.Store.Live(ctx)
	if err != nil {
		return err
	}
	query := projections.ProductQuery{
		Filter: projections.ProductFilter{Source: source}, SortBy: sorts[p.sort].key, After: p.after, Limit: j.run.options.PageSize,
	}
	times, _, err := readAtOnce(ctx, readers, func(ctx context.Context) error {
		products, err := views.ListProducts(ctx, query)
		if err == nil && len(products) == 0 {
			err = errors.New("an empty page")
		}
		return err
	})
	p.bare[readers] = latencyOf(times)
	return err
}

// readAtOnce has readers read a page again and again, and returns how long each time took, and all of them.
func readAtOnce(ctx context.Context, readers int, read func(context.Context) error) ([]time.Duration, time.Duration, error) {
	times := make([][]time.Duration, readers)
	began := time.Now()
	group, ctx := errgroup.WithContext(ctx)
	for i := range readers {
		group.Go(func() error {
			for len(times[i]) < pagesEach && (len(times[i]) == 0 || time.Since(began) < readingTime) {
				before := time.Now()
				if err := read(ctx); err != nil {
					return err
				}
				times[i] = append(times[i], time.Since(before))
			}
			return nil
		})
	}
	err := group.Wait()
	return slices.Concat(times...), time.Since(began), err
}

// readPages measures each page with as many readers as were asked for. What is read without the API is measured once, right
// after, while nothing is loaded.
func (j *journey) readPages(ctx context.Context, pages []page, load string) error {
	for _, readers := range j.run.options.Concurrency {
		j.run.sayf("reading pages, %s, %d at once", load, readers)
		for i := range pages {
			p := &pages[i]
			read, err := j.readPage(ctx, p, readers)
			if _, known := p.bare[readers]; err == nil && !known {
				err = j.readBare(ctx, p, readers)
			}
			if err != nil {
				return fmt.Errorf("read page (%s): %w", p.name, err)
			}
			j.pages = append(j.pages, read.beside(p, readers, load)...)
		}
	}
	return nil
}

// readPage measures a page. Where so much is loaded meanwhile that its walk goes stale, it begins again with a new one.
func (j *journey) readPage(ctx context.Context, p *page, readers int) (pageFigures, error) {
	for again := 0; ; again++ {
		figures, err := j.readPageOf(ctx, p, readers)
		if err == nil || !isStale(err) || again == triesOfStale {
			return figures, err
		}
		if err := j.findAgain(ctx, p); err != nil {
			return figures, err
		}
	}
}

func (j *journey) readPageOf(ctx context.Context, p *page, readers int) (pageFigures, error) {
	request := &atlantv1.ListRequest{
		Source: source, SortBy: sorts[p.sort].by, PageSize: int32(j.run.options.PageSize), PageToken: p.token,
	}
	times, took, err := readAtOnce(ctx, readers, func(ctx context.Context) error {
		_, err := j.client.product.List(ctx, connect.NewRequest(request))
		return err
	})
	return pageFigures{latencyOf(times), rate(len(times), took)}, err
}

// isStale tells whether so many prices have changed that a walk must begin again.
func isStale(err error) bool {
	return connect.CodeOf(err) == connect.CodeInvalidArgument && strings.Contains(err.Error(), projections.ErrStaleWalk.Error())
}

// findAgain gives a page the token of a walk that begins now. Nothing is loaded meanwhile: it would go stale on its way.
func (j *journey) findAgain(ctx context.Context, p *page) error {
	j.reloading.Lock()
	defer j.reloading.Unlock()
	found, err := j.findPages(ctx, p.sort)
	for i := range found {
		if found[i].name == p.name {
			p.token = found[i].token
		}
	}
	return err
}

// whileLoading does something while one list after the other is loaded.
func (j *journey) whileLoading(ctx context.Context, do func(context.Context) error) error {
	loads, stop := context.WithCancel(ctx)
	defer stop()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		for loads.Err() == nil {
			j.reloading.Lock()
			_, err := j.load(loads)
			j.reloading.Unlock()
			if err != nil {
				if loads.Err() != nil {
					return nil //nolint:nilerr // it was stopped
				}
				return err
			}
		}
		return nil
	})
	group.Go(func() error {
		defer stop()
		return do(ctx)
	})
	return group.Wait()
}
