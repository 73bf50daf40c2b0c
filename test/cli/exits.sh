# exits.sh CODE COMMAND...: runs the command, which must exit with the code.
want=$1
shift
"$@"
got=$?
[ "$got" = "$want" ] || { echo "exit code $got, not $want: $*" >&2; exit 1; }
