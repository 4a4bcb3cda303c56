// What the chat page itself says. Everything the house says comes from the server.

export type Lang = 'zh' | 'en'

export interface Words {
  title: string
  titleEnterprise: string
  welcome: string
  welcomeEnterprise: string
  placeholder: string
  send: string
  human: string
  humanSays: string
  track: string
  larger: string
  language: string
  connecting: string
  offline: string
  sending: string
  notSent: string
  retry: string
  log: string
  you: string
  bot: string
  agent: string
  system: string
  source: string
  generated: string
  drafting: string
  heldByQueue: string
  heldByAgent: string
  location: string
  image: string
  attach: string
  fileLost: string
  tooLong: string
  emergency: string
}

const zh: Words = {
  title: '12345 即办',
  titleEnterprise: '12345 即办 · 企业服务',
  welcome: '您好，这里是 12345 热线的智能客服（机器人）。请直接说您的问题，例如“小区停水了”“异地医保怎样报销”。随时可以转人工。',
  welcomeEnterprise: '您好，这里是 12345 企业服务的智能客服（机器人）。可以问惠企政策、办事流程，也可以提交诉求。随时可以转人工。',
  placeholder: '请输入您的问题',
  send: '发送',
  human: '转人工',
  humanSays: '转人工',
  track: '查进度',
  larger: '大字',
  language: 'English',
  connecting: '正在连接……',
  offline: '网络断开了，正在重新连接。没有发出的话会保留在这里。',
  sending: '发送中',
  notSent: '没有发出',
  retry: '重新发送',
  log: '对话内容',
  you: '我',
  bot: '智能客服',
  agent: '人工坐席',
  system: '系统',
  source: '依据',
  generated: 'AI 生成，仅供参考',
  drafting: 'AI 正在生成，尚未核对完……',
  heldByQueue: '正在排队等候人工，您可以继续补充情况。',
  heldByAgent: '人工坐席正在为您服务。',
  location: '位置',
  image: '图片',
  attach: '发送照片或文件',
  fileLost: '文件没有发出，可能太大，或者网络断开了',
  tooLong: '一次最多 4000 字，请分几次发送。',
  emergency: '紧急情况请直接拨打 110、119、120',
}

const en: Words = {
  title: '12345 Jiban',
  titleEnterprise: '12345 Jiban · Business',
  welcome: 'Hello, this is the assistant (a robot) of the 12345 hotline. Just tell us what it is about, for example “no water in our building”. You can ask for a person at any time.',
  welcomeEnterprise: 'Hello, this is the assistant (a robot) of the 12345 business desk. Ask about policies and procedures, or file a request. You can ask for a person at any time.',
  placeholder: 'Type your question',
  send: 'Send',
  human: 'Talk to a person',
  humanSays: 'human',
  track: 'Progress',
  larger: 'Larger text',
  language: '中文',
  connecting: 'Connecting…',
  offline: 'The connection was lost; connecting again. What was not sent is kept here.',
  sending: 'Sending',
  notSent: 'Not sent',
  retry: 'Send again',
  log: 'Conversation',
  you: 'Me',
  bot: 'Assistant',
  agent: 'Agent',
  system: 'System',
  source: 'Source',
  generated: 'AI-generated, for reference',
  drafting: 'AI is still writing, not fully checked yet…',
  heldByQueue: 'You are waiting for a person; you may go on writing.',
  heldByAgent: 'A person is with you.',
  location: 'Location',
  image: 'Picture',
  attach: 'Send a photo or file',
  fileLost: 'the file was not sent: it may be too large, or the connection was lost',
  tooLong: 'At most 4,000 characters at a time, please send it in parts.',
  emergency: 'In an emergency call 110, 119 or 120',
}

export function wordsFor(lang: Lang): Words {
  return lang === 'en' ? en : zh
}
