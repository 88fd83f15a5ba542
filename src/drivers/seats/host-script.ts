/**
 * What runs on a host: one script for everything, told by variables what to do. It holds the directory's flock, so that
 * two seats never mix; what it says was done is on the disk when it says so.
 *
 * The files are JSON of one line each. Their first field is the checksum of the rest, so that the host itself knows a
 * damaged one, and their first fields are in a fixed order, so that sh can read them.
 */
// `@{` stands for `${`, which would be TypeScript's here.
export const HOST_SCRIPT = String.raw`
umask 077; LC_ALL=C; export LC_ALL
say() { printf '%s\n' "$*"; }
read -r up _ </proc/uptime && read -r boot </proc/sys/kernel/random/boot_id || exit 74
now=$((@{up%.*} * 1000 + (1@{up#*.} - 100) * 10))

# A file's state (absent, whole or damaged) and its text after the checksum.
read_whole() {
  state=absent text=
  [ -e "$1" ] || return 0
  state=damaged
  text=$(cat "$1") || return 0
  case $text in '{"sum":'*,*) ;; *) return 0 ;; esac
  sum=@{text#'{"sum":'}; sum=@{sum%%,*}; text=@{text#*,}
  found=$(printf %s "$text" | cksum)
  [ "@{found% *}" = "$sum" ] && state=whole
  return 0
}
field() { value=@{text#*\"$1\":}; value=@{value%%[,\}]*}; value=@{value#\"}; value=@{value%\"}; }

inspect() {
  kind=blank
  record_state=absent record= record_fence=0 record_sequence=0 host_set=0 host_founding= is_founded=false
  lock_state=absent lock= lock_fence=0 lock_token= is_held=false lock_boot= lock_uptime=0 lock_lease=0 ballot=0 who=null
  wish_state=absent wish= wish_ballot=0
  read_whole record.json; record_state=$state
  if [ $state = whole ]; then
    kind=holding record=$text
    field fence; record_fence=$value; field sequence; record_sequence=$value; field set; host_set=$value
    field founding; host_founding=$value; field isFounded; is_founded=$value
  fi
  read_whole lock.json; lock_state=$state lock=$text
  if [ $state = whole ]; then
    field fence; lock_fence=$value; field token; lock_token=$value; field isHeld; is_held=$value
    field boot; lock_boot=$value; field uptimeMs; lock_uptime=$value; field leaseMs; lock_lease=$value
    field ballot; ballot=$value; who=@{text#*\"who\":}; who=@{who%\}}
  fi
  read_whole wish.json; wish_state=$state
  if [ $state = whole ]; then wish=$text; field ballot; wish_ballot=$value; fi
  case "$record_state $lock_state $wish_state" in *damaged*) kind=damaged ;; esac
}

# How long the lease lasts. After a reboot nobody knows how old it is: it then counts from the boot.
look_at_lease() {
  left=0
  [ $is_held = true ] || return 0
  since=0
  [ "$lock_boot" = "$boot" ] && [ "$lock_uptime" -le "$now" ] && since=$lock_uptime
  if [ -e lease ] && read -r token_then boot_then then <lease; then
    case $then in ''|*[!0-9]*) then=0 ;; esac
    if [ "$token_then" = "$lock_token" ] && [ "$boot_then" = "$boot" ]; then
      [ "$then" -ge "$since" ] && [ "$then" -le "$now" ] && since=$then
    fi
  fi
  left=$((since + lock_lease - now))
  [ $left -gt 0 ] || left=0
}

part() { sed -n "$1p" ".in.$$"; }
give_up() { rm -f ".in.$$"; exit "$1"; }

# Why nothing may be done here, if so.
gate() {
  refusal=
  case $mode in
    found)
      if [ $kind = damaged ]; then refusal=damaged
      elif [ $is_founded = true ]; then refusal=founded; fi ;;
    seed)
      if [ "$host_founding" != "$founding" ] && [ $is_founded = true ]; then refusal=foreign; fi ;;
    *)
      if [ $kind != holding ]; then refusal=$kind
      elif [ "$host_founding" != "$founding" ]; then refusal=foreign
      elif [ "$set" -lt "$host_set" ]; then refusal=stale; fi ;;
  esac
}

take() { lock_fence=$fence lock_token=$token is_held=true lock_boot=$boot lock_uptime=$now lock_lease=$lease who=$(part "$who_line") is_lock_new=1; }
do_grant() {
  if [ $is_held = true ] && [ "$lock_token" = "$token" ]; then
    printf '%s %s %s\n' "$token" "$boot" "$now" >lease.new && mv -f lease.new lease || give_up 74
    answer='ok 0'
  elif [ $left -gt 0 ] && [ "$lock_token" != "$take_over" ]; then answer=held
  elif [ "$fence" -le "$lock_fence" ]; then answer=low
  else answer="ok $left"; take; fi
}
do_release() { answer=ok; if [ "$lock_token" = "$token" ]; then is_held=false is_lock_new=1; fi; }
do_record() {
  if [ "$new_fence" -lt "$lock_fence" ]; then answer=low
  elif [ $record_state = whole ] && [ "$host_founding" = "$founding" ] && {
    [ "$new_fence" -lt "$record_fence" ] ||
    { [ "$new_fence" -eq "$record_fence" ] && [ "$new_sequence" -lt "$record_sequence" ]; }; }; then answer=old
  else answer=ok record=$(part "$record_line") is_record_new=1 record_state=whole; fi
}
do_promise() {
  if [ "$new_ballot" -le "$ballot" ]; then answer=low; else answer=ok ballot=$new_ballot is_lock_new=1; fi
}
do_wish() {
  if [ -n "$guard" ] && [ "$guard" -lt "$lock_fence" ]; then answer=fenced
  elif [ "$new_ballot" -lt "$ballot" ]; then answer=low
  else answer=ok ballot=$new_ballot is_lock_new=1 wish=$(part "$wish_line") is_wish_new=1 wish_state=whole; fi
}
do_append() {
  if [ -n "$guard" ] && [ "$guard" -lt "$lock_fence" ]; then answer=fenced; else answer=ok is_journal_new=1; fi
}
# Brings back what this host lacks; what it has and is newer stays.
do_seed() {
  if [ "$fence" -lt "$lock_fence" ]; then answer=low; return 0; fi
  answer=ok
  take
  [ "$seed_ballot" -le "$ballot" ] || ballot=$seed_ballot
  [ "$host_founding" = "$founding" ] || record_state=absent wish_state=absent
  if [ $record_state != whole ] || [ "$new_fence" -gt "$record_fence" ] ||
    { [ "$new_fence" -eq "$record_fence" ] && [ "$new_sequence" -gt "$record_sequence" ]; }; then
    record=$(part "$record_line") is_record_new=1
  fi
  if [ "$wish_line" -gt 0 ]; then
    if [ $wish_state != whole ] || [ "$new_ballot" -gt "$wish_ballot" ]; then wish=$(part "$wish_line") is_wish_new=1; fi
  elif [ $wish_state != whole ]; then rm -f wish.json; wish=; fi
  [ "$journal_from" -eq 0 ] || is_journal_new=1
}

write_new() {
  sum_new=$(printf %s "$2" | cksum) && printf '{"sum":%s,%s\n' "@{sum_new% *}" "$2" >"$1.new" && written="$written $1"
}
# The record comes last: a host is blank until it has one.
keep() {
  written=
  if [ $is_lock_new = 1 ]; then
    write_new lock.json "\"fence\":$lock_fence,\"token\":\"$lock_token\",\"isHeld\":$is_held,\"boot\":\"$lock_boot\",\"uptimeMs\":$lock_uptime,\"leaseMs\":$lock_lease,\"ballot\":$ballot,\"who\":$who}" || return 1
  fi
  if [ $is_wish_new = 1 ]; then write_new wish.json "$wish" || return 1; fi
  if [ $is_record_new = 1 ]; then write_new record.json "$record" || return 1; fi
  if [ -n "$written" ]; then
    set --
    for name in $written; do set -- "$@" "$name.new"; done
    sync "$@" || return 1
    for name in $written; do mv -f "$name.new" "$name" || return 1; done
  fi
  if [ $is_journal_new = 1 ]; then
    if [ -s journal.jsonl ] && [ -n "$(tail -c 1 journal.jsonl)" ]; then echo >>journal.jsonl || return 1; fi
    sed -n "$journal_from,$journal_to"p ".in.$$" >>journal.jsonl || return 1
    [ $is_durable = 0 ] || sync journal.jsonl || return 1
    if [ "$(wc -c <journal.jsonl)" -gt "$journal_max" ]; then mv -f journal.jsonl journal.1.jsonl || return 1; fi
  fi
  [ -z "$written" ] && [ $is_durable = 0 ] || sync .
}

say quorate-state 1
case $mode in found|seed) mkdir -p "$d" && sync "$d/.." || exit 74 ;; esac
if ! cd "$d" 2>/dev/null; then
  if [ -e "$d" ]; then cd "$d" || exit 74; fi
  for op in $ops; do say op "$op" blank; done
  say seen 0 0 0 "$now" 0; say kind blank
  exit 0
fi
if [ "$bytes" -gt 0 ]; then
  cat >".in.$$" || give_up 74
  [ "$(wc -c <".in.$$")" -eq "$bytes" ] || give_up 65
fi
exec 9<.
flock -w "$wait_s" 9 || give_up 75
inspect
look_at_lease
is_lock_new=0 is_record_new=0 is_wish_new=0 is_journal_new=0 said=
gate
for op in $ops; do
  if [ -n "$refusal" ]; then answer=$refusal; else "do_$op"; fi
  case $answer in ok*) ;; *) refusal=@{refusal:-skipped} ;; esac
  said="$said$op $answer
"
done
if [ -n "$ops" ]; then keep || give_up 74; fi
case " $ops " in *' seed '*|*' release '*) find . -maxdepth 1 -name '.in.*' -mmin +60 -exec rm -f {} + ;; esac
printf %s "$said" | while read -r line; do say op "$line"; done
rm -f ".in.$$"
if [ $is_look = 1 ] && [ -n "$ops" ]; then inspect; look_at_lease; fi
say seen "$lock_fence" "$ballot" "$host_set" "$now" "$left"
say kind $kind
if [ $is_look = 1 ]; then
  [ $lock_state = absent ] || say lock $lock_state "$lock"
  [ $record_state = absent ] || say record $record_state "$record"
  [ $wish_state = absent ] || say wish $wish_state "$wish"
fi
if [ "$journal_count" -gt 0 ]; then
  say journal
  for name in journal.1.jsonl journal.jsonl; do
    if [ -e $name ]; then tail -n "$journal_count" $name || exit 74; fi
  done
fi
exit 0
`.replaceAll('@{', '${');
