// The staff API as the console uses it. One function for each route; an answer
// that is no success becomes an ApiError with the server's words.

import type { Colleague, HolidayYear, Incident, NewIncident, Paper, Proposal, Rules, Template, TicketClock, TicketLink, TicketPage, TicketPart, TicketView, WeekFigures } from './shapes'

export type * from './shapes'

export interface Account {
  id: string
  login: string
  name: string
  roles: string[]
  department: string
  region: string
  disabled?: boolean
  last_login_at?: string
  second_factor?: boolean
  version: number
}

export interface Login {
  account: Account
  csrf: string
  must_change: boolean
  last_login_at?: string
  // What is missing: '' nothing, 'code' the second step, 'enrol' a second factor.
  second_factor: '' | 'code' | 'enrol'
  method: 'password' | 'oidc'
  actions: string[]
}

export interface Enrolment { uri: string; secret: string; qr: string }

export interface Token {
  id: string
  name: string
  actions: string[]
  department: string
  region: string
  created_at: string
  expires_at: string
  last_used_at: string
  revoked_at: string
}

export interface AuditEntry {
  seq: number
  id: string
  actor: string
  actor_name: string
  action: string
  object: string
  object_name: string
  result: string
  at: string
  hash: string
}

export interface AuditQuery {
  actor?: string
  action?: string
  object?: string
  since?: string
  until?: string
  before?: string
}

export interface Handoff {
  id: string
  conversation_id: string
  contact_id: string
  reason: string
  queue: string
  priority: number
  status: string
  summary: string
  draft: Record<string, string> | null
  matter: string
  matter_name: string
  type: string
  articles: string[] | null
  channel: string
  created_at: string
  accepted_at: string
}

export interface Message {
  seq: number
  id: string
  author: 'contact' | 'bot' | 'agent' | 'system'
  direction: 'in' | 'out'
  text: string
  kind: string
  options?: { label: string; value: string }[]
  citations?: { article_id: string; title: string; source?: string; date?: string }[]
  at: string
  delivery?: { status: string; path: string }
}

// A file that came with a message. Without a link there is nothing to open: it is
// fetched still, was refused, or is not for this member of staff.
export interface SentFile {
  id: string
  message_id: string
  ticket: string
  name: string
  type: string
  size: number
  state: 'wanted' | 'waiting' | 'kept' | 'refused' | 'gone' | 'hidden'
  why: string
  link: string
  created_at: string
  // Of what staff attached to a ticket:
  attached: boolean
  internal: boolean // for staff only; else it goes to the person with the next answer
  told_at: string // since when the person may open it
  by?: By
}

// Who did something, as far as this member of staff may know.
export interface By {
  side: 'person' | 'bot' | 'system' | 'hotline' | 'department' | 'token' | 'staff'
  department: string // its name
  name: string // of colleagues only
}

export interface Article {
  id: string
  version: number
  title: string
  body: string
  similar: string[] | null
  department: string
  source: string
  regions: string[]
  audience: string
  valid_from: string
  valid_to: string
  status: string
  updated_at: string
}

export interface Ticket {
  number: string
  kind: string
  type: string
  matter: string
  matter_name: string
  title: string
  region: string
  region_name: string
  department: string
  department_name: string
  status: string
  fields: Record<string, string>
  confidential: boolean
  anonymous: boolean
  urgent: boolean
  due_at: string
  created_at: string
  updated_at: string
  reply: string
  solved: string
  satisfied: string
  returned: number
  urged: number
  reopened: number
  version: number // send it with a command: who saw an older ticket is told so
  pending: '' | 'return' | 'extension' | 'reply'
  decider: string // of what is pending: desk or management
  light: 'green' | 'yellow' | 'red'
  hold: string // why a dispatcher must decide: place, matter, owner, confidence, mentions, accused, returned
  parent: string // number of the ticket that this is a task of
  incident: string
  handler: string // id of the colleague who has it
  clock: TicketClock
  voices: number // how often the same was asked again
  extended: number
  accused?: string[] // ids of departments that it is directed against; only for those who may know
  // Of one ticket (GET /tickets/{number} and the answer to every command):
  duties?: string[] // what this account may do now: each is the end of a path, /tickets/{number}/{duty}
  links?: TicketLink[]
  tasks?: TicketPart[]
  papers?: Paper[]
  // Of one ticket and of the dispatcher's inbox:
  proposals?: Proposal[]
}

