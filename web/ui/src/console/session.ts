// Who is logged in, and what the whole console hears live from the server.

import { computed, reactive } from 'vue'
import { api, type Catalogue, type Login } from './api'
import { whenYear } from './names'

export interface LiveEvent {
  type: 'queue' | 'message' | 'alert' | 'ticket'
  conversation_id?: string
  seq?: number
  number?: string
}

export const session = reactive({
  login: null as Login | null,
  catalogue: null as Catalogue | null,
  online: true,
  greeting: '',
})

export const account = computed(() => session.login?.account ?? null)

export function has(...roles: string[]): boolean {
  return !!account.value && roles.some((r) => account.value!.roles.includes(r))
}

// can asks the server's own table of permissions.
export function can(action: string): boolean {
  return !!session.login && session.login.actions.includes(action)
}

export async function catalogue(): Promise<Catalogue> {
  if (!session.catalogue) session.catalogue = await api.catalogue()
  return session.catalogue
}

type Listener = (e: LiveEvent) => void
const listeners = new Set<Listener>()

// listen calls f for each live event until the returned function is called.
export function listen(f: Listener): () => void {
  listeners.add(f)
  return () => listeners.delete(f)
}

const pauseMs = 2000
let socket: WebSocket | null = null
let wanted = false

export function connect(): void {
  wanted = true
  if (socket) return
  const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:'
  socket = new WebSocket(`${scheme}//${location.host}/api/v1/events`)
  socket.onopen = () => {
    session.online = true
    // What happened while the line was down is fetched anew.
    tell({ type: 'queue' })
    tell({ type: 'alert' })
  }
  socket.onmessage = (m) => {
    try {
      tell(JSON.parse(String(m.data)) as LiveEvent)
    } catch {
      session.online = true
    }
  }
  socket.onclose = () => {
    socket = null
    session.online = false
    if (wanted) setTimeout(() => wanted && connect(), pauseMs)
  }
}

export function disconnect(): void {
  wanted = false
  socket?.close()
}

function tell(e: LiveEvent): void {
  for (const f of [...listeners]) f(e)
}

// greet tells who has just logged in when the login before was: a stranger's would
// be noticed.
export function greet(l: Login): void {
  const last = whenYear(l.last_login_at)
  session.greeting = last ? `上次登录：${last}。如果不是您本人，请立即修改密码并报告安全管理员。` : '这是您的首次登录。'
}
