package product

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"buf.build/go/protovalidate"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/product/exportfile"
	"github.com/atlant-log/atlant/services/rpc"
)

// ExportPath is where files can be downloaded: products.csv, changes.parquet and so on.
const ExportPath = "/export/"

// exportRows is how many rows are read, and kept in memory, at once.
const exportRows = 1000

// Export serves downloads of products, in the order of their names, and of changes, in no order. Filters are parameters, with the
// names and meanings that they have in ListRequest; for changes the price is that after the change, and changed_since is of the
// change. Products can be had as_of a time, changes of one product_id. What fails on the way breaks the connection off, so that
// no part passes for the whole.
func (s *Service) Export(log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	for _, format := range exportfile.Formats() {
		serveExport(mux, log, "products", format, s.exportProducts)
		serveExport(mux, log, "changes", format, s.exportChanges)
	}
	return mux
}

// selection is what of the products, or changes, is asked for.
type selection struct {
	projections.ProductFilter

	asOf    *events.Micros    // products as they were then; nil: as they are now
	product *events.ProductID // changes of this product only; nil: of all
}

// exporting writes rows of the products, or changes, that are selected.
type exporting[Row any] func(ctx context.Context, selected *selection, file exportfile.Writer[Row]) error

func serveExport[Row any](mux *http.ServeMux, log *slog.Logger, name string, format exportfile.Format, write exporting[Row]) {
	file := name + "." + format.Extension
	mux.HandleFunc("GET "+ExportPath+file, func(w http.ResponseWriter, r *http.Request) {
		selected, err := parseSelection(r.URL.Query())
		if err == nil {
			selected.Source, err = rpc.ConfinedSource(r.Context(), "source", selected.Source)
		}
		if err != nil {
			rpc.WriteError(r.Context(), w, log, file, err)
			return
		}
		response := &download{ResponseWriter: w}
		w.Header().Set("Content-Type", format.ContentType)
		w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", file))
		w.Header().Set("Cache-Control", "no-store")
		to := exportfile.New[Row](format, response)
		if err = write(r.Context(), selected, to); err == nil {
			err = to.Close()
		}
		switch {
		case err == nil:
		case !response.begun:
			w.Header().Del("Content-Disposition")
			rpc.WriteError(r.Context(), w, log, file, err)
		default:
			_ = rpc.LogError(r.Context(), log, file, err) // nobody can be told
			panic(http.ErrAbortHandler)
		}
	})
}

// download notes whether a response has begun.
type download struct {
	http.ResponseWriter

	begun bool
}

func (d *download) Write(data []byte) (int, error) {
	d.begun = true
	return d.ResponseWriter.Write(data)
}

// parseSelection reads the parameters of a download.
func parseSelection(parameters url.Values) (*selection, error) {
	request, selected := &atlantv1.ListRequest{}, &selection{}
	for name, values := range parameters {
		if len(values) != 1 {
			return nil, rpc.InvalidArgument(name, "is given %d times", len(values))
		}
		var err error
		if name == "product_id" {
			selected.product, err = parseProductID(values[0])
		} else {
			err = setParameter(request, name, values[0])
		}
		if err != nil {
			return nil, err
		}
	}
	if err := protovalidate.Validate(request); err != nil {
		return nil, rpc.InvalidArgument("parameters", "%v", err)
	}
	query, err := newQuery(request)
	if err != nil {
		return nil, err
	}
	selected.ProductFilter = query.Filter
	selected.asOf, err = parseAsOf(request)
	return selected, err
}

func parseProductID(text string) (*events.ProductID, error) {
	id, err := parseID("product_id", text)
	return &id, err
}

func setParameter(request *atlantv1.ListRequest, name, value string) error {
	moment := func(to **timestamppb.Timestamp) error {
		at, err := time.Parse(time.RFC3339, value)
		if err != nil {
			return rpc.InvalidArgument(name, "%q is not a time like 2026-01-31T12:00:00Z", value)
		}
		*to = timestamppb.New(at)
		return nil
	}
	number := func(to **int64) error {
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return rpc.InvalidArgument(name, "%q is not a number of millionths", value)
		}
		*to = &n
		return nil
	}
	if !utf8.ValidString(value) {
		return rpc.InvalidArgument(name, "is not UTF-8")
	}
	switch name {
	case "source":
		request.Source = value
	case "query":
		request.Query = value
	case "min_price_micros":
		return number(&request.MinPriceMicros)
	case "max_price_micros":
		return number(&request.MaxPriceMicros)
	case "changed_since":
		return moment(&request.ChangedSince)
	case "as_of":
		return moment(&request.AsOf)
	default:
		return rpc.InvalidArgument(name, "is no parameter: there are source, query, min_price_micros, max_price_micros, changed_since, "+
			"as_of and product_id")
	}
	return nil
}

