package alert

import (
	"context"

	"connectrpc.com/connect"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/rpc"
)

// listQuery tells page tokens of alerts from others, deliveryQuery those of deliveries; the name of an alert follows.
const (
	listQuery     = "alerts"
	deliveryQuery = "deliveries "
)

// GetAlert implements AlertService.
func (s *Service) GetAlert(
	ctx context.Context, request *connect.Request[atlantv1.GetAlertRequest],
) (*connect.Response[atlantv1.GetAlertResponse], error) {
	alert, err := s.find(ctx, request.Msg.GetName())
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&atlantv1.GetAlertResponse{Alert: outward(alert)}), nil
}

// ListAlerts implements AlertService.
func (s *Service) ListAlerts(
	ctx context.Context, request *connect.Request[atlantv1.ListAlertsRequest],
) (*connect.Response[atlantv1.ListAlertsResponse], error) {
	var after string
	if _, err := rpc.DecodePageToken(request.Msg.GetPageToken(), listQuery, &after); err != nil {
		return nil, err
	}
	size := rpc.PageSize(request.Msg.GetPageSize())
	found, err := s.log.RegisteredAlerts(ctx, after, size+1)
	if err != nil {
		return nil, err
	}
	page, next, err := rpc.Page(found, size, listQuery, func(last *events.RegisteredAlert) any {
		return last.Record.GetAlert().GetName()
	})
	if err != nil {
		return nil, err
	}
	response := &atlantv1.ListAlertsResponse{NextPageToken: next}
	for i := range page {
		response.Alerts = append(response.Alerts, outward(&page[i]))
	}
	return connect.NewResponse(response), nil
}

// ListDeliveries implements AlertService.
func (s *Service) ListDeliveries(
	ctx context.Context, request *connect.Request[atlantv1.ListDeliveriesRequest],
) (*connect.Response[atlantv1.ListDeliveriesResponse], error) {
	query := deliveryQuery + request.Msg.GetAlert()
	var before uint64
	if _, err := rpc.DecodePageToken(request.Msg.GetPageToken(), query, &before); err != nil {
		return nil, err
	}
	size := rpc.PageSize(request.Msg.GetPageSize())
	found, err := s.log.Deliveries(ctx, request.Msg.GetAlert(), before, size+1)
	if err != nil {
		return nil, err
	}
	page, next, err := rpc.Page(found, size, query, func(last *events.PlacedDelivery) any { return last.Sequence })
	if err != nil {
		return nil, err
	}
	response := &atlantv1.ListDeliveriesResponse{NextPageToken: next}
	for i := range page {
		response.Deliveries = append(response.Deliveries, page[i].Delivery)
	}
	return connect.NewResponse(response), nil
}
