#!/bin/sh
# Brings the tables of Temporal's two databases up to date; safe to run again at each upgrade.
set -eu
schemas=/etc/temporal/schema/postgresql/v12
SQL_PASSWORD="$(cat "$SQL_PASSWORD_FILE")"
export SQL_PASSWORD
for pair in temporal:temporal temporal_visibility:visibility; do
    export SQL_DATABASE="${pair%%:*}"
    # Refused where the tables are there already.
    temporal-sql-tool setup-schema -v 0.0 2>/dev/null || true
    temporal-sql-tool update-schema -d "$schemas/${pair##*:}/versioned"
done
