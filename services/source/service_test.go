package source

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// wantRefused checks the code and words of an error.
func wantRefused(t testing.TB, what string, err error, code connect.Code, words ...string) {
	t.Helper()
	if err == nil || connect.CodeOf(err) != code {
		t.Errorf("%s: got %v, want %s", what, err, code)
		return
	}
	for _, text := range words {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("%s: %q is missing in %v", what, text, err)
		}
	}
}

func TestSourceIsKept(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	began := time.Now()
	wanted := &atlantv1.Source{
		Name: "shop.1", Url: "https://shop.example/list.csv", Csv: &atlantv1.CsvOptions{Delimiter: ";", NameColumns: []string{"1", "2"}},
		CurrencyCode: "EUR", Schedule: &atlantv1.Schedule{Expression: "30 6 * * *", TimeZone: "Europe/Berlin"}, NoHold: true,
	}
	created := p.create(t, wanted)
	got := p.get(t, "shop.1")
	ignore := protocmp.IgnoreFields(&atlantv1.Source{}, "revision", "created_at", "updated_at", "next_fetch_at")
	if diff := cmp.Diff(wanted, got, protocmp.Transform(), ignore); diff != "" {
		t.Error(diff)
	}
	if !proto.Equal(created, got) || got.GetRevision() <= 0 || got.GetCreatedAt().AsTime().Before(began) || !proto.Equal(got.GetCreatedAt(), got.GetUpdatedAt()) {
		t.Errorf("created %v, got %v", created, got)
	}
	berlin, err := time.LoadLocation("Europe/Berlin")
	wantNoError(t, err)
	next := got.GetNextFetchAt().AsTime()
	if clock := next.In(berlin).Format("15:04:05"); clock != "06:30:00" || next.Before(began) || next.After(began.Add(25*time.Hour)) {
		t.Errorf("next fetch at %s", next)
	}
	if alarm := p.alarm(t, "shop.1"); !alarm.GetDueAt().AsTime().Equal(next) {
		t.Errorf("alarm %v, next fetch at %s", alarm, next)
	}
}

// TestUpdate: a change goes on a revision, and what rests or is gone has no alarm.
func TestUpdate(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	first := p.create(t, &atlantv1.Source{Name: "s", Url: "http://shop.example/1", Schedule: every("1h")})
	since := p.alarm(t, "s").GetScheduleSince().AsTime()

	change := proto.CloneOf(first)
	change.Url, change.CurrencyCode = "http://shop.example/2", "USD"
	second := p.update(t, change)
	if second.GetRevision() <= first.GetRevision() || second.GetUrl() != change.GetUrl() || !proto.Equal(second.GetCreatedAt(), first.GetCreatedAt()) {
		t.Errorf("got %v after %v", second, first)
	}
	if !second.GetNextFetchAt().AsTime().Equal(since.Add(time.Hour)) || !p.alarm(t, "s").GetScheduleSince().AsTime().Equal(since) {
		t.Errorf("the schedule, which did not change, does not go on: %v", p.alarm(t, "s"))
	}
	for name, revision := range map[string]int64{"old": first.GetRevision(), "none yet": second.GetRevision() + 1} {
		change.Revision = revision
		_, err := p.client.UpdateSource(t.Context(), connect.NewRequest(&atlantv1.UpdateSourceRequest{Source: change}))
		wantRefused(t, name, err, connect.CodeAborted, "source s was changed", fmt.Sprintf("at revision %d, not %d", second.GetRevision(), revision))
	}
	change.Revision = 0
	_, err := p.client.UpdateSource(t.Context(), connect.NewRequest(&atlantv1.UpdateSourceRequest{Source: change}))
	wantRefused(t, "no revision", err, connect.CodeInvalidArgument, "source.revision", fmt.Sprint(second.GetRevision()))

	change = proto.CloneOf(second)
	change.Paused = true
	paused := p.update(t, change)
	if paused.GetNextFetchAt() != nil || p.alarm(t, "s") != nil {
		t.Errorf("it does not rest: %v, %v", paused, p.alarm(t, "s"))
	}
	change = proto.CloneOf(paused)
	change.Paused = false
	resumed := p.update(t, change)
	if again := p.alarm(t, "s"); !again.GetScheduleSince().AsTime().After(since) || resumed.GetNextFetchAt() == nil {
		t.Errorf("resumed: %v", again)
	}
	change = proto.CloneOf(resumed)
	change.Schedule = nil
	if byHand := p.update(t, change); byHand.GetNextFetchAt() != nil || p.alarm(t, "s") != nil {
		t.Errorf("without a schedule it is due at %v", byHand.GetNextFetchAt())
	}
}

