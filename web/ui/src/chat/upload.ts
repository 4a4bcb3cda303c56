// Sending files: one message for one file. The server has the last word about
// what is taken; the picker only offers what has a chance.

import type { Words } from './words'

// What the picker offers. iOS turns its own picture format into JPEG for it.
export const offered = 'image/jpeg,image/png,image/gif,image/webp,application/pdf,.docx,.xlsx,audio/mpeg,audio/mp4,.amr,.m4a,video/mp4,video/quicktime'

export interface Upload {
  id: string
  file: File
}

// How long an upload may take; a slow line has two minutes on the server too.
const limit = 130000

// send hands a file over and tells how it ended: '' when it is on disk, else why
// not. The same id counts once, however often it is sent.
export function send(channel: string, lang: string, u: Upload, words: Words, done: (why: string) => void): void {
  const form = new FormData()
  form.append('file', u.file, u.file.name)
  const request = new XMLHttpRequest()
  const query = '?id=' + encodeURIComponent(u.id) + '&lang=' + lang
  request.open('POST', '/api/v1/chat/' + encodeURIComponent(channel) + '/files' + query)
  request.timeout = limit
  request.onload = () => done(request.status === 200 ? '' : reason(request, words))
  request.onerror = () => done(words.fileLost)
  request.ontimeout = () => done(words.fileLost)
  request.send(form)
}

// reason is the server's own sentence where it says one.
function reason(request: XMLHttpRequest, words: Words): string {
  try {
    const answer = JSON.parse(request.responseText) as { error?: { message?: string } }
    return (answer.error && answer.error.message) || words.fileLost
  } catch (e) {
    return words.fileLost
  }
}

// size is how people read a number of bytes.
export function size(bytes: number): string {
  return bytes < 1024 * 1024 ? Math.max(1, Math.round(bytes / 1024)) + ' KB' : (bytes / 1024 / 1024).toFixed(1) + ' MB'
}
