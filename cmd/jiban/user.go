package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"jiban"
	"jiban/app"
	"jiban/app/config"
)

func user() *cobra.Command {
	c := &cobra.Command{Use: "user", Short: "staff accounts"}
	c.AddCommand(userAdd(), userList(),
		userChange("disable", "end an account and its sessions", app.DisableUser),
		userChange("reset", "give an account a new one-time password", app.ResetUser),
		userChange("enable", "open a disabled account again", app.EnableUser),
		userChange("reset-second", "remove a lost second factor", app.ResetSecond))
	return c
}

func userAdd() *cobra.Command {
	var roles []string
	var a jiban.Account
	c := &cobra.Command{
		Use: "add LOGIN", Short: "make an account and print its one-time password", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			cfg, err := configured(c)
			if err != nil {
				return err
			}
			a.Login = args[0]
			for _, r := range roles {
				a.Roles = append(a.Roles, jiban.Role(r))
			}
			if a.Region == "" {
				a.Region = cfg.Region
			}
			return app.AddUser(c.Context(), cfg, a, c.OutOrStdout())
		},
	}
	c.Flags().StringVar(&a.Name, "name", "", "the person's name")
	c.Flags().StringSliceVar(&roles, "role", nil, "agent, supervisor, editor, reviewer, handler, admin, security, auditor; may be given several times")
	c.Flags().StringVar(&a.Department, "department", "", "id of the department, for handlers")
	c.Flags().StringVar(&a.Region, "region", "", "GB/T 2260 code; the installation's when empty")
	return c
}

func userList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "list the accounts", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := configured(c)
			if err != nil {
				return err
			}
			return app.ListUsers(c.Context(), cfg, c.OutOrStdout())
		},
	}
}

// userChange is a command that does one thing to one account.
func userChange(use, short string, do func(context.Context, config.Config, string, io.Writer) error) *cobra.Command {
	return &cobra.Command{
		Use: use + " LOGIN", Short: short, Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			cfg, err := configured(c)
			if err != nil {
				return err
			}
			return do(c.Context(), cfg, args[0], c.OutOrStdout())
		},
	}
}

func audit() *cobra.Command {
	c := &cobra.Command{Use: "audit", Short: "the record of what staff did and saw"}
	c.AddCommand(auditVerify(), &cobra.Command{
		Use: "export", Short: "print the record, one JSON object a line", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := configured(c)
			if err != nil {
				return err
			}
			return app.ExportAudit(c.Context(), cfg, c.OutOrStdout())
		},
	})
	return c
}

func auditVerify() *cobra.Command {
	var anchors string
	c := &cobra.Command{
		Use: "verify", Short: "go through the chain: nothing changed, removed or put in", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := configured(c)
			if err != nil {
				return err
			}
			return app.VerifyAudit(c.Context(), cfg, anchors, c.OutOrStdout())
		},
	}
	c.Flags().StringVar(&anchors, "anchors", "", "file of anchors, or the log of the server they are sent to: the record must pass through all of them")
	return c
}
