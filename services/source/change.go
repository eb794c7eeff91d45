package source

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/rpc"
)

// change is what a source is to be.
type change struct {
	wanted  *atlantv1.Source
	current *events.RegisteredSource // nil if there is none yet
	forget  bool                     // the credentials that are kept
	now     time.Time
}

// revision is what the change is based on.
func (c change) revision() uint64 {
	if c.current == nil {
		return 0
	}
	return c.current.Revision
}

// before is the record that is changed, an empty one if there is none yet.
func (c change) before() *atlantv1.SourceRecord {
	if c.current == nil {
		return &atlantv1.SourceRecord{}
	}
	return c.current.Record
}

// apply returns what is to be kept, and the alarm for when it is due first, nil if it never is. Its errors are
// invalid_arguments.
func (c change) apply(fetches Fetches) (*atlantv1.SourceRecord, *atlantv1.SourceAlarm, error) {
	record := &atlantv1.SourceRecord{
		Name: c.wanted.GetName(), Schedule: c.wanted.GetSchedule(), Paused: c.wanted.GetPaused(), NoHold: c.wanted.GetNoHold(),
		CreatedAt: c.before().GetCreatedAt(), UpdatedAt: timestamppb.New(c.now), ScheduleSince: c.since(),
	}
	if c.current == nil {
		record.CreatedAt = record.GetUpdatedAt()
	}
	var err error
	if record.Csv, record.CurrencyCode, err = c.reading(); err != nil {
		return nil, nil, err
	}
	var given *atlantv1.Credentials
	record.Url, given, err = fetches.Check(&atlantv1.FetchRequest{
		Url: c.wanted.GetUrl(), Source: record.GetName(), Csv: record.GetCsv(), Credentials: c.wanted.GetCredentials(),
	})
	if err != nil {
		return nil, nil, within("source", err)
	}
	if strings.HasPrefix(record.GetUrl(), "upload:") {
		return nil, nil, rpc.InvalidArgument("source.url", "is that of an upload, which does not change and is kept for a while only")
	}
	if record.Credentials, err = c.credentials(record.GetUrl(), given); err != nil {
		return nil, nil, err
	}
	if record.GetSchedule() == nil {
		return record, nil, nil
	}
	table, err := timetableOf(record)
	if err != nil {
		return nil, nil, rpc.InvalidArgument("source.schedule", "%v", err)
	}
	if record.GetPaused() {
		return record, nil, nil
	}
	return record, alarmAfter(record, table, c.now), nil
}

// since returns when the schedule began: now, unless it just goes on. No two schedules of a source begin in the same second.
func (c change) since() *timestamppb.Timestamp {
	before := c.before()
	goesOn := proto.Equal(before.GetSchedule(), c.wanted.GetSchedule()) && (!before.GetPaused() || c.wanted.GetPaused())
	if c.current != nil && goesOn {
		return before.GetScheduleSince()
	}
	now := c.now.Truncate(time.Second)
	if earliest := before.GetScheduleSince().AsTime().Add(time.Second); now.Before(earliest) {
		now = earliest
	}
	return timestamppb.New(now)
}

// reading returns how the list is to be read, the currency apart.
func (c change) reading() (*atlantv1.CsvOptions, string, error) {
	options, currency := c.wanted.GetCsv(), c.wanted.GetCurrencyCode()
	if own := options.GetCurrencyCode(); own != "" {
		if currency != "" && own != currency {
			return nil, "", rpc.InvalidArgument("source.csv.currency_code",
				"is %s, and source.currency_code is %s: one is enough", own, currency)
		}
		options = proto.CloneOf(options)
		options.CurrencyCode = ""
	}
	if proto.Size(options) == 0 {
		options = nil
	}
	return options, cmp.Or(currency, c.wanted.GetCsv().GetCurrencyCode()), nil
}

// credentials returns those that are to be kept. What is kept already is for the server that it was given for, and no other:
// whoever may change the URL of a source is not to learn its password.
func (c change) credentials(to string, given *atlantv1.Credentials) (*atlantv1.Credentials, error) {
	kept := c.before().GetCredentials()
	switch {
	case given != nil && c.forget:
		return nil, rpc.InvalidArgument("clear_credentials", "is set, and credentials are given as well")
	case given != nil:
		return given, nil
	case kept == nil || c.forget:
		return nil, nil //nolint:nilnil // there are none
	case !sameServer(c.before().GetUrl(), to):
		return nil, rpc.InvalidArgument("source.credentials",
			"are kept for another server than that of the new url: give some for it, or set clear_credentials")
	default:
		return kept, nil
	}
}

// sameServer tells whether two URLs are of one server; going over to https there is fine.
func sameServer(a, b string) bool {
	from, err := url.Parse(a)
	if err != nil {
		return false
	}
	to, err := url.Parse(b)
	if err != nil {
		return false
	}
	upgraded := from.Scheme == "http" && to.Scheme == "https" && from.Port() == "" && to.Port() == ""
	return (from.Scheme == to.Scheme || upgraded) && strings.EqualFold(from.Host, to.Host)
}

// within puts a field before what an invalid_argument says of a field in it.
func within(field string, err error) error {
	var call *connect.Error
	if errors.As(err, &call) && call.Code() == connect.CodeInvalidArgument {
		return connect.NewError(call.Code(), fmt.Errorf("%s.%s", field, call.Message()))
	}
	return err
}

// timetableOf returns when a source with a schedule is due.
func timetableOf(record *atlantv1.SourceRecord) (*timetable, error) {
	return newTimetable(record.GetSchedule(), record.GetScheduleSince().AsTime())
}

// alarmAfter returns the alarm for the first time after another one, nil if there is none.
func alarmAfter(record *atlantv1.SourceRecord, table *timetable, after time.Time) *atlantv1.SourceAlarm {
	next := table.next(after)
	if next.IsZero() {
		return nil
	}
	return &atlantv1.SourceAlarm{
		Source: record.GetName(), DueAt: timestamppb.New(next), ScheduleSince: record.GetScheduleSince(),
	}
}

// fetchRequest is how the list of a source is asked for.
func fetchRequest(record *atlantv1.SourceRecord) *atlantv1.FetchRequest {
	options := proto.CloneOf(record.GetCsv())
	if code := record.GetCurrencyCode(); code != "" {
		if options == nil {
			options = &atlantv1.CsvOptions{}
		}
		options.CurrencyCode = code
	}
	return &atlantv1.FetchRequest{
		Url: record.GetUrl(), Source: record.GetName(), Csv: options, Credentials: record.GetCredentials(),
		NoHold: record.GetNoHold(),
	}
}
