package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"connectrpc.com/connect"
	"github.com/dustin/go-humanize"
	"github.com/google/uuid"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

type verifyCommand struct {
	Repair []string `placeholder:"PRODUCT" sep:"none" help:"Instead, put right the product of this id or name."`
	Source string   `placeholder:"NAME" help:"Namespace of the name (default)."`
	JSON   bool     `name:"json" help:"Print one JSON object."`
}

// Run verifies, or repairs.
func (v *verifyCommand) Run(ctx context.Context, c *console, api *clients) error {
	if len(v.Repair) > 0 {
		return v.repair(ctx, c, api)
	}
	stream, err := api.projection.Verify(ctx, connect.NewRequest(&atlantv1.VerifyRequest{}))
	if err != nil {
		return err
	}
	steps := newSteps(c)
	defer steps.done()
	var found *atlantv1.Comparison
	for stream.Receive() {
		m := stream.Msg()
		found = m.GetComparison()
		steps.show("folding the log", step{m.GetDone(), m.GetTotal(), m.GetRate(), m.GetEta().AsDuration()})
	}
	if err := stream.Err(); err != nil {
		return err
	}
	steps.done()
	if v.JSON {
		err = printJSON(c, found)
	} else {
		err = printComparison(c, found)
	}
	if err == nil && !equal(found) {
		err = failed("`atlant verify --repair PRODUCT` puts one right, `atlant rebuild --accept-differences` all",
			"the views are not what the log says")
	}
	return err
}

// repair puts products right.
func (v *verifyCommand) repair(ctx context.Context, c *console, api *clients) error {
	for _, name := range v.Repair {
		id, err := idOf(name, v.Source)
		if err != nil {
			return err
		}
		response, err := api.projection.Repair(ctx, connect.NewRequest(&atlantv1.RepairRequest{ProductId: id.String()}))
		if err != nil {
			return notFound(err, "`atlant list --query` finds names; --source says whose a name is")
		}
		switch d := response.Msg.GetDivergence(); {
		case v.JSON:
			err = printJSON(c, response.Msg)
		case d == nil:
			_, err = fmt.Fprintf(c.out, "%s: nothing was wrong\n", printable(name))
		default:
			_, err = fmt.Fprintf(c.out, "%s: put right; it was: %s\n", printable(name), divergenceText(d))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func equal(c *atlantv1.Comparison) bool { return c.GetMissing()+c.GetSpare()+c.GetDiffering() == 0 }

// printComparison prints the counts, and the samples if there are any.
func printComparison(c *console, found *atlantv1.Comparison) error {
	verdict := "equal"
	if !equal(found) {
		verdict = fmt.Sprintf("%s missing, %s that should not be there, %s that differ",
			humanize.Comma(found.GetMissing()), humanize.Comma(found.GetSpare()), humanize.Comma(found.GetDiffering()))
	}
	if _, err := fmt.Fprintf(c.out, "%s products compared: %s\n", humanize.Comma(found.GetProducts()), verdict); err != nil {
		return err
	}
	rows := make([][]string, 0, len(found.GetSamples()))
	for _, d := range found.GetSamples() {
		p := d.GetWant()
		if p == nil {
			p = d.GetGot()
		}
		rows = append(rows, []string{p.GetName(), p.GetSource(), d.GetProductId(), divergenceText(d)})
	}
	return (&pagedTable{console: c, columns: []column{
		{name: "product", flexible: true}, {name: "source", optional: true}, {name: "id", optional: true}, {name: "what is wrong"},
	}}).write(rows)
}

// divergenceText says what is wrong with a product.
func divergenceText(d *atlantv1.Divergence) string {
	want, got := d.GetWant(), d.GetGot()
	switch {
	case got == nil:
		return "missing"
	case want == nil:
		return "should not be there"
	}
	var faults []string
	note := func(what, got, want string) {
		if got != want {
			faults = append(faults, fmt.Sprintf("%s %s instead of %s", what, got, want))
		}
	}
	note("price", formatPrice(got.GetPrice()), formatPrice(want.GetPrice()))
	note("previous price", formatPrice(got.GetPreviousPrice()), formatPrice(want.GetPreviousPrice()))
	note("changes", humanize.Comma(got.GetPriceChanges()), humanize.Comma(want.GetPriceChanges()))
	note("changed", formatTime(got.GetPriceChangedAt(), toTheSecond), formatTime(want.GetPriceChangedAt(), toTheSecond))
	note("first seen", formatTime(got.GetFirstObservedAt(), toTheSecond), formatTime(want.GetFirstObservedAt(), toTheSecond))
	note("last seen", formatTime(got.GetObservedAt(), toTheSecond), formatTime(want.GetObservedAt(), toTheSecond))
	note("name", got.GetName(), want.GetName())
	if d.GetChangesDiffer() {
		faults = append(faults, "other changes than the log has")
	}
	if len(faults) == 0 {
		faults = append(faults, "it is not of the fetch that it should be")
	}
	return strings.Join(faults, ", ")
}

// idOf takes what looks like an id for one, and anything else for a name.
func idOf(text, source string) (events.ProductID, error) {
	if id, err := uuid.Parse(text); err == nil {
		return id, nil
	}
	name, err := events.NormalizeName(text)
	if err != nil {
		return events.ProductID{}, &failure{text: fmt.Sprintf("%q is no name of a product: %v", text, err), code: exitUsage}
	}
	return events.NewProductID(cmp.Or(source, events.DefaultSource), name), nil
}
