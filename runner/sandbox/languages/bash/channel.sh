# Frames on descriptor 3, shared by the candidate's and the judge's process of a Bash task. Bytes are counted in the C locale.

# Reads a frame: kind in $frame_kind, bytes of payload still to be read in $frame_size.
receive_head() {
  local LC_ALL=C byte at
  frame_size=0
  for at in 1 2 3 4; do
    IFS= read -r -d '' -n 1 -u 3 byte || exit 1
    # A byte of 0 is what ends such a read, and leaves nothing.
    printf -v byte '%d' "'$byte"
    frame_size=$((frame_size * 256 + (byte < 0 ? byte + 256 : byte)))
  done
  IFS= read -r -d '' -n 1 -u 3 frame_kind || exit 1
  frame_size=$((frame_size - 1))
}

# Four bytes of a number for printf, as escapes.
escaped_number() {
  printf -v "$1" '\\x%02x\\x%02x\\x%02x\\x%02x' $(($2 >> 24 & 255)) $(($2 >> 16 & 255)) $(($2 >> 8 & 255)) $(($2 & 255))
}

# send KIND TEXT
send_text() {
  local LC_ALL=C head
  escaped_number head $((${#2} + 1))
  printf "$head%s%s" "$1" "$2" >&3
}

# send_list KIND TEXT...: each text is ended by a byte of 0
send_list() {
  local LC_ALL=C kind=$1 size=1 text head
  shift
  for text in "$@"; do size=$((size + ${#text} + 1)); done
  escaped_number head "$size"
  printf "$head%s" "$kind" >&3
  [ $# -eq 0 ] || printf '%s\0' "$@" >&3
}

# send_words KIND TEXT...: texts in the format that the parent reads
send_words() {
  local LC_ALL=C kind=$1 size=6 text head count
  shift
  for text in "$@"; do size=$((size + ${#text} + 5)); done
  escaped_number head "$size"
  escaped_number count $#
  printf "$head%st$count" "$kind" >&3
  for text in "$@"; do
    escaped_number count ${#text}
    printf "s$count%s" "$text" >&3
  done
}
