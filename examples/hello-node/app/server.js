// Says hello, and how often it has done so since it started.
'use strict'

const crypto = require('node:crypto')
const http = require('node:http')

// The start id tells one life of this process from the next.
const start = crypto.randomBytes(8).toString('hex')
const port = Number(process.env.PORT || 8080)
let requests = 0

function answer(req) {
  if (req.method !== 'GET' && req.method !== 'HEAD') return [405, { error: 'there is only GET' }]
  if (req.url.split('?')[0] !== '/') return [404, { error: 'there is only /' }]
  requests++
  return [200, { hello: 'node', start, requests }]
}

const server = http.createServer((req, res) => {
  req.resume() // a body is of no interest
  const [status, value] = answer(req)
  const body = JSON.stringify(value) + '\n'
  res.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) })
  res.end(body)
})

server.keepAliveTimeout = 0 // a connection may stay open for as long as a sleep lasts

process.on('SIGTERM', () => {
  server.close(() => process.exit(0))
  server.closeAllConnections()
})

server.listen(port, '127.0.0.1', 511, () => console.log(`listening on 127.0.0.1:${server.address().port}`))
