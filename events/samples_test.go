package events_test

import (
	"math"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

const sampleID = "0199d3a0-0000-7000-8000-000000000001"

func sampleTime() *timestamppb.Timestamp {
	return &timestamppb.Timestamp{Seconds: 1_760_000_000, Nanos: 123_456_000}
}

// samples are the events that this version writes, by the name of their file in the golden corpus. One that is there stays
// as it is; a field that is added gets a sample of its own, named after what is new.
func samples() map[string]proto.Message {
	fetch := uuid.MustParse(sampleID)
	all := map[string]proto.Message{
		"PriceObserved.full": &atlantv1.PriceObserved{
			Source: "default", Name: "Café Ångström 가 1 l", Price: &atlantv1.Price{AmountMicros: 12_500_001, CurrencyCode: "EUR"},
			ObservedAt: sampleTime(), FetchId: fetch[:], Line: 42,
		},
		"PriceObserved.free_without_currency_before_1970": &atlantv1.PriceObserved{
			Source: "s", Name: "x", Price: &atlantv1.Price{}, ObservedAt: &timestamppb.Timestamp{Seconds: -1, Nanos: 999_999_000},
			FetchId: fetch[:],
		},
		"PriceObserved.largest": &atlantv1.PriceObserved{
			Source: "s", Name: "x", Price: &atlantv1.Price{AmountMicros: math.MaxInt64, CurrencyCode: "JPY"},
			ObservedAt: &timestamppb.Timestamp{Seconds: 253_402_300_799, Nanos: 999_999_000}, FetchId: fetch[:], Line: math.MaxInt64,
		},
		"PriceObserved.columns": &atlantv1.PriceObserved{
			Source: "default", ObservedAt: sampleTime(), FetchId: fetch[:],
			Names: []string{"Café Ångström 가 1 l", "x"}, AmountsMicros: []int64{12_500_001, 0}, CurrencyCodes: []string{"EUR"},
			LineSteps: []int64{42, -1},
		},
		"PriceObserved.columns_of_several_currencies_and_times": &atlantv1.PriceObserved{
			Source: "default", ObservedAt: sampleTime(), FetchId: fetch[:],
			Names: []string{"x", "y", "x"}, AmountsMicros: []int64{1, 2, 3}, CurrencyCodes: []string{"EUR", "", "JPY"},
			LineSteps: []int64{2, 1, 1}, TimeSteps: []int64{0, -1, 86_400_000_001},
		},
		"FetchMarker.begun":       &atlantv1.FetchMarker{NextLine: 1000, Published: 999},
		"FetchMarker.done":        &atlantv1.FetchMarker{NextLine: 1501, Published: 1500, Done: true},
		"FetchMarker.of_a_writer": &atlantv1.FetchMarker{NextLine: 1000, Published: 999, Writer: []byte("01234567")},
		"RequestClaim.full":       &atlantv1.RequestClaim{Requested: sampleRequest()},
		"FetchRequested.with_a_password": &atlantv1.FetchRequested{
			Id: sampleID, Url: "http://example.com/", Source: "default", ObservedAt: sampleTime(), RequestedAt: sampleTime(),
			Credentials: &atlantv1.Credentials{Credentials: &atlantv1.Credentials_Basic{
				Basic: &atlantv1.BasicCredentials{User: "user", Password: "pass:word"},
			}},
		},
		"FetchRequested.approved": &atlantv1.FetchRequested{
			Id: sampleID, Url: "http://example.com/", Source: "default", ObservedAt: sampleTime(), RequestedAt: sampleTime(), Approved: true,
		},
		"FetchRequested.with_a_token": &atlantv1.FetchRequested{
			Id: sampleID, Url: "http://example.com/", Source: "default", ObservedAt: sampleTime(), RequestedAt: sampleTime(),
			Credentials: &atlantv1.Credentials{Credentials: &atlantv1.Credentials_BearerToken{BearerToken: "abc.def=="}},
		},
		"FetchRequested.with_a_private_key": &atlantv1.FetchRequested{
			Id: sampleID, Url: "sftp://example.com/list.csv", Source: "default", ObservedAt: sampleTime(), RequestedAt: sampleTime(),
			Credentials: &atlantv1.Credentials{Credentials: &atlantv1.Credentials_SshPrivateKey{
				SshPrivateKey: &atlantv1.SshPrivateKey{User: "user", Key: "-----BEGIN OPENSSH PRIVATE KEY-----", Passphrase: "pass"},
			}},
		},
		"FetchRequested.scheduled":  sampleScheduledRequest(),
		"SourceRecord.full":         sampleSource(),
		"SourceRecord.plain":        &atlantv1.SourceRecord{Name: "s", Url: "http://example.com/", CreatedAt: sampleTime(), UpdatedAt: sampleTime()},
		"SourceAlarm.first":         &atlantv1.SourceAlarm{Source: "shop-1", DueAt: &timestamppb.Timestamp{Seconds: 1_760_000_000}},
		"SourceAlarm.after_a_fetch": &atlantv1.SourceAlarm{Source: "shop-1", DueAt: &timestamppb.Timestamp{Seconds: 1_760_000_000}, LastFetchId: sampleID, ScheduleSince: &timestamppb.Timestamp{Seconds: 1_750_000_000}},
		"AlertRecord.below":         sampleAlert(),
		"AlertRecord.above": sampleAlertOfProduct(&atlantv1.AlertCondition{Condition: &atlantv1.AlertCondition_Above{
			Above: &atlantv1.PriceThreshold{AmountMicros: 1},
		}}),
		"AlertRecord.any":    sampleAlertOfProduct(&atlantv1.AlertCondition{Condition: &atlantv1.AlertCondition_Any{Any: &atlantv1.PriceMove{}}}),
		"AlertRecord.up":     sampleAlertOfProduct(&atlantv1.AlertCondition{Condition: &atlantv1.AlertCondition_Up{Up: &atlantv1.PriceMove{AtLeastBasisPoints: 250}}}),
		"AlertRecord.down":   sampleAlertOfProduct(&atlantv1.AlertCondition{Condition: &atlantv1.AlertCondition_Down{Down: &atlantv1.PriceMove{AtLeastBasisPoints: 1}}}),
		"AlertPosition.full": &atlantv1.AlertPosition{Sequence: 42},
		"AlertFired.full":    sampleFired(),
		"AlertFired.test": &atlantv1.AlertFired{Id: sampleID, AlertCreatedAt: sampleTime(), Notification: &atlantv1.AlertNotification{
			Type: "atlant.alert.test", Timestamp: sampleTime(), Data: &atlantv1.FiredAlert{Alert: "cheap"},
		}},
		"Delivery.full": &atlantv1.Delivery{
			Id: sampleID, Alert: "cheap", ProductId: sampleID, State: atlantv1.DeliveryState_DELIVERY_STATE_RETRYING, Attempts: 2,
			StatusCode: 503, Error: "the receiver answered 503 Service Unavailable", WebhookHost: "hooks.example:8443",
			FiredAt: sampleTime(), AttemptedAt: sampleTime(), NextAttemptAt: sampleTime(),
		},
		"ParkedEvent.full": &atlantv1.ParkedEvent{
			Stream: "PRICES_00", Sequence: 7, Subject: "prices.0.observed", Cause: "malformed event: fetch_id: invalid UUID", Data: []byte{0xff, 0},
		},
	}
	for name, event := range sampleFetchEvents() {
		event.At = sampleTime()
		all["FetchEvent."+name] = event
	}
	return all
}

func sampleRequest() *atlantv1.FetchRequested {
	return &atlantv1.FetchRequested{
		Id: sampleID, Url: "https://example.com/prices.csv", Source: "shop-1", ObservedAt: sampleTime(), RequestId: "key 1", Force: true,
		RequestedAt: sampleTime(),
		Csv: &atlantv1.CsvOptions{
			Delimiter: ";", Encoding: "utf-8", DecimalMark: ",", Quote: "none", NoHeader: true, NameColumns: []string{"Brand", "2"},
			PriceColumn: "Price", CurrencyCode: "EUR", SkipLines: 3,
		},
	}
}

func sampleScheduledRequest() *atlantv1.FetchRequested {
	request := sampleRequest()
	request.ScheduledFor = &timestamppb.Timestamp{Seconds: 1_759_999_980}
	return request
}

func sampleSource() *atlantv1.SourceRecord {
	return &atlantv1.SourceRecord{
		Name: "shop-1", Url: "https://example.com/prices.csv", Csv: &atlantv1.CsvOptions{Delimiter: ";"}, CurrencyCode: "EUR",
		Schedule: &atlantv1.Schedule{Expression: "30 6 * * MON-FRI", TimeZone: "Europe/Berlin"}, Paused: true, NoHold: true,
		Credentials: &atlantv1.Credentials{Credentials: &atlantv1.Credentials_BearerToken{BearerToken: "abc.def=="}},
		CreatedAt:   sampleTime(), UpdatedAt: sampleTime(), ScheduleSince: &timestamppb.Timestamp{Seconds: 1_760_000_000},
	}
}

func sampleAlert() *atlantv1.AlertRecord {
	return &atlantv1.AlertRecord{
		Alert: &atlantv1.Alert{
			Name: "cheap", Source: "shop-1", Query: "coffee bean", WebhookUrl: "https://hooks.example:8443/in?token=t",
			Condition: &atlantv1.AlertCondition{Condition: &atlantv1.AlertCondition_Below{Below: &atlantv1.PriceThreshold{
				AmountMicros: 9_990_000, CurrencyCode: "EUR", HysteresisMicros: 500_000,
			}}},
			Paused: true, PausedReason: "the receiver answered 410 Gone", WebhookHost: "hooks.example:8443",
			CreatedAt: sampleTime(), UpdatedAt: sampleTime(),
		},
		Since: map[uint32]uint64{0: 41, 1: 7},
	}
}

func sampleAlertOfProduct(condition *atlantv1.AlertCondition) *atlantv1.AlertRecord {
	return &atlantv1.AlertRecord{Alert: &atlantv1.Alert{
		Name: "one", ProductId: sampleID, Condition: condition, WebhookUrl: "http://hooks.example/", WebhookHost: "hooks.example",
		Revision: 3, CreatedAt: sampleTime(), UpdatedAt: sampleTime(),
	}}
}

func sampleFired() *atlantv1.AlertFired {
	return &atlantv1.AlertFired{Id: sampleID, AlertCreatedAt: sampleTime(), Notification: &atlantv1.AlertNotification{
		Type: "atlant.alert", Timestamp: sampleTime(), Data: &atlantv1.FiredAlert{
			Alert: "cheap", ProductId: sampleID, Source: "shop-1", Name: "Coffee Beans 1 kg",
			Price:         &atlantv1.Price{AmountMicros: 9_500_000, CurrencyCode: "EUR"},
			PreviousPrice: &atlantv1.Price{AmountMicros: 10_500_000, CurrencyCode: "EUR"}, ObservedAt: sampleTime(), FetchId: sampleID,
		},
	}}
}

func sampleDatedRequest() *atlantv1.FetchRequested {
	request := sampleRequest()
	request.Csv.ObservedAtColumn, request.Csv.DateOrder = "Date", "dmy"
	return request
}

func sampleFetchEvents() map[string]*atlantv1.FetchEvent {
	counts := &atlantv1.FetchCounts{Bytes: 60_000, RowsRead: 10, Accepted: 7, Rejected: 2, Duplicates: 1, Published: 7}
	dialect := &atlantv1.Dialect{
		Delimiter: ";", Encoding: "utf-8", DecimalMark: ",", Quote: `"`, HasHeader: true, NameColumns: []int32{1, 2}, PriceColumn: 3,
		CurrencyCode: "EUR", Evidence: []string{"3 columns in each of 10 rows"},
	}
	dated := proto.CloneOf(dialect)
	dated.ObservedAtColumn = 4
	weighed := proto.CloneOf(dialect)
	weighed.Confidence, weighed.Alternatives = 97, []string{`price in column 5 "Old price"`}
	weighed.Columns, weighed.Header = 3, "Brand;Name;Price"
	weighed.DateOrder, weighed.ThousandsMark, weighed.Open = "dmy", ".", []string{"csv.currency_code"}
	weighed.RememberedFrom = sampleID
	reject := &atlantv1.Reject{
		Line: 5, ByteOffset: 91, Column: 3, Reason: atlantv1.RejectReason_REJECT_REASON_PRICE_AMBIGUOUS,
		Message: "1.234 can be read in two ways", Raw: "x;y;1.234",
	}
	validators := &atlantv1.ListValidators{
		UrlSha256: []byte("0123456789abcdef0123456789abcdef"), Etag: `W/"67ab-1f"`, LastModified: "Tue, 15 Nov 1994 12:45:26 GMT",
	}
	sample := &atlantv1.ListSample{Products: []uint64{0, 7, math.MaxUint64}, AmountsMicros: []int64{0, 1_990_000, math.MaxInt64}}
	return map[string]*atlantv1.FetchEvent{
		"requested": {Event: &atlantv1.FetchEvent_Requested{Requested: sampleRequest()}},
		"requested_plainly": {Event: &atlantv1.FetchEvent_Requested{Requested: &atlantv1.FetchRequested{
			Id: sampleID, Url: "http://example.com/", Source: "default", ObservedAt: sampleTime(), RequestedAt: sampleTime(),
		}}},
		"requested_scheduled": {Event: &atlantv1.FetchEvent_Requested{Requested: sampleScheduledRequest()}},
		"requested_dated":     {Event: &atlantv1.FetchEvent_Requested{Requested: sampleDatedRequest()}},
		"parsed_dated": {Event: &atlantv1.FetchEvent_Parsed{Parsed: &atlantv1.FetchParsed{
			Counts: counts, Dialect: dated, Sha256: []byte("0123456789abcdef0123456789abcdef"),
		}}},
		"parsed_with_confidence": {Event: &atlantv1.FetchEvent_Parsed{Parsed: &atlantv1.FetchParsed{
			Counts: counts, Dialect: weighed, Sha256: []byte("0123456789abcdef0123456789abcdef"),
		}}},
		"rows_rejected_whole": {Event: &atlantv1.FetchEvent_RowsRejected{RowsRejected: &atlantv1.FetchRowsRejected{Rejects: []*atlantv1.Reject{{
			Line: 5, ByteOffset: 91, Column: 1, Reason: atlantv1.RejectReason_REJECT_REASON_ENCODING, Message: "not valid",
			Raw: "x\uFFFD;y;1.234", Row: []byte("x\xff;y;1.234"),
		}}}}},
		"started": {Event: &atlantv1.FetchEvent_Started{Started: &atlantv1.FetchStarted{}}},
		"attempt_failed": {Event: &atlantv1.FetchEvent_AttemptFailed{
			AttemptFailed: &atlantv1.FetchAttemptFailed{Attempt: 2, Error: "connection refused"},
		}},
		"parsed": {Event: &atlantv1.FetchEvent_Parsed{
			Parsed: &atlantv1.FetchParsed{Counts: counts, Dialect: dialect, Sha256: []byte("0123456789abcdef0123456789abcdef")},
		}},
		"rows_rejected": {Event: &atlantv1.FetchEvent_RowsRejected{
			RowsRejected: &atlantv1.FetchRowsRejected{Rejects: []*atlantv1.Reject{reject, {Line: 9}}},
		}},
		"completed": {Event: &atlantv1.FetchEvent_Completed{
			Completed: &atlantv1.FetchCompleted{Counts: counts, Position: map[uint32]uint64{0: 0, 1: math.MaxUint64, 99: 12}},
		}},
		"failed": {Event: &atlantv1.FetchEvent_Failed{
			Failed: &atlantv1.FetchFailed{Error: "404 Not Found", Counts: counts, Dialect: dialect},
		}},
		"cancelled": {Event: &atlantv1.FetchEvent_Cancelled{Cancelled: &atlantv1.FetchCancelled{}}},
		"parsed_with_validators": {Event: &atlantv1.FetchEvent_Parsed{Parsed: &atlantv1.FetchParsed{
			Counts: counts, Dialect: dialect, Sha256: []byte("0123456789abcdef0123456789abcdef"), Validators: validators, ReadBy: "v1.2.3",
		}}},
		"requested_whatever_it_says": {Event: &atlantv1.FetchEvent_Requested{Requested: &atlantv1.FetchRequested{
			Id: sampleID, Url: "http://example.com/", Source: "default", ObservedAt: sampleTime(), RequestedAt: sampleTime(), NoHold: true,
		}}},
		"parsed_with_sample": {Event: &atlantv1.FetchEvent_Parsed{Parsed: &atlantv1.FetchParsed{Counts: counts, Sample: sample}}},
		"held": {Event: &atlantv1.FetchEvent_Held{Held: &atlantv1.FetchHeld{
			Parsed: &atlantv1.FetchParsed{Counts: counts, Dialect: dialect, Sample: sample}, Comparison: sampleComparison(),
		}}},
		"approved":   {Event: &atlantv1.FetchEvent_Approved{Approved: &atlantv1.FetchApproved{}}},
		"visible":    {Event: &atlantv1.FetchEvent_Visible{Visible: &atlantv1.FetchVisible{}}},
		"discarded":  {Event: &atlantv1.FetchEvent_Discarded{Discarded: &atlantv1.FetchDiscarded{}}},
		"superseded": {Event: &atlantv1.FetchEvent_Discarded{Discarded: &atlantv1.FetchDiscarded{SupersededBy: sampleID}}},
		"not_modified": {Event: &atlantv1.FetchEvent_NotModified{NotModified: &atlantv1.FetchNotModified{
			PublishedBy: sampleID, Position: map[uint32]uint64{0: 12, 1: 7}, Validators: validators,
		}}},
	}
}

func sampleComparison() *atlantv1.ListComparison {
	return &atlantv1.ListComparison{
		FetchId: sampleID, AcceptedBefore: 1000, RejectedBefore: 2, ProductsCompared: 256, PriceRatio: 99.5,
		Findings: []*atlantv1.HoldFinding{{Reason: atlantv1.HoldReason_HOLD_REASON_PRICES, Message: "prices are 99.5 times what they were"}},
	}
}
