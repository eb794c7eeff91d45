package main

import (
	"context"
	"fmt"
	"strings"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

type explainCommand struct {
	output
	namedProduct
}

// Run finds the product and prints where its price comes from.
func (e *explainCommand) Run(ctx context.Context, c *console, api *clients) error {
	product, err := e.find(ctx, api)
	if err != nil {
		return err
	}
	response, err := api.product.Explain(ctx, connect.NewRequest(&atlantv1.ExplainRequest{Id: product.GetId()}))
	if err != nil {
		return err
	}
	if e.JSON {
		return printJSON(c, response.Msg)
	}
	product = response.Msg.GetProduct()
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", printable(product.GetName()), formatPrice(product.GetPrice()))
	since := product.GetFirstObservedAt()
	if product.GetPriceChanges() > 0 {
		since = product.GetPriceChangedAt()
	}
	writeLine(&b, "since", formatTime(since, toTheSecond))
	writeEvidence(&b, response.Msg.GetPriceFrom())
	seen := response.Msg.GetSeenLast()
	switch {
	case seen == nil:
	case proto.Equal(response.Msg.GetPriceFrom(), seen):
		b.WriteString("\nnot seen since\n")
	default:
		b.WriteString("\nseen again\n")
		writeLine(&b, "last", formatTime(product.GetObservedAt(), toTheSecond))
		writeEvidence(&b, seen)
	}
	_, err = fmt.Fprint(c.out, b.String())
	return err
}

// writeEvidence writes where an observation comes from.
func writeEvidence(b *strings.Builder, e *atlantv1.Evidence) {
	writeLine(b, "fetch", e.GetFetch().GetId())
	writeLine(b, "url", shownURL(e.GetFetch().GetUrl()))
	writeLine(b, "source", e.GetFetch().GetSource())
	writeLine(b, "sha-256", e.GetSha256())
	writeLine(b, "line", formatLine(e.GetLine()))
	if e.GetRawRow() == "" {
		writeLine(b, "row", "the list is not kept")
	}
	writeLine(b, "row", e.GetRawRow())
	writeLine(b, "dialect", dialectInWords(e.GetFetch().GetDialect()))
}
