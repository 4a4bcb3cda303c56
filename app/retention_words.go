package app

import "jiban/retention"

// kindName is what a kind of records is called in Chinese.
func kindName(k retention.Kind) string {
	switch k {
	case retention.Messages:
		return "消息"
	case retention.Turns:
		return "应答记录"
	case retention.Intakes:
		return "受理记录"
	case retention.Handoffs:
		return "转人工"
	case retention.Alerts:
		return "警情提示"
	case retention.Conversations:
		return "会话状态"
	case retention.Consultations:
		return "咨询工单"
	case retention.Helps:
		return "求助工单"
	case retention.Complaints:
		return "投诉工单"
	case retention.Reports:
		return "举报工单"
	case retention.Suggestions:
		return "建议工单"
	case retention.Praises:
		return "表扬工单"
	case retention.Untyped:
		return "未分类回电"
	case retention.Deletion:
		return "已匿名工单"
	}
	return otherKindName(k)
}

func otherKindName(k retention.Kind) string {
	switch k {
	case retention.Files:
		return "附件"
	case retention.Codes:
		return "验证码"
	case retention.Sessions:
		return "登录会话"
	case retention.Joins:
		return "已撤销的合并"
	case retention.Consents:
		return "同意记录"
	case retention.Requests:
		return "个人信息申请"
	case retention.Contacts:
		return "诉求人"
	case retention.Audit:
		return "审计记录"
	default:
		return string(k)
	}
}

// deedName is what is done to records whose time is over.
func deedName(d retention.Deed) string {
	switch d {
	case retention.Anonymise:
		return "匿名 anonymise"
	case retention.Destroy:
		return "销毁密钥 destroy"
	case retention.Cut:
		return "归档截断 cut"
	default:
		return "删除 delete"
	}
}
