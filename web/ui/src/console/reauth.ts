// Who is logged in proves anew who they are: one dialog for all requests that wait
// for it.

import { reactive } from 'vue'
import { whenUnproven } from './api'

export const reauth = reactive({ open: false })

let waiting: Promise<boolean> | null = null
let tell: (proven: boolean) => void = () => {}

whenUnproven(() => {
  waiting ??= new Promise<boolean>((resolve) => {
    tell = resolve
    reauth.open = true
  })
  return waiting
})

// settle ends the dialog for all who wait.
export function settle(proven: boolean): void {
  reauth.open = false
  waiting = null
  tell(proven)
}
