// The frames of the chat socket, as the server defines them.

export interface Option {
  label: string
  value: string
}

export interface Citation {
  article_id: string
  title: string
  source?: string
  date?: string
}

export type Author = 'contact' | 'bot' | 'agent' | 'system'

// A file that came with a message. Its link serves this visitor, for a short time.
export interface SentFile {
  name: string
  type: string
  size: number
  link: string
}

export interface MessageFrame {
  type: 'message'
  seq: number
  id: string
  author: Author
  text: string
  kind: string
  options?: Option[]
  citations?: Citation[]
  files?: SentFile[]
  generated?: boolean
  at: string
}

export type ServerFrame =
  | { type: 'welcome'; holder: string; last: number }
  | { type: 'ack'; id: string; seq: number }
  | { type: 'nack'; id: string; code: string; text: string }
  | MessageFrame
  | { type: 'holder'; holder: string }
  | { type: 'draft'; text: string }
  | { type: 'pong' }

export interface Utterance {
  type: 'say' | 'tap' | 'file'
  id: string
  text?: string
  value?: string
  label?: string
}

// newId is a random id in the form of a UUID; crypto.randomUUID is missing in
// the old browsers this has to run in.
export function newId(): string {
  const b = crypto.getRandomValues(new Uint8Array(16))
  b[6] = (b[6]! & 0x0f) | 0x40
  b[8] = (b[8]! & 0x3f) | 0x80
  const hex = Array.from(b, (x) => ('0' + x.toString(16)).slice(-2)).join('')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
