package main

// tastes are the recipes of docs/cookbook.md by their title.
var tastes = map[string]taste{
	"Everything at one look":                        {want: `name +.*debian-13.iso +`},
	"What is stuck":                                 {want: `^ubuntu-24.04.iso\n$`},
	"What nobody has in full":                       {want: `^ubuntu-24.04.iso\n$`},
	"What has not finished within a week":           {before: `d=where/is_complete=0,time_added\<$(($(date +%s) + 60)); test "$(ls "$d")" = ubuntu-24.04.iso || ls "$d" >&2`, want: `^$`},
	"Ratio over 2 and older than 30 days":           {want: `^old film\n$`},
	"The top uploaders":                             {want: `^400000 old film\n`},
	"The largest, and the newest":                   {want: `debian-13.iso.*ubuntu`},
	"How much there is, and how much is missing":    {want: `^\d+ \d+\n$`},
	"Which torrent does this file belong to":        {want: `^[0-9A-F]{40}\t.*Sintel.mkv\n$`},
	"Which torrents are in this folder":             {want: `^Sintel 2010\n$`},
	"What shares its data with another torrent":     {want: `^by-name/holiday .*\nby-name/holiday .*\n$`},
	"What trackers complain of":                     {want: `by-message/unregistered/old film/message:`},
	"The settings of rTorrent that are about peers": {want: `throttle/max_peers/normal:\d+`},
	"Who downloads from me":                         {before: leeching, want: `by-name/leeched/peers/\w+/client:.*Torrent.*/up_rate:`},

	"Pause everything, and go on":             {after: `ls by-state/seeding by-state/paused`, holds: `^by-state/paused:\n\nby-state/seeding:\n.*debian`},
	"The same for one tag":                    {before: `mkdir -p by-tag/linux && cp -d by-name/debian* by-tag/linux/`, want: `^pause\nresume\n$`},
	"Pause everything at night, from cron":    {want: `resume`, after: `ls by-state/paused | wc -l; ls by-state/seeding`, holds: `^0\n.*debian`},
	"Slow at day, fast at night, from cron":   {after: `cat rtorrent/down_limit; grep down_limit log | cut -f4,6`, holds: `^0\n`},
	"A limit for some torrents together":      {want: `slow`, after: `cat by-name/debian*/throttle rtorrent/throttles/slow/up_limit`, holds: `^slow\n102400\n$`},
	"Stop what has given back twice its size": {want: `stop`, after: `ls by-state/stopped`, holds: `old film`},
	"Start what is complete and stopped":      {want: `^start\n$`, after: `await 'grep -q seeding "by-name/old film/state"'`},
	"Ask the trackers again":                  {want: `^(announce\n)+$`},
	"Check everything in a folder again":      {want: `^check\n$`, after: `await 'grep -q seeding "by-name/Sintel 2010/state"'`},
	"One torrent before all others":           {after: `cat by-name/ubuntu*/priority`, holds: `^3\n$`},

	"Skip the samples":                         {after: `cat by-name/Sin*/file_priority/Sample/*`, holds: `^0\n$`},
	"Only the subtitles, please":               {after: `cat by-name/Sin*/file_priority/*.*`, holds: `^1\n0\n$`},
	"What is left of each file":                {want: `^by-state/downloading/ubuntu-24.04.iso/file_progress/ubuntu-24.04.iso:0.00\n$`},
	"Copy what is complete to another machine": {after: `cmp ~/nas/Sintel.mkv ~/films/*/Sintel.mkv && find ~/nas -name '*.srt'`, holds: `^$`},
	"Is the data what the torrent says":        {before: `rm -rf ~/nas/*; true`, want: `^[0-9a-f]{64} .*Sintel.mkv\n`},

	"Tag by tracker": {want: `linux`, after: `ls by-tag/linux`, holds: `Sintel 2010\ndebian-13.iso\n`},
	"Tag by size":    {after: `ls by-tag/large`, holds: `Sintel 2010\ndebian-13.iso\n`},
	"Rename a tag, and take one away from all": {after: `ls by-tag; cat by-name/debian*/tags`, holds: `^@none\nbig\nlinux\nlinux\n$`},
	"A comment for all of a tag":               {want: `installer`, after: `cat by-name/debian*/comment`, holds: `^from the installer page\n$`},
	"What has no tag":                          {want: `^holiday`},

	"Change a passkey everywhere":                   {after: `cat by-tracker/tracker.example.org/*/trackers/*/{url,enabled}`, holds: `NEWKEY.*OLDKEY.*1.*0`},
	"Switch a dead tracker off everywhere":          {want: `^(0\n)+$`, after: `cat by-tracker/dead.example.net/*/trackers/dead.example.net*/enabled | sort -u`, holds: `^0\n$`},
	"One more tracker for all that are not private": {want: `announce`, after: `ls by-tracker/more.example.com`, holds: `debian`},
	"What the tracker does not know any more":       {want: `^old film\n$`},
	"More peers for what is downloading":            {want: `^200\n$`, after: `cat by-name/ubuntu*/peers_max`, holds: `^200\n$`},
	"Send a peer away":                              {before: "file=unwanted.torrent\n" + leeching, after: `await 'test -z "$(ls by-name/unwanted/peers | grep -v new)"'`},

	"Add a folder of .torrent files, tagged":                             {after: `cat by-name/arch/tags by-name/fedora/tags`, holds: `^linux\nlinux\n$`},
	"Cross-seed into an existing folder":                                 {before: `mv ~/films/Sintel* ~/films/Sintel`, after: `await 'grep -q 100.00 "by-name/Sintel elsewhere/progress"'`},
	"Remove what has given back three times its size, and keep its data": {after: `ls by-name | grep -c 'old film'; ls "$DOWNLOADS"`, holds: `^0\n.*old film`},
	"Export all .torrent files":                                          {after: `cmp ~/export/debian-13.iso.torrent ~/drops/debian-13.iso.torrent && ls ~/export | wc -l`, holds: `^10\n$`},
	"All as magnet links":                                                {want: `^(magnet:\?xt=urn:btih:[^\n]*\n){10}$`},
	"Bring back what was removed last":                                   {after: `await 'ls by-name | grep "old film"'`, holds: `old film`},

	"Delete all that the tracker does not know any more, with their data": {before: `await 'echo normal > "by-name/old film/priority"; ls by-message/unregistered | grep -q old'`,
		want: `goes: .*old film`, after: `ls "$DOWNLOADS" by-name | grep -c "old film"; true`, holds: `^0\n$`},
	"Move finished films": {before: `mkdir ~/big; echo films | tee by-name/{debian,ubuntu}*/tags > /dev/null; await 'grep -q seeding by-name/debian*/state'`, after: `ls ~/big; cat by-name/{debian,ubuntu}*/move`, holds: `^debian-13.iso\ndone\nidle\n$`},
	"Empty a disk":        {before: `mkdir ~/other`, after: `ls ~/other ~/big`, holds: `^\S+/big:\n\n\S+/other:\ndebian-13.iso\n$`},

	"Add a magnet link":                            {after: `await 'ls by-state/metadata | grep -qi c12fe' && mv by-state/metadata/* erase/`},
	"Where everything of a tag goes, and how fast": {after: `cat add/linux/defaults`, holds: `directory: \S+/isos\nthrottle: slow\n`},

	"A picker":                                   {after: `ls by-state/stopped`, holds: `Sintel`},
	"Tell me when something has finished":        {until: arriving, after: `cat ~/notes`, holds: `^finished: arriving\n$`},
	"For node_exporter's textfile collector":     {after: `cat ~/textfile/*.prom`, holds: `(?m)^rtorrent_`},
	"Is it well, for a monitor":                  {want: `^fine\n$`},
	"The space that is left where the data goes": {want: `scgi.*\d%`},
	"Keep the list under version control":        {after: `git -C ~/history status --short`, holds: `^A  list\n$`},
}

