package main

import (
	"github.com/spf13/cobra"

	"jiban/app"
)

func catalogue() *cobra.Command {
	c := &cobra.Command{Use: "catalogue", Short: "the catalogue of matters"}
	c.AddCommand(catalogueCheck(), catalogueExport(), catalogueImport())
	return c
}

func catalogueCheck() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "check [FILE.xlsx]", Short: "look for what is wrong or doubtful, in the catalogue in force or in a workbook", Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			cfg, err := configured(c)
			if err != nil {
				return err
			}
			sound, err := app.CheckCatalogue(c.Context(), cfg, first(args), asJSON, c.OutOrStdout())
			if err == nil && !sound {
				err = errFound
			}
			return err
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON, one finding a line")
	return c
}

func catalogueExport() *cobra.Command {
	return &cobra.Command{
		Use: "export FILE.xlsx", Short: "write the catalogue in force as a workbook", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			cfg, err := configured(c)
			if err != nil {
				return err
			}
			return app.ExportCatalogue(c.Context(), cfg, args[0], c.OutOrStdout())
		},
	}
}

func catalogueImport() *cobra.Command {
	var o app.CatalogueImport
	c := &cobra.Command{
		Use: "import FILE.xlsx", Short: "read a workbook into the draft; all or nothing", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			cfg, err := configured(c)
			if err != nil {
				return err
			}
			return app.ImportCatalogue(c.Context(), cfg, args[0], o, c.OutOrStdout())
		},
	}
	c.Flags().BoolVar(&o.Check, "check", false, "a dry run: report, write nothing")
	c.Flags().BoolVar(&o.Force, "publish", false, "in force at once instead of waiting as a draft for a second person")
	c.Flags().StringVar(&o.Note, "note", "", "what was changed and why, for the record")
	return c
}

func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}
