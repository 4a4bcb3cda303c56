package lang

// personalWords are the commands about oneself: what one wants to be told, and
// what is held about one.
func personalWords() []commandWordList {
	return []commandWordList{
		{CommandPrivacy, "隐私|隐私政策|隐私声明|隐私说明|隐私条款|隐私保护|隐私告知|查看隐私|看隐私|个人信息保护|个人信息保护政策|个人信息告知|个人信息处理规则|我的信息怎么用|我的信息会怎么用|你们怎么用我的信息|收集哪些信息|收集什么信息|privacy|privacy policy|privacy notice|data protection|how do you use my data|what do you do with my data"},
		{CommandBind, "绑定手机号|绑定手机|绑定手机号码|绑定号码|绑定电话|绑定电话号码|绑定我的手机|绑定我的手机号|绑手机|绑手机号|验证手机|验证手机号|验证手机号码|验证电话|验证我的手机号|认证手机|认证手机号|手机验证|手机号验证|手机绑定|手机认证|更换手机号|更换绑定|换绑手机|换绑手机号|换绑|更换绑定手机|verify my phone|verify phone|verify my number|verify phone number|verify my phone number|bind phone|bind my phone|link my phone|link my number|confirm my phone"},
		{CommandResend, "重发|重发验证码|重新发送|重新发送验证码|重新发|重新发验证码|再发一次|再发一次验证码|再发一遍|没收到|没有收到|没收到验证码|没有收到验证码|收不到验证码|收不到|验证码没收到|验证码收不到|resend|send again|send it again|resend the code|resend code|send the code again|didn't get it|i didn't get it|no code|not received"},
		{CommandRevoke, "撤回同意|撤销同意|收回同意|不同意了|取消同意|取消授权|撤回授权|撤销授权|收回授权|取消绑定|解除绑定|解绑|解绑手机|解绑手机号|解除手机绑定|取消手机绑定|取消绑定手机号|withdraw consent|withdraw my consent|revoke consent|revoke my consent|unbind|unbind my phone|unlink my phone|unlink my number"},
		{CommandSeeData, "查看我的数据|查看我的信息|查看我的个人信息|查看个人信息|看我的数据|我的数据|我的个人信息|你们有我哪些信息|你们有我什么信息|你们存了我什么信息|你们保存了我哪些信息|查询我的个人信息|查询个人信息|my data|show my data|see my data|view my data|what do you know about me|what data do you have about me|what data do you hold about me"},
		{CommandCopyData, "导出我的数据|导出数据|导出我的信息|导出我的个人信息|导出个人信息|复制我的数据|复制我的个人信息|复制个人信息|下载我的数据|下载我的信息|下载我的个人信息|我要我的数据|export my data|copy my data|download my data|a copy of my data|give me my data"},
		{CommandCorrectData, "更正我的数据|更正我的信息|更正我的个人信息|更正个人信息|修改我的信息|修改我的个人信息|修改个人信息|我的信息有误|我的信息错了|我的个人信息有误|correct my data|my data is wrong|change my data|rectify my data"},
		{CommandDeleteData, "删除我的数据|删除我的信息|删除我的个人信息|删除个人信息|删除我所有的信息|删除我的所有信息|删除我的所有数据|注销账号|注销账户|注销我的账号|删除账号|我要删除我的数据|我要删除我的信息|请删除我的数据|请删除我的信息|delete my data|erase my data|delete all my data|remove my data|delete my account|forget me"},
		{CommandOutOfProgress, "退订进度|退订进展|退订进度通知|退订进展通知|退订办理进度|不要进度通知|不要发进度|别发进度|不用发进度|不要给我发进度|别给我发进度|不收进度|拒收进度|关闭进度通知|取消进度通知|stop progress|no progress notices|stop progress notices|unsubscribe progress|stop updates|no updates"},
		{CommandOutOfSurvey, "退订调查|退订回访|退订满意度调查|退订满意度|退订回访调查|不要调查|不要回访|别回访|不用回访|不要给我回访|别给我回访|不要满意度调查|不参加回访|不接受回访|拒收回访|拒收调查|关闭回访|取消回访|取消调查|stop surveys|stop survey|no surveys|no survey|unsubscribe surveys|unsubscribe survey|stop follow-ups"},
		{CommandIntoProgress, "恢复进度|恢复进展|恢复进度通知|恢复进展通知|订阅进度|订阅进度通知|打开进度通知|开启进度通知|接收进度|start progress|resume progress|progress notices on|subscribe progress|start updates|resume updates"},
		{CommandIntoSurvey, "恢复调查|恢复回访|恢复满意度调查|订阅调查|订阅回访|打开回访|开启回访|接受回访|接收回访|start surveys|resume surveys|start survey|resume survey|subscribe surveys|surveys on"},
	}
}
