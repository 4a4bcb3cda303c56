#!/usr/bin/env bash
# Runs a command with what the tests need beside the program:
#
#   scripts/services.sh CMD [ARG…]
#
# Installs Redis, PostgreSQL, Chromium, a Chinese font and strace by apt where
# they are missing, starts a private Redis and a private PostgreSQL on free ports
# in a temporary folder, runs CMD with JIBAN_TEST_REDIS, JIBAN_TEST_POSTGRES and
# JIBAN_TEST_CHROMIUM set, stops them again and returns CMD's exit code.
# Instances of the system are left alone.
set -euo pipefail

say() { printf 'services: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

[ $# -gt 0 ] || die "usage: scripts/services.sh CMD [ARG…]"

# The folder of PostgreSQL's server programs: Debian keeps them off the PATH.
postgres_bin() {
	local initdb
	for initdb in $(ls -1d /usr/lib/postgresql/*/bin/initdb 2>/dev/null | sort -rV) "$(command -v initdb || true)"; do
		if [ -x "$initdb" ]; then
			dirname "$(readlink -f "$initdb")"
			return
		fi
	done
}

chromium_bin() {
	local name
	for name in chromium chromium-browser google-chrome; do
		command -v "$name" && return
	done
	return 0
}

chinese_font() {
	command -v fc-list >/dev/null && [ -n "$(fc-list :lang=zh family 2>/dev/null | head -n 1)" ]
}

missing() {
	command -v redis-server >/dev/null || echo redis-server
	[ -n "$(postgres_bin)" ] || echo postgresql
	[ -n "$(chromium_bin)" ] || echo chromium
	chinese_font || echo fonts-noto-cjk fontconfig
	command -v strace >/dev/null || echo strace
}

install_missing() {
	local packages log
	packages=$(missing | tr '\n' ' ')
	[ -n "${packages// /}" ] || return 0
	[ "$(id -u)" = 0 ] || die "missing: ${packages}— install them, or run this as root once"
	command -v apt-get >/dev/null || die "missing: ${packages}— install them (there is no apt-get here)"
	say "installing ${packages}"
	log=$(mktemp)
	export DEBIAN_FRONTEND=noninteractive
	# RUNLEVEL=1 keeps the packages from starting services of the system.
	# shellcheck disable=SC2086 # a list of words
	if ! { apt-get update && RUNLEVEL=1 apt-get install -y --no-install-recommends $packages; } >"$log" 2>&1; then
		tail -n 30 "$log" >&2
		die "apt-get could not install ${packages}"
	fi
	rm -f "$log"
}

# The S3 server of the tests is a program of its own, not part of ours: versitygw
# over a folder. It takes some minutes to build, once.
s3_version=v1.8.0
build_s3() {
	local dir=${GOLANGCI_BIN_DIR:-$HOME/.cache/jiban/bin} log
	JIBAN_TEST_S3=$dir/versitygw-$s3_version
	export JIBAN_TEST_S3
	[ -x "$JIBAN_TEST_S3" ] && return
	say "building the S3 server of the tests (versitygw $s3_version)"
	log=$(mktemp)
	mkdir -p "$dir"
	# Outside of our module, whose versions it does not share.
	if ! (cd / && GOBIN=$dir/build-$$ GOFLAGS=-mod=mod go install "github.com/versity/versitygw/cmd/versitygw@$s3_version") >"$log" 2>&1; then
		tail -n 30 "$log" >&2
		die "the S3 server could not be built"
	fi
	mv "$dir/build-$$/versitygw" "$JIBAN_TEST_S3"
	rmdir "$dir/build-$$"
	rm -f "$log"
}

# A port that nothing listens on now. Two runs may pick the same; the servers'
# start is therefore tried again with another.
free_port() {
	local port
	while :; do
		port=$((20000 + RANDOM % 12000))
		(exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
	done
}

# initdb and postgres refuse to run as root.
user=$(id -un)
if [ "$user" = root ]; then
	user=nobody
	if id postgres >/dev/null 2>&1; then user=postgres; fi
fi
as_user() {
	if [ "$(id -un)" = "$user" ]; then "$@"; else runuser -u "$user" -- "$@"; fi
}

work=""
redis_pid=""
postgres_up=""
stop() {
	local code=$?
	trap - EXIT INT TERM
	if [ -n "$postgres_up" ]; then
		as_user "$(postgres_bin)/pg_ctl" -D "$work/postgres/data" -m immediate -w -t 20 stop >/dev/null 2>&1 || true
	fi
	if [ -n "$redis_pid" ]; then
		kill "$redis_pid" 2>/dev/null || true
		wait "$redis_pid" 2>/dev/null || true
	fi
	if [ -n "$work" ]; then rm -rf "$work"; fi
	if [ -n "$memory" ]; then rm -rf "$memory"; fi
	exit "$code"
}

start_redis() {
	local try port
	mkdir -p "$work/redis"
	for try in 1 2 3 4 5; do
		port=$(free_port)
		redis-server --bind 127.0.0.1 --port "$port" --unixsocket "$work/redis/redis.sock" --dir "$work/redis" \
			--save "" --appendonly no --daemonize no >"$work/redis/log" 2>&1 &
		redis_pid=$!
		for _ in $(seq 100); do
			if grep -qi 'ready to accept connections' "$work/redis/log"; then
				export JIBAN_TEST_REDIS="redis://127.0.0.1:$port"
				return
			fi
			kill -0 "$redis_pid" 2>/dev/null || break
			sleep 0.1
		done
		kill "$redis_pid" 2>/dev/null || true
		wait "$redis_pid" 2>/dev/null || true
	done
	cat "$work/redis/log" >&2
	die "Redis did not start after $try tries"
}

start_postgres() {
	local bin try port data="$work/postgres/data"
	bin=$(postgres_bin)
	mkdir -p "$work/postgres"
	chown "$user" "$work/postgres"
	as_user "$bin/initdb" -D "$data" -U jiban -A trust -E UTF8 --locale=C >"$work/initdb.log" 2>&1 || {
		cat "$work/initdb.log" >&2
		die "initdb failed"
	}
	for try in 1 2 3 4 5; do
		port=$(free_port)
		# fsync stays on: what the tests measure and kill must be what runs outside.
		if as_user "$bin/pg_ctl" -D "$data" -l "$work/postgres/log" -w -t 60 \
			-o "-p $port -k $work/postgres -c listen_addresses=127.0.0.1 -c fsync=on -c synchronous_commit=on -c max_connections=300" \
			start >/dev/null 2>&1; then
			postgres_up=yes
			export JIBAN_TEST_POSTGRES="postgres://jiban@127.0.0.1:$port/postgres?sslmode=disable"
			return
		fi
	done
	cat "$work/postgres/log" >&2
	die "PostgreSQL did not start after $try tries"
}

# Tests prove order and recovery, and thousands of syncs of a real disk would only
# make them slow: where there is room their files are kept in memory. That the
# program syncs is proved by watching its system calls. Benchmarks do not ask
# for this.
keep_in_memory() {
	local free
	[ -n "${JIBAN_TEST_IN_MEMORY:-}" ] && [ -z "${TMPDIR:-}" ] && [ -d /dev/shm ] || return 0
	free=$(df --output=avail -k /dev/shm | tail -n 1)
	[ "$free" -ge 8000000 ] || return 0
	memory=$(mktemp -d /dev/shm/jiban-tests.XXXXXX)
	chmod 755 "$memory"
	export TMPDIR=$memory
}

install_missing
build_s3
memory=
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
keep_in_memory
work=$(mktemp -d "${TMPDIR:-/tmp}/jiban-services.XXXXXX")
chmod 755 "$work"
start_redis
start_postgres
JIBAN_TEST_CHROMIUM=$(chromium_bin)
export JIBAN_TEST_CHROMIUM
say "Redis $JIBAN_TEST_REDIS, PostgreSQL $JIBAN_TEST_POSTGRES"
code=0
"$@" || code=$?
exit "$code"
