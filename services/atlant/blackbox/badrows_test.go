package blackbox_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// badRow is a row that cannot be read.
type badRow struct {
	text   string
	column int32
	reason atlantv1.RejectReason
}

var badRows = []badRow{
	{"No Price;", 2, atlantv1.RejectReason_REJECT_REASON_PRICE_MISSING},
	{"Negative;-1.50", 2, atlantv1.RejectReason_REJECT_REASON_PRICE_NEGATIVE},
	{"Huge;1234567890123", 2, atlantv1.RejectReason_REJECT_REASON_PRICE_TOO_LARGE},
	{"Beyond int64;99999999999999999999.00", 2, atlantv1.RejectReason_REJECT_REASON_PRICE_TOO_LARGE},
	{"Exponent;1e3", 2, atlantv1.RejectReason_REJECT_REASON_PRICE_NOT_A_NUMBER},
	{"Infinite;Inf", 2, atlantv1.RejectReason_REJECT_REASON_PRICE_NOT_A_NUMBER},
	{"Not a number;NaN", 2, atlantv1.RejectReason_REJECT_REASON_PRICE_NOT_A_NUMBER},
	{"Hexadecimal;0x10", 2, atlantv1.RejectReason_REJECT_REASON_PRICE_NOT_A_NUMBER},
	{"Too Precise;1.1234567", 2, atlantv1.RejectReason_REJECT_REASON_PRICE_TOO_PRECISE},
	{"NUL\x00;2.50", 1, atlantv1.RejectReason_REJECT_REASON_CONTROL_CHARACTER},
	{"Escape \x1b[31m;2.50", 1, atlantv1.RejectReason_REJECT_REASON_CONTROL_CHARACTER},
	{"Bell;2.\x0750", 2, atlantv1.RejectReason_REJECT_REASON_CONTROL_CHARACTER},
	{strings.Repeat("x", 1025) + ";2.50", 1, atlantv1.RejectReason_REJECT_REASON_NAME_TOO_LONG},
	{"Not UTF-8 \xFF\xFE;2.50", 1, atlantv1.RejectReason_REJECT_REASON_ENCODING},
	{"Too;Many;2.50", 0, atlantv1.RejectReason_REJECT_REASON_COLUMN_COUNT},
	{"Too Few", 0, atlantv1.RejectReason_REJECT_REASON_COLUMN_COUNT},
	{" ;2.50", 1, atlantv1.RejectReason_REJECT_REASON_NAME_MISSING},
	{`"Quoted" and more;2.50`, 1, atlantv1.RejectReason_REJECT_REASON_QUOTE},
	{strings.Repeat("y", 300_000) + ";2.50", 0, atlantv1.RejectReason_REJECT_REASON_ROW_TOO_LONG},
}

// wantedReject is what is to be known of a bad row, its message apart.
func (r badRow) wantedReject(line, offset int64) *atlantv1.Reject {
	raw := strings.ToValidUTF8(r.text, "\uFFFD")
	reject := &atlantv1.Reject{Line: line, ByteOffset: offset, Column: r.column, Reason: r.reason, Raw: raw[:min(len(raw), 500)]}
	if reject.GetRaw() != r.text && r.reason != atlantv1.RejectReason_REJECT_REASON_ROW_TOO_LONG {
		reject.Row = []byte(r.text)
	}
	return reject
}

// withBadRows is a list in which a good row follows each bad one.
func withBadRows() (text string, want []*atlantv1.Reject) {
	var b strings.Builder
	b.WriteString(header + "First;1.25\r\n")
	for i, row := range badRows {
		want = append(want, row.wantedReject(int64(3+2*i), int64(b.Len())))
		fmt.Fprintf(&b, "%s\nGood %d;%d.75\n", row.text, i, i)
	}
	return b.String(), want
}

func expectRejects(tb testing.TB, want, got []*atlantv1.Reject) {
	tb.Helper()
	if diff := cmp.Diff(want, got, protocmp.Transform(), protocmp.IgnoreFields(&atlantv1.Reject{}, "message")); diff != "" {
		tb.Errorf("(-want +got)\n%s", shorten(diff))
	}
	for _, r := range got {
		if r.GetMessage() == "" {
			tb.Errorf("no message: %v", r)
		}
	}
}

func TestBadRows(t *testing.T) {
	t.Parallel()
	a, s := startOpen(t), newShop(t)
	text, want := withBadRows()
	fetch := a.get(t, &atlantv1.FetchRequest{Url: s.sell("/list.csv", text)})
	bad, good := int64(len(badRows)), int64(len(badRows)+1)
	counts{bad + good, good, bad, 0, good}.expect(t, fetch)
	for _, size := range []int32{1, 3, largestPage} {
		expectRejects(t, want, a.rejects(t, fetch.GetId(), size))
	}
	products, _ := a.walk(t, &atlantv1.ListRequest{PageSize: largestPage})
	if len(products) != int(good) || products[0].GetName() != "First" || products[0].GetPrice().GetAmountMicros() != 1_250_000 {
		t.Errorf("got %v", products)
	}
	if slices.ContainsFunc(products[1:], func(p *atlantv1.Product) bool { return !strings.HasPrefix(p.GetName(), "Good ") }) {
		t.Errorf("got %v", products)
	}
}

// TestNoGoodRow: such a list fails as a whole, and its rejects tell why.
func TestNoGoodRow(t *testing.T) {
	t.Parallel()
	a, s := startOpen(t), newShop(t)
	url := s.sell("/list.csv", header+"Milk;-1\nBread;\nTea;free\n")
	fetch := a.await(t, a.ask(t, &atlantv1.FetchRequest{Url: url}).GetId())
	if fetch.GetState() != failed || !strings.Contains(fetch.GetError(), "not one row") {
		t.Errorf("got %v", fetch)
	}
	counts{3, 0, 3, 0, 0}.expect(t, fetch)
	expectRejects(t, []*atlantv1.Reject{
		{Line: 2, ByteOffset: 19, Column: 2, Reason: atlantv1.RejectReason_REJECT_REASON_PRICE_NEGATIVE, Raw: "Milk;-1"},
		{Line: 3, ByteOffset: 27, Column: 2, Reason: atlantv1.RejectReason_REJECT_REASON_PRICE_MISSING, Raw: "Bread;"},
		{Line: 4, ByteOffset: 34, Column: 2, Reason: atlantv1.RejectReason_REJECT_REASON_PRICE_NOT_A_NUMBER, Raw: "Tea;free"},
	}, a.rejects(t, fetch.GetId(), 2))
	if last, _ := a.prices(t); last != 0 || a.total(t, "") != 0 {
		t.Errorf("the price log holds %d messages", last)
	}
}

// TestManyRejects: the count is exact, and the first ten thousand are kept.
func TestManyRejects(t *testing.T) {
	t.Parallel()
	const kept, more = 10_000, 37
	a, s := startOpen(t), newShop(t)
	text := header + strings.Repeat("Nothing;\n", kept+more) + "Milk;1.50\n"
	fetch := a.get(t, &atlantv1.FetchRequest{Url: s.sell("/list.csv", text)})
	counts{kept + more + 1, 1, kept + more, 0, 1}.expect(t, fetch)
	rejects := a.rejects(t, fetch.GetId(), largestPage)
	if len(rejects) != kept {
		t.Fatalf("got %d rejects", len(rejects))
	}
	for i, r := range rejects {
		if r.GetLine() != int64(i+2) {
			t.Fatalf("reject %d: %v", i, r)
		}
	}
}
