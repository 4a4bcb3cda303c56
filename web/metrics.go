package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"jiban"
	"jiban/people"
)

// Metrics counts what an operator needs to know. Rooms get it as the small
// interfaces they declare; it has a registry of its own.
type Metrics struct {
	registry   *prometheus.Registry
	received   *prometheus.CounterVec
	refused    *prometheus.CounterVec
	deliveries *prometheus.CounterVec
	tokens     prometheus.Counter
	turns      *prometheus.CounterVec
	tickets    *prometheus.CounterVec
	handoffs   *prometheus.CounterVec
	requests   *prometheus.CounterVec
	seconds    *prometheus.HistogramVec
	limited    prometheus.Counter
	roster     *prometheus.CounterVec
	expired    *prometheus.CounterVec
	unexpired  *prometheus.CounterVec

	modelCalls   *prometheus.CounterVec
	modelTokens  *prometheus.CounterVec
	modelSeconds prometheus.Histogram
	modelOpen    prometheus.Gauge
}

// NewMetrics returns metrics at zero.
func NewMetrics() *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	m := &Metrics{
		registry:   prometheus.NewRegistry(),
		received:   counter("jiban_messages_received_total", "Messages taken in, repeats not counted.", "channel"),
		refused:    counter("jiban_inbound_refused_total", "Inbound calls refused, by reason.", "channel", "reason"),
		deliveries: counter("jiban_deliveries_total", "Outbound messages by way and result.", "channel", "path", "status"),
		tokens: prometheus.NewCounter(prometheus.CounterOpts{Name: "jiban_wechat_token_fetches_total",
			Help: "Access tokens fetched from WeChat."}),
		turns:    counter("jiban_turns_total", "Turns by decision.", "decision"),
		tickets:  counter("jiban_tickets_opened_total", "Tickets and call-back tasks opened.", "channel", "kind"),
		handoffs: counter("jiban_handoffs_total", "Conversations handed to people, by reason.", "reason"),
		requests: counter("jiban_http_requests_total", "HTTP requests.", "method", "route", "status"),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "jiban_http_request_seconds", Help: "Time of HTTP requests.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}}, []string{"route"}),
		roster:       counter("jiban_roster_lookups_total", "Look-ups in the special-service list: listed, not_listed or failed.", "result"),
		expired:      counter("jiban_retention_records_total", "Records that went because their time was over, by kind.", "kind"),
		unexpired:    counter("jiban_retention_failures_total", "Runs in which a kind of records could not all go.", "kind"),
		modelCalls:   counter("jiban_model_calls_total", "Calls of the language model, by task and result: ok, or the kind of the failure.", "task", "result"),
		modelTokens:  counter("jiban_model_tokens_total", "Tokens that the language model took, by kind: prompt or completion.", "kind"),
		modelSeconds: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "jiban_model_seconds", Help: "Time of calls of the language model.", Buckets: []float64{.1, .25, .5, 1, 2, 4, 8}}),
		modelOpen:    prometheus.NewGauge(prometheus.GaugeOpts{Name: "jiban_model_breaker_open", Help: "Whether the language model is not asked because calls failed of late."}),
		limited:      prometheus.NewCounter(prometheus.CounterOpts{Name: "jiban_rate_limited_total", Help: "Requests refused by a rate limit."}),
	}
	m.registry.MustRegister(m.received, m.refused, m.deliveries, m.tokens, m.turns, m.tickets, m.handoffs, m.requests, m.seconds,
		m.limited, m.roster, m.expired, m.unexpired, m.modelCalls, m.modelTokens, m.modelSeconds, m.modelOpen, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// RosterLooked counts a look-up in the special-service list. It is told no number.
func (m *Metrics) RosterLooked(_ context.Context, r people.RosterResult) {
	m.roster.WithLabelValues(string(r)).Inc()
}

// Expired counts records that went because their time was over.
func (m *Metrics) Expired(kind string, n int) { m.expired.WithLabelValues(kind).Add(float64(n)) }

// ExpiryFailed counts a run in which a kind could not all go.
func (m *Metrics) ExpiryFailed(kind string) { m.unexpired.WithLabelValues(kind).Inc() }

// ModelCalled counts a call of the language model.
func (m *Metrics) ModelCalled(task, result string, took time.Duration) {
	m.modelCalls.WithLabelValues(task, result).Inc()
	m.modelSeconds.Observe(took.Seconds())
}

// ModelTokens counts what a call cost.
func (m *Metrics) ModelTokens(prompt, completion int) {
	m.modelTokens.WithLabelValues("prompt").Add(float64(prompt))
	m.modelTokens.WithLabelValues("completion").Add(float64(completion))
}

// ModelBreaker tells whether the language model is asked at present.
func (m *Metrics) ModelBreaker(open bool) { m.modelOpen.Set(map[bool]float64{true: 1}[open]) }

// Received counts a message that is on disk for the first time.
func (m *Metrics) Received(channel string) { m.received.WithLabelValues(channel).Inc() }

// Refused counts a call that was no message: signature, size, syntax …
func (m *Metrics) Refused(channel, reason string) { m.refused.WithLabelValues(channel, reason).Inc() }

// Delivered counts what became of an outbound message on one way.
func (m *Metrics) Delivered(channel string, path jiban.Path, status jiban.DeliveryStatus) {
	m.deliveries.WithLabelValues(channel, string(path), string(status)).Inc()
}

// TokenFetched counts an access token fetched from WeChat, for whichever account.
func (m *Metrics) TokenFetched(string) { m.tokens.Inc() }

// Committed counts what a commit says about the work: turns by decision, tickets
// opened, handoffs begun.
func (m *Metrics) Committed(_ context.Context, b jiban.Batch, _ jiban.Applied) {
	if b.Turn != nil {
		var outcome struct{ Decision string }
		if json.Unmarshal(b.Turn.Outcome, &outcome) != nil || outcome.Decision == "" {
			outcome.Decision = "unknown"
		}
		m.turns.WithLabelValues(outcome.Decision).Inc()
	}
	for i := range b.Tickets {
		if t := &b.Tickets[i].Ticket; t.Version == 0 {
			m.tickets.WithLabelValues(t.Channel, t.Kind).Inc()
		}
	}
	for i := range b.Handoffs {
		if h := &b.Handoffs[i]; h.Version == 0 {
			m.handoffs.WithLabelValues(string(h.Reason)).Inc()
		}
	}
}

// request counts an HTTP request; only known methods make a series of their own.
func (m *Metrics) request(method, route string, status int, took time.Duration) {
	if !oneOf(method, "GET HEAD POST PUT DELETE OPTIONS PATCH") {
		method = "other"
	}
	m.requests.WithLabelValues(method, route, strconv.Itoa(status)).Inc()
	m.seconds.WithLabelValues(route).Observe(took.Seconds())
}

// handler serves the metrics as Prometheus reads them.
func (m *Metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError, DisableCompression: true})
}

