# The judge's process: runs the test on a function that asks the candidate's process; never runs the candidate's code.
source ./channel.sh
evalrun_nonce=$1

evalrun_ask() {
  local LC_ALL=C answer
  send_list C "$@"
  receive_head
  IFS= read -r -d '' -N "$frame_size" -u 3 answer || exit 1
  printf '%s' "$answer"
}

# Whatever ends the test, this is the last thing that happens. The published tests end at their first false comparison.
evalrun_finish() {
  local status=$? line=$BASH_COMMAND
  if [ "$evalrun_passed" = yes ]; then
    send_words J "$evalrun_nonce" passed ''
  else
    send_words J "$evalrun_nonce" assertion "status $status at: ${line:0:250}"
  fi
  # Nothing of the test runs after the verdict; the parent ends this process.
  receive_head
}

evalrun_passed=no
trap evalrun_finish EXIT
set --
source ./test.sh
evalrun_passed=yes
