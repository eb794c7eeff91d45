package main

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/fetch"
)

// demoInterval is how often the demo list is fetched.
const demoInterval = 3 * time.Second

// demoSource is the namespace of the demo's products.
const demoSource = "demo"

// demoProducts are what the demo sells, with their first prices in cents.
var demoProducts = []struct {
	name  string
	cents int64
}{
	{"Espresso Beans 1 kg", 1890},
	{"Filter Coffee 500 g", 749},
	{"Green Tea 100 g", 595},
	{"Earl Grey 50 bags", 429},
	{"Oat Milk 1 l", 199},
	{"Whole Milk 1 l", 129},
	{"Butter 250 g", 289},
	{"Gouda 400 g", 449},
	{"Brie 200 g", 329},
	{"Olive Oil 750 ml", 1099},
	{"Rapeseed Oil 1 l", 249},
	{"Basmati Rice 1 kg", 399},
	{"Spaghetti 500 g", 159},
	{"Penne 500 g", 159},
	{"Tomato Passata 690 g", 189},
	{"Chickpeas 400 g", 119},
	{"Red Lentils 500 g", 229},
	{"Crème fraîche 200 g", 139},
	{"Rye Bread 750 g", 319},
	{"Baguette", 145},
	{"Croissants 4 pieces", 279},
	{"Dark Chocolate 70 % 100 g", 249},
	{"Hazelnut Spread 400 g", 389},
	{"Honey 500 g", 649},
	{"Strawberry Jam 340 g", 279},
	{"Mineral Water 6 x 1.5 l", 354},
	{"Apple Juice 1 l", 219},
	{"Orange Juice 1 l", 299},
	{"Ginger Ale 4 x 200 ml", 399},
	{"Bananas 1 kg", 189},
	{"Apples Braeburn 1 kg", 279},
	{"Lemons 500 g", 199},
	{"Potatoes 2 kg", 349},
	{"Onions 1 kg", 169},
}

// demoList is a price list served on loopback. Each time it is asked for, some of its prices have moved.
type demoList struct {
	listener net.Listener
	server   *http.Server

	mu    sync.Mutex
	cents []int64
}

// serveDemoList serves the list on a free port until close.
func serveDemoList(ctx context.Context) (*demoList, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("serve demo list: %w", err)
	}
	l := &demoList{listener: listener, cents: make([]int64, len(demoProducts))}
	for i, p := range demoProducts {
		l.cents[i] = p.cents
	}
	l.server = &http.Server{Handler: l, ReadHeaderTimeout: readHeaderTimeout}
	go func() { _ = l.server.Serve(listener) }() // it ends with close
	return l, nil
}

func (l *demoList) close() { _ = l.server.Close() } // nothing is lost with it

func (l *demoList) addr() netip.AddrPort {
	return netip.MustParseAddrPort(l.listener.Addr().String()) // a TCP listener's address is one
}

// ServeHTTP implements http.Handler.
func (l *demoList) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	_, _ = w.Write([]byte(l.next())) // the fetcher notices a list that is cut off
}

// next moves about one price in eight by up to a tenth and returns the list.
func (l *demoList) next() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var text strings.Builder
	text.WriteString("PRODUCT NAME;PRICE\n")
	for i, p := range demoProducts {
		if rand.IntN(8) == 0 {
			step := max(l.cents[i]/10, 1)
			l.cents[i] = max(l.cents[i]+rand.Int64N(2*step+1)-step, 1)
		}
		fmt.Fprintf(&text, "%s;%d.%02d\n", p.name, l.cents[i]/100, l.cents[i]%100)
	}
	return text.String()
}

// keepFetching asks for the list again and again, until the context ends.
func (l *demoList) keepFetching(ctx context.Context, fetches *fetch.Service, logger *slog.Logger) {
	request := &atlantv1.FetchRequest{
		Url: "http://" + l.addr().String() + "/prices.csv", Source: demoSource, Csv: &atlantv1.CsvOptions{CurrencyCode: "EUR"},
	}
	ticker := time.NewTicker(demoInterval)
	defer ticker.Stop()
	for {
		if _, err := fetches.Request(ctx, request); err != nil && ctx.Err() == nil {
			logger.ErrorContext(ctx, "demo fetch failed", slog.Any(logError, err))
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
