package blackbox_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// TestCorrectedRejects goes the way of a user: rows that could not be read are written to a file, corrected there, and fetched as
// the file says. They then count for the time at which the list was fetched; what was seen later stays.
func TestCorrectedRejects(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("what the file says is for another shell")
	}
	a, s := startOpen(t), newShop(t)
	url := s.sell("/list.csv", "Artikel;Preis (EUR)\nMilk;1,50\nTea;um 3\nBread;abc\nRum; viel\n")
	first := a.get(t, &atlantv1.FetchRequest{Url: url, Source: "shop"})
	counts{4, 1, 3, 0, 1}.expect(t, first)
	s.sell("/list.csv", "Artikel;Preis (EUR)\nMilk;1,60\nBread;2,25\n")
	second := a.get(t, &atlantv1.FetchRequest{Url: url, Source: "shop"})
	counts{2, 2, 0, 0, 2}.expect(t, second)

	path := filepath.Join(t.TempDir(), "rejects.csv")
	a.cli(t, 0, "rejects", first.GetId(), "--csv", "--out", path)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	file := string(data)
	if out := a.cli(t, 0, "rejects", first.GetId(), "--csv").out; out != file {
		t.Errorf("got\n%s\nand\n%s", out, file)
	}
	corrected := strings.NewReplacer(";um 3", ";3,10", ";abc", ";9,99").Replace(file)
	got := a.refetch(t, file, s.sell("/corrected.csv", corrected))
	counts{3, 2, 1, 0, 2}.expect(t, got)
	if !got.GetObservedAt().AsTime().Equal(first.GetObservedAt().AsTime()) || got.GetSource() != "shop" {
		t.Errorf("got %v", got)
	}
	want := prices{"Milk": 1_600_000, "Bread": 2_250_000, "Tea": 3_100_000}
	if diff := cmp.Diff(want, a.pricesOf(t, got)); diff != "" {
		t.Error(diff)
	}
	products, _ := a.walk(t, &atlantv1.ListRequest{PageSize: largestPage, Source: "shop"})
	for _, p := range products {
		if p.GetPrice().GetCurrencyCode() != "EUR" || p.GetName() == "Bread" && p.GetPriceChanges() != 0 {
			t.Errorf("got %v", p)
		}
		if at := p.GetObservedAt().AsTime(); p.GetName() == "Tea" && !at.Equal(first.GetObservedAt().AsTime()) {
			t.Errorf("tea was seen at %v", at)
		}
	}
	left := a.rejects(t, got.GetId(), 10)
	if len(left) != 1 || left[0].GetRaw() != "Rum; viel" {
		t.Errorf("got %v", left)
	}
}

// refetch runs the command that a file of rejects says, and returns the fetch.
func (a *atlant) refetch(tb testing.TB, file, url string) *atlantv1.Fetch {
	tb.Helper()
	_, rest, _ := strings.Cut(file, "#   atlant ")
	command, _, found := strings.Cut(rest, " URL\n")
	if !found {
		tb.Fatalf("no command in\n%s", file)
	}
	shell := exec.Command("sh", "-c", `"$0" `+command+` --json "$1"`, program, url)
	shell.Env = environment("ATLANT_ADDR=" + a.url)
	output, err := shell.CombinedOutput()
	if err != nil {
		tb.Fatalf("%s: %v\n%s", command, err, output)
	}
	return call(tb, a.fetches.ListFetches, &atlantv1.ListFetchesRequest{PageSize: 1}).GetFetches()[0]
}
