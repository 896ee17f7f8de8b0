package gateway

// requests forwards what the client sends.
func (c *conn) requests() {
	f := c.requesting
	defer c.flowDone()
	defer f.finish(requestsOver)
	for {
		fin, err := f.await()
		if err != nil {
			c.failed(clientSide)
			return
		}
		if c.pass(fin) != passed {
			c.end()
			return
		}
		c.backend.use(c)
		if fin {
			c.backend.touch(c)
			_ = c.upstream.CloseWrite()
			return
		}
		switch side := f.move(); side {
		case clientSide:
			c.failed(side)
			return
		case functionSide:
			// What the function said before it went is the other
			// direction's to deliver, and so is the reset.
			c.lost.Store(!c.leaving.Load())
			return
		}
	}
}

// replies forwards what the function sends. No gate holds it.
func (c *conn) replies() {
	f := c.replying
	defer c.flowDone()
	defer f.finish(repliesOver)
	for {
		fin, err := f.await()
		if fin && c.hasEnded() {
			return // it is our own doing
		}
		if err != nil || fin && c.lost.Load() {
			c.failed(functionSide)
			return
		}
		c.backend.use(c)
		c.backend.answer(c, fin)
		if fin {
			_ = c.client.CloseWrite()
			return
		}
		if side := f.move(); side != noSide {
			c.failed(side)
			return
		}
	}
}