// leeching has the other rTorrent download from this one, slowly.
const leeching = `
file=~/${file-leeched.torrent}
cp $file add/
h=$(rtfs hash $file)
await "grep -q seeding torrents/$h/state"
echo 100K > rtorrent/up_limit
rtfs call $OTHER load.normal '' $file > /dev/null
await "rtfs call $OTHER d.open $h > /dev/null 2>&1"
rtfs call $OTHER d.start $h > /dev/null
await "rtfs call $OTHER d.is_active $h | grep -q 1"
rtfs call $OTHER add_peer $h 127.0.0.1:$PORT > /dev/null
await "ls torrents/$h/peers | grep -v new > /dev/null"`

// arriving has a torrent finish.
const arriving = `
cp ~/arriving.torrent add/
h=$(rtfs hash ~/arriving.torrent)
rtfs call $OTHER load.normal '' ~/arriving.torrent > /dev/null
await "rtfs call $OTHER d.open $h > /dev/null 2>&1"
rtfs call $OTHER d.start $h > /dev/null
await "rtfs call $OTHER d.is_active $h | grep -q 1"
await "rtfs call $OTHER d.complete $h | grep -q 1"
await "grep -q downloading torrents/$h/state"
echo 127.0.0.1:$OTHERPORT > torrents/$h/peers/new
await "test -s ~/notes"`
