package app

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"jiban"
	"jiban/app/config"
	"jiban/calendar"
)

// ImportCalendar brings newly published years of holidays into the store and
// computes the due times of open tickets anew; with check it only says what the
// file holds. Running nodes take the years over with their next sweep.
func ImportCalendar(ctx context.Context, c config.Config, file string, check bool, out io.Writer) error {
	f, err := os.Open(file)
	if err != nil {
		return jiban.Errorf(jiban.CodeInvalid, "calendar import", "%w", err)
	}
	defer f.Close()
	years, err := calendar.Import(f)
	if err != nil {
		return err
	}
	if err := printYears(out, years); err != nil || check {
		return err
	}
	return withKeys(ctx, c, func(b *base) error {
		catalogue, err := catalogueOf(ctx, b.store)
		if err != nil {
			return err
		}
		t, err := newTickets(b, catalogue, nil)
		if err != nil {
			return err
		}
		n, err := t.ImportYears(ctx, years)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "已导入；重算时限的工单 due times changed: %d\n", n)
		return err
	})
}

// CheckCalendar prints the years that the installation knows and says what is
// wrong with their end. It returns false when something is.
func CheckCalendar(ctx context.Context, c config.Config, out io.Writer) (bool, error) {
	good := true
	err := withKeys(ctx, c, func(b *base) error {
		catalogue, err := catalogueOf(ctx, b.store)
		if err != nil {
			return err
		}
		t, err := newTickets(b, catalogue, nil)
		if err != nil {
			return err
		}
		if err := t.Load(ctx); err != nil {
			return err
		}
		if err := printYears(out, t.Years()); err != nil {
			return err
		}
		if w := t.CalendarWarning(); w != "" {
			good = false
			_, err = fmt.Fprintln(out, "WRONG "+w)
		}
		return err
	})
	return good, err
}

func printYears(out io.Writer, years []calendar.Year) error {
	var lines strings.Builder
	for _, y := range years {
		fmt.Fprintf(&lines, "%d: 放假 %d days off, 调休上班 %d days worked; %s\n", y.Year, len(y.Off), len(y.Work), y.Notice)
	}
	_, err := io.WriteString(out, lines.String())
	return err
}
