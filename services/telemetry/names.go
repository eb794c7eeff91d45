package telemetry

// The names of all metrics, as they are at /metrics; docs/observability.md says what each one is for.
const (
	buildInfo = "atlant_build_info"

	rpcDuration = "atlant_rpc_duration_seconds"

	fetches               = "atlant_fetches_total"
	fetchRows             = "atlant_fetch_rows_total"
	fetchBytes            = "atlant_fetch_bytes_total"
	fetchDuration         = "atlant_fetch_duration_seconds"
	fetchStageDuration    = "atlant_fetch_stage_duration_seconds"
	fetchVisible          = "atlant_fetch_visible_seconds"
	fetchAttemptsFailed   = "atlant_fetch_attempts_failed_total"
	fetchesRunning        = "atlant_fetches_running"
	fetchHostsLeftAlone   = "atlant_fetch_hosts_left_alone"
	queueRequests         = "atlant_queue_requests"
	publishBatchRows      = "atlant_publish_batch_rows"
	publishBatchBytes     = "atlant_publish_batch_bytes"
	publishBatchDuration  = "atlant_publish_batch_duration_seconds"
	projectionMessages    = "atlant_projection_messages_total"
	projectionRows        = "atlant_projection_rows_total"
	projectionBatchRows   = "atlant_projection_batch_rows"
	projectionDuration    = "atlant_projection_batch_duration_seconds"
	projectionLag         = "atlant_projection_lag_messages"
	projectionLagSeconds  = "atlant_projection_lag_seconds"
	projectionLate        = "atlant_projection_late_rows"
	projectionStandsStill = "atlant_projection_stands_still"
	parkedMessages        = "atlant_parked_messages"

	leaseChanges = "atlant_lease_changes_total"

	logUp           = "atlant_log_up"
	logFull         = "atlant_log_full"
	logReconnects   = "atlant_log_reconnects_total"
	viewsUp         = "atlant_views_up"
	storeDuration   = "atlant_store_operation_duration_seconds"
	watchStreams    = "atlant_watch_streams"
	viewsGeneration = "atlant_views_generation"
)

// The labels of metrics. Each has few values: no product, URL, host or source is one.
const (
	labelVersion   = "version"
	labelState     = "state"
	labelOutcome   = "outcome"
	labelStage     = "stage"
	labelStream    = "stream"
	labelKind      = "kind"
	labelChange    = "change"
	labelOperation = "operation"
	labelBreaker   = "breaker"
)

// The attributes of spans, beside those that OpenTelemetry defines.
const (
	attributeFetch        = "atlant.fetch.id"
	attributeSource       = "atlant.source"
	attributeStream       = "atlant.stream"
	attributeMessages     = "atlant.messages"
	attributeObservations = "atlant.observations"
)

// The names of spans, beside those of calls, which are named for their method, and the stages of a fetch.
const (
	spanQueue   = "queue"
	spanFetch   = "fetch"
	spanProject = "project"
)
