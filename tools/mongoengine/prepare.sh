# Makes, in the empty folder $1, a Debian with PostgreSQL and the DocumentDB extension, and in its /template a cluster
# that is ready to be copied and started. Runs as init of a process and mount namespace of its own: when it ends, however
# it ends, its processes and mounts are gone with it.
set -euo pipefail
root=$1
export DEBIAN_FRONTEND=noninteractive LC_ALL=C

missing() {
	echo "missing: $*" >&2
	exit 1
}

if ! command -v debootstrap >/dev/null; then
	command -v apt-get >/dev/null || missing 'debootstrap, and this is no Debian where apt-get could install it'
	apt-get update || missing 'the package lists (is there a network?)'
	apt-get install -y --no-install-recommends debootstrap debian-archive-keyring || missing 'debootstrap'
fi
debootstrap --force-check-gpg --keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
	--variant=minbase --include=ca-certificates sid "$root" || missing "Debian's packages (is there a network?)"

mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
inside() { chroot "$root" "$@"; }
postgres() { chroot --userspec=postgres:postgres "$root" "$@"; }

# Nothing may start by itself, and no cluster but ours is wanted.
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"

# sid moves on to the next PostgreSQL without asking: take the newest that has the extension. The package lists are those
# that debootstrap has just fetched.
package=$(inside apt-cache pkgnames postgresql- | grep -E '^postgresql-[0-9]+-documentdb$' | sort -V | tail -n 1) ||
	missing 'postgresql-*-documentdb: Debian sid has it no longer'
inside apt-get install -y --no-install-recommends "$package" || missing "$package: Debian sid cannot install it today"
rm -rf "$root"/var/lib/postgresql/[0-9]* "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*
version=${package//[^0-9]/}
ln -s "/usr/lib/postgresql/$version" "$root/postgresql"

install -d -o 0 -m 755 "$root/template"
postgres true # the user exists
install -d -m 700 "$root/template/data" "$root/template/socket"
inside chown postgres:postgres /template/data /template/socket
postgres /postgresql/bin/initdb --pgdata=/template/data --auth=trust --locale=C.UTF-8 --no-sync
cat >>"$root/template/data/postgresql.conf" <<'CONF'
listen_addresses = ''
max_worker_processes = 16
shared_preload_libraries = 'pg_cron,pg_documentdb_core,pg_documentdb'
cron.database_name = 'postgres'
cron.use_background_workers = on
cron.log_run = off
cron.log_statement = off
documentdb.localhost_connection_string = 'host=/mnt/socket'
CONF

# /mnt is where serve.sh mounts a copy.
mount --bind "$root/template" "$root/mnt"
postgres /postgresql/bin/pg_ctl start --wait --silent --pgdata=/mnt/data --options='-k /mnt/socket'
postgres /postgresql/bin/psql --host=/mnt/socket --set=ON_ERROR_STOP=1 --command='CREATE EXTENSION documentdb CASCADE' postgres
postgres /postgresql/bin/pg_ctl stop --wait --silent --pgdata=/mnt/data --mode=fast
sync -f "$root"