// watch adds the gauges that are read from the server's rooms when asked for.
func (m *Metrics) watch(s *Server) error {
	err := m.registry.Register(&gauges{s: s,
		outbox: prometheus.NewDesc("jiban_outbox_messages", "Outbound messages by status.", []string{"status"}, nil),
		queue:  prometheus.NewDesc("jiban_handoffs_waiting", "Conversations that wait for a person.", nil, nil),
		duty:   prometheus.NewDesc("jiban_agents_on_duty", "Agents on duty.", nil, nil),
		open:   prometheus.NewDesc("jiban_sockets_open", "Open sockets of visitors and staff.", nil, nil),
		ready:  prometheus.NewDesc("jiban_ready", "Whether messages are taken in.", nil, nil),
	})
	if err != nil && !errors.As(err, &prometheus.AlreadyRegisteredError{}) {
		return jiban.Errorf(jiban.CodeInternal, "web.metrics", "register the gauges: %w", err)
	}
	return nil
}

// gauges reads how things stand when Prometheus asks. What cannot be read is
// left out.
type gauges struct {
	s                                *Server
	outbox, queue, duty, open, ready *prometheus.Desc
}

// Describe lists the gauges.
func (g *gauges) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{g.outbox, g.queue, g.duty, g.open, g.ready} {
		ch <- d
	}
}

// Collect reads them, within two seconds.
func (g *gauges) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(g.s.ctx, checkTime)
	defer cancel()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	gauge(g.open, float64(g.s.sockets.count()))
	gauge(g.ready, map[bool]float64{true: 1}[g.s.ready()])
	if counts, err := g.s.House.OutboxCounts(ctx); err == nil {
		for status, n := range counts {
			gauge(g.outbox, float64(n), string(status))
		}
	}
	if waiting, err := g.s.Deps.Handoffs.Waiting(ctx, ""); err == nil {
		gauge(g.queue, float64(len(waiting)))
	}
	if n, err := g.s.Deps.Handoffs.OnDuty(ctx); err == nil {
		gauge(g.duty, float64(n))
	}
}
