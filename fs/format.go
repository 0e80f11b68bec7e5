package fs

import (
	"fmt"
	"strconv"
	"strings"

	"rtfs/rtorrent"
)

func number(n int64) string { return strconv.FormatInt(n, 10) }

func oneZero(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

// thousandths returns n/1000 with three decimals.
func thousandths(n int64) string {
	return fmt.Sprintf("%d.%03d", n/1000, n%1000)
}

// ratio is what was uploaded by what is there, rounded down. rTorrent's own
// d.ratio is 0 while a check runs.
func ratio(t *rtorrent.Torrent) string {
	have := t.BytesDone
	if t.IsComplete {
		have = t.Size
	}
	if have <= 0 {
		return thousandths(0)
	}
	return thousandths(int64(float64(t.UpTotal) / float64(have) * 1000))
}

// progress is how much is verified in percent, rounded down, so that 100.00
// means complete. While a check runs it is how far that has come.
func progress(t *rtorrent.Torrent) string {
	part, whole := t.CompletedBytes, t.Size
	switch {
	case t.Hashing != 0:
		part, whole = t.HashedPieces, t.PieceCount
	case t.IsComplete:
		part = whole
	}
	return percent(part, whole)
}

// percent returns part of whole in percent with two decimals, rounded down:
// 100.00 is the whole.
func percent(part, whole int64) string {
	if whole <= 0 || part < 0 {
		return "0.00"
	}
	hundredths := int64(float64(part) / float64(whole) * 10000)
	if part < whole && hundredths >= 10000 {
		hundredths = 9999
	}
	return fmt.Sprintf("%d.%02d", hundredths/100, hundredths%100)
}

// eta is the seconds until the wanted pieces are there at the present rate, 0
// when they are, -1 when that cannot be told.
func eta(t *rtorrent.Torrent) string {
	left := min(t.LeftBytes, t.WantedPieces*t.PieceSize)
	switch {
	case t.IsComplete || left <= 0 && !t.IsMeta:
		return "0"
	case t.DownRate <= 0 || !t.IsActive || t.IsMeta:
		return "-1"
	}
	return number(left / t.DownRate)
}

// addedColumns are the rTorrent commands that timeAdded follows from.
const addedColumns = "d.custom d.load_date"

// timeAdded is when the torrent was added: what ruTorrent's convention says,
// or when this run of rTorrent loaded it.
func timeAdded(t *rtorrent.Torrent) int64 {
	if added := rtorrent.AddTime(t.AddTime); added > 0 {
		return added
	}
	return t.LoadDate
}

// tags returns the tags, one a line.
func tags(t *rtorrent.Torrent) string {
	return strings.Join(rtorrent.DecodeTags(t.Custom1), "\n")
}

// priorityWords are what the priorities 0 to 3 are called.
var priorityWords = [...]string{"off", "low", "normal", "high"}

// escapeTSV returns a value as a cell of list.tsv.
func escapeTSV(s string) string {
	if !strings.ContainsAny(s, "\t\n\r\\") {
		return s
	}
	return strings.NewReplacer("\\", `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`).Replace(s)
}
