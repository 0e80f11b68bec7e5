package fs
import ("testing";"rtfs/rtorrent/rtorrenttest")
func TestDbgStale(t *testing.T){
	m := mountQuick(t, rtorrenttest.Start(t, "0.16"))
	p := newPayload(t, "p", piece, map[string]int{"": 100_000})
	m.add(t, "add-stopped", p)
	out, _ := m.sh(t, "mkdir by-tag/tv by-tag/hd; for i in $(seq 300); do mv torrents/"+string(p.hash)+" by-tag/tv/ && cat by-name/p/tags >/dev/null;  mv by-tag/tv/p by-tag/@none/; done 2>&1 | sort | uniq -c; wait")
	t.Log(out)
}
