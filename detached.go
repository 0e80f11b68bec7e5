package main

import (
	"os"
	"time"
)

// detachedEvery is how often it is looked whether a mount is detached on which
// programs wait for content. (poll(2) of mountinfo misses some changes.)
const detachedEvery = time.Second

// watchDetached calls detached when our mount on dir is in no place any more:
// somebody has detached it while files were open there, which the kernel does
// not tell. It looks only while waiting says that somebody waits. It returns
// when ended is closed.
func watchDetached(dir string, ended <-chan struct{}, waiting func() bool, detached func()) {
	text, err := os.ReadFile(mountinfo)
	if err != nil {
		return // no /proc: then nobody is woken
	}
	m, _ := mountIn(string(text), dir)
	if m.kind != fsType {
		return // it was unmounted already
	}
	tick := time.NewTicker(detachedEvery)
	defer tick.Stop()
	for {
		select {
		case <-ended:
			return
		case <-tick.C:
		}
		if !waiting() {
			continue
		}
		if text, err := os.ReadFile(mountinfo); err == nil && !hasDevice(string(text), m.device) {
			detached()
			return
		}
	}
}
