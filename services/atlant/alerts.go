package main

import (
	"context"
	"fmt"
	"strconv"

	"connectrpc.com/connect"
	"github.com/dustin/go-humanize"
	"github.com/jedib0t/go-pretty/v6/text"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// noSuchAlert helps whoever misspelt a name.
const noSuchAlert = "`atlant alerts` lists those there are"

// alertsCommand keeps alerts.
type alertsCommand struct {
	List       alertsListCommand       `cmd:"" default:"withargs" help:"List alerts (also without 'list')."`
	Add        alertsAddCommand        `cmd:"" help:"Add an alert: when which price moves, a signed webhook is posted."`
	Pause      alertsPauseCommand      `cmd:"" help:"Let an alert rest; what it has fired is still delivered."`
	Resume     alertsResumeCommand     `cmd:"" help:"Let an alert go on, with prices that are published from now on."`
	Remove     alertsRemoveCommand     `cmd:"" help:"Remove an alert, and give up what it has fired."`
	Test       alertsTestCommand       `cmd:"" help:"Post a test to the receiver of an alert."`
	Deliveries alertsDeliveriesCommand `cmd:"" help:"Show what became of webhooks, the last attempt first."`
}

type alertsListCommand struct {
	output
	Limit uint `default:"50" placeholder:"N" help:"At most this many (${default}); 0 for all."`
}

// Run prints a table.
func (a *alertsListCommand) Run(ctx context.Context, c *console, api *clients) error {
	l := &listing[*atlantv1.Alert]{
		console: c, json: a.JSON, limit: a.Limit,
		columns: []column{
			{name: "name"}, {name: "products", flexible: true}, {name: "when"}, {name: "posts to", flexible: true}, {name: "state"},
		},
		row: func(a *atlantv1.Alert) []string {
			return []string{a.GetName(), alertedProducts(a), conditionInWords(a.GetCondition()), a.GetWebhookHost(), alertState(a)}
		},
		page: func(size int32, token string) ([]*atlantv1.Alert, string, error) {
			request := &atlantv1.ListAlertsRequest{PageSize: size, PageToken: token}
			response, err := api.alert.ListAlerts(ctx, connect.NewRequest(request))
			if err != nil {
				return nil, "", err
			}
			return response.Msg.GetAlerts(), response.Msg.GetNextPageToken(), nil
		},
	}
	return l.printAll("no alerts yet: `atlant alerts add NAME --webhook URL --query WORDS --below 9.99` makes one")
}

type alertsRemoveCommand struct {
	Name string `arg:"" help:"Of the alert."`
}

// Run removes an alert.
func (a *alertsRemoveCommand) Run(ctx context.Context, c *console, api *clients) error {
	_, err := api.alert.DeleteAlert(ctx, connect.NewRequest(&atlantv1.DeleteAlertRequest{Name: a.Name}))
	if err != nil {
		return notFound(err, noSuchAlert)
	}
	_, err = fmt.Fprintf(c.out, "alert %s is removed\n", a.Name)
	return err
}

type alertsTestCommand struct {
	output
	Name string `arg:"" help:"Of the alert."`
}

// Run asks for the test.
func (a *alertsTestCommand) Run(ctx context.Context, c *console, api *clients) error {
	response, err := api.alert.TestAlert(ctx, connect.NewRequest(&atlantv1.TestAlertRequest{Name: a.Name}))
	if err != nil {
		return notFound(err, noSuchAlert)
	}
	if a.JSON {
		return printJSON(c, response.Msg)
	}
	_, err = fmt.Fprintf(c.out, "a test is posted as %s; see what becomes of it with `atlant alerts deliveries %s`\n",
		response.Msg.GetId(), a.Name)
	return err
}

type alertsDeliveriesCommand struct {
	output
	Name  string `arg:"" optional:"" help:"Of the alert; otherwise all."`
	Limit uint   `default:"50" placeholder:"N" help:"At most this many (${default}); 0 for all."`
}

// Run prints a table.
func (a *alertsDeliveriesCommand) Run(ctx context.Context, c *console, api *clients) error {
	l := &listing[*atlantv1.Delivery]{
		console: c, json: a.JSON, limit: a.Limit,
		columns: []column{
			{name: "id"},
			{name: "alert"},
			{name: "state", color: deliveryColor},
			{name: "attempts", right: true},
			{name: "status", right: true},
			{name: "fired", optional: true},
			{name: "next", optional: true},
			{name: "error", flexible: true},
		},
		row: deliveryRow,
		page: func(size int32, token string) ([]*atlantv1.Delivery, string, error) {
			request := &atlantv1.ListDeliveriesRequest{Alert: a.Name, PageSize: size, PageToken: token}
			response, err := api.alert.ListDeliveries(ctx, connect.NewRequest(request))
			if err != nil {
				return nil, "", err
			}
			return response.Msg.GetDeliveries(), response.Msg.GetNextPageToken(), nil
		},
	}
	return l.printAll("nothing was posted")
}

func deliveryRow(d *atlantv1.Delivery) []string {
	status := ""
	if d.GetStatusCode() != 0 {
		status = strconv.Itoa(int(d.GetStatusCode()))
	}
	return []string{
		d.GetId(), d.GetAlert(), deliveryState(d), humanize.Comma(int64(d.GetAttempts())), status,
		formatTime(d.GetFiredAt(), toTheSecond), formatTime(d.GetNextAttemptAt(), toTheSecond), d.GetError(),
	}
}

// How deliveries stand, in words.
const (
	deliveryRetrying  = "retrying"
	deliveryDelivered = "delivered"
	deliveryGivenUp   = "given up"
)

func deliveryState(d *atlantv1.Delivery) string {
	switch d.GetState() {
	case atlantv1.DeliveryState_DELIVERY_STATE_RETRYING:
		return deliveryRetrying
	case atlantv1.DeliveryState_DELIVERY_STATE_DELIVERED:
		return deliveryDelivered
	case atlantv1.DeliveryState_DELIVERY_STATE_GIVEN_UP:
		return deliveryGivenUp
	default:
		return d.GetState().String()
	}
}

func deliveryColor(cell string) text.Colors {
	switch cell {
	case deliveryDelivered:
		return text.Colors{text.FgGreen}
	case deliveryGivenUp:
		return text.Colors{text.FgRed}
	default:
		return text.Colors{text.FgYellow}
	}
}

type alertsPauseCommand struct {
	Name string `arg:"" help:"Of the alert."`
}

// Run pauses the alert.
func (a *alertsPauseCommand) Run(ctx context.Context, c *console, api *clients) error {
	return setAlertPaused(ctx, c, api, a.Name, true)
}

type alertsResumeCommand struct {
	Name string `arg:"" help:"Of the alert."`
}

// Run resumes the alert.
func (a *alertsResumeCommand) Run(ctx context.Context, c *console, api *clients) error {
	return setAlertPaused(ctx, c, api, a.Name, false)
}

// setAlertPaused says whether an alert rests, whatever else is changed meanwhile.
func setAlertPaused(ctx context.Context, c *console, api *clients, name string, paused bool) error {
	var failed error
	for range pauseAttempts {
		if failed = tryAlertPaused(ctx, api, name, paused); connect.CodeOf(failed) != connect.CodeAborted {
			break
		}
	}
	if failed != nil {
		return notFound(failed, noSuchAlert)
	}
	words := "alert %s is paused\n"
	if !paused {
		words = "alert %s is on, for prices that are published from now on\n"
	}
	_, err := fmt.Fprintf(c.out, words, name)
	return err
}

func tryAlertPaused(ctx context.Context, api *clients, name string, paused bool) error {
	found, err := api.alert.GetAlert(ctx, connect.NewRequest(&atlantv1.GetAlertRequest{Name: name}))
	if err != nil {
		return err
	}
	alert := found.Msg.GetAlert()
	if alert.GetPaused() == paused {
		return nil
	}
	alert.Paused = paused
	_, err = api.alert.UpdateAlert(ctx, connect.NewRequest(&atlantv1.UpdateAlertRequest{Alert: alert}))
	return err
}
