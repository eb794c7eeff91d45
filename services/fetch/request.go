package fetch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/fetch/listtext"
	"github.com/atlant-log/atlant/services/rpc"
)

// clockTolerance is how far in the future a client's clock may be. A time further on would keep every later observation
// of the same products from counting.
const clockTolerance = time.Minute

// newRequest turns a validated request into what the queue keeps of it.
func newRequest(request *atlantv1.FetchRequest, now time.Time) (*atlantv1.FetchRequested, error) {
	parsedURL, err := parseURL(request.GetUrl())
	if err != nil {
		return nil, err
	}
	listURL, credentials, err := takeCredentials(parsedURL, request)
	if err != nil {
		return nil, err
	}
	if encoding := request.GetCsv().GetEncoding(); encoding != "" && !listtext.IsEncoding(encoding) {
		return nil, rpc.InvalidArgument("csv.encoding",
			"%q is not known; names are those of IANA, like utf-8, windows-1251 or gb18030", encoding)
	}
	observed := now
	if at := request.GetObservedAt(); at != nil {
		if err := at.CheckValid(); err != nil {
			return nil, rpc.InvalidArgument("observed_at", "%v", err)
		}
		observed = at.AsTime()
		switch {
		case observed.After(now.Add(clockTolerance)):
			return nil, rpc.InvalidArgument("observed_at", "lies in the future")
		case observed.Unix() < 0:
			return nil, rpc.InvalidArgument("observed_at", "lies before 1970")
		}
	}
	id, err := uuid.NewV7()
	if err != nil {
		return nil, err
	}
	return &atlantv1.FetchRequested{
		Id: id.String(), Url: listURL, Source: cmp.Or(request.GetSource(), events.DefaultSource),
		ObservedAt: events.MicrosOf(timestamppb.New(observed)).Timestamp(), Csv: request.GetCsv(),
		RequestId: request.GetRequestId(), Force: request.GetForce(), NoHold: request.GetNoHold(),
		RequestedAt: events.MicrosOf(timestamppb.New(now)).Timestamp(),
		Credentials: credentials,
	}, nil
}

// parseURL refuses what can be refused without looking up the host; the rest is refused when it is dialled.
func parseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil && strings.Contains(text, "@"): // what is wrong may be a part of a password
		return nil, rpc.InvalidArgument("url", "cannot be read; percent-encode what is no letter and no digit in a user or a password")
	case err != nil:
		if parse, ok := errors.AsType[*url.Error](err); ok {
			err = parse.Err // without the URL, which the client knows
		}
		return nil, rpc.InvalidArgument("url", "%v", err)
	case u.Scheme == uploadScheme:
		if _, _, err := ParseUploadURL(text); err != nil {
			return nil, rpc.InvalidArgument("url", "%v", err)
		}
		return u, nil
	}
	s := schemeOf(u)
	if s == nil {
		return nil, rpc.InvalidArgument("url", "must begin with %s; a file of your own is uploaded first", schemesInWords())
	}
	return u, s.check(u)
}

// sameRequest tells whether a request repeats the one that first used its request id; observedAt is what it asks for itself.
func sameRequest(first, again *atlantv1.FetchRequested, observedAt *timestamppb.Timestamp) bool {
	if observedAt != nil && !proto.Equal(first.GetObservedAt(), again.GetObservedAt()) {
		return false
	}
	return first.GetForce() == again.GetForce() && first.GetNoHold() == again.GetNoHold() && asksForTheSame(first, again)
}

// asksForTheSame tells whether two requests are for the same list, to be read in the same way into the same source.
func asksForTheSame(a, b *atlantv1.FetchRequested) bool {
	return proto.Equal(whatIsAskedFor(a), whatIsAskedFor(b))
}

// whatIsAskedFor takes away what else a request says. A password is no part of it, as it may be another one tomorrow.
func whatIsAskedFor(requested *atlantv1.FetchRequested) *atlantv1.FetchRequested {
	what := proto.CloneOf(requested)
	what.Id, what.RequestId, what.Force, what.NoHold, what.Credentials = "", "", false, false, nil
	what.ObservedAt, what.RequestedAt, what.ScheduledFor = nil, nil, nil
	return what
}

// request writes the FetchRequested event, unless somebody did, and returns the fetch as it is then.
func request(
	ctx context.Context, log events.FetchLog, id events.FetchID, requested *atlantv1.FetchRequested,
) (*projections.FetchView, error) {
	event := &atlantv1.FetchEvent{
		At: requested.GetRequestedAt(), Event: &atlantv1.FetchEvent_Requested{Requested: loggable(requested)},
	}
	sequence, err := log.AppendFetchEvents(ctx, id, 0, event)
	if errors.Is(err, events.ErrConflict) {
		view, err := currentView(ctx, log, id)
		if err == nil && view == nil { // what was there first cannot be read yet
			err = fmt.Errorf("read fetch %s: %w", id, events.ErrUnavailable)
		}
		return view, err
	}
	if err != nil {
		return nil, err
	}
	view, _ := projections.FoldFetch(nil, sequence, event)
	return &view, nil
}

// currentView folds a fetch from the log, nil if it is not there.
func currentView(ctx context.Context, log events.FetchLog, id events.FetchID) (*projections.FetchView, error) {
	recorded, err := log.FetchEvents(ctx, id)
	if err != nil {
		return nil, err
	}
	return foldAll(recorded), nil
}

func foldAll(recorded []events.RecordedFetchEvent) *projections.FetchView {
	var view *projections.FetchView
	for _, r := range recorded {
		after, _ := projections.FoldFetch(view, r.Sequence, r.Event)
		view = &after
	}
	return view
}

// endOf returns the event that ended a fetch, or the last there is.
func endOf(recorded []events.RecordedFetchEvent) *atlantv1.FetchEvent {
	last := recorded[len(recorded)-1].Event
	if last.GetVisible() != nil && len(recorded) > 1 {
		last = recorded[len(recorded)-2].Event
	}
	return last
}

// parsed returns the last FetchParsed event: where there is one, publishing has begun.
func parsed(recorded []events.RecordedFetchEvent) *atlantv1.FetchParsed {
	for _, r := range slices.Backward(recorded) {
		if p := r.Event.GetParsed(); p != nil {
			return p
		}
	}
	return nil
}
