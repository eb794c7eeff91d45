package main

import (
	"context"
	"strings"

	"connectrpc.com/connect"
	"github.com/google/uuid"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// namedProduct is the product that a command is about.
type namedProduct struct {
	Product []string `arg:"" name:"name|id" help:"Name or id of the product; a name of several words needs no quotes."`
	Source  string   `placeholder:"NAME" help:"Namespace of the name (default)."`
}

func (n *namedProduct) find(ctx context.Context, api *clients) (*atlantv1.Product, error) {
	found, err := n.get(ctx, api)
	return found.GetProduct(), err
}

// get returns the product with its statistics.
func (n *namedProduct) get(ctx context.Context, api *clients) (*atlantv1.GetResponse, error) {
	return getProduct(ctx, api, n.Source, strings.Join(n.Product, " "))
}

// getProduct takes what looks like an id for one first; a product may be called like that, too.
func getProduct(ctx context.Context, api *clients, source, wanted string) (*atlantv1.GetResponse, error) {
	if id, err := uuid.Parse(wanted); err == nil {
		response, err := api.product.Get(ctx, connect.NewRequest(&atlantv1.GetRequest{Id: id.String()}))
		switch {
		case err == nil:
			return response.Msg, nil
		case connect.CodeOf(err) != connect.CodeNotFound:
			return nil, err
		}
	}
	response, err := api.product.Get(ctx, connect.NewRequest(&atlantv1.GetRequest{Source: source, Name: wanted}))
	if err != nil {
		return nil, notFound(err, "`atlant list` shows the names; --source says in which list to look")
	}
	return response.Msg, nil
}
