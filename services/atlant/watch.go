package main

import (
	"context"
	"errors"
	"time"

	"connectrpc.com/connect"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// longestSilence is how long a stream may say nothing before it counts as lost; the server speaks every 15 s.
const longestSilence = 50 * time.Second

type watchCommand struct {
	output
	Product  []string `sep:"none" placeholder:"NAME|ID" help:"Only this product; can be repeated."`
	Source   string   `placeholder:"NAME" help:"Only products of this source; also where --product is looked for (default)."`
	Query    string   `placeholder:"WORDS" help:"Only products whose name has a word that begins with each of these."`
	MinPrice *amount  `placeholder:"AMOUNT" help:"Only changes to a price of at least this: 12.50"`
	MaxPrice *amount  `placeholder:"AMOUNT" help:"Only changes to a price of at most this."`
	Position string   `placeholder:"POSITION" help:"Of a fetch: begin with what comes right behind it."`
}

// Run shows changes until it is interrupted, which is no failure.
func (w *watchCommand) Run(ctx context.Context, c *console, api *clients) error {
	request, err := w.request(ctx, api)
	if err != nil {
		return err
	}
	f := &following{api: api, request: request, view: newWatchView(c, w.JSON)}
	if err := f.run(ctx); ctx.Err() == nil {
		return err
	}
	return nil
}

func (w *watchCommand) request(ctx context.Context, api *clients) (*atlantv1.WatchRequest, error) {
	request := &atlantv1.WatchRequest{
		Source: w.Source, Query: w.Query, MinPriceMicros: w.MinPrice.micros(), MaxPriceMicros: w.MaxPrice.micros(), Position: w.Position,
	}
	for _, wanted := range w.Product {
		found, err := getProduct(ctx, api, w.Source, wanted)
		if err != nil {
			return nil, err
		}
		request.ProductIds = append(request.ProductIds, found.GetProduct().GetId())
	}
	return request, nil
}

// watchView is how changes are shown.
type watchView interface {
	// show shows changes, the oldest first.
	show(changes []*atlantv1.WatchedChange) error
	// say tells how the connection is.
	say(words string)
}

// following is a watch over as many streams as it takes.
type following struct {
	api     *clients
	request *atlantv1.WatchRequest // its position moves along
	view    watchView
	pause   backoff
	heard   bool // the server has answered once
}

var errSilence = errors.New("nothing was heard of the server")

// run watches until the context ends, or until it makes no sense any more.
func (f *following) run(ctx context.Context) error {
	for {
		lost, err := f.stream(ctx)
		switch {
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case !f.heard || !transient(lost):
			return lost
		}
		f.view.say("connection lost, trying again: nothing will be missed")
		if err := f.pause.sleep(ctx); err != nil {
			return err
		}
	}
}

// stream shows what one stream brings. It returns why that was lost, or why nothing can be shown.
func (f *following) stream(ctx context.Context) (lost, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil) // frees the stream; closing it would wait for the server
	silence := time.AfterFunc(longestSilence, func() { cancel(errSilence) })
	defer silence.Stop()
	stream, lost := f.api.product.Watch(ctx, connect.NewRequest(f.request))
	if lost != nil {
		return lost, nil
	}
	for stream.Receive() {
		silence.Reset(longestSilence)
		f.pause.reset()
		if err := f.view.show(stream.Msg().GetChanges()); err != nil {
			return nil, err
		}
		f.request.Position = stream.Msg().GetPosition()
		if !f.heard || len(stream.Msg().GetChanges()) == 0 {
			f.view.say("watching; Ctrl-C ends it")
		}
		f.heard = true
	}
	if lost = stream.Err(); lost == nil {
		lost = errStreamEnded
	}
	return lost, nil
}
