// The versions of the catalogue as the server has them, and what staff do to them.

import { call } from './api'

export type Grade = '' | 'pressing' | 'critical'
export interface Limit { days?: number; hours?: number; on_clock?: boolean; at_once?: boolean }
export type Limits = Record<string, Limit>

export interface Field {
  key: string
  label: string
  label_en: string
  kind: string
  required: boolean
  choices?: { label: string; value: string }[]
  max_length?: number
  pattern?: string
}

export interface Rule { level: Grade; words: string[] }

export interface Matter {
  code: string
  name: string
  name_en: string
  category: string
  parent: string
  types: string[]
  aliases?: string[]
  samples?: string[]
  form: { fields: Field[] | null }
  owner: string
  co_owners?: string[]
  limits?: Limits
  urgent_limits?: Partial<Record<Grade, Limits>>
  urgency?: Rule[]
  urgent?: boolean
  sensitive?: boolean
  confidential?: string
  public?: boolean
  retired?: boolean
}

export interface Category { code: string; name: string; name_en: string; parent?: string; urgency?: Rule[] }

export interface Whole {
  categories: Category[] | null
  matters: Matter[] | null
  owners: { kind: string; region: string; department: string; rank?: number }[] | null
  departments: { id: string; name: string; region: string }[] | null
  regions: { code: string; name: string; parent: string }[] | null
  limits: Limits | null
}

export interface Version {
  version: number
  state: 'draft' | 'in_force' | 'replaced'
  base: number
  revision: number
  authors: string[]
  mine: boolean
  note: string
  forced_by: string
  created_at: string
  updated_at: string
  forced_at: string
  catalogue?: Whole
}

export interface Finding { severity: 'error' | 'warning'; rule: string; part: string; code: string; words: string; words_en: string }
export interface Change { kind: 'added' | 'removed' | 'changed'; part: string; key: string; name: string; fields?: { field: string; before: unknown; after: unknown }[] }
export interface Fault { sheet: string; row: number; column: string; message: string }
export interface Report { faults: Fault[]; findings: Finding[]; changes: Change[]; draft?: number }
export interface Promised {
  department: { id: string; name: string }
  co_handling: { id: string; name: string }[]
  grade: Grade
  limit: Limit
  confidential: boolean
  public: boolean
}

export interface Edit { matters?: Matter[]; categories?: Category[]; limits?: Limits; remove?: { matters?: string[]; categories?: string[] } }

const workbook = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'
const at = (version: number | string, what = '') => `/catalogue/versions/${encodeURIComponent(version)}${what}`

export const catalogues = {
  versions: () => call<{ versions: Version[] }>('GET', '/catalogue/versions'),
  whole: (version: number | string) => call<Version>('GET', at(version)),
  check: (version: number | string) => call<{ findings: Finding[] }>('GET', at(version, '/check')),
  difference: (version: number | string) => call<{ with: number; changes: Change[] }>('GET', at(version, '/difference')),
  workbook: (version: number | string) => call<Blob>('GET', at(version, '/workbook')),
  promise: (version: number | string, q: { matter: string; type: string; region: string; words: string }) =>
    call<Promised>('GET', at(version, '/promise?' + new URLSearchParams(q).toString())),
  begin: (from: number, note: string) => call<Version>('POST', '/catalogue/draft', { from, note }),
  edit: (revision: number, edit: Edit) => call<Version>('PUT', '/catalogue/draft', { revision, edit: { remove: {}, ...edit } }),
  drop: (revision: number) => call<Version>('DELETE', '/catalogue/draft?revision=' + revision),
  force: (revision: number) => call<Version>('POST', '/catalogue/draft/force', { revision }),
  read: (file: Blob, check: boolean, revision: number, note: string) =>
    call<Report>('POST', `/catalogue/draft/workbook?${new URLSearchParams({ check: check ? '1' : '', revision: String(revision), note }).toString()}`,
      new Blob([file], { type: workbook })),
}

export const gradeName = (g: Grade) => ({ '': '一般', pressing: '紧急', critical: '特急' })[g]
export const partName = (p: string) =>
  ({ categories: '分类', matters: '事项', forms: '要素', owners: '主办', limits: '时限', departments: '单位', regions: '区划' })[p] ?? p
export const changeName = (k: Change['kind']) => ({ added: '新增', removed: '删除', changed: '修改' })[k]
export const stateName = (s: Version['state']) => ({ draft: '草稿', in_force: '现行', replaced: '已被取代' })[s]

const fields: Record<string, string> = {
  name: '名称', name_en: '英文名称', category: '一级分类', parent: '上级', types: '诉求类型', aliases: '别名', samples: '例句', form: '要素',
  owner: '主办职责', co_owners: '协办职责', limits: '时限', urgent_limits: '紧急时限', urgency: '紧急规则', urgent: '紧急', sensitive: '敏感',
  confidential: '保密', public: '可公开', retired: '停用', limit: '时限', department: '单位', region: '区划', superior: '上级单位',
}
export const fieldName = (f: string) => fields[f] ?? f

// limitText is a limit in plain words.
export function limitText(l: Limit | undefined): string {
  if (!l) return ''
  if (l.hours) return `${l.hours} ${l.on_clock ? '小时' : '工作小时'}`
  return l.days ? `${l.days} 个工作日${l.at_once ? '（当日起算）' : ''}` : ''
}

// readLimit understands what limitText says, and short forms: 7日, 7当日, 24时,
// 8工时. Nothing stands for no limit of its own, undefined for what is no limit.
export function readLimit(text: string): Limit | null | undefined {
  const t = text.replace(/\s/g, '')
  if (!t) return null
  const m = /^(\d{1,4})(个工作日（当日起算）|个工作日|工作小时|小时|当日|日|工时|时)$/.exec(t)
  if (!m || Number(m[1]) < 1) return undefined
  const n = Number(m[1])
  switch (m[2]) {
    case '小时':
    case '时':
      return { hours: n, on_clock: true }
    case '工作小时':
    case '工时':
      return { hours: n }
    case '当日':
    case '个工作日（当日起算）':
      return { days: n, at_once: true }
    default:
      return { days: n }
  }
}

// parts splits a list that people write with 、 or lines between its parts.
export function parts(text: string, separator: RegExp): string[] {
  return text.split(separator).map((s) => s.trim()).filter((s) => s)
}