func TestDelete(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	first := p.create(t, &atlantv1.Source{Name: "s", Url: "http://shop.example/1", Schedule: every("1h")})
	_, err := p.client.CreateSource(t.Context(), connect.NewRequest(&atlantv1.CreateSourceRequest{
		Source: &atlantv1.Source{Name: "s", Url: "http://shop.example/2"},
	}))
	wantRefused(t, "twice", err, connect.CodeAlreadyExists, "there is a source s")
	wrong := &atlantv1.DeleteSourceRequest{Name: "s", Revision: first.GetRevision() + 1}
	_, err = p.client.DeleteSource(t.Context(), connect.NewRequest(wrong))
	wantRefused(t, "wrong revision", err, connect.CodeAborted, fmt.Sprintf("at revision %d", first.GetRevision()))
	_, err = p.client.DeleteSource(t.Context(), connect.NewRequest(&atlantv1.DeleteSourceRequest{Name: "s", Revision: first.GetRevision()}))
	wantNoError(t, err)
	if p.alarm(t, "s") != nil {
		t.Error("it still has an alarm")
	}
	_, err = p.client.GetSource(t.Context(), connect.NewRequest(&atlantv1.GetSourceRequest{Name: "s"}))
	wantRefused(t, "get", err, connect.CodeNotFound, "no source s")
	_, err = p.client.UpdateSource(t.Context(), connect.NewRequest(&atlantv1.UpdateSourceRequest{Source: first}))
	wantRefused(t, "update", err, connect.CodeNotFound)
	_, err = p.client.FetchSource(t.Context(), connect.NewRequest(&atlantv1.FetchSourceRequest{Name: "s"}))
	wantRefused(t, "fetch", err, connect.CodeNotFound)
	_, err = p.client.DeleteSource(t.Context(), connect.NewRequest(&atlantv1.DeleteSourceRequest{Name: "s"}))
	wantRefused(t, "delete", err, connect.CodeNotFound)

	again := p.create(t, &atlantv1.Source{Name: "s", Url: "http://shop.example/2"})
	if again.GetRevision() <= first.GetRevision() {
		t.Errorf("revision %d after %d", again.GetRevision(), first.GetRevision())
	}
	_, err = p.client.DeleteSource(t.Context(), connect.NewRequest(&atlantv1.DeleteSourceRequest{Name: "s"})) // at whatever revision
	wantNoError(t, err)
}