export interface TicketEvent {
  seq: number
  kind: string
  actor: string
  by: By
  data: Record<string, string> | null
  at: string
}

export interface TicketDetails {
  ticket: Ticket
  events: TicketEvent[]
  files: SentFile[]
  handler?: By // the colleague who has it
  largest_file: number // bytes, 0 for who attaches none
}

export interface FormField {
  key: string
  label: string
  kind: string
  required: boolean
  choices?: { label: string; value: string }[]
}

export interface Matter {
  code: string
  name: string
  category: string
  types: string[]
  form: { fields: FormField[] }
}

export interface Catalogue {
  regions: { code: string; name: string; parent: string }[]
  departments: { id: string; name: string; region: string }[]
  matters: Matter[]
}

export interface ConversationView {
  conversation: { id: string; channel: string; channel_kind: string; holder: string; region: string; lang: string; audience: string }
  contact: { id: string; name: string; roster: boolean }
  handoff: Handoff | null
  messages: Message[]
  files: SentFile[]
  articles: Article[]
  tickets: Ticket[]
}

export interface Alert {
  id: string
  conversation_id: string
  kind: string
  text: string
  created_at: string
  seen_by: string
}

export interface NewTicket {
  type: string
  matter: string
  region: string
  fields: Record<string, string>
  confidential: boolean
  anonymous: boolean
  conversation_id: string
}

export class ApiError extends Error {
  constructor(readonly status: number, readonly code: string, message: string, readonly id: string) {
    super(message)
  }
}

let csrf = ''
let onLoggedOut: () => void = () => {}

// whenLoggedOut names what happens when the server no longer knows the session.
export function whenLoggedOut(f: () => void): void {
  onLoggedOut = f
}

let reprove: () => Promise<boolean> = () => Promise.resolve(false)

// whenUnproven names who asks the person to prove anew who they are; it tells
// whether they did.
export function whenUnproven(f: () => Promise<boolean>): void {
  reprove = f
}

// call asks the server, and once more after the person has proven anew who they
// are, where the server wants that first.
export async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  try {
    return await once<T>(method, path, body)
  } catch (e) {
    if (!(e instanceof ApiError) || e.code !== 'reauth' || !(await reprove())) throw e
    return await once<T>(method, path, body)
  }
}

// once asks the server one time. A body that is a file goes as it is, under its own type.
async function once<T>(method: string, path: string, body?: unknown): Promise<T> {
  const headers: Record<string, string> = {}
  const file = body instanceof Blob ? body : null
  if (method !== 'GET') headers['X-CSRF-Token'] = csrf
  if (body !== undefined) headers['Content-Type'] = file ? file.type : 'application/json'
  let answer: Response
  try {
    answer = await fetch('/api/v1' + path, {
      method, headers, credentials: 'same-origin',
      body: file ?? (body === undefined ? undefined : JSON.stringify(body)),
    })
  } catch {
    throw new ApiError(0, 'unavailable', '连不上服务器，请检查网络后再试。', '')
  }
  if (answer.ok && answer.headers.has('Content-Disposition')) return (await answer.blob()) as T
  const text = await answer.text()
  let data: unknown = null
  try {
    data = text ? JSON.parse(text) : null
  } catch {
    throw new ApiError(answer.status, 'internal', `服务器的回答看不懂（${answer.status}），请告诉管理员。`, '')
  }
  if (answer.ok) return data as T
  const e = (data as { error?: { code: string; message: string; id?: string } } | null)?.error
  if (answer.status === 401 && !path.startsWith('/login')) onLoggedOut()
  throw new ApiError(answer.status, e?.code ?? 'internal', e?.message ?? `请求失败（${answer.status}）`, e?.id ?? '')
}

// How long an upload may take; a slow line has two minutes on the server too.
const uploadMs = 130_000

