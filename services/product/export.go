package product

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
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
// change. What fails on the way breaks the connection off, so that no part passes for the whole.
func (s *Service) Export(log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	for _, format := range exportfile.Formats() {
		serveExport(mux, log, "products", format, s.exportProducts)
		serveExport(mux, log, "changes", format, s.exportChanges)
	}
	return mux
}

// exporting writes rows of the products, or changes, that pass the filter.
type exporting[Row any] func(ctx context.Context, filter projections.ProductFilter, file exportfile.Writer[Row]) error

func serveExport[Row any](mux *http.ServeMux, log *slog.Logger, name string, format exportfile.Format, write exporting[Row]) {
	file := name + "." + format.Extension
	mux.HandleFunc("GET "+ExportPath+file, func(w http.ResponseWriter, r *http.Request) {
		filter, err := exportFilter(r.URL.Query())
		if err == nil {
			filter.Source, err = rpc.ConfinedSource(r.Context(), "source", filter.Source)
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
		if err = write(r.Context(), filter, to); err == nil {
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

// exportFilter reads the parameters of a download.
func exportFilter(parameters url.Values) (projections.ProductFilter, error) {
	request := &atlantv1.ListRequest{}
	for name, values := range parameters {
		if len(values) != 1 {
			return projections.ProductFilter{}, rpc.InvalidArgument(name, "is given %d times", len(values))
		}
		if err := setParameter(request, name, values[0]); err != nil {
			return projections.ProductFilter{}, err
		}
	}
	if err := protovalidate.Validate(request); err != nil {
		return projections.ProductFilter{}, rpc.InvalidArgument("parameters", "%v", err)
	}
	query, err := newQuery(request)
	return query.Filter, err
}

func setParameter(request *atlantv1.ListRequest, name, value string) error {
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
		at, err := time.Parse(time.RFC3339, value)
		if err != nil {
			return rpc.InvalidArgument(name, "%q is not a time like 2026-01-31T12:00:00Z", value)
		}
		request.ChangedSince = timestamppb.New(at)
	default:
		return rpc.InvalidArgument(name, "is no parameter: there are source, query, min_price_micros, max_price_micros and changed_since")
	}
	return nil
}

// exportProducts goes through the list by name, which no change of a price disturbs.
func (s *Service) exportProducts(
	ctx context.Context, filter projections.ProductFilter, file exportfile.Writer[exportfile.Product],
) error {
	views, err := s.live.Live(ctx)
	if err != nil {
		return err
	}
	query := projections.ProductQuery{Filter: filter, SortBy: projections.SortByName, Limit: exportRows}
	for {
		page, err := views.ListProducts(ctx, query)
		if err != nil {
			return fmt.Errorf("list products: %w", err)
		}
		rows := make([]exportfile.Product, len(page))
		for i := range page {
			rows[i] = exportfile.NewProduct(&page[i])
		}
		if err := file.Write(rows); err != nil || len(page) < query.Limit {
			return err
		}
		query.After = new(page[len(page)-1].CursorAt(query.SortBy))
	}
}

// exportChanges goes through all changes, product by product.
func (s *Service) exportChanges(
	ctx context.Context, filter projections.ProductFilter, file exportfile.Writer[exportfile.Change],
) error {
	views, err := s.live.Live(ctx)
	if err != nil {
		return err
	}
	named := projections.ProductFilter{Source: filter.Source, Words: filter.Words}
	var after *projections.ChangeCursor
	for {
		page, err := views.ScanChanges(ctx, after, exportRows)
		if err != nil {
			return fmt.Errorf("scan changes: %w", err)
		}
		products, err := views.Products(ctx, productsOf(page))
		if err != nil {
			return fmt.Errorf("read products: %w", err)
		}
		var rows []exportfile.Change
		for i := range page {
			c := &page[i]
			if p, ok := products[c.ProductID]; ok && named.Passes(&p) && changePasses(c, &filter) {
				rows = append(rows, exportfile.NewChange(&p, c))
			}
		}
		if err := file.Write(rows); err != nil || len(page) < exportRows {
			return err
		}
		last := &page[len(page)-1]
		after = &projections.ChangeCursor{ProductID: last.ProductID, At: last.At}
	}
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
