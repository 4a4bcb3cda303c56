package main

import (
	"github.com/spf13/cobra"

	"jiban/app"
)

func sim() *cobra.Command {
	c := &cobra.Command{Use: "sim", Short: "stand-ins for the providers, to try the channels without an account"}
	c.AddCommand(simWeChat(), simSMS())
	return c
}

func simWeChat() *cobra.Command {
	var o app.SimWeChat
	c := &cobra.Command{
		Use:   "wechat",
		Short: "play WeChat's part: what is typed is sent to the account as a follower's text",
		Long: `Plays WeChat's part in the terminal. With --config it takes app id, secret, token
and key of the channel named by --channel; that channel's api_base must be this
program's address (http://127.0.0.1:8091 unless --listen says otherwise).`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := configured(c)
			if err != nil {
				return err
			}
			return app.RunSimWeChat(c.Context(), cfg, o, c.InOrStdin(), c.OutOrStdout())
		},
	}
	c.Flags().StringVar(&o.Channel, "channel", "", "name of the WeChat channel; the first one when empty")
	c.Flags().StringVar(&o.Server, "server", "http://127.0.0.1:8080", "where Jiban listens")
	c.Flags().StringVar(&o.Listen, "listen", "127.0.0.1:8091", "where the stand-in's API listens")
	c.Flags().StringVar(&o.OpenID, "openid", "oSimFollower00000000000000001", "who is writing")
	return c
}

func simSMS() *cobra.Command {
	var o app.SimSMS
	c := &cobra.Command{
		Use:   "sms",
		Short: "play a text-message centre: what is typed is sent as a text message",
		Long: `Plays a text-message centre (SMPP 3.4) in the terminal. With --config it takes
address, system id and password of the channel named by --channel.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := configured(c)
			if err != nil {
				return err
			}
			return app.RunSimSMS(c.Context(), cfg, o, c.InOrStdin(), c.OutOrStdout())
		},
	}
	c.Flags().StringVar(&o.Channel, "channel", "", "name of the SMS channel; the first one with SMPP when empty")
	c.Flags().StringVar(&o.From, "from", "13800001234", "whose telephone it is")
	return c
}
