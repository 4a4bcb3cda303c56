// What the staff API says of tickets, beside the ticket itself.

import type { Ticket } from './api'

export interface TicketClock {
  due: string
  since: string // when the present limit began
  share: number // how much of the limit has passed: 0 to 1, more when overdue
  paused: string // for what the clock stands, '' while it goes
  paused_until: string
  sign_by: string
  contact_by: string
  return_by: string
  review_by: string
  signed_at: string
  contacted_at: string
}

export interface TicketLink { kind: 'repeat_of' | 'merged_into' | 'parent' | 'voice' | 'incident'; number: string }

// A part of the request that another department does.
export interface TicketPart { number: string; department: string; department_name: string; status: string; created_at: string; due_at: string; asked: string; reply: string }

// A paper of supervision, a review, a person to be asked.
export interface Paper {
  id: string
  number: string
  kind: string // reminder, urging, supervision, interview, urged, sign, contact, decide, review, follow_up, …
  to: string // handler, head, management, desk, agent
  department: string
  text: string
  created_at: string
  done_at: string
  done_by: string
  result: string
}

export interface Proposal {
  department: string
  department_name: string
  matter: string
  matter_name: string
  confidence: number
  reason: 'matter' | 'co_owner' | 'superior' | 'above'
}

export type TicketView = 'dispatch' | 'mine' | 'approvals' | 'overdue' | 'followup' | 'against'

export interface TicketPage {
  tickets: Ticket[]
  next: string // after for the next page, '' at the end
  papers?: Paper[] // approvals: dissatisfied reviews; followup: who is to be asked
  counts?: Partial<Record<TicketView, number>> // where asked for; 100 is that many or more
}

export interface Colleague { id: string; name: string; login: string }

export interface Template { id: string; department: string; title: string; text: string; updated_by: string; updated_at: string; version: number }

export interface Incident {
  id: string
  state: 'found' | 'open' | 'answered' | 'closed'
  matter: string
  matter_name: string
  region: string
  region_name: string
  cause: string
  text: string
  until: string
  answer: string
  tickets: number // how many were alike when it was found
  created_at: string
  updated_at: string
  version: number
}

export interface NewIncident { matter: string; region: string; cause: string; text: string; until: string; version?: number }

export interface Limit { days?: number; hours?: number; on_clock?: boolean; at_once?: boolean }
export interface Timing { usual: Limit; urgent: Limit }

// A step of supervision: when a share of the limit is used up or, without one, so
// long after its end.
export interface Step { name: string; share?: number; over: Timing; light?: string; to: string; document: string }

// The rules of supervision, as the server keeps them.
export interface Rules {
  decide: Timing
  sign: Timing
  contact: Timing
  return: Timing
  review: Timing
  survey: Timing
  ladder: Step[] | null
  pauses: { reason: string; most: Limit; asks: boolean }[] | null
  urge_rest: number
  review_returns: boolean
  need_basis: boolean
  managed_return: number
  review_extended: boolean
  extensions: number
  check_replies: string[] | null
  check_reopened: boolean
  auto_merge: boolean
  auto_dispatch: number
  no_follow_up: string[] | null
  ask_secret: boolean
  call_again: string[] | null
  most_attempts: number
  incident_least: number
  incident_hours: number
}

export interface HolidayYear { year: number; notice: string; off: string[]; work: string[] }

// A figure is a share of or, for hours, an amount over, its denominator.
export interface Figure { numerator: number; denominator: number }

export interface WeekFigures {
  week: string // its Monday, YYYY-MM-DD
  received: number
  answered: number
  signed_in_time: Figure
  on_time: Figure
  returned: Figure
  overdue: Figure
  hours: Figure // hours from dispatch to answer, by answered tickets
  satisfied: Figure
  dissatisfied: Figure
  solved: Figure
  contacted: Figure
  reopened: Figure
}