func TestRefused(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	good := &atlantv1.Source{Name: "s", Url: "http://shop.example/"}
	upload := "upload:" + strings.Repeat("0a", 32) + "/list.csv"
	for name, test := range map[string]struct {
		change func(*atlantv1.Source)
		words  []string
	}{
		"no name":          {func(s *atlantv1.Source) { s.Name = "" }, []string{"source.name"}},
		"wild name":        {func(s *atlantv1.Source) { s.Name = "a>b" }, []string{"source.name"}},
		"no url":           {func(s *atlantv1.Source) { s.Url = "" }, []string{"source.url"}},
		"scheme":           {func(s *atlantv1.Source) { s.Url = "gopher://x/" }, []string{"source.url"}},
		"upload":           {func(s *atlantv1.Source) { s.Url = upload }, []string{"source.url: is that of an upload"}},
		"no host":          {func(s *atlantv1.Source) { s.Url = "http:///list" }, []string{"source.url: has no host"}},
		"currency":         {func(s *atlantv1.Source) { s.CurrencyCode = "euro" }, []string{"source.currency_code"}},
		"delimiter":        {func(s *atlantv1.Source) { s.Csv = &atlantv1.CsvOptions{Delimiter: "#"} }, []string{"source.csv.delimiter"}},
		"encoding":         {func(s *atlantv1.Source) { s.Csv = &atlantv1.CsvOptions{Encoding: "klingon"} }, []string{"source.csv.encoding", "klingon"}},
		"no expression":    {func(s *atlantv1.Source) { s.Schedule = &atlantv1.Schedule{} }, []string{"source.schedule.expression"}},
		"expression":       {func(s *atlantv1.Source) { s.Schedule = &atlantv1.Schedule{Expression: "weekly"} }, []string{"source.schedule: expression: \"weekly\""}},
		"interval":         {func(s *atlantv1.Source) { s.Schedule = every("10ms") }, []string{"from 1s to 8760h"}},
		"paused, interval": {func(s *atlantv1.Source) { s.Schedule, s.Paused = every("10ms"), true }, []string{"from 1s to 8760h"}},
		"time zone": {func(s *atlantv1.Source) {
			s.Schedule = &atlantv1.Schedule{Expression: "@daily", TimeZone: "Berlin"}
		}, []string{"source.schedule: time_zone: \"Berlin\" is not known", "Europe/Berlin"}},
		"revision": {func(s *atlantv1.Source) { s.Revision = 1 }, []string{"source.revision"}},
		"two currencies": {func(s *atlantv1.Source) {
			s.CurrencyCode, s.Csv = "EUR", &atlantv1.CsvOptions{CurrencyCode: "USD"}
		}, []string{"USD", "EUR", "one is enough"}},
		"credentials twice": {func(s *atlantv1.Source) {
			s.Url, s.Credentials = "http://u:p@shop.example/", token("t")
		}, []string{"source.credentials"}},
	} {
		source := proto.CloneOf(good)
		test.change(source)
		_, err := p.client.CreateSource(t.Context(), connect.NewRequest(&atlantv1.CreateSourceRequest{Source: source}))
		wantRefused(t, name, err, connect.CodeInvalidArgument, test.words...)
	}
	if list := p.list(t, 0); len(list) != 0 {
		t.Errorf("kept %v", list)
	}
}

func token(text string) *atlantv1.Credentials {
	return &atlantv1.Credentials{Credentials: &atlantv1.Credentials_BearerToken{BearerToken: text}}
}

