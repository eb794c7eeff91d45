package fetch

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// RestoredLog is a log that was made of a back-up.
type RestoredLog interface {
	Log
	events.Source
}

// Recovered counts the fetches that had not ended when a back-up was made.
type Recovered struct {
	Queued int // those that are on the queue
	Failed int // those that cannot go on
}

// Recover puts right what was under way while a back-up was made, which has FETCH_EVENTS as it was after the queue and before the
// prices. Nobody may work on the log meanwhile. It blocks while it reads all that happened to fetches, and keeps in memory those
// that have not ended. Called again it changes nothing.
//
// Each fetch that has not ended is on the queue afterwards, with no credentials if it was not there. One of which there are prices,
// but not the event that says of which list they are, fails: to go on it would have to put the rest of another list behind them.
func Recover(ctx context.Context, log RestoredLog) (Recovered, error) {
	var found Recovered
	unfinished, err := unfinishedFetches(ctx, log)
	if err != nil {
		return found, err
	}
	for _, id := range unfinished {
		isQueued, err := recoverFetch(ctx, log, id)
		switch {
		case err != nil:
			return found, err
		case isQueued:
			found.Queued++
		default:
			found.Failed++
		}
	}
	return found, nil
}

// recoverFetch puts a fetch on the queue, or ends it.
func recoverFetch(ctx context.Context, log RestoredLog, id events.FetchID) (isQueued bool, err error) {
	recorded, view, err := recordedFetch(ctx, log, id)
	if err != nil {
		return false, err
	}
	if parsed(recorded) == nil {
		writer, err := log.WritePrices(ctx, id)
		if err != nil {
			return false, err
		}
		if n := writer.Published(); n > 0 {
			failed := &atlantv1.FetchFailed{
				Error:  fmt.Sprintf("the back-up was made while the list was being published: %d of its prices are in the log", n),
				Counts: &atlantv1.FetchCounts{Published: n},
			}
			_, err = appendTo(ctx, log, id, view, &atlantv1.FetchEvent{Event: &atlantv1.FetchEvent_Failed{Failed: failed}})
			return false, err
		}
	}
	request := proto.CloneOf(recorded[0].Event.GetRequested())
	request.Approved = isApproved(recorded)
	return true, log.Enqueue(ctx, request)
}

// unfinishedFetches returns those that wait or run, in the order in which they were asked for.
func unfinishedFetches(ctx context.Context, log events.Source) ([]events.FetchID, error) {
	last, err := log.LastSequence(ctx, events.FetchStream)
	if err != nil || last == 0 {
		return nil, err
	}
	reader, err := log.Read(ctx, events.FetchStream, 0)
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	open := map[string]*projections.FetchView{}
	for at := uint64(0); at < last; {
		messages, err := reader.Next(ctx, portionOfEvents(last))
		if err != nil {
			return nil, err
		}
		for _, m := range messages {
			followFetch(open, m)
		}
		at = messages[len(messages)-1].Sequence
	}
	var all []events.FetchID
	for _, key := range slices.Sorted(maps.Keys(open)) { // an id tells the time
		if id, err := uuid.Parse(key); err == nil && open[key].Fetch.GetState() != atlantv1.FetchState_FETCH_STATE_HELD {
			all = append(all, id)
		}
	}
	return all, nil
}

// portionOfEvents is how much is read at once, up to a sequence.
func portionOfEvents(until uint64) events.Batch {
	const limit, bytes = 1000, 4 << 20
	return events.Batch{Limit: limit, Bytes: bytes, Gap: 100 * time.Millisecond, Wait: time.Second, Until: until}
}

// followFetch keeps fetches from when they are asked for until they end.
func followFetch(open map[string]*projections.FetchView, m events.Message) {
	var event atlantv1.FetchEvent
	if m.Kind != events.KindFetchEvent || proto.Unmarshal(m.Data, &event) != nil { // of a newer version, which the views park
		return
	}
	before := open[m.Key]
	if before == nil && event.GetRequested() == nil { // what comes after the end
		return
	}
	after, _ := projections.FoldFetch(before, m.Sequence, &event)
	open[m.Key] = &after
	if projections.Ended(after.Fetch.GetState()) {
		delete(open, m.Key)
	}
}
