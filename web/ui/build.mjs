// Builds the pages into ../dist, from which the program embeds them: the chat
// and the public pages for old browsers, the widget as one plain script under a
// name that other sites can rely on, the console for browsers of today.
import { readdirSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { build } from 'vite'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const outDir = here('../dist')
// Chrome 66 and iOS 12 are what old WeChat clients bring.
const oldBrowsers = ['chrome66', 'ios12']

for (const name of readdirSync(outDir)) {
  if (name !== '.keep') rmSync(`${outDir}/${name}`, { recursive: true })
}

const shared = {
  root: here('.'),
  configFile: false,
  logLevel: 'warn',
  publicDir: false,
}

const output = { outDir, emptyOutDir: false, chunkSizeWarningLimit: 1200, modulePreload: false }

await build({
  ...shared,
  build: {
    ...output,
    target: oldBrowsers,
    cssTarget: oldBrowsers,
    rollupOptions: { input: [here('chat.html'), here('track.html')] },
  },
})
await build({
  ...shared,
  build: {
    ...output,
    target: oldBrowsers,
    lib: { entry: here('src/widget/widget.ts'), formats: ['iife'], name: 'JibanWidget', fileName: () => 'widget.js' },
  },
})
await build({
  ...shared,
  plugins: [vue()],
  build: { ...output, rollupOptions: { input: [here('console.html')] } },
})
