// The embeddable button: one script tag on another site opens the chat in a
// frame of this house. <script src="https://HOST/widget.js" data-channel="citizen" async></script>

const script = document.currentScript as HTMLScriptElement | null
const house = script ? new URL(script.src).origin : location.origin
const enterprise = !!script && script.getAttribute('data-channel') === 'enterprise'

const frame = document.createElement('iframe')
frame.title = '12345 即办'
frame.style.cssText =
  'display:none;position:fixed;right:16px;bottom:80px;width:380px;max-width:calc(100vw - 32px);height:560px;max-height:calc(100vh - 110px);border:1px solid #8496aa;border-radius:10px;background:#fff;z-index:2147483646'

const toggle = document.createElement('button')
toggle.type = 'button'
toggle.textContent = '12345 在线咨询'
toggle.setAttribute('aria-expanded', 'false')
toggle.style.cssText =
  'position:fixed;right:16px;bottom:16px;padding:12px 18px;border:0;border-radius:24px;background:#1b5fae;color:#fff;font-size:16px;cursor:pointer;z-index:2147483647'

toggle.addEventListener('click', () => {
  const show = frame.style.display === 'none'
  if (show && !frame.src) frame.src = house + (enterprise ? '/enterprise' : '/chat')
  frame.style.display = show ? 'block' : 'none'
  toggle.setAttribute('aria-expanded', String(show))
})

function mount(): void {
  document.body.appendChild(frame)
  document.body.appendChild(toggle)
}

if (document.body) mount()
else document.addEventListener('DOMContentLoaded', mount)
