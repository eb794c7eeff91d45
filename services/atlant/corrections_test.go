package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/fetch"
	"github.com/atlant-log/atlant/services/fetch/pricelist"
)

// readText reads a list as a fetch would.
func readText(t *testing.T, text string, options *atlantv1.CsvOptions) *fetch.Inspection {
	t.Helper()
	path := filepath.Join(t.TempDir(), "list.csv")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }() // it was only read
	found, err := fetch.Inspect(t.Context(), file, options)
	if err != nil && !strings.Contains(err.Error(), "not one row") {
		t.Fatalf("%v in\n%s", err, text)
	}
	return found
}

// fetchOf is the fetch of what was read.
func fetchOf(found *fetch.Inspection) *atlantv1.Fetch {
	return &atlantv1.Fetch{
		Id: fetchID, Url: "http://shop.example/list;1,2|3.csv", Source: "shop", Dialect: found.Dialect, Rejected: found.Counts.GetRejected(),
		ObservedAt: &timestamppb.Timestamp{Seconds: 1_760_000_000, Nanos: 123_456_000},
	}
}

// correctionsOf writes the rows that could not be read, and returns how the file says that it is to be fetched.
func correctionsOf(t *testing.T, found *fetch.Inspection, choices ...string) (*corrections, *fetchCommand) {
	t.Helper()
	list, err := newCorrections(t.Context(), fetchOf(found))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range found.Rejects {
		list.add(r)
	}
	_, rest, ok := strings.Cut(list.text.String(), "#   atlant fetch ")
	command, _, _ := strings.Cut(rest, "\n")
	command = strings.NewReplacer(choices...).Replace(command)
	var grammar cli
	parser, err := newParser(&grammar, newConsole(nil, os.Stdout, os.Stderr), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(append([]string{"fetch"}, shellWords(command)...)); err != nil || !ok {
		t.Fatalf("%v: %s", err, command)
	}
	return list, &grammar.Fetch
}

// shellWords splits a command of words, some with a part in single quotes.
func shellWords(command string) []string {
	words := regexp.MustCompile(`(?:[^\s'\\]|\\'|'[^']*')+`).FindAllString(command, -1)
	for i := range words {
		words[i] = strings.ReplaceAll(strings.ReplaceAll(strings.ReplaceAll(words[i], `'\''`, "\x00"), "'", ""), "\x00", "'")
	}
	return words
}

// shown is a reject as it can be compared between a list and its corrections: where it is differs.
func shown(r *atlantv1.Reject) string {
	row, _ := pricelist.Whole(r)
	return fmt.Sprintf("%q %v in column %d", row, r.GetReason(), r.GetColumn())
}

// The rows of a list that could not be read are rejected for the same reasons if nobody corrects them, and read if somebody does.
func TestCorrections(t *testing.T) {
	t.Parallel()
	type o = atlantv1.CsvOptions
	long := strings.Repeat("very ", 200)
	for name, test := range map[string]struct {
		text    string
		options *o
		correct [2]string // one text into another
		choices []string  // what to fill in where the list leaves something open
		want    string    // the product that is read then
	}{
		"a header": {
			text:    "Stand: heute\nArtikel;Menge;Preis (EUR)\nMilk;1 l;1,99\nTea;100 g;ab 5\nBread;;\nBun;1,00\nRum;1;-1\n",
			correct: [2]string{"ab 5", "5,25"}, want: "Tea=5250000 EUR",
		},
		"no header":      {text: "Milk;1.99\nTea;about 3\n", correct: [2]string{"about 3", "3.25"}, want: "Tea=3250000"},
		"commas, quotes": {text: "name,price\n\"Milk, white\",1.99\n\"Tea, \"\"green\"\"\",x\n", correct: [2]string{",x", ",3.25"}, want: `Tea, "green"=3250000`},
		"tabs":           {text: "id\tname\tprice\n1\tMilk\t1.99\n2\tTea\tx\n", correct: [2]string{"\tx", "\t3.25"}, want: "Tea=3250000"},
		"pipes, several names, Windows line ends": {
			text:    "1|Milk|white|1.99\r\n2|Tea|green|x\r\n",
			options: &o{NameColumns: []string{"2", "3"}, PriceColumn: "4"}, correct: [2]string{"|x", "|3.25"}, want: "Tea green=3250000",
		},
		"columns by texts that no header has as a rule": {
			text:    "Was's kost;Wieviel? 100 %;Wieviel\nMilk;1;2.50\nTea;1;x\n",
			options: &o{NameColumns: []string{"Was's kost"}, PriceColumn: "Wieviel"}, correct: [2]string{";x", ";3.25"}, want: "Tea=3250000",
		},
		"many rows of another width": { // of which most would be read if the width were theirs
			text:    many(200, "Milk %d;1.50\n") + many(50, "Tea;%d;3.50\n") + "Rum;x\n",
			correct: [2]string{"Rum;x", "Rum;9.50"}, want: "Rum=9500000",
		},
		"rows that begin with #": {text: "Milk;1.99\n#5 screw;x\n", correct: [2]string{";x", ";3.25"}, want: "#5 screw=3250000"},
		"rows with line ends":    {text: "name;price\nMilk;1.99\n\"Tea\ngreen\";x\n", correct: [2]string{";x", ";3.25"}, want: "Tea green=3250000"},
		"a long row":             {text: "Milk;1.99\nTea " + long + ";x\n", correct: [2]string{long + ";x", ";3.25"}, want: "Tea=3250000"},
		"bad bytes": {
			text: many(60, "Milk %d;1.99\n") + "Caf\xE9\xF1;1.50\n", options: &o{Encoding: "utf-8"},
			correct: [2]string{"Caf\xE9\xF1", "Café"}, want: "Café=1500000",
		},
		"quotes": {
			text:    many(60, "\"Milk %d\";1.99\n") + "\"Tea\" green;2.50\n",
			options: nil, correct: [2]string{`"Tea" green`, `Tea "green"`}, want: `Tea "green"=2500000`,
		},
		"quotes that are text": {
			text:    many(40, "\"%d inch;pipe;1.50\n") + "\"5 inch;tube;x\n",
			options: &o{NameColumns: []string{"1", "2"}, PriceColumn: "3"}, correct: [2]string{";x", ";3.25"}, want: `"5 inch tube=3250000`,
		},
		"what the mark means": {
			text: "Milk;2\nTea;1,234\nBun;1,567\n", choices: []string{"point-or-comma", "comma"}, want: "Tea=1234000",
		},
		"dates": {
			text:    "date;name;price\n04/05/2026;Milk;1.50\n",
			options: &o{ObservedAtColumn: "date"}, choices: []string{"dmy-or-mdy", "dmy"}, want: "Milk=1500000 2026-05-04",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := readText(t, test.text, test.options)
			list, command := correctionsOf(t, found, test.choices...)
			if err := list.missing(); err != nil {
				t.Error(err)
			}
			text := list.text.String()
			options := command.CSV.options()
			again := readText(t, text, options)
			if len(test.choices) == 0 {
				var want, got []string
				for _, r := range found.Rejects {
					want = append(want, shown(r))
				}
				for _, r := range again.Rejects {
					got = append(got, shown(r))
				}
				if diff := cmp.Diff(want, got); diff != "" || again.Counts.GetAccepted() > 0 {
					t.Errorf("%s\n%s", diff, text)
				}
				if !strings.Contains(text, test.correct[0]) {
					t.Fatalf("%q is not in %s", test.correct[0], text)
				}
			}
			corrected := text
			if test.correct[0] != "" {
				corrected = strings.ReplaceAll(text, test.correct[0], test.correct[1])
			}
			if got := products(t, corrected, options); !slices.Contains(got, test.want) {
				t.Errorf("got %q, want %q of\n%s", got, test.want, corrected)
			}
			if command.Source != "shop" || !strings.HasSuffix(text, "\n") {
				t.Errorf("%+v\n%s", command, text)
			}
			if at := command.ObservedAt; (at == nil) != (options.GetObservedAtColumn() != "") || at != nil && !at.Equal(time.Unix(1_760_000_000, 123_456_000)) {
				t.Errorf("observed at %v\n%s", at, text)
			}
		})
	}
}

