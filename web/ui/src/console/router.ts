import { createRouter, createWebHashHistory } from 'vue-router'
import Accounts from './pages/Accounts.vue'
import Articles from './pages/Articles.vue'
import Audit from './pages/Audit.vue'
import Desk from './pages/Desk.vue'
import Login from './pages/Login.vue'
import Password from './pages/Password.vue'
import SecondFactor from './pages/SecondFactor.vue'
import Tickets from './pages/Tickets.vue'
import Tokens from './pages/Tokens.vue'
import { api, whenLoggedOut } from './api'
import { can, connect, disconnect, has, session } from './session'

export const router = createRouter({
  history: createWebHashHistory('/console'),
  routes: [
    { path: '/', redirect: () => home() },
    { path: '/login', component: Login },
    { path: '/password', component: Password },
    { path: '/second-factor', component: SecondFactor },
    { path: '/desk/:id?', component: Desk },
    { path: '/tickets/:number?', component: Tickets },
    { path: '/articles', component: Articles },
    { path: '/accounts', component: Accounts },
    { path: '/tokens', component: Tokens },
    { path: '/audit', component: Audit },
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
  session.login = null
  void router.push('/login')
})
