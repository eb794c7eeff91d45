package fetch

import (
	"cmp"
	"context"

	"google.golang.org/protobuf/proto"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// currencyOf returns the currency that a request says, or else that of its source, if it was set up. Nothing else of a source
// goes for a list that is asked for by itself.
func (s *Service) currencyOf(ctx context.Context, message *atlantv1.FetchRequest) (string, error) {
	if code := message.GetCsv().GetCurrencyCode(); code != "" {
		return code, nil
	}
	source, err := s.log.RegisteredSource(ctx, cmp.Or(message.GetSource(), events.DefaultSource))
	if err != nil || source == nil {
		return "", err
	}
	return source.Record.GetCurrencyCode(), nil
}

// withCurrency returns options with another currency; nil if they then say nothing.
func withCurrency(options *atlantv1.CsvOptions, code string) *atlantv1.CsvOptions {
	if options.GetCurrencyCode() == code {
		return options
	}
	options = proto.CloneOf(options)
	if options == nil {
		options = &atlantv1.CsvOptions{}
	}
	if options.CurrencyCode = code; proto.Size(options) == 0 {
		return nil
	}
	return options
}
