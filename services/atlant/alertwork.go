package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/atlant-log/atlant/services/alert"
	"github.com/atlant-log/atlant/services/outbound"
)

const (
	// alertsPrefix begins the names of the units of work that are shards whose changes alerts are asked about.
	alertsPrefix = "alerts/"
	// webhookKeyVariable holds what signs webhooks; it is no flag, for all users of a machine see those.
	webhookKeyVariable = "ATLANT_WEBHOOK_KEY"
	// webhookKeyFile is where `atlant up` keeps a key, within the data folder.
	webhookKeyFile = "webhook.key"
	// maxRetries and maxRetryPause bound how long a webhook is tried.
	maxRetries    = 50
	maxRetryPause = 7 * 24 * time.Hour
)

// alertFlags say how webhooks are posted.
type alertFlags struct {
	WebhookKeyFile string          `placeholder:"FILE" help:"What signs webhooks: whsec_ and a key in base64, one a line, each of which signs; or in ATLANT_WEBHOOK_KEY. Without them 'atlant up' makes one in its data folder, and 'atlant work' posts none."`
	WebhookRetries []time.Duration `placeholder:"DURATIONS" help:"Pauses between the attempts to post a webhook, separated by commas (5s,1m,10m,1h,3h,8h,12h)."`
}

func (a *alertFlags) check() error {
	if len(a.WebhookRetries) > maxRetries {
		return fmt.Errorf("--webhook-retries takes at most %d pauses", maxRetries)
	}
	for _, pause := range a.WebhookRetries {
		if pause < time.Millisecond || pause > maxRetryPause {
			return fmt.Errorf("--webhook-retries takes pauses from 1ms to %s", maxRetryPause)
		}
	}
	return nil
}

// keys returns what signs webhooks, nil if there is nothing. A process whose log is its own may have no key yet, and makes one.
func (a *alertFlags) keys(dataDir string, own bool) (alert.Keys, error) {
	from, text := webhookKeyVariable, os.Getenv(webhookKeyVariable)
	switch {
	case a.WebhookKeyFile != "" && text != "":
		return nil, errors.New("--webhook-key-file and " + webhookKeyVariable + " do not go together")
	case a.WebhookKeyFile != "" || (text == "" && own):
		from = a.WebhookKeyFile
		if from == "" {
			from = filepath.Join(dataDir, webhookKeyFile)
			if err := makeKey(from); err != nil {
				return nil, err
			}
		}
		data, err := os.ReadFile(from)
		if err != nil {
			return nil, fmt.Errorf("read what signs webhooks: %w", err)
		}
		text = string(data)
	case text == "":
		return nil, nil
	}
	keys, err := alert.ParseKeys(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", from, err)
	}
	return keys, nil
}

// makeKey makes a key that only its user can read, unless there is one. Nobody else works on the folder.
func makeKey(path string) error {
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	fresh := path + ".new"
	err := os.WriteFile(fresh, []byte("# Signs the webhooks of alerts. Their receivers need it as well.\n"+alert.NewKey()+"\n"), 0o600)
	if err == nil {
		err = os.Rename(fresh, path)
	}
	if err != nil {
		return fmt.Errorf("make a key that signs webhooks: %w", err)
	}
	return nil
}

// alertWork is what a process does for alerts.
type alertWork struct {
	evaluator *alert.Evaluator
	deliverer *alert.Deliverer // nil without a key
	logger    *slog.Logger
}

func newAlertWork(b *backend, config *appConfig) (*alertWork, error) {
	w := &alertWork{evaluator: alert.NewEvaluator(b.log, b.store, config.Logger), logger: config.Logger}
	keys, err := config.Alerts.keys(config.DataDir, b.embedded != nil)
	if err != nil || keys == nil {
		return w, err
	}
	retries := config.Alerts.WebhookRetries
	if len(retries) == 0 {
		retries = alert.DefaultRetries()
	}
	w.deliverer = alert.NewDeliverer(b.log, alert.DelivererConfig{
		Keys: keys, Guard: outbound.NewGuard(config.Fetchers.AllowPrivateURLs), Retries: retries, Version: buildVersion(),
	}, config.Logger)
	return w, nil
}

// units are those of so many shards.
func (w *alertWork) units(shards int) []string {
	all := make([]string, shards)
	for shard := range shards {
		all[shard] = alertsPrefix + strconv.Itoa(shard)
	}
	return all
}

// follow works on a unit until the context ends; false if it is none of these.
func (w *alertWork) follow(ctx context.Context, unit string) bool {
	name, ok := strings.CutPrefix(unit, alertsPrefix)
	shard, err := strconv.Atoi(name)
	if !ok || err != nil {
		return false
	}
	w.evaluator.Run(ctx, shard)
	return true
}

// deliver posts webhooks until the context ends, if there is a key.
func (w *alertWork) deliver(ctx context.Context) {
	if w.deliverer == nil {
		w.logger.WarnContext(ctx, "this process posts no webhooks of alerts: it has nothing to sign them with, "+
			"neither --webhook-key-file nor "+webhookKeyVariable)
		return
	}
	w.deliverer.Run(ctx)
}
