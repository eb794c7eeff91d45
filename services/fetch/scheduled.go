package fetch

import (
	"context"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// scheduledPrefix begins the idempotency keys of schedules. No client can send it, for it is not UTF-8.
const scheduledPrefix = "\xffscheduled "

// Check returns where the list of a request is, without credentials, and those that the request has, nil if none; or, as an
// invalid_argument, why Request would refuse it. It asks nobody.
func (*Service) Check(message *atlantv1.FetchRequest) (listURL string, credentials *atlantv1.Credentials, err error) {
	requested, err := newRequest(message, time.Now())
	if err != nil {
		return "", nil, err
	}
	return requested.GetUrl(), requested.GetCredentials(), nil
}

// RequestScheduled asks for a list that a schedule says is due; the same key gives the same fetch, whatever has become of it and
// of the rest of the request. Its prices hold from now, however late that is.
func (s *Service) RequestScheduled(
	ctx context.Context, key string, message *atlantv1.FetchRequest, due time.Time,
) (*atlantv1.Fetch, error) {
	id, requested, view, err := s.enqueueScheduled(ctx, key, message, due)
	if err == nil && view == nil {
		view, err = request(ctx, s.log, id, requested)
	}
	if err != nil {
		return nil, err
	}
	return view.Fetch, nil
}

// enqueueScheduled puts a request on the queue, unless one with the same key was accepted before: that one it returns, with
// what has become of it.
func (s *Service) enqueueScheduled(
	ctx context.Context, key string, message *atlantv1.FetchRequest, due time.Time,
) (id events.FetchID, requested *atlantv1.FetchRequested, accepted *projections.FetchView, err error) {
	s.queueing.Lock()
	defer s.queueing.Unlock()
	if requested, err = newRequest(message, time.Now()); err != nil {
		return id, nil, nil, err
	}
	requested.ScheduledFor = timestamppb.New(due)
	claimed, err := s.log.Claim(ctx, scheduledPrefix+key, loggable(requested))
	if err != nil {
		return id, nil, nil, err
	}
	first := proto.CloneOf(claimed)
	if first.GetUrl() == requested.GetUrl() { // the log knows no credentials, and these are for no other server
		first.Credentials = requested.GetCredentials()
	}
	id, accepted, err = s.enqueueOnce(ctx, first, true)
	return id, first, accepted, err
}
