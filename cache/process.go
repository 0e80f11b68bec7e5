package cache

// OnProcess has f called, in a goroutine of its own, whenever a load has found
// another rTorrent process than the one before it; the first counts. What was
// not kept in its session is gone by then.
func (c *Cache) OnProcess(f func(pid int64)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.process = f
	if c.pid != 0 {
		go f(c.pid)
	}
}

// noteProcess takes note of which rTorrent answered. The caller holds mu.
func (c *Cache) noteProcess(pid int64) {
	if pid == c.pid {
		return
	}
	c.pid = pid
	c.server.drop()
	if c.process != nil {
		go c.process(pid)
	}
}
