# Functions for the host's side of a guest, for the scripts that start one. They share $run, a folder that is gone
# afterwards, $pattern, the tests to run, and $guest, the process.

cache=out/testvm
run=
guest=
pattern=

# accept [-run REGEX] takes the command line, and makes the folder.
accept() {
  if [ "${1:-}" = -run ]; then
    pattern=${2?-run needs a regular expression}
    shift 2
  fi
  [ $# = 0 ] || { echo "usage: $0 [-run REGEX]" >&2; exit 2; }
  [ "$(id -u)" = 0 ] || { echo "$0: mounts and control groups are for root: run this as root" >&2; exit 1; }
  trap finish EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  mkdir -p "$cache"
  find "$cache" -maxdepth 1 -name ".run.*" -mmin +1440 -exec rm -rf {} + # of a script that was killed
  run=$(realpath "$(mktemp -d "$cache/.run.XXXXXX")") # the dot hides it from go list
}

# begin LIMIT COMMAND... runs it beside this script; it is killed after LIMIT.
begin() {
  timeout --kill-after=30 "$@" </dev/null &
  guest=$!
}

# follow FILE shows what comes into the file until the guest ends. It sets $status.
follow() {
  tail -n +1 -s 0.2 -F --pid="$guest" "$1" 2>/dev/null &
  local tail=$!
  status=0
  wait "$guest" || status=$?
  guest=
  wait "$tail" || true
}

# verdict NAME keeps the logs as out/testvm/NAME-*.log, and exits as the suite did.
verdict() {
  local log code
  rm -f "$cache/$1"-*.log
  [ -e "$run/results/test.log" ] || cp "$run/live" "$run/results/test.log" 2>/dev/null || true
  for log in "$run"/results/*.log "$run/console"; do
    [ ! -e "$log" ] || cp "$log" "$cache/$1-$(basename "$log" .log).log"
  done
  [ ! -s "$run/results/boot" ] || echo "$1: $(head -1 "$run/results/boot")"
  code=$(cat "$run/results/exit" 2>/dev/null || true)
  if [ "$status" = left ]; then
    fail "$1" "something of the guest was left"
  elif [ "$status" = 124 ]; then
    mute "$1" "the guest was still running after its time"
  elif [ -z "$code" ]; then
    mute "$1" "the guest ended without a result"
  elif [ -n "$pattern" ] && ! grep -q '^=== RUN' "$run/results/test.log"; then
    fail "$1" "no test's name matches $pattern"
  elif [ "$code" != 0 ]; then
    fail "$1" "the suite exited with $code" "$code"
  fi
  echo "$1: ok"
}

# mute NAME WHY fails as a guest has not told all itself: its console may.
mute() {
  tail -n 30 "$run/console" 2>/dev/null || true
  fail "$@"
}

# fail NAME WHY [CODE]
fail() {
  echo "$1: FAILED: $2; see $cache/$1-*.log" >&2
  exit "${3:-1}"
}

finish() {
  if [ -n "$guest" ]; then
    kill "$guest" 2>/dev/null || true # timeout hands it on, and kills later
    wait "$guest" || true
  fi
  leave
  [ -z "$run" ] || rm -rf "$run"
}

# leave removes what a guest that has ended left on the host. A script has its own, if there can be such.
leave() { :; }
