package blackbox_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"connectrpc.com/connect"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// soakReaders is how many clients walk through the products at once.
const soakReaders = 2

// read has clients walk through the products until the context ends. The function that it returns waits for them, and returns
// how many pages they have read.
func (s *soak) read(ctx context.Context) func() int64 {
	var reading sync.WaitGroup
	var pages atomic.Int64
	for n := range soakReaders {
		reading.Go(func() {
			r := &soakReader{api: s.serving.api, size: int32(37 + 100*n), pages: &pages, seen: map[string]*atlantv1.Product{}}
			for ctx.Err() == nil {
				if err := r.walk(ctx); err != nil && ctx.Err() == nil {
					s.tb.Errorf("reader %d: %v", n, err)
					return
				}
			}
		})
	}
	return func() int64 {
		reading.Wait()
		return pages.Load()
	}
}

// soakReader walks through all products by name, again and again, and knows them from the walk before.
type soakReader struct {
	api

	size  int32
	pages *atomic.Int64
	seen  map[string]*atlantv1.Product // by id
}

// walk reads every page, whoever serves it: names must ascend, and nothing that was seen before may be gone, or older.
func (r *soakReader) walk(ctx context.Context) error {
	found, before := map[string]*atlantv1.Product{}, ""
	for request := (&atlantv1.ListRequest{PageSize: r.size}); ; {
		page, err := r.page(ctx, request)
		if err != nil {
			return err
		}
		for _, p := range page.GetProducts() {
			at := p.GetName() + "\x00" + p.GetId()
			if at <= before {
				return fmt.Errorf("%v comes behind %q", p, before)
			}
			before = at
			if err := r.check(p); err != nil {
				return err
			}
			found[p.GetId()] = p
		}
		if request.PageToken = page.GetNextPageToken(); request.GetPageToken() == "" {
			break
		}
	}
	for id, p := range r.seen {
		if found[id] == nil {
			return fmt.Errorf("was there and is gone: %v", p)
		}
	}
	r.seen = found
	return nil
}

// page asks for a page until somebody answers.
func (r *soakReader) page(ctx context.Context, request *atlantv1.ListRequest) (*atlantv1.ListResponse, error) {
	for {
		response, err := r.products.List(ctx, connect.NewRequest(request))
		if err == nil {
			r.pages.Add(1)
			return response.Msg, nil
		}
		if !isPassing(err) {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// check compares a product with itself, and with what it was.
func (r *soakReader) check(p *atlantv1.Product) error {
	first, changed, last := p.GetFirstObservedAt().AsTime(), p.GetPriceChangedAt().AsTime(), p.GetObservedAt().AsTime()
	hasChanged := p.GetPriceChanges() > 0
	switch before := r.seen[p.GetId()]; {
	case hasChanged != (p.GetPreviousPrice() != nil), hasChanged != (p.GetPriceChangedAt() != nil), first.After(last),
		hasChanged && (changed.Before(first) || changed.After(last)):
		return fmt.Errorf("it is at odds with itself: %v", p)
	case before == nil:
		return nil
	case before.GetPriceChanges() > p.GetPriceChanges(), before.GetObservedAt().AsTime().After(last),
		!before.GetFirstObservedAt().AsTime().Equal(first):
		return fmt.Errorf("it was %v, and is now %v", before, p)
	}
	return nil
}

// isPassing tells whether a call failed because nobody answered it, or not to the end: then it may be repeated.
func isPassing(err error) bool {
	return connect.CodeOf(err) == connect.CodeUnavailable || !connect.IsWireError(err)
}
