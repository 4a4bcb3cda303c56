package main

import (
	"github.com/spf13/cobra"

	"jiban"
	"jiban/app"
)

func user() *cobra.Command {
	c := &cobra.Command{Use: "user", Short: "staff accounts"}
	c.AddCommand(userAdd(), userList(), userDisable(), userReset())
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
	c.Flags().StringSliceVar(&roles, "role", nil, "agent, supervisor, editor, reviewer, handler, admin, auditor; may be given several times")
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

func userDisable() *cobra.Command {
	return &cobra.Command{
		Use: "disable LOGIN", Short: "end an account and its sessions", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			cfg, err := configured(c)
			if err != nil {
				return err
			}
			return app.DisableUser(c.Context(), cfg, args[0], c.OutOrStdout())
		},
	}
}

func userReset() *cobra.Command {
	return &cobra.Command{
		Use: "reset LOGIN", Short: "give an account a new one-time password", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			cfg, err := configured(c)
			if err != nil {
				return err
			}
			return app.ResetUser(c.Context(), cfg, args[0], c.OutOrStdout())
		},
	}
}
