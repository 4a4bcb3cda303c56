import { provideGlobalConfig } from 'element-plus'
import chinese from 'element-plus/es/locale/lang/zh-cn'
import { createApp } from 'vue'
import 'element-plus/theme-chalk/base.css'
import './console.css'
import App from './App.vue'
import { router } from './router'

const app = createApp(App)
provideGlobalConfig({ locale: chinese }, app, true)
app.use(router).mount('#console')
