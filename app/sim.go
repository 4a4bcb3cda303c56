package app

import (
	"context"
	"io"
	"strings"

	"jiban"
	"jiban/app/config"
	"jiban/channels/sms/smssim"
	"jiban/channels/wechat/wechatsim"
)

// SimWeChat is what the stand-in for WeChat is told.
type SimWeChat struct {
	Channel string // name; the first one when empty
	Server  string // where Jiban listens, http://…
	Listen  string // where the stand-in's API listens
	OpenID  string // who is writing
}

// RunSimWeChat plays WeChat's part for a configured channel in the terminal.
func RunSimWeChat(ctx context.Context, c config.Config, o SimWeChat, in io.Reader, out io.Writer) error {
	for _, w := range c.Channels.WeChat {
		if o.Channel != "" && w.Name != o.Channel {
			continue
		}
		return wechatsim.Run(ctx, in, out, wechatsim.Config{
			Callback: strings.TrimRight(o.Server, "/") + "/channels/wechat/" + w.Name,
			Listen:   o.Listen, AppID: w.AppID, AppSecret: w.AppSecret, Token: w.Token, AESKey: w.AESKey, OpenID: o.OpenID,
			Budget: w.MessageBudget, Window: w.MessageWindow,
		})
	}
	return jiban.Errorf(jiban.CodeInvalid, "sim wechat", "the configuration has no such WeChat channel: name a file with --config that has one under channels.wechat")
}

// SimSMS is what the stand-in for a text-message centre is told.
type SimSMS struct {
	Channel string // name; the first one with SMPP when empty
	From    string // whose telephone it is
}

// RunSimSMS plays the text-message centre of a configured channel in the
// terminal.
func RunSimSMS(ctx context.Context, c config.Config, o SimSMS, in io.Reader, out io.Writer) error {
	for _, s := range c.Channels.SMS {
		if s.Driver != "smpp" || (o.Channel != "" && s.Name != o.Channel) {
			continue
		}
		return smssim.Run(ctx, in, out, smssim.Config{
			Listen: s.Address, SystemID: s.SystemID, Password: s.Password, Number: s.Source, Phone: o.From,
		})
	}
	return jiban.Errorf(jiban.CodeInvalid, "sim sms", "the configuration has no such SMPP channel: name a file with --config that has one under channels.sms")
}
