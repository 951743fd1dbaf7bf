# Sourced by tests that want several hosts on one machine: network namespaces on a bridge, each with its
# own host name; what ranks of different hosts say to each other is real TCP. Not a test itself.
#
# Wants $scratch and the true launcher in $real. Gives an `mpirun` in tools/ that starts on host0.
# shellcheck shell=bash
: "${scratch:?}" "${real:?}"
mark=$(($$ % 10000))
subnet=10.123.$((mark % 250))

space_of() { echo "nnt$mark-$1"; } # <host>

inside() { # <host> <command>...
  local host=$1
  shift
  ip netns exec "$(space_of "$host")" "$@"
}

can_have_hosts() {
  if [ "$(id -u)" -ne 0 ] || ! command -v ip >/dev/null; then
    echo "skipped: network namespaces need root and ip"
    return 1
  fi
  ip netns add "nnt$mark-probe" 2>/dev/null && ip netns del "nnt$mark-probe" && return 0
  echo "skipped: there can be no network namespaces here"
  return 1
}

hosts_up() { # <number>
  local i host
  trap hosts_down EXIT
  ip link add "nntb$mark" type bridge && ip link set "nntb$mark" up || return 1
  for ((i = 0; i < $1; i++)); do
    host=host$i
    ip netns add "$(space_of "$host")"
    ip link add "nnt$mark-$i" type veth peer name eth0 netns "$(space_of "$host")"
    ip link set "nnt$mark-$i" master "nntb$mark" up
    ip -n "$(space_of "$host")" addr add "$subnet.$((10 + i))/24" dev eth0
    ip -n "$(space_of "$host")" link set eth0 up
    ip -n "$(space_of "$host")" link set lo up
    mkdir -p "/etc/netns/$(space_of "$host")"
    {
      echo "127.0.0.1 localhost"
      for ((j = 0; j < $1; j++)); do echo "$subnet.$((10 + j)) host$j"; done
    } >"/etc/netns/$(space_of "$host")/hosts"
  done
  write_tools
}

# mpirun reaches another host through rsh.
write_tools() {
  mkdir -p tools
  cat >tools/rsh <<END
#!$BASH
host=\$1
shift
exec ip netns exec nnt$mark-\$host unshare --uts $BASH -c "hostname \$host; \$*"
END
  cat >tools/mpirun <<END
#!$BASH
exec ip netns exec $(space_of host0) unshare --uts $BASH -c 'hostname host0; exec "\$@"' - \\
  $(printf %q "$real") --quiet --mca plm_rsh_agent $scratch/tools/rsh --mca btl_tcp_if_include eth0 \\
  --mca oob_tcp_if_include eth0 --bind-to none "\$@"
END
  chmod +x tools/rsh tools/mpirun
}

processes_on() { ip netns pids "$(space_of "$1")" 2>/dev/null; } # <host>

hosts_down() {
  local space process
  for space in $(ip netns list | awk '{print $1}' | grep "^nnt$mark-"); do
    for process in $(ip netns pids "$space"); do kill -KILL "$process" 2>/dev/null; done
    ip netns del "$space"
    rm -rf "/etc/netns/${space:?}"
  done
  ip link del "nntb$mark" 2>/dev/null
  rm -rf "$scratch"
}

# What a host has sent so far, in bytes.
sent_by() { inside "$1" cat /sys/class/net/eth0/statistics/tx_bytes; } # <host>

cut() { ip link set "nnt$mark-${1#host}" down; }  # <host>
mend() { ip link set "nnt$mark-${1#host}" up; }   # <host>
