# Runs PostgreSQL of the root file system $1 on a copy of its template in the folder $2, with the further arguments. Runs
# as init of a process and mount namespace of its own: to kill it is to kill PostgreSQL and to unmount everything.
set -eu
root=$1 run=$2
shift 2
cp -a --reflink=auto "$root/template/." "$run"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
mount --bind "$run" "$root/mnt"
# Not by exec: a process that changes its user no longer dies with its parent, but init may stay root.
chroot --userspec=postgres:postgres "$root" /postgresql/bin/postgres -D /mnt/data -k /mnt/socket "$@" &
wait $!
