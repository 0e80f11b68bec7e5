package fs

import (
	"context"

	fusefs "github.com/hanwen/go-fuse/v2/fs"
)

// notifyQueue is how many notices may wait. A notice that finds the queue full
// is dropped: the kernel's lease on the name ends by itself.
const notifyQueue = 1024

// A notifier tells the kernel to forget names, from goroutines of its own: a
// notice sent from within a handler waits for the lock that the kernel holds
// for that very handler, for ever.
type notifier struct {
	notices chan notice
}

type notice struct {
	parent *fusefs.Inode
	name   string
}

func newNotifier() *notifier {
	return &notifier{notices: make(chan notice, notifyQueue)}
}

// forget makes the kernel ask for a name again.
func (n *notifier) forget(parent *fusefs.Inode, name string) {
	select {
	case n.notices <- notice{parent, name}:
	default:
	}
}

// run sends the notices until life ends. A directory in which the kernel waits
// for another operation of ours holds up only one of four senders.
func (n *notifier) run(life context.Context) {
	for range 4 {
		go func() {
			for {
				select {
				case <-life.Done():
					return
				case m := <-n.notices:
					m.parent.NotifyEntry(m.name)
				}
			}
		}()
	}
}
