import { createRouter, createWebHashHistory } from 'vue-router'
import Accounts from './pages/Accounts.vue'
import Articles from './pages/Articles.vue'
import Audit from './pages/Audit.vue'
import Catalogue from './pages/Catalogue.vue'
import Department from './pages/Department.vue'
import Desk from './pages/Desk.vue'
import FollowUps from './pages/FollowUps.vue'
import Incidents from './pages/Incidents.vue'
import Login from './pages/Login.vue'
import Password from './pages/Password.vue'
import Person from './pages/Person.vue'
import Persons from './pages/Persons.vue'
import Proven from './pages/Proven.vue'
import Requests from './pages/Requests.vue'
import Retention from './pages/Retention.vue'
import Roster from './pages/Roster.vue'
import SecondFactor from './pages/SecondFactor.vue'
import Supervision from './pages/Supervision.vue'
import Tickets from './pages/Tickets.vue'
import Tokens from './pages/Tokens.vue'
import { api, whenLoggedOut } from './api'
import { can, connect, disconnect, greet, has, session } from './session'

export const router = createRouter({
  history: createWebHashHistory('/console'),
  routes: [
    { path: '/', redirect: () => home() },
    { path: '/login', component: Login },
    { path: '/password', component: Password },
    { path: '/second-factor', component: SecondFactor },
    { path: '/proven', component: Proven },
    { path: '/desk/:id?', component: Desk },
    { path: '/tickets/:number?', component: Tickets },
    { path: '/follow-ups/:number?', component: FollowUps },
    { path: '/incidents', component: Incidents },
    { path: '/department', component: Department },
    { path: '/supervision', component: Supervision },
    { path: '/articles', component: Articles },
    { path: '/catalogue', component: Catalogue },
    { path: '/accounts', component: Accounts },
    { path: '/tokens', component: Tokens },
    { path: '/audit', component: Audit },
    { path: '/persons', component: Persons },
    { path: '/persons/:id', component: Person },
    { path: '/requests/:state(open|ended)?', component: Requests },
    { path: '/roster', component: Roster },
    { path: '/retention', component: Retention },
    { path: '/:rest(.*)*', redirect: '/' },
  ],
})

// home is the page where somebody of this role works.
function home(): string {
  if (has('agent', 'supervisor')) return '/desk'
  if (has('handler')) return '/tickets'
  if (can('accounts.view')) return '/accounts'
  if (can('audit')) return '/audit'
  return has('editor', 'reviewer') ? '/articles' : '/tickets'
}

let asked = false

router.beforeEach(async (to) => {
  if (!session.login && !asked) {
    asked = true
    session.login = await api.me().catch(() => null)
    if (session.login?.method === 'oidc' && to.path === '/') greet(session.login)
  }
  if (!session.login) return to.path === '/login' ? true : '/login'
  if (session.login.must_change) return to.path === '/password' ? true : '/password'
  if (session.login.second_factor === 'enrol') return to.path === '/second-factor' ? true : '/second-factor'
  // Who may not hear what happens does not ask: every refusal is recorded.
  if (can('events')) connect()
  return to.path === '/login' ? '/' : true
})

whenLoggedOut(() => {
  disconnect()
  const ended = session.login !== null
  session.login = null
  session.greeting = ''
  void router.push(ended ? '/login?ended=1' : '/login')
})
