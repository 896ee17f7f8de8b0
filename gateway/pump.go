package gateway

// side names one end of a connection.
type side int

const (
	noSide side = iota
	clientSide
	functionSide
)

// requests forwards what the client sends.
func (c *conn) requests() {
	defer c.directionDone()
	for {
		fin, err := c.client.await()
		if err != nil {
			c.failed(clientSide)
			return
		}
		if c.pass(fin) != passed {
			c.end()
			return
		}
		if fin {
			c.backend.touch(c)
			_ = c.upstream.CloseWrite()
			return
		}
		switch side := c.move(c.client, c.upstream, clientSide, functionSide); side {
		case clientSide:
			c.failed(side)
			return
		case functionSide:
			// What the function said before it went is the other
			// direction's to deliver, and so is the reset.
			c.lost.Store(true)
			return
		}
	}
}

// replies forwards what the function sends. No gate holds it.
func (c *conn) replies() {
	defer c.directionDone()
	for {
		fin, err := c.upstream.await()
		if err != nil || fin && c.lost.Load() {
			c.failed(functionSide)
			return
		}
		c.backend.answer(c, fin)
		if fin {
			_ = c.client.CloseWrite()
			return
		}
		if side := c.move(c.upstream, c.client, functionSide, clientSide); side != noSide {
			c.failed(side)
			return
		}
	}
}

// move forwards what one side has to read now. It returns the side that failed.
func (c *conn) move(from, to socket, source, sink side) side {
	p, err := c.route.pipes.get(c.ended)
	if err != nil {
		return source
	}
	n, err := from.fill(p)
	if err != nil {
		c.route.pipes.put(p)
		return source
	}
	stalled := false
	for n > 0 {
		moved, err := to.drain(p, n, func() {
			if !stalled {
				stalled = true
				c.backend.stall(c, +1)
			}
		})
		if err != nil {
			p.close()
			return sink
		}
		n -= moved
		c.backend.touch(c)
	}
	c.route.pipes.put(p)
	if stalled {
		c.backend.stall(c, -1)
	}
	return noSide
}