// exportProducts goes through the list by name, which no change of a price disturbs.
func (s *Service) exportProducts(ctx context.Context, selected *selection, file exportfile.Writer[exportfile.Product]) error {
	if selected.product != nil {
		return rpc.InvalidArgument("product_id", "is a parameter of changes only")
	}
	views, err := s.live.Live(ctx)
	if err != nil {
		return err
	}
	query := projections.ProductQuery{Filter: selected.ProductFilter, SortBy: projections.SortByName, Limit: exportRows}
	for {
		rows, next, err := s.exportPage(ctx, views, query, selected.asOf)
		if err != nil {
			return fmt.Errorf("list products: %w", err)
		}
		if err := file.Write(rows); err != nil || next == nil {
			return err
		}
		query.After = next
	}
}

// exportPage returns some rows, and where to go on, nil if there are no more.
func (s *Service) exportPage(
	ctx context.Context, views projections.Views, query projections.ProductQuery, asOf *events.Micros,
) (rows []exportfile.Product, next *projections.ProductCursor, err error) {
	if asOf != nil {
		page, next, err := s.past.List(ctx, views, query, *asOf)
		for i := range page {
			row := exportfile.NewProduct(&page[i].Product)
			row.ObservedAt = nil // it is not kept when it was observed last by then
			rows = append(rows, row)
		}
		return rows, next, err
	}
	page, err := views.ListProducts(ctx, query)
	for i := range page {
		rows = append(rows, exportfile.NewProduct(&page[i]))
	}
	if len(page) == query.Limit {
		next = new(page[len(page)-1].CursorAt(query.SortBy))
	}
	return rows, next, err
}

// exportChanges goes through all changes, product by product, or through those of one.
func (s *Service) exportChanges(ctx context.Context, selected *selection, file exportfile.Writer[exportfile.Change]) error {
	if selected.asOf != nil {
		return rpc.InvalidArgument("as_of", "is a parameter of products only")
	}
	views, err := s.live.Live(ctx)
	if err != nil {
		return err
	}
	var after *projections.ChangeCursor
	if selected.product != nil {
		after = &projections.ChangeCursor{ProductID: *selected.product} // before all of its changes
	}
	for {
		page, err := views.ScanChanges(ctx, after, exportRows)
		if err != nil {
			return fmt.Errorf("scan changes: %w", err)
		}
		last := len(page) < exportRows
		if selected.product != nil {
			others := slices.IndexFunc(page, func(c projections.Change) bool { return c.ProductID != *selected.product })
			if others >= 0 {
				page, last = page[:others], true
			}
		}
		rows, err := changeRows(ctx, views, page, &selected.ProductFilter)
		if err != nil {
			return err
		}
		if err := file.Write(rows); err != nil || last {
			return err
		}
		end := &page[len(page)-1]
		after = &projections.ChangeCursor{ProductID: end.ProductID, At: end.At}
	}
}

// changeRows returns the rows of the changes that pass.
func changeRows(
	ctx context.Context, views projections.Views, page []projections.Change, filter *projections.ProductFilter,
) ([]exportfile.Change, error) {
	products, err := views.Products(ctx, productsOf(page))
	if err != nil {
		return nil, fmt.Errorf("read products: %w", err)
	}
	named := projections.ProductFilter{Source: filter.Source, Words: filter.Words}
	var rows []exportfile.Change
	for i := range page {
		c := &page[i]
		if p, ok := products[c.ProductID]; ok && named.Passes(&p) && changePasses(c, filter) {
			rows = append(rows, exportfile.NewChange(&p, c))
		}
	}
	return rows, nil
}

// productsOf returns the products that changes are of, each once; their changes lie together.
func productsOf(changes []projections.Change) []events.ProductID {
	var ids []events.ProductID
	for i := range changes {
		if i == 0 || changes[i].ProductID != changes[i-1].ProductID {
			ids = append(ids, changes[i].ProductID)
		}
	}
	return ids
}

func changePasses(c *projections.Change, filter *projections.ProductFilter) bool {
	return (filter.MinPriceMicros == nil || c.Price.Micros >= *filter.MinPriceMicros) &&
		(filter.MaxPriceMicros == nil || c.Price.Micros <= *filter.MaxPriceMicros) &&
		(filter.ChangedSince == nil || c.At.ObservedAt >= *filter.ChangedSince)
}
