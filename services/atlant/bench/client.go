package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"connectrpc.com/connect"

	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/proto/gen/atlant/v1/atlantv1connect"
)

// pause is between two calls where the first one was of no use.
const pause = 50 * time.Millisecond

// client calls an Atlant as anybody does.
type client struct {
	http       *http.Client
	fetch      atlantv1connect.FetchServiceClient
	product    atlantv1connect.ProductServiceClient
	projection atlantv1connect.ProjectionServiceClient
}

func newClient(url string) *client {
	h := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}} // a reader keeps its connection
	return &client{
		http:       h,
		fetch:      atlantv1connect.NewFetchServiceClient(h, url),
		product:    atlantv1connect.NewProductServiceClient(h, url),
		projection: atlantv1connect.NewProjectionServiceClient(h, url),
	}
}

func (c *client) close() { c.http.CloseIdleConnections() }

// load has a list fetched, blocks until its prices can be read, and returns how long that took.
func (c *client) load(ctx context.Context, url, source string, rows int) (time.Duration, error) {
	began := time.Now()
	response, err := c.fetch.Fetch(ctx, connect.NewRequest(&atlantv1.FetchRequest{
		Url: url, Source: source, Force: true, NoHold: true,
	}))
	if err != nil {
		return 0, fmt.Errorf("fetch %s: %w", url, err)
	}
	fetch, err := c.awaitEnd(ctx, response.Msg.GetFetch().GetId())
	if err != nil {
		return 0, fmt.Errorf("fetch %s: %w", url, err)
	}
	if fetch.GetState() != atlantv1.FetchState_FETCH_STATE_COMPLETED || fetch.GetPublished() != int64(rows) {
		return 0, fmt.Errorf("fetch %s: %s, with %d of %d rows published: %s",
			url, fetch.GetState(), fetch.GetPublished(), rows, fetch.GetError())
	}
	if err := c.awaitVisible(ctx, source, fetch.GetPosition()); err != nil {
		return 0, fmt.Errorf("wait for the prices of %s: %w", url, err)
	}
	return time.Since(began), nil
}

// awaitEnd watches a fetch until it has ended.
func (c *client) awaitEnd(ctx context.Context, id string) (*atlantv1.Fetch, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // frees the stream; closing it would wait for the server
	stream, err := c.fetch.WatchFetch(ctx, connect.NewRequest(&atlantv1.WatchFetchRequest{Id: id}))
	if err != nil {
		return nil, err
	}
	for stream.Receive() {
		if fetch := stream.Msg().GetFetch(); projections.Ended(fetch.GetState()) {
			return fetch, nil
		}
	}
	if err := stream.Err(); err != nil {
		return nil, err
	}
	return nil, errors.New("the stream ended before the fetch did")
}

// awaitVisible blocks until the views have reached a position.
func (c *client) awaitVisible(ctx context.Context, source, position string) error {
	for {
		_, err := c.product.List(ctx, connect.NewRequest(&atlantv1.ListRequest{Source: source, PageSize: 1, Position: position}))
		switch connect.CodeOf(err) {
		case connect.CodeDeadlineExceeded, connect.CodeUnavailable, connect.CodeAborted: // the server waits for a while only
		default:
			return err // also nil, whose code is unknown
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}
