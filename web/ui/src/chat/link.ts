// The connection to the house: it reconnects by itself, asks for what was
// missed, and keeps every utterance until the server says that it is on disk.

import type { ServerFrame, Utterance } from './frames'

export interface LinkEvents {
  frame(f: ServerFrame): void
  online(on: boolean): void
  // waitingFor tells that an utterance is still on its way.
  waitingFor(u: Utterance): void
}

export interface Transport {
  send(data: string): void
  close(): void
}

export interface TransportEvents {
  open(): void
  data(text: string): void
  closed(): void
}

export type Connect = (events: TransportEvents) => Transport

// How often a silent connection is tried, how long an answer may take and how
// long to wait between attempts, in milliseconds.
const pingEvery = 25000
const silenceLimit = 60000
const firstPause = 500
const longestPause = 15000
// A notice that was written earlier may be sent later, so after a reconnect a
// little more than the newest is asked for; what was seen is known by its id.
const overlap = 50

export class Link {
  private transport: Transport | null = null
  private pause = firstPause
  private open = false
  private heard = 0
  private pending: Utterance[] = []
  private timer: ReturnType<typeof setTimeout> | undefined
  private pinger: ReturnType<typeof setInterval> | undefined
  private stopped = false
  private seen: { [id: string]: boolean } = {}
  lastSeq = 0

  constructor(
    private readonly connect: Connect,
    private readonly events: LinkEvents,
    private readonly lang: () => string,
    private readonly now: () => number = () => Date.now(),
  ) {}

  start(): void {
    this.dial()
    this.pinger = setInterval(() => this.ping(), pingEvery)
  }

  stop(): void {
    this.stopped = true
    clearTimeout(this.timer)
    clearInterval(this.pinger)
    if (this.transport) this.transport.close()
  }

  // say hands an utterance over; it is sent again after each reconnect until it
  // is acknowledged. The id makes sure that it counts once.
  say(u: Utterance): void {
    this.pending.push(u)
    this.events.waitingFor(u)
    if (this.open) this.write(u)
  }

  // unsent are the utterances without an acknowledgement.
  unsent(): Utterance[] {
    return this.pending.slice()
  }

  private dial(): void {
    if (this.stopped) return
    this.transport = this.connect({
      open: () => this.opened(),
      data: (text) => this.received(text),
      closed: () => this.closed(),
    })
  }

  private opened(): void {
    this.open = true
    this.pause = firstPause
    this.heard = this.now()
    this.write({ type: 'hello', after: Math.max(0, this.lastSeq - overlap), lang: this.lang() })
    this.pending.forEach((u) => this.write(u))
    this.events.online(true)
  }

  private closed(): void {
    if (this.open) this.events.online(false)
    this.open = false
    this.transport = null
    if (this.stopped) return
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.dial(), this.pause)
    this.pause = Math.min(this.pause * 2, longestPause)
  }

  private received(text: string): void {
    this.heard = this.now()
    let f: ServerFrame
    try {
      f = JSON.parse(text) as ServerFrame
    } catch (e) {
      return
    }
    if (f.type === 'ack' || f.type === 'nack') {
      const id = f.id
      this.pending = this.pending.filter((u) => u.id !== id)
    }
    if (f.type === 'message') {
      const key = f.author + f.id
      if (this.seen[key]) return
      this.seen[key] = true
      this.lastSeq = Math.max(this.lastSeq, f.seq)
    }
    this.events.frame(f)
  }

  private ping(): void {
    if (!this.open || !this.transport) return
    if (this.now() - this.heard > silenceLimit) {
      this.transport.close()
      return
    }
    this.write({ type: 'ping' })
  }

  private write(frame: object): void {
    if (this.transport) this.transport.send(JSON.stringify(frame))
  }
}

// overWebSocket connects to a socket of the page's own host.
export function overWebSocket(path: string): Connect {
  return (events) => {
    const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:'
    const socket = new WebSocket(scheme + '//' + location.host + path)
    socket.onopen = () => events.open()
    socket.onmessage = (m) => events.data(String(m.data))
    socket.onclose = () => events.closed()
    return {
      send: (data) => {
        if (socket.readyState === WebSocket.OPEN) socket.send(data)
      },
      close: () => socket.close(),
    }
  }
}
