// The parts of Element Plus that the console uses, with their styles; importing
// the whole library would make the page three times as large.

import 'element-plus/theme-chalk/el-alert.css'
import 'element-plus/theme-chalk/el-badge.css'
import 'element-plus/theme-chalk/el-button.css'
import 'element-plus/theme-chalk/el-checkbox.css'
import 'element-plus/theme-chalk/el-dialog.css'
import 'element-plus/theme-chalk/el-drawer.css'
import 'element-plus/theme-chalk/el-empty.css'
import 'element-plus/theme-chalk/el-form.css'
import 'element-plus/theme-chalk/el-form-item.css'
import 'element-plus/theme-chalk/el-input.css'
import 'element-plus/theme-chalk/el-message.css'
import 'element-plus/theme-chalk/el-message-box.css'
import 'element-plus/theme-chalk/el-option.css'
import 'element-plus/theme-chalk/el-overlay.css'
import 'element-plus/theme-chalk/el-popper.css'
import 'element-plus/theme-chalk/el-select.css'
import 'element-plus/theme-chalk/el-scrollbar.css'
import 'element-plus/theme-chalk/el-tag.css'
import 'element-plus/theme-chalk/el-timeline.css'
import 'element-plus/theme-chalk/el-timeline-item.css'

export {
  ElAlert, ElBadge, ElButton, ElCheckbox, ElDialog, ElDrawer, ElEmpty, ElForm, ElFormItem, ElInput, ElMessage,
  ElMessageBox, ElOption, ElSelect, ElTag, ElTimeline, ElTimelineItem,
} from 'element-plus'

import { ElMessage } from 'element-plus'
import { ApiError } from './api'

// attempt runs what a button does; a failure is told in the server's words. A fault
// of the server's comes with the id under which the log has it; what was refused
// explains itself.
export async function attempt<T>(f: () => Promise<T>, done = ''): Promise<T | undefined> {
  try {
    const v = await f()
    if (done) ElMessage.success({ message: done, placement: 'bottom' })
    return v
  } catch (e) {
    if (e instanceof ApiError && e.status === 401) return undefined // the page of the login says it
    const id = e instanceof ApiError && e.id && e.status >= 500 ? `（编号 ${e.id}）` : ''
    ElMessage.error({ message: (e instanceof Error ? e.message : String(e)) + id, duration: 6000, showClose: true })
    return undefined
  }
}
