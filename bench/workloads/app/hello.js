// Says hello, and how often it has done so since it started.
'use strict'

const crypto = require('node:crypto')
const http = require('node:http')

// The start id tells one life of this process from the next.
const start = crypto.randomBytes(8).toString('hex')
const { HOST = '127.0.0.1', PORT = '8080' } = process.env
let requests = 0

const server = http.createServer((req, res) => {
  const body = JSON.stringify({ hello: 'node', start, requests: ++requests }) + '\n'
  res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) })
  res.end(body)
})

server.keepAliveTimeout = 0 // a connection may stay open for as long as a sleep lasts

process.on('SIGTERM', () => process.exit(0))

server.listen(Number(PORT), HOST, 511, () => console.log(`listening on ${HOST}:${PORT}`))