// attach sends a file to a ticket and tells meanwhile which share of it is gone.
export function attach(number: string, file: File, audience: 'staff' | 'person', sent: (share: number) => void): Promise<SentFile> {
  const lost = new ApiError(0, 'unavailable', '上传中断，附件没有保存，请检查网络后再试。', '')
  return new Promise((resolve, reject) => {
    const form = new FormData()
    form.append('file', file, file.name)
    const r = new XMLHttpRequest()
    r.open('POST', `/api/v1/tickets/${seg(number)}/files?for=${audience}`)
    r.setRequestHeader('X-CSRF-Token', csrf)
    r.timeout = uploadMs
    r.upload.onprogress = (e) => e.lengthComputable && sent(e.loaded / e.total)
    r.onerror = r.ontimeout = () => reject(lost)
    r.onload = () => {
      const said = parsed(r.responseText)
      if (r.status === 200) return resolve(said as SentFile)
      const e = (said as { error?: { code: string; message: string; id?: string } } | null)?.error
      if (r.status === 401) onLoggedOut()
      reject(new ApiError(r.status, e?.code ?? 'internal', e?.message ?? `上传失败（${r.status}）`, e?.id ?? ''))
    }
    r.send(form)
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function remember(l: Login): Login {
  csrf = l.csrf
  return l
}

const seg = encodeURIComponent

export function query(params: Record<string, string | undefined>): string {
  const q = new URLSearchParams()
  for (const [k, v] of Object.entries(params)) if (v) q.set(k, v)
  const s = q.toString()
  return s ? '?' + s : ''
}

export const api = {
  login: (login: string, password: string) => call<Login>('POST', '/login', { login, password }).then(remember),
  loginOptions: () => call<{ oidc: boolean }>('GET', '/login/options'),
  pending: () => call<Login>('GET', '/login/second').then(remember),
  second: (code: string) => call<Login>('POST', '/login/second', { code }).then(remember),
  offerSecond: (password: string, code: string) => call<Enrolment>('POST', '/second-factor', { password, code }),
  confirmSecond: (code: string) => call<{ recovery_codes: string[]; csrf: string }>('POST', '/second-factor/confirm', { code }),
  me: () => call<Login>('GET', '/me').then(remember),
  prove: (password: string, code: string) => call<void>('POST', '/reauth', { password, code }),
  proveElsewhere: () => call<{ address: string }>('POST', '/reauth/oidc'),
  logout: () => call<void>('POST', '/logout'),
  password: (old: string, next: string) => call<void>('POST', '/password', { old, new: next }),

  handoffs: () => call<{ waiting: Handoff[] | null; mine: Handoff[] | null }>('GET', '/handoffs'),
  accept: (id: string) => call<Handoff>('POST', `/handoffs/${seg(id)}/accept`),
  giveBack: (id: string) => call<Handoff>('POST', `/handoffs/${seg(id)}/return`),
  close: (id: string) => call<Handoff>('POST', `/handoffs/${seg(id)}/close`),
  conversation: (id: string) => call<ConversationView>('GET', `/conversations/${seg(id)}`),
  messages: (id: string, after: number) => call<{ messages: Message[] | null; files: SentFile[] | null }>('GET', `/conversations/${seg(id)}/messages?after=${after}`),
  say: (id: string, clientId: string, text: string) => call<Message>('POST', `/conversations/${seg(id)}/messages`, { id: clientId, text }),
  presence: () => call<{ status: string; on_duty: number; waiting: number }>('GET', '/presence'),
  setPresence: (status: string) => call<void>('PUT', '/presence', { status }),
  alerts: () => call<{ alerts: Alert[] | null }>('GET', '/alerts'),
  seen: (id: string) => call<void>('POST', `/alerts/${seg(id)}/seen`),

  tickets: (f: { view?: TicketView; light?: string; q?: string; status?: string; department?: string; unassigned?: string; after?: string; limit?: string; counts?: string }) =>
    call<TicketPage>('GET', '/tickets' + query(f)),
  ticket: (number: string) => call<TicketDetails>('GET', `/tickets/${seg(number)}`),
  openTicket: (t: NewTicket) => call<Ticket>('POST', '/tickets', t),
  act: (number: string, action: string, body: Record<string, string | number> = {}) =>
    call<Ticket>('POST', `/tickets/${seg(number)}/${action}`, body),
  colleagues: () => call<{ colleagues: Colleague[] }>('GET', '/colleagues'),
  figures: (weeks: number, department = '') => call<{ department: string; department_name: string; weeks: WeekFigures[] }>('GET', '/figures/tickets' + query({ weeks: String(weeks), department })),
  papers: (f: { kind?: string; all?: string; after?: string }) => call<{ papers: Paper[]; next: string }>('GET', '/papers' + query(f)),
  paperDone: (id: string, result: string) => call<void>('POST', `/papers/${seg(id)}/done`, { result }),

  templates: () => call<{ templates: Template[] }>('GET', '/templates'),
  addTemplate: (t: { title: string; text: string }) => call<Template>('POST', '/templates', t),
  saveTemplate: (id: string, t: { title: string; text: string; version: number }) => call<Template>('PUT', `/templates/${seg(id)}`, t),
  dropTemplate: (id: string) => call<void>('DELETE', `/templates/${seg(id)}`),

  incidents: (state = '') => call<{ incidents: Incident[] }>('GET', '/incidents' + query({ state })),
  announce: (i: NewIncident) => call<Incident>('POST', '/incidents', i),
  announceFound: (id: string, i: NewIncident) => call<Incident>('PUT', `/incidents/${seg(id)}`, i),
  attachIncident: (id: string, since: string) => call<{ tickets: number }>('POST', `/incidents/${seg(id)}/attach`, { since }),
  answerIncident: (id: string, text: string) => call<Incident>('POST', `/incidents/${seg(id)}/answer`, { text }),
  dismissIncident: (id: string) => call<Incident>('POST', `/incidents/${seg(id)}/dismiss`),

  rules: () => call<Rules>('GET', '/rules'),
  saveRules: (r: Rules) => call<Rules>('PUT', '/rules', r),
  calendar: () => call<{ years: HolidayYear[]; warning: string }>('GET', '/calendar'),
  importYears: (text: string, check: boolean) => call<{ years: HolidayYear[]; changed: number; warning: string }>('POST', '/calendar', { text, check }),
  catalogue: () => call<Catalogue>('GET', '/catalogue'),

  articles: (f: { status?: string; q?: string; after?: string }) => call<{ articles: Article[] | null }>('GET', '/articles' + query(f)),
  publish: (id: string) => call<Article>('POST', `/articles/${seg(id)}/publish`),
  withdraw: (id: string) => call<Article>('POST', `/articles/${seg(id)}/withdraw`),
  search: (q: string, region: string, audience: string) =>
    call<{ found: { article: Article; score: number }[] | null; verdict: string; confidence: number }>('GET', '/search' + query({ q, region, audience })),

  accounts: () => call<{ accounts: Account[] | null }>('GET', '/accounts'),
  createAccount: (a: { login: string; name: string; roles: string[]; department: string; region: string }) =>
    call<{ account: Account; password: string }>('POST', '/accounts', a),
  disableAccount: (id: string) => call<void>('POST', `/accounts/${seg(id)}/disable`),
  enableAccount: (id: string) => call<void>('POST', `/accounts/${seg(id)}/enable`),
  resetAccount: (id: string) => call<{ password: string }>('POST', `/accounts/${seg(id)}/reset`),
  rename: (id: string, name: string, version: number) => call<Account>('PUT', `/accounts/${seg(id)}`, { name, version }),
  setRoles: (id: string, to: { roles: string[]; department: string; region: string; version: number }) =>
    call<Account>('PUT', `/accounts/${seg(id)}/roles`, to),
  removeSecond: (id: string) => call<void>('DELETE', `/accounts/${seg(id)}/second-factor`),

  tokens: () => call<{ tokens: Token[]; actions: string[] }>('GET', '/tokens'),
  createToken: (t: { name: string; actions: string[]; department: string; region: string; expires_at: string }) =>
    call<{ token: Token; value: string }>('POST', '/tokens', t),
  revokeToken: (id: string) => call<void>('DELETE', `/tokens/${seg(id)}`),

  audit: (q: AuditQuery) => call<{ entries: AuditEntry[] }>('GET', '/audit' + query({ ...q })),
  verifyAudit: () => call<{ entries: number; ok: boolean }>('POST', '/audit/verify'),
  auditExport: (q: AuditQuery) => call<Blob>('GET', '/audit/export' + query({ ...q })),
}
