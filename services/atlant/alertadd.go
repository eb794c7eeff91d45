package main

import (
	"context"
	"errors"
	"io"
	"strconv"
	"strings"

	"connectrpc.com/connect"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// conditionFlags say which price changes fire an alert.
type conditionFlags struct {
	Any        bool       `xor:"condition" help:"When a price moves, up or down."`
	Up         bool       `xor:"condition" help:"When a price goes up."`
	Down       bool       `xor:"condition" help:"When a price goes down."`
	Below      *amount    `xor:"condition" placeholder:"AMOUNT" help:"When a price falls below this: 12.50"`
	Above      *amount    `xor:"condition" placeholder:"AMOUNT" help:"When a price rises above this."`
	AtLeast    percentage `placeholder:"PERCENT" help:"With --any, --up and --down: only moves this large: 5 or 2.5"`
	Currency   string     `placeholder:"CODE" help:"With --below and --above: only prices in this currency."`
	Hysteresis amount     `placeholder:"AMOUNT" help:"With --below and --above: not again until the price was back by this."`
}

// check returns what is wrong with the flags by themselves.
func (f *conditionFlags) check() error {
	crossing := f.Below != nil || f.Above != nil
	switch {
	case !crossing && !f.Any && !f.Up && !f.Down:
		return errors.New("say when: --any, --up, --down, --below or --above")
	case crossing && f.AtLeast != 0:
		return errors.New("--at-least goes with --any, --up or --down")
	case !crossing && (f.Currency != "" || f.Hysteresis != 0):
		return errors.New("--currency and --hysteresis go with --below or --above")
	}
	return nil
}

func (f *conditionFlags) condition() *atlantv1.AlertCondition {
	move := &atlantv1.PriceMove{AtLeastBasisPoints: int32(f.AtLeast)}
	threshold := func(at *amount) *atlantv1.PriceThreshold {
		return &atlantv1.PriceThreshold{AmountMicros: int64(*at), CurrencyCode: f.Currency, HysteresisMicros: int64(f.Hysteresis)}
	}
	switch {
	case f.Below != nil:
		return &atlantv1.AlertCondition{Condition: &atlantv1.AlertCondition_Below{Below: threshold(f.Below)}}
	case f.Above != nil:
		return &atlantv1.AlertCondition{Condition: &atlantv1.AlertCondition_Above{Above: threshold(f.Above)}}
	case f.Up:
		return &atlantv1.AlertCondition{Condition: &atlantv1.AlertCondition_Up{Up: move}}
	case f.Down:
		return &atlantv1.AlertCondition{Condition: &atlantv1.AlertCondition_Down{Down: move}}
	default:
		return &atlantv1.AlertCondition{Condition: &atlantv1.AlertCondition_Any{Any: move}}
	}
}

// percentage is a flag in basis points.
type percentage int32

// errPercentage says what a percentage looks like.
var errPercentage = errors.New("not a percentage like 5 or 2.5: at most 100000, with at most two decimals")

// UnmarshalText lets kong read the flag.
func (p *percentage) UnmarshalText(data []byte) error {
	const most, decimalsMost = 10_000_000, 2
	micros, err := parseMicros(strings.TrimSuffix(string(data), "%"))
	_, decimals, _ := strings.Cut(strings.TrimSuffix(string(data), "%"), ".")
	points := micros / (microsPer1 / 100)
	if err != nil || len(decimals) > decimalsMost || points > most {
		return errPercentage
	}
	*p = percentage(points)
	return nil
}

// formatBasisPoints writes a percentage as it is given.
func formatBasisPoints(points int32) string {
	text := strconv.Itoa(int(points / 100))
	if decimals := points % 100; decimals != 0 {
		text += "." + strings.TrimRight(strconv.Itoa(int(decimals/10))+strconv.Itoa(int(decimals%10)), "0")
	}
	return text + "%"
}

type alertsAddCommand struct {
	output
	conditionFlags
	Name    string `arg:"" help:"Of the alert."`
	Webhook string `required:"" placeholder:"URL" help:"Where to post. It is kept, and shown nowhere; as ATLANT_WEBHOOK other users of this machine do not see it."`
	Product string `xor:"query" placeholder:"NAME|ID" help:"Only this product."`
	Source  string `placeholder:"NAME" help:"Only products of this source; also where --product is looked for (default)."`
	Query   string `xor:"query" placeholder:"WORDS" help:"Only products whose name has a word that begins with each of these."`
	Paused  bool   `help:"Let it rest at first."`
}

// Validate is called by kong.
func (a *alertsAddCommand) Validate() error { return a.check() }

// Run adds the alert and prints it.
func (a *alertsAddCommand) Run(ctx context.Context, c *console, api *clients) error {
	alert := &atlantv1.Alert{
		Name: a.Name, Source: a.Source, Query: a.Query, Condition: a.condition(), WebhookUrl: a.Webhook, Paused: a.Paused,
	}
	if a.Product != "" {
		found, err := getProduct(ctx, api, a.Source, a.Product)
		if err != nil {
			return err
		}
		alert.ProductId, alert.Source = found.GetProduct().GetId(), ""
	}
	response, err := api.alert.CreateAlert(ctx, connect.NewRequest(&atlantv1.CreateAlertRequest{Alert: alert}))
	if connect.CodeOf(err) == connect.CodeAlreadyExists && connect.IsWireError(err) {
		return failed("`atlant alerts remove "+a.Name+"` removes it", "%s", serverText(err))
	}
	if err != nil {
		return err
	}
	return a.printAlert(c, response.Msg.GetAlert())
}

// printAlert prints all that is to be known of an alert.
func (o *output) printAlert(c *console, a *atlantv1.Alert) error {
	if o.JSON {
		return printJSON(c, a)
	}
	var b strings.Builder
	line := func(label, value string) { writeLine(&b, label, value) }
	line("alert", a.GetName())
	line("products", alertedProducts(a))
	line("when", conditionInWords(a.GetCondition()))
	line("posts to", a.GetWebhookHost())
	line("state", alertState(a))
	line("created", formatTime(a.GetCreatedAt(), toTheSecond))
	line("revision", strconv.FormatInt(a.GetRevision(), 10))
	_, err := io.WriteString(c.out, b.String())
	return err
}

// alertedProducts says which products an alert is about.
func alertedProducts(a *atlantv1.Alert) string {
	var words []string
	if a.GetProductId() != "" {
		return a.GetProductId()
	}
	if a.GetQuery() != "" {
		words = append(words, `"`+a.GetQuery()+`"`)
	}
	if a.GetSource() != "" {
		words = append(words, "of "+a.GetSource())
	}
	if len(words) == 0 {
		return "all"
	}
	return strings.Join(words, " ")
}

// conditionInWords says when an alert fires.
func conditionInWords(condition *atlantv1.AlertCondition) string {
	switch is := condition.GetCondition().(type) {
	case *atlantv1.AlertCondition_Any:
		return moveInWords("up or down", is.Any)
	case *atlantv1.AlertCondition_Up:
		return moveInWords("up", is.Up)
	case *atlantv1.AlertCondition_Down:
		return moveInWords("down", is.Down)
	case *atlantv1.AlertCondition_Below:
		return thresholdInWords("below", is.Below)
	case *atlantv1.AlertCondition_Above:
		return thresholdInWords("above", is.Above)
	default:
		return "a newer version knows when"
	}
}

func moveInWords(way string, m *atlantv1.PriceMove) string {
	if m.GetAtLeastBasisPoints() == 0 {
		return way
	}
	return way + " by " + formatBasisPoints(m.GetAtLeastBasisPoints()) + " or more"
}

func thresholdInWords(way string, t *atlantv1.PriceThreshold) string {
	words := way + " " + formatPrice(&atlantv1.Price{AmountMicros: t.GetAmountMicros(), CurrencyCode: t.GetCurrencyCode()})
	if t.GetHysteresisMicros() > 0 {
		words += ", again once back by " + formatMicros(t.GetHysteresisMicros())
	}
	return words
}

func alertState(a *atlantv1.Alert) string {
	switch {
	case a.GetPausedReason() != "":
		return "paused: " + a.GetPausedReason()
	case a.GetPaused():
		return "paused"
	default:
		return "on"
	}
}
