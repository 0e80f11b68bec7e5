package fs

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"rtfs/cache"
	"rtfs/rtorrent"
)

// A metric is one family of samples in Prometheus' text format.
type metric struct {
	name, kind, help string
	samples          func(*metricsInput) []sample
}

type sample struct {
	labels string // name="value", or ""
	value  string
}

type metricsInput struct {
	d        *driver
	snapshot *cache.Snapshot
	hosts    *cache.Hosts
	server   *rtorrent.Server
}

// metrics are the families, in the order in which they are shown. Their
// cardinality is low: series of single torrents are asked for by an option.
func metrics(perTorrent bool) []metric {
	all := []metric{
		{"rtorrent_info", "gauge", "Version of rTorrent, in the label.", func(in *metricsInput) []sample {
			return one(label("version", in.server.Version), "1")
		}},
		{"rtorrent_up_bytes_total", "counter", "Bytes uploaded since rTorrent started.", func(in *metricsInput) []sample {
			return one("", number(in.server.UpTotal))
		}},
		{"rtorrent_down_bytes_total", "counter", "Bytes downloaded since rTorrent started.", func(in *metricsInput) []sample {
			return one("", number(in.server.DownTotal))
		}},
		{"rtorrent_up_rate_bytes", "gauge", "Upload rate, in bytes per second.", func(in *metricsInput) []sample {
			return one("", number(in.server.UpRate))
		}},
		{"rtorrent_down_rate_bytes", "gauge", "Download rate, in bytes per second.", func(in *metricsInput) []sample {
			return one("", number(in.server.DownRate))
		}},
		{"rtorrent_torrents", "gauge", "Torrents by state.", byStateSamples},
		{"rtorrent_tracker_torrents", "gauge", "Torrents by the host of a tracker.", trackerSamples(func(*rtorrent.Torrent) int64 { return 1 })},
		{"rtorrent_tracker_up_rate_bytes", "gauge", "Upload rate of a tracker's torrents, in bytes per second.",
			trackerSamples(func(t *rtorrent.Torrent) int64 { return t.UpRate })},
		{"rtorrent_messages", "gauge", "Torrents by the class of their last message.", messageSamples},
		{"rtorrent_size_bytes", "gauge", "Size of all torrents' data, in bytes.", func(in *metricsInput) []sample {
			return one("", sum(in, func(t *rtorrent.Torrent) int64 { return max(0, t.Size) }))
		}},
		{"rtorrent_left_bytes", "gauge", "Bytes that are still missing.", func(in *metricsInput) []sample {
			return one("", sum(in, func(t *rtorrent.Torrent) int64 { return max(0, t.LeftBytes) }))
		}},
	}
	if perTorrent {
		all = append(all,
			perTorrentMetric("rtorrent_torrent_up_bytes_total", "counter", "Bytes uploaded of one torrent.", func(t *rtorrent.Torrent) int64 { return t.UpTotal }),
			perTorrentMetric("rtorrent_torrent_down_bytes_total", "counter", "Bytes downloaded of one torrent.", func(t *rtorrent.Torrent) int64 { return t.DownTotal }),
			perTorrentMetric("rtorrent_torrent_completed_bytes", "gauge", "Verified bytes of one torrent.", func(t *rtorrent.Torrent) int64 { return t.CompletedBytes }),
			perTorrentMetric("rtorrent_torrent_size_bytes", "gauge", "Size of one torrent, in bytes.", func(t *rtorrent.Torrent) int64 { return t.Size }),
		)
	}
	return all
}

func one(labels, value string) []sample { return []sample{{labels, value}} }

func sum(in *metricsInput, of func(*rtorrent.Torrent) int64) string {
	var total int64
	for _, t := range in.snapshot.Torrents {
		total += of(t)
	}
	return number(total)
}

func byStateSamples(in *metricsInput) []sample {
	counts := map[string]int64{}
	for _, t := range in.snapshot.Torrents {
		counts[stateOf(t)]++
	}
	var samples []sample
	for _, state := range states() {
		samples = append(samples, sample{label("state", state), number(counts[state])})
	}
	return samples
}

func messageSamples(in *metricsInput) []sample {
	counts := map[string]int64{}
	for _, t := range in.snapshot.Torrents {
		counts[messageClass(t.Message)]++
	}
	var samples []sample
	for _, class := range byMessage().fixed {
		samples = append(samples, sample{label("class", class), number(counts[class])})
	}
	return samples
}

func trackerSamples(of func(*rtorrent.Torrent) int64) func(*metricsInput) []sample {
	return func(in *metricsInput) []sample {
		sums := map[string]int64{}
		for _, t := range in.snapshot.Torrents {
			for _, host := range in.hosts.Of(t.Hash) {
				sums[host] += of(t)
			}
		}
		hosts := make([]string, 0, len(sums))
		for host := range sums {
			hosts = append(hosts, host)
		}
		slices.Sort(hosts)
		var samples []sample
		for _, host := range hosts {
			samples = append(samples, sample{label("tracker", host), number(sums[host])})
		}
		return samples
	}
}

func perTorrentMetric(name, kind, help string, of func(*rtorrent.Torrent) int64) metric {
	return metric{name, kind, help, func(in *metricsInput) []sample {
		var samples []sample
		for _, t := range in.snapshot.Torrents {
			samples = append(samples, sample{label("hash", string(t.Hash)), number(of(t))})
		}
		return samples
	}}
}

// label returns one label.
func label(name, value string) string {
	value = strings.ToValidUTF8(value, "\uFFFD")
	return name + `="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(value) + `"`
}

// labels returns labels in braces, "" for none. Where a mount shows several
// servers each sample has its server's name, so that what is collected from
// all of them has no equal series.
func (d *driver) labels(own string) string {
	var all []string
	if d.opts.Name != "" {
		all = append(all, label("server", d.opts.Name))
	}
	if own != "" {
		all = append(all, own)
	}
	if all == nil {
		return ""
	}
	return "{" + strings.Join(all, ",") + "}"
}

// renderMetrics returns the metrics as Prometheus' text format, version 0.0.4.
func renderMetrics(ctx context.Context, d *driver, _ *server) ([]byte, error) {
	in := &metricsInput{d: d}
	var err error
	if in.snapshot, err = d.cache.Snapshot(ctx); err != nil {
		return nil, err
	}
	if in.hosts, err = d.cache.Hosts(ctx, in.snapshot); err != nil {
		return nil, err
	}
	if in.server, err = d.cache.Server(ctx); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	for _, m := range metrics(d.opts.MetricsPerTorrent) {
		fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s %s\n", m.name, m.help, m.name, m.kind)
		for _, s := range m.samples(in) {
			fmt.Fprintf(&b, "%s%s %s\n", m.name, d.labels(s.labels), s.value)
		}
	}
	return b.Bytes(), nil
}