func many(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// products returns what is read of a list, as name=price currency date.
func products(t *testing.T, text string, options *atlantv1.CsvOptions) []string {
	t.Helper()
	list, err := pricelist.Open(t.Context(), strings.NewReader(text), int64(len(text)), options, nil)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	err = list.Rows(t.Context(), func(row *pricelist.Row) error {
		if row.Reject == nil {
			product := fmt.Sprintf("%s=%d %s", row.Name, row.Price.Micros, row.Price.Currency)
			if row.ObservedAt != 0 {
				product += row.ObservedAt.Timestamp().AsTime().Format(time.DateOnly)
			}
			all = append(all, strings.TrimSpace(product))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// A row that would be read although nobody corrected it, or of which only the start is known, is told of, and no row.
func TestCorrectionsWithoutSomeRows(t *testing.T) {
	t.Parallel()
	found := readText(t, "Milk;1.50\nTea;2.50\nBun;3.50\n"+strings.Repeat("y", 300<<10)+";1\nBread;x\nRum;2", nil)
	list, command := correctionsOf(t, found)
	text := list.text.String()
	again := readText(t, text, command.CSV.options())
	if again.Counts.GetRowsRead() != 1 || again.Counts.GetRejected() != 1 || !strings.Contains(text, "# NOT HERE: line 6  column 2") &&
		!strings.Contains(text, "# NOT HERE: line 6, column 2") {
		t.Errorf("got %v of\n%.3000s", again.Counts, text)
	}
	err := list.missing()
	if err == nil || err.Error() != "2 of the 3 rejected rows are not in the file: line 4, which is too long to be kept; "+
		"line 6, at which the list seems to be cut off" {
		t.Error(err)
	}
	of := fetchOf(found)
	of.Rejected = 10_003
	list.of = of
	if err := list.missing(); err == nil || !strings.Contains(err.Error(), "10,002 of the 10,003") || !strings.HasSuffix(err.Error(), "; 10,000 that were not kept") {
		t.Error(err)
	}
}

func TestRejectsAsAFile(t *testing.T) {
	t.Parallel()
	found := readText(t, "Milk;1.99\nTea;about 3\n", nil)
	of := fetchOf(found)
	s := &fakeServer{
		getFetch: func(string) (*atlantv1.Fetch, error) { return of, nil },
		listRejects: func(*atlantv1.ListRejectsRequest) (*atlantv1.ListRejectsResponse, error) {
			return &atlantv1.ListRejectsResponse{Rejects: found.Rejects}, nil
		},
	}
	list, _ := correctionsOf(t, found)
	s.run(t, "rejects", fetchID, "--csv").expect(t, exitOK, list.text.String(), "")
	path := filepath.Join(t.TempDir(), "rejects.csv")
	s.run(t, "rejects", fetchID, "--csv", "--out", path).expect(t, exitOK, "",
		"1 rejected rows are in "+path+", which says how to fetch it once they are corrected\n")
	if data, err := os.ReadFile(path); err != nil || string(data) != list.text.String() {
		t.Errorf("%s, %v", data, err)
	}
	s.run(t, "rejects", fetchID, "--csv", "--out", path).expect(t, exitFailure, "",
		"atlant: "+path+" is there already, and may hold corrections\n  name another file, or remove it\n")
	s.run(t, "rejects", fetchID, "--csv", "--json").expect(t, exitUsage, "", "atlant: --csv and --json cannot go together\n")
	s.run(t, "rejects", fetchID, "--out", path).expect(t, exitUsage, "", "atlant: --out goes with --csv\n")
	of.Dialect.Columns = 0 // as an older version wrote it
	s.run(t, "rejects", fetchID, "--csv").expect(t, exitFailure, "", "atlant: it is not known how the list of this fetch was read: "+
		"an older version of Atlant did that, or it could not be read at all\n  fetch the list again, with --force if it did not change\n")
	of.Rejected = 0
	s.run(t, "rejects", fetchID, "--csv").expect(t, exitOK, "", "no rejects: there is nothing to correct\n")
}

// What is given by the name of a character is the same as the character.
func TestNamedCharacters(t *testing.T) {
	t.Parallel()
	named := &csvFlags{Delimiter: "Pipe", DecimalMark: "comma"}
	if diff := cmp.Diff(&atlantv1.CsvOptions{Delimiter: "|", DecimalMark: ","}, named.options(), protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
	for _, character := range []string{";", ",", "|", "\t", "."} {
		if got := namedCharacter(characterName(character)); got != character {
			t.Errorf("%q is %q", character, got)
		}
	}
}
