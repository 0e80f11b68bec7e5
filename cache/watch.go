package cache

// Peek returns the present Snapshot whatever its age, nil before the first
// load. It never waits for rTorrent.
func (c *Cache) Peek() *Snapshot {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.current
}

// Changed returns a channel that receives when there is a new Snapshot. One
// that nobody has received yet stands for all since. It is for one receiver.
func (c *Cache) Changed() <-chan struct{} { return c.changed }

func (c *Cache) signal() {
	select {
	case c.changed <- struct{}{}:
	default:
	}
}
