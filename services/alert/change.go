package alert

import (
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/rpc"
)

// change is what an alert is to be.
type change struct {
	wanted  *atlantv1.Alert
	current *events.RegisteredAlert // nil if there is none yet
	now     time.Time
}

// revision is what the change is based on.
func (c change) revision() uint64 {
	if c.current == nil {
		return 0
	}
	return c.current.Revision
}

// before is the alert that is changed, nil if there is none yet.
func (c change) before() *atlantv1.Alert {
	if c.current == nil {
		return nil
	}
	return c.current.Record.GetAlert()
}

// apply returns what is to be kept, without since where the alert begins anew. Its errors are invalid_arguments.
func (c change) apply() (*atlantv1.AlertRecord, error) {
	alert := &atlantv1.Alert{
		Name: c.wanted.GetName(), ProductId: c.wanted.GetProductId(), Source: c.wanted.GetSource(), Query: c.wanted.GetQuery(),
		Condition: c.wanted.GetCondition(), WebhookUrl: c.wanted.GetWebhookUrl(), Paused: c.wanted.GetPaused(),
		CreatedAt: c.before().GetCreatedAt(), UpdatedAt: timestamppb.New(c.now),
	}
	if c.current == nil {
		alert.CreatedAt = alert.GetUpdatedAt()
	}
	if alert.GetPaused() {
		alert.PausedReason = c.before().GetPausedReason()
	}
	if alert.GetWebhookUrl() == "" {
		alert.WebhookUrl = c.before().GetWebhookUrl()
	}
	var err error
	if alert.WebhookHost, err = checkURL("alert.webhook_url", alert.GetWebhookUrl()); err != nil {
		return nil, err
	}
	if err := checkProducts(alert); err != nil {
		return nil, err
	}
	if err := checkCondition(alert.GetCondition()); err != nil {
		return nil, err
	}
	record := &atlantv1.AlertRecord{Alert: alert}
	if c.goesOn(alert) {
		record.Since = c.current.Record.GetSince()
	}
	return record, nil
}

// goesOn tells whether the alert means what it meant before.
func (c change) goesOn(alert *atlantv1.Alert) bool {
	before := c.before()
	return before != nil && before.GetProductId() == alert.GetProductId() && before.GetSource() == alert.GetSource() &&
		before.GetQuery() == alert.GetQuery() && proto.Equal(before.GetCondition(), alert.GetCondition()) &&
		(!before.GetPaused() || alert.GetPaused())
}

// checkProducts tells what is wrong with what says which products an alert is about, and writes an id as they are written.
func checkProducts(alert *atlantv1.Alert) error {
	if _, err := rpc.ParseWords("alert.query", alert.GetQuery()); err != nil {
		return err
	}
	if alert.GetProductId() == "" {
		return nil
	}
	if alert.GetSource() != "" || alert.GetQuery() != "" {
		return rpc.InvalidArgument("alert.product_id", "names one product, so alert.source and alert.query must be empty")
	}
	id, err := uuid.Parse(alert.GetProductId())
	if err != nil {
		return rpc.InvalidArgument("alert.product_id", "%v", err)
	}
	alert.ProductId = id.String()
	return nil
}

// checkCondition tells what is wrong with a condition beyond what the contract says.
func checkCondition(condition *atlantv1.AlertCondition) error {
	above := condition.GetAbove()
	if above.GetHysteresisMicros() > above.GetAmountMicros() {
		return rpc.InvalidArgument("alert.condition.above.hysteresis_micros",
			"is greater than amount_micros: no price is that far below it, so it would fire once at most")
	}
	return nil
}
