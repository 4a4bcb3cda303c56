// The chat page of citizens (/chat) and businesses (/enterprise).

import { newId, type Option, type ServerFrame, type Utterance } from './frames'
import { Link, overWebSocket } from './link'
import { footer, overHTTP, telephoneWords } from './telephone'
import { send as sendFile } from './upload'
import { View } from './view'
import { wordsFor, type Lang } from './words'

const query = new URLSearchParams(location.search)
const enterprise = location.pathname.indexOf('/enterprise') === 0
const channel = query.get('channel') || (enterprise ? 'enterprise' : 'citizen')

// remember keeps a choice for the next visit; a browser that forbids it forgets.
function remember(key: string, value?: string): string {
  try {
    if (value !== undefined) localStorage.setItem('jiban.' + key, value)
    return localStorage.getItem('jiban.' + key) || ''
  } catch (e) {
    return value || ''
  }
}

const lang = (query.get('lang') || remember('lang') || (navigator.language.indexOf('zh') === 0 ? 'zh' : 'en')) as Lang
const words = wordsFor(lang === 'en' ? 'en' : 'zh')

const root = document.getElementById('chat') as HTMLElement
const said: { [id: string]: Utterance } = {}
const picked: { [id: string]: File } = {}

document.documentElement.lang = lang === 'en' ? 'en' : 'zh-CN'
document.title = enterprise ? words.titleEnterprise : words.title
document.documentElement.className = remember('larger') === '1' ? 'larger' : ''

const view = new View(root, words, {
  say: (text) => utter({ type: 'say', id: newId(), text }),
  tap: (o: Option) => utter({ type: 'tap', id: newId(), value: o.value, label: o.label }),
  retry: (u) => (u.type === 'file' ? attach(picked[u.id]!, u.id) : utter({ ...u, id: newId() })),
  attach: (file) => attach(file, newId()),
  larger: () => {
    const on = document.documentElement.className !== 'larger'
    document.documentElement.className = on ? 'larger' : ''
    remember('larger', on ? '1' : '0')
  },
  language: () => {
    remember('lang', lang === 'en' ? 'zh' : 'en')
    location.search = ''
    location.reload()
  },
}, enterprise)

const spoken: Lang = lang === 'en' ? 'en' : 'zh'
root.appendChild(footer(spoken, overHTTP(channel, telephoneWords(spoken), spoken), () => utter({ type: 'say', id: newId(), text: words.track })))

const link = new Link(
  overWebSocket('/api/v1/chat/' + encodeURIComponent(channel) + '/ws'),
  { frame: onFrame, online: (on) => view.online(on), waitingFor: (u) => view.waiting(u) },
  () => lang,
)

function utter(u: Utterance): void {
  said[u.id] = u
  link.say(u)
}

// attach sends a file. A second try has the first one's id: should that have
// arrived after all, it counts once.
function attach(file: File, id: string): void {
  const u: Utterance = { type: 'file', id, label: file.name }
  picked[id] = file
  view.waiting(u)
  sendFile(channel, spoken, { id, file }, words, (why) => (why ? view.refused(u, why) : view.acknowledged(id)))
}

function onFrame(f: ServerFrame): void {
  switch (f.type) {
    case 'welcome':
    case 'holder':
      view.heldBy(f.holder)
      break
    case 'ack':
      view.acknowledged(f.id)
      break
    case 'nack':
      if (said[f.id]) view.refused(said[f.id]!, f.text)
      break
    case 'draft':
      view.draft(f.text)
      break
    case 'message':
      view.message(f)
      break
  }
}

// The session is made before the socket is opened, so that a page kept in a
// cache still gets its cookie.
function begin(): void {
  view.connecting()
  fetch('/api/v1/chat/' + encodeURIComponent(channel) + '/session', { method: 'POST', credentials: 'same-origin' })
    .then(() => link.start(), () => setTimeout(begin, 3000))
}

view.focus()
begin()
