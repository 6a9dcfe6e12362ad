#!/bin/sh
# sh tools/step.sh WHAT COMMAND…: runs the command and prints one line with its result and its duration.
# The output of the command is shown only if it fails.
what=$1
shift
printf '%-44s' "$what"
start=$(date +%s)
output=$("$@" 2>&1)
code=$?
took=$(($(date +%s) - start))
if [ "$code" -eq 0 ]; then
  echo "ok, $took s"
else
  echo "FAILED, $took s"
  printf '%s\n' "$output" >&2
fi
exit "$code"
