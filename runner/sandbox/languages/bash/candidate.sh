# The candidate's process: runs the generated program and answers calls of its function with what it prints.
source ./channel.sh
entry=$1

# Arguments of the next call, in $call_arguments.
receive_arguments() {
  local LC_ALL=C text
  receive_head
  call_arguments=()
  while [ "$frame_size" -gt 0 ]; do
    IFS= read -r -d '' -u 3 text || exit 1
    call_arguments+=("$text")
    frame_size=$((frame_size - ${#text} - 1))
  done
}

if ! message=$(bash -n ./solution.sh 2>&1); then
  send_words R syntax "${message:0:300}"
  exit 0
fi
set --
source ./solution.sh 3>&- </dev/null
set +e +u
if declare -F "$entry" >/dev/null; then
  send_words R ready ''
else
  send_words R missing_entry_point "the program defines no function $entry"
  exit 0
fi
while true; do
  receive_arguments
  # As in the published test: a subshell of its own, of which only the output counts.
  answer=$("$entry" "${call_arguments[@]}" 3>&- </dev/null)
  send_text V "$answer"
done