// list returns all sources, read in pages of a size.
func (p *plant) list(t testing.TB, size int32) []*atlantv1.Source {
	t.Helper()
	var all []*atlantv1.Source
	for token := ""; ; {
		response, err := p.client.ListSources(t.Context(), connect.NewRequest(&atlantv1.ListSourcesRequest{PageSize: size, PageToken: token}))
		wantNoError(t, err)
		all = append(all, response.Msg.GetSources()...)
		if token = response.Msg.GetNextPageToken(); token == "" {
			return all
		}
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	var want []string
	for n := range 12 {
		name := fmt.Sprintf("shop-%02d", (n*5)%12)
		p.create(t, &atlantv1.Source{Name: name, Url: "http://shop.example/" + name})
		want = append(want, name)
	}
	slices.Sort(want)
	for _, size := range []int32{0, 1, 5, 6, 12, 1000} {
		var got []string
		for _, source := range p.list(t, size) {
			got = append(got, source.GetName())
			if !strings.HasSuffix(source.GetUrl(), source.GetName()) {
				t.Errorf("mixed up: %v", source)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("pages of %d: %v", size, got)
		}
	}
	_, err := p.client.ListSources(t.Context(), connect.NewRequest(&atlantv1.ListSourcesRequest{PageToken: "rubbish"}))
	wantRefused(t, "token", err, connect.CodeInvalidArgument, "page_token")
}

// TestCredentialsAreNotShown: what is kept is used, outlives a change, goes to no other server, and is never returned.
func TestCredentialsAreNotShown(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	wantKept := func(source *atlantv1.Source, want string) {
		t.Helper()
		text := protojson.Format(source)
		if strings.Contains(text, "sesame") || source.GetCredentials() != nil || source.GetHasCredentials() != (want != "") {
			t.Errorf("got %s", text)
		}
		kept, err := p.log.RegisteredSource(t.Context(), source.GetName())
		wantNoError(t, err)
		got := kept.Record.GetCredentials()
		if got.GetBearerToken()+got.GetBasic().GetPassword() != want {
			t.Errorf("kept %v, want %q", got, want)
		}
	}
	source := p.create(t, &atlantv1.Source{Name: "s", Url: "http://user:sesame1@shop.example/list"})
	wantKept(source, "sesame1")
	wantKept(p.list(t, 0)[0], "sesame1")
	source.Url = "https://shop.example/other" // the same server
	source = p.update(t, source)
	wantKept(source, "sesame1")

	elsewhere := proto.CloneOf(source)
	elsewhere.Url = "https://evil.example/other"
	_, err := p.client.UpdateSource(t.Context(), connect.NewRequest(&atlantv1.UpdateSourceRequest{Source: elsewhere}))
	wantRefused(t, "another server", err, connect.CodeInvalidArgument, "source.credentials", "clear_credentials")
	elsewhere.Credentials = token("sesame2")
	source = p.update(t, elsewhere)
	wantKept(source, "sesame2")
	wantKept(p.get(t, "s"), "sesame2")

	both := &atlantv1.UpdateSourceRequest{Source: proto.CloneOf(source), ClearCredentials: true}
	both.Source.Credentials = token("sesame3")
	_, err = p.client.UpdateSource(t.Context(), connect.NewRequest(both))
	wantRefused(t, "given and cleared", err, connect.CodeInvalidArgument, "clear_credentials")
	cleared, err := p.client.UpdateSource(t.Context(), connect.NewRequest(&atlantv1.UpdateSourceRequest{Source: source, ClearCredentials: true}))
	wantNoError(t, err)
	wantKept(cleared.Msg.GetSource(), "")
}

func TestFetchSource(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	p.create(t, &atlantv1.Source{
		Name: "s", Url: "http://shop.example/list", CurrencyCode: "EUR", Csv: &atlantv1.CsvOptions{Delimiter: "|"}, Credentials: token("sesame"),
		Paused: true,
	})
	request := &atlantv1.FetchSourceRequest{Name: "s", Force: true, RequestId: "key"}
	var ids []string
	for range 2 {
		response, err := p.client.FetchSource(t.Context(), connect.NewRequest(request))
		wantNoError(t, err)
		ids = append(ids, response.Msg.GetFetch().GetId())
	}
	if ids[0] != ids[1] {
		t.Errorf("one key, two fetches: %v", ids)
	}
	queue, err := p.log.TakeFrom(t.Context(), events.PartitionOf("s"))
	wantNoError(t, err)
	defer queue.Close()
	item, err := queue.Dequeue(t.Context())
	wantNoError(t, err)
	got := item.Request()
	if got.GetId() != ids[0] || got.GetSource() != "s" || got.GetUrl() != "http://shop.example/list" || got.GetCsv().GetCurrencyCode() != "EUR" ||
		got.GetCsv().GetDelimiter() != "|" || got.GetCredentials().GetBearerToken() != "sesame" || !got.GetForce() || got.GetScheduledFor() != nil {
		t.Errorf("got %v", got)
	}
	if last := p.get(t, "s").GetLastFetch(); last.GetId() != ids[0] || last.GetState() != queued {
		t.Errorf("last fetch %v", last)
	}
}
